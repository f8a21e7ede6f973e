"""The model card: what one must know of an encoder to run it and to cite it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lesionary.scan.recipe import Recipe

Pooling = Literal["global_average", "average_3", "average_3_stride_2", "none"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(_Part):
    """A network by kind, and the arguments of its builder (see ``lesionary.encode.networks``)."""

    kind: str
    arguments: dict[str, Any] = {}


class Layout(_Part):
    """How a published checkpoint's keys become the network's.

    Attributes
    ----------
    state_dict : tuple of str
        Keys under which the tensors may lie; the first that the file has is taken, and if it
        has none, the file itself is the table of tensors.
    prefixes : tuple of str
        Cut off the front of each key, one after the other, where present.
    rename : dict
        Regular expression to replacement, applied in order after the prefixes.
    ignored : tuple of str
        Regular expressions; a (renamed) key that one of them matches whole is left aside, as
        a decoder's are. Any other key that the network has no place for is an error.
    """

    state_dict: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    ignored: tuple[str, ...] = ()

    @field_validator("rename", "ignored")
    @classmethod
    def _compile(cls, patterns: Any) -> Any:
        try:
            re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
        except re.error as error:
            raise ValueError(f"not regular expressions, {error}: {list(patterns)}") from error
        return patterns


class WeightsFile(_Part):
    """Where a weights file comes from and how it is laid out.

    Attributes
    ----------
    url : str or None
        Exact address to download from; ``None`` where no stable one is known.
    page : str
        Where a person finds the file.
    path : str or None
        A file that comes with the card; relative paths start at the card's folder.
    file_name : str
        Name in the cache and in ``LESIONARY_WEIGHTS``; the URL's last part unless given.
    sha256, size_bytes : str, int or None
        Checked where known.
    """

    url: Annotated[str | None, Field(pattern=r"^https?://")] = None
    page: str = ""
    path: str | None = None
    file_name: Annotated[str, Field(pattern=r"^[^/\\]*$")] = ""
    sha256: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    size_bytes: Annotated[int | None, Field(gt=0)] = None
    layout: Layout = Layout()

    @model_validator(mode="before")
    @classmethod
    def _name_file(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("file_name"):
            source = values.get("path") or urlsplit(values.get("url") or "").path
            return {**values, "file_name": PurePosixPath(unquote(source)).name}
        return values

    @model_validator(mode="after")
    def _named(self) -> WeightsFile:
        if not self.file_name:
            raise ValueError("weights without url or path need a file_name")
        return self


class ModelCard(_Part):
    """An encoder, described.

    Attributes
    ----------
    name : str
        Also the front of the feature columns: ``<name>_0``, ``<name>_1``, ...
    title, description : str
    network : Network
    input : Recipe
        How the patch is cut; in a card, a recipe's name or the recipe itself.
    pooling : {"global_average", "average_3", "average_3_stride_2", "none"}
        From the network's last map ``(n, c, z, y, x)`` to features ``(n, dimension)``: the mean
        over all places, or means over windows of 3 voxels (a stride of 3 or 2), flattened.
        ``none`` where the network pools by itself.
    dimension : int
    parameters : int
        Number of parameters of the network as we run it, without decoder and heads.
    weights : WeightsFile or None
        ``None``: the package that it requires brings them, or they are random on purpose.
    requires : str or None
        Where the network needs a package of its own, how to get it.
    code_licence, weights_licence : str
    non_commercial : bool
        The weights' licence forbids commercial use.
    citation, training_data : str
    training : mapping
        Record of a training by this package, in plain values: lesions, steps, which epoch was
        kept, all settings, versions. Empty for encoders from elsewhere.
    limits : tuple of str
        What is known to be wrong, missing or surprising.
    bf16_cosine : float or None
        Least cosine between features in bfloat16 and in float32, where measured
        (``benchmarks/bf16.py``).
    bf16_own_weights : bool
        It was measured with the weights of the card; if not, with random ones.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$")]
    title: str
    description: str = ""
    network: Network
    input: Recipe
    pooling: Pooling = "global_average"
    dimension: Annotated[int, Field(gt=0)]
    parameters: Annotated[int, Field(gt=0)]
    weights: WeightsFile | None = None
    requires: str | None = None
    code_licence: str
    weights_licence: str
    non_commercial: bool = False
    citation: str
    training_data: str
    training: dict[str, Any] = {}
    limits: tuple[str, ...] = ()
    bf16_cosine: Annotated[float | None, Field(ge=-1, le=1)] = None
    bf16_own_weights: bool = False

    @property
    def hash(self) -> str:
        """SHA-256 of what decides the features: network, input and pooling, not the prose."""
        recipe = self.input.model_dump(mode="json", exclude={"name", "description"})
        deciding = self.model_dump(mode="json", include={"network", "pooling", "dimension"})
        text = json.dumps({**deciding, "input": recipe}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def columns(self) -> list[str]:
        """Names of the feature columns."""
        return [f"{self.name}_{i}" for i in range(self.dimension)]
