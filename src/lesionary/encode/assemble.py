"""From finished shards to one table in the cohort's order, a block of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lesionary.encode.features import METADATA_KEY
from lesionary.encode.plan import Shard
from lesionary.encode.shards import ShardFolder

_BLOCK_BYTES = 64 << 20


@dataclass(frozen=True)
class Layout:
    """The columns of the finished table.

    Attributes
    ----------
    dimensions : dict of str to int
        Feature columns: how many by encoder.
    names : list of str
        What they are called.
    passed : DataFrame
        Columns that stand before the features, one row a position of the cohort.
    dtype : type
        Of the features.
    """

    dimensions: Mapping[str, int]
    names: list[str]
    passed: pd.DataFrame
    dtype: type[np.float32 | np.float64] = np.float32


def write_parquet(
    path: Path,
    layout: Layout,
    folder: ShardFolder,
    shards: Sequence[Shard],
    about: Mapping[str, Any],
) -> None:
    """Write a Parquet table with its provenance in the schema's metadata."""
    passed = pa.Schema.from_pandas(layout.passed, preserve_index=False).remove_metadata()
    schema = pa.schema(
        [*passed, *(pa.field(name, pa.from_numpy_dtype(layout.dtype)) for name in layout.names)],
        metadata={METADATA_KEY: json.dumps(about)},
    )
    text = [field.name for field in passed]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=text) as writer:
        for rows, features in _blocks(layout, folder, shards):
            front = pa.Table.from_pandas(layout.passed.iloc[rows], passed, preserve_index=False)
            columns = np.ascontiguousarray(features.T)
            writer.write_table(
                pa.table([*front.columns, *(pa.array(one) for one in columns)], schema=schema)
            )


def write_csv(path: Path, layout: Layout, folder: ShardFolder, shards: Sequence[Shard]) -> None:
    """Write a CSV table; a number is written so that it reads back as it was."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        first = True
        for rows, features in _blocks(layout, folder, shards):
            front = layout.passed.iloc[rows].reset_index(drop=True)
            block = pd.concat([front, pd.DataFrame(features, columns=layout.names)], axis=1)
            block.to_csv(handle, index=False, header=first, lineterminator="\n")
            first = False


def _blocks(
    layout: Layout, folder: ShardFolder, shards: Sequence[Shard]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.floating]]]:
    """Yield positions that have features, ascending, with these, in blocks that fit memory."""
    count, width = len(layout.passed), len(layout.names)
    shard_of = np.full(count, -1)
    for number, shard in enumerate(shards):
        shard_of[[lesion.position for lesion in shard.lesions]] = number
    size = max(1, _BLOCK_BYTES // (np.dtype(layout.dtype).itemsize * width))
    for start in range(0, max(count, 1), size):
        here = shard_of[start : start + size]
        features = np.empty((len(here), width), layout.dtype)
        filled = np.zeros(len(here), bool)
        for number in np.unique(here[here >= 0]):
            shard = shards[number]
            content = folder.read(shard)
            position_of = {lesion.lesion_id: lesion.position - start for lesion in shard.lesions}
            targets = np.array([position_of[one] for one in content.hashes], np.intp)
            inside = (targets >= 0) & (targets < len(here))
            joined = [content.features[name] for name in layout.dimensions]
            if inside.any():
                features[targets[inside]] = np.concatenate(joined, axis=1)[inside]
                filled[targets[inside]] = True
        yield np.flatnonzero(filled) + start, features[filled]
