"""From a feature table to a harmonised one, in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lesionary.adapt.harmonise.door import fingerprint, load_harmoniser, save_harmoniser
from lesionary.adapt.harmonise.harmoniser import Harmoniser
from lesionary.adapt.harmonise.nested import NestedComBat
from lesionary.adapt.harmonise.table import Harmonised, harmonise_table
from lesionary.cohort.table import write_table
from lesionary.encode.features import provenance_file, read_provenance, write_with_provenance
from lesionary.errors import ModelError

PARAMETERS, LONGER = "harmoniser.json", "harmoniser-extended.json"


@dataclass(frozen=True)
class WrittenHarmonised:
    """Where it was written.

    Attributes
    ----------
    table : Path
    parameters : Path or None
        None where parameters were given, and no batch was new.
    errors : Path or None
        Where it says why lesions were set aside, if any were.
    """

    table: Path
    parameters: Path | None
    errors: Path | None


def run_harmonise(
    features: str | Path,
    lesions: str | Path,
    harmoniser: Harmoniser | NestedComBat | str | Path,
    out: str | Path,
    *,
    batch: Sequence[str],
    covariates: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> tuple[Harmonised, WrittenHarmonised]:
    """Harmonise a table and write it, with the parameters and ``errors.csv`` beside it.

    Parameters
    ----------
    features, lesions, batch, covariates, columns
        As of :func:`~lesionary.adapt.harmonise.table.harmonise_table`.
    harmoniser
        Not yet fitted: then ``harmoniser.json`` is written. Or the file of a fitted one, which is
        applied: then ``harmoniser-extended.json`` is, where batches were new.
    out
        Table to write, ``.csv`` or ``.parquet``.
    """
    out = Path(out)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ModelError(f"{out} ends neither in .csv nor in .parquet.")
    apply = isinstance(harmoniser, str | Path)
    found = harmonise_table(
        features,
        lesions,
        load_harmoniser(harmoniser) if isinstance(harmoniser, str | Path) else harmoniser,
        batch=batch,
        covariates=covariates,
        columns=columns,
        fitted=apply,
    )
    about = read_provenance(features)
    if about is None:
        provenance_file(out).unlink(missing_ok=True)  # of another table that was there
        write_table(found.features, out)
    else:
        write_with_provenance(found.features, out, _harmonised(about, found))
    parameters = None
    if found.extended or not apply:
        parameters = out.with_name(LONGER if apply else PARAMETERS)
        save_harmoniser(found.harmoniser, parameters)
    errors = out.with_name("errors.csv")
    if not len(found.set_aside):
        errors.unlink(missing_ok=True)
        return found, WrittenHarmonised(out, parameters, None)
    write_table(found.set_aside, errors)
    return found, WrittenHarmonised(out, parameters, errors)


def _harmonised(about: dict[str, Any], found: Harmonised) -> dict[str, Any]:
    """Say of features that they are no longer what was extracted."""
    by = {"method": found.harmoniser.name, "parameters": fingerprint(found.harmoniser)}
    encoders = [{**one, "harmonised": by} for one in about["encoders"]]
    return {**about, "encoders": encoders, "lesions": len(found.features)}
