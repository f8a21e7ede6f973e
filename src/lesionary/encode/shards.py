"""Finished shards in a hidden folder beside the table, which an interrupted run goes on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lesionary.encode.inputs import stamp
from lesionary.encode.lesion import SetAside
from lesionary.encode.plan import Shard
from lesionary.encode.prepare import sources
from lesionary.encode.provenance import differences, in_words
from lesionary.errors import LesionaryError
from lesionary.files import atomic_path

_ABOUT = b"lesionary"


class ExtractionError(LesionaryError):
    """Features cannot be extracted, or not into this file."""


@dataclass(frozen=True)
class Content:
    """What a finished shard holds.

    Attributes
    ----------
    features : dict
        By encoder name: floats, (lesions, dimension).
    hashes : dict
        By lesion_id, in the order of the features: the hash of the files its scan is in.
    set_aside : list of SetAside
    stamps : list of str
        Of each scan: what tells whether its files changed since.
    masks : dict
        By lesion_id: the hash of the files its outline is in, where it was measured.
    notes : list of [lesion_id, feature, reason]
        Features that are not defined for a lesion.
    """

    features: Mapping[str, NDArray[np.floating]]
    hashes: dict[str, str]
    set_aside: list[SetAside]
    stamps: list[str]
    masks: dict[str, str] = field(default_factory=dict)
    notes: list[list[str]] = field(default_factory=list)


class ShardFolder:
    """The work folder of one feature table.

    A shard's file is named by its rows and knows the size and time of the files it was made
    from, so one that belongs to other rows or older scans is not taken for finished.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.parent / f".{out.name}.parts"
        self._manifest = self.path / "settings.json"

    def settings(self) -> dict[str, Any] | None:
        """Return the settings of the run that began here, or None if there is none."""
        if not self._manifest.exists():
            return None
        settings: dict[str, Any] = json.loads(self._manifest.read_text("utf-8"))
        return settings

    def open(self, settings: Mapping[str, Any], *, overwrite: bool) -> None:
        """Begin, or go on with, a run of these settings; with others it is an error."""
        begun = self.settings()
        if begun is not None and begun != settings:
            if not overwrite:
                raise ExtractionError(
                    "An interrupted run with other settings was to write the same table: "
                    f"{in_words(differences(begun, settings))}. Give the settings of then to go "
                    "on with it, another --out, or --overwrite to start afresh."
                )
            self.remove()
        if self.settings() is None:
            with atomic_path(self._manifest) as temporary:
                temporary.write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def is_finished(self, shard: Shard) -> bool:
        """Tell whether a shard is there, whole, without a row set aside, and still true."""
        if not self._file(shard).exists():
            return False
        content = self.read_about(shard)
        return not content.set_aside and content.stamps == stamps_of(shard)

    def write(self, shard: Shard, content: Content) -> None:
        """Write a finished shard, whole or not at all."""
        columns: dict[str, Any] = {"lesion_id": pa.array(list(content.hashes), pa.string())}
        for name, features in content.features.items():
            flat = pa.array(features.reshape(-1))
            columns[name] = pa.FixedSizeListArray.from_arrays(flat, features.shape[1])
        about = {
            "hashes": content.hashes,
            "set_aside": [astuple(one) for one in content.set_aside],
            "stamps": content.stamps,
            "masks": content.masks,
            "notes": content.notes,
        }
        table = pa.table(columns).replace_schema_metadata({_ABOUT: json.dumps(about)})
        with atomic_path(self._file(shard)) as temporary:
            pq.write_table(table, temporary, compression="none", use_dictionary=False)

    def read(self, shard: Shard) -> Content:
        """Read a finished shard."""
        table = pq.read_table(self._file(shard))
        features = {}
        for name in table.column_names[1:]:
            column = table[name].combine_chunks()
            flat = column.flatten().to_numpy()
            features[name] = flat.reshape(len(table), column.type.list_size)
        return Content(features=features, **_about_fields(table.schema))

    def read_about(self, shard: Shard) -> Content:
        """Read all of a finished shard but the features."""
        return Content(features={}, **_about_fields(pq.read_schema(self._file(shard))))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _file(self, shard: Shard) -> Path:
        return self.path / f"{shard.key}.parquet"


def stamps_of(shard: Shard) -> list[str]:
    """Return, for each scan, what changes when one of its files does."""
    return [stamp(sources(scan)) for scan in shard.scans]


def _about_fields(schema: pa.Schema) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(schema.metadata[_ABOUT])
    return {**about, "set_aside": [SetAside(*values) for values in about["set_aside"]]}
