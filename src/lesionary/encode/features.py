"""Feature tables: read with how they were made, and join."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lesionary.cohort.columns import EVENT, LESION, SEED, SPLIT, TIME
from lesionary.cohort.table import read_table, write_table
from lesionary.encode.provenance import differences
from lesionary.errors import LesionaryError
from lesionary.files import atomic_path

METADATA_KEY = b"lesionary"
"""Where the schema of a Parquet table keeps its provenance."""

_NO_FEATURES = {LESION, *SEED, "mask_label", SPLIT, TIME, EVENT}


class FeaturesError(LesionaryError):
    """A table is no feature table, or two of them cannot be joined."""


class FeaturesWarning(UserWarning):
    """Features that were joined may not belong together."""


def read_features(path: str | Path) -> pd.DataFrame:
    """Read a feature table.

    Parameters
    ----------
    path
        Parquet or CSV, with ``lesion_id``.

    Returns
    -------
    DataFrame
        ``lesion_id`` as text, features as float32. ``.attrs["provenance"]`` is how it was made
        (without the hash of each lesion's input, which :func:`read_provenance` gives), or
        None where the table does not say.
    """
    path = Path(path)
    table = read_table(path).reset_index(drop=True)
    about = read_provenance(path)
    if LESION not in table and about is None:
        raise FeaturesError(f"{path} has no column 'lesion_id': it is no feature table.")
    if LESION in table and table[LESION].duplicated().any():
        twice = table.loc[table[LESION].duplicated(), LESION].iloc[0]
        raise FeaturesError(f"{path} has more than one row of lesion {twice!r}.")
    if about is not None:
        about["inputs"].pop("of_lesion", None)
        names = [name for name in _feature_names(about) if name in table]
        table = table.astype(dict.fromkeys(names, np.float32))
    table.attrs["provenance"] = about
    return table


def feature_columns(features: pd.DataFrame) -> list[str]:
    """Return the names of the columns that are features.

    In a table that holds the cohort's columns as well, as one in the style ``pred`` does, they
    are ``pred_0``, ``pred_1``, ...; in any other, all numbers but those that a lesion table has.

    Examples
    --------
    >>> feature_columns(pd.DataFrame({"coordX": [1.0], "age": [70], "pred_0": [0.5]}))
    ['pred_0']
    >>> feature_columns(pd.DataFrame({"coordX": [1.0], "time": [70], "fmcib_0": [0.5]}))
    ['fmcib_0']
    """
    numbers = [str(name) for name in features.select_dtypes("number")]
    published = [name for name in numbers if re.fullmatch(r"pred_\d+", name)]
    return published or [name for name in numbers if name not in _NO_FEATURES]


def _feature_names(about: Mapping[str, Any]) -> list[str]:
    plain = about["column_style"] == "pred"
    return [
        f"{'pred' if plain else one['name']}_{i}"
        for one in _networks(about)
        for i in range(one["dimension"])
    ]


def _networks(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what embedded patches; handcrafted features, which have names, come from none."""
    return [one for one in about["encoders"] if "recipe" in one]


def read_provenance(path: str | Path) -> dict[str, Any] | None:
    """Return how a feature table was made, or None where it does not say.

    It is in the metadata of a Parquet table, and beside a CSV table in
    ``<name>.provenance.json``.
    """
    path = Path(path)
    if not path.is_file():
        raise FeaturesError(f"There is no table {path}.")
    about: dict[str, Any]
    if path.suffix.lower() == ".parquet":
        try:
            metadata = pq.read_schema(path).metadata or {}
        except (OSError, pa.ArrowInvalid) as error:
            raise FeaturesError(f"{path} is not a readable Parquet table: {error}") from error
        if METADATA_KEY not in metadata:
            return None
        about = json.loads(metadata[METADATA_KEY])
        return about
    beside = provenance_file(path)
    if not beside.exists():
        return None
    about = json.loads(beside.read_text("utf-8"))
    return about


def write_with_provenance(table: pd.DataFrame, path: Path, about: Mapping[str, Any]) -> None:
    """Write a table, and in it (CSV: beside it) how it was made."""
    if path.suffix.lower() != ".parquet":
        write_table(table, path)
        write_provenance(path, about)
        return
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**arrow.schema.metadata, METADATA_KEY: json.dumps(about).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary)


def write_provenance(path: Path, about: Mapping[str, Any]) -> None:
    """Write the provenance of a CSV table beside it."""
    with atomic_path(provenance_file(path)) as temporary:
        temporary.write_text(json.dumps(about, indent=1), encoding="utf-8")


def provenance_file(path: Path) -> Path:
    """Return the file that holds the provenance of a CSV table."""
    return path.with_name(f"{path.stem}.provenance.json")


def join_features(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Put the features of two tables side by side, lesion by lesion.

    Parameters
    ----------
    one, other : DataFrame
        As :func:`read_features` or :func:`lesionary.extract` give them.

    Returns
    -------
    DataFrame
        The lesions that both have, in the order of the first. ``.attrs["provenance"]`` is that
        of both, or None where they do not fit together.

    Warns
    -----
    FeaturesWarning
        If the tables were made differently in anything but the encoder (other scans, other
        patches, another precision or version), do not say how, or have different lesions.

    Examples
    --------
    >>> one = pd.DataFrame({"lesion_id": ["a", "b"], "small_0": [1.0, 2.0]})
    >>> other = pd.DataFrame({"lesion_id": ["b", "a"], "large_0": [3.0, 4.0]})
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     join_features(one, other)
      lesion_id  small_0  large_0
    0         a      1.0      4.0
    1         b      2.0      3.0
    """
    shared = [name for name in one.columns if name in other.columns and name != LESION]
    if shared:
        raise FeaturesError(
            f"Both tables have the column {shared[0]!r}; take it out of one, or rename it."
        )
    joined = one.merge(other, on=LESION, how="inner", validate="one_to_one")
    only = len(one) + len(other) - 2 * len(joined)
    messages = _disagreements(one.attrs.get("provenance"), other.attrs.get("provenance"))
    if only:
        messages.append(f"{only:,} lesions are in one table only and were left out")
    if messages:
        warnings.warn(f"Joined features: {'; '.join(messages)}.", FeaturesWarning, stacklevel=2)
    joined.attrs = {"provenance": None if messages else _together(one, other)}
    return joined


def _together(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, Any]:
    """Return how a table of both was made, where they were made alike."""
    first, second = one.attrs["provenance"], other.attrs["provenance"]
    # By name, so that it does not matter which table was named first.
    encoders = sorted([*first["encoders"], *second["encoders"]], key=lambda one: str(one["name"]))
    return {**second, **first, "encoders": encoders}


def _disagreements(one: dict[str, Any] | None, other: dict[str, Any] | None) -> list[str]:
    if one is None or other is None:
        return ["a table does not say how it was made, so that cannot be compared"]
    before, after = _comparable(one), _comparable(other)
    both = before.keys() & after.keys()
    return differences(
        {name: value for name, value in before.items() if name in both},
        {name: value for name, value in after.items() if name in both},
    )


def _comparable(about: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what should agree between tables of different encoders, where both say it."""
    same = {name: about[name] for name in ("precision", "precropped") if name in about}
    same.update({f"versions {name}": number for name, number in about["versions"].items()})
    same["hash of the scans"] = about["inputs"]["sha256"]
    patches = sorted({one["recipe"]["name"] for one in _networks(about)})
    return {**same, "recipe": ", ".join(patches)} if patches else same
