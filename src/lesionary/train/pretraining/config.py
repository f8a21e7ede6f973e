"""What a pre-training file says beside what all training files have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lesionary.train.config import Count, EncoderConfig, Part
from lesionary.train.config import Data as AnyData
from lesionary.train.reading import load_config, ready_names

_READY = Path(__file__).parent.parent / "files"


class Data(AnyData):
    """What is learnt from, beside what all training files say of it.

    Attributes
    ----------
    split : {"train", "tune", "test"}
        Of a table with splits, the lesions that are learnt from.
    backgrounds : int
        Patches from elsewhere in the scan, kept for each lesion.
    avoid_lesions : bool
        Whether these keep clear of the lesions in the table.
    jitter_vox : int
        Up to so many voxels beside the seed is the middle of a patch.
    """

    split: Literal["train", "tune", "test"] = "train"
    backgrounds: Annotated[int, Field(ge=0)] = 4
    avoid_lesions: bool = False
    jitter_vox: Annotated[int, Field(ge=0)] = 0


class ObjectiveChoice(BaseModel):
    """An objective by name, and its settings; which these are, the objective says."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by name."""
        return dict(self.model_extra or {})


class Probe(Part):
    """How good the features are while the network learns.

    Attributes
    ----------
    label : str or None
        Column of the cohort. Lesions of the tune split are classified by their nearest
        neighbours in the train split; the best network is the one that does it best. Without
        one, the last network is kept.
    every : int
        Epochs from one probe to the next.
    neighbours : int
    """

    label: str | None = None
    every: Count = 5
    neighbours: Count = 20


class PretrainConfig(EncoderConfig):
    """A pre-training file.

    Attributes
    ----------
    encoder : str
        The network, and how its patches are cut: ``random:fmcib`` starts with the network of
        that encoder and random weights, ``fmcib`` with its published ones; or the path of a card.
    data : Data
    objective : ObjectiveChoice
    views : str or mapping
    probe : Probe
    """

    encoder: str = "random:fmcib"
    data: Annotated[Data, Field(default_factory=dict, validate_default=True)]
    objective: ObjectiveChoice = ObjectiveChoice(name="mined_simclr")
    views: str | dict[str, Any] = "fmcib"
    probe: Probe = Probe()


def load_pretraining(
    source: str | Path | Mapping[str, Any] | PretrainConfig, overrides: Sequence[str] = ()
) -> PretrainConfig:
    """Read a pre-training file: a path, the name of a ready one, or its content.

    Examples
    --------
    >>> config = load_pretraining("fmcib", ["data.cohort=cohort.csv", "optimizer.lr=0.1"])
    >>> config.optimizer.peak(config.training.batch_size)
    0.025
    """
    return load_config(PretrainConfig, source, overrides, ready=_READY)


def ready_pretrainings() -> list[str]:
    """Return the names of the ready files.

    Examples
    --------
    >>> "fmcib" in ready_pretrainings()
    True
    """
    return ready_names(_READY)
