"""A folder full of patients: scans, masks, lesion tables and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import yaml

from lesionary import __version__
from lesionary.files import atomic_path
from lesionary.phantom import outcome
from lesionary.phantom.config import PhantomConfig, PhantomError
from lesionary.phantom.patient import make_phantom
from lesionary.phantom.store import (
    Format,
    Truth,
    mask_path,
    read_truth,
    scan_path,
    write_patient,
)
from lesionary.progress import track

_ABOUT = "phantom.yaml"
_PASSED_ON = ["mask_label", "site", "malignant", "time", "event"]


def make_cohort(
    out: str | Path,
    patients: int = 200,
    seed: int = 0,
    config: PhantomConfig | None = None,
    *,
    form: Format = "nifti",
    workers: int = 1,
) -> pd.DataFrame:
    """Write a cohort of synthetic patients; go on where an earlier run of the same stopped.

    Parameters
    ----------
    out
        Folder. It gets ``cohort.csv`` (one row a lesion), ``truth.csv`` (all that is known of
        each), ``retest.csv`` and ``reader1.csv``, ... where asked for (lesion tables of the
        second scans, and with each reader's masks), ``phantom.yaml`` (what was made, and what
        an ideal model reaches) and a folder of scans and masks for each patient.
    patients : int
        How many. More can be added later by asking for more.
    seed : int
        The same seed gives the same patients, whatever their number. Files are the same too,
        but for the identifiers and time of writing in DICOM SEG and RTSTRUCT.
    config : PhantomConfig, optional
    form : {"nifti", "dicom"}
    workers : int
        Processes that make patients at the same time.

    Returns
    -------
    DataFrame
        The truth table.

    Raises
    ------
    PhantomError
        If ``out`` holds patients of another seed or configuration.

    Examples
    --------
    >>> import tempfile
    >>> from lesionary.phantom import PhantomConfig, make_cohort
    >>> truth = make_cohort(tempfile.mkdtemp(), 2, seed=1, config=PhantomConfig(size="tiny"))
    >>> truth["patient_id"].unique().tolist()
    ['P0001', 'P0002']
    """
    config = config or PhantomConfig()
    if patients < 1 or seed < 0 or workers < 1:
        raise PhantomError("Patients and workers must be 1 or more, and the seed not negative.")
    if form not in get_args(Format):
        raise PhantomError(f"form is {form!r}; it must be one of {', '.join(get_args(Format))}.")
    out = Path(out)
    about = {
        "version": __version__,
        "seed": seed,
        "format": form,
        "config": config.as_dict(),
    }
    _claim(out, about)
    make = partial(_make_patient, out, seed, config, form)
    made = list(track(_each(make, patients, workers), "Making patients", total=patients))
    for name, table in _tables(made, config, form).items():
        with atomic_path(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    truth = pd.DataFrame([row for one in made for row in one["ct"]])
    with atomic_path(out / "truth.csv") as temporary:
        truth.to_csv(temporary, index=False)
    _describe(out, about | {"patients": patients} | _rule(truth, config))
    return truth


def _each(make: Any, patients: int, workers: int) -> Iterator[Truth]:
    if workers == 1:
        yield from map(make, range(patients))
        return
    # Spawned, not forked: a fork of a process with threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(make, range(patients))


def _make_patient(out: Path, seed: int, config: PhantomConfig, form: Format, index: int) -> Truth:
    folder = out / "scans" / f"P{index + 1:04d}"
    truth = read_truth(folder)
    if truth is None:
        truth = write_patient(make_phantom(seed, index, config), folder, form, seed)
    return truth


def _claim(out: Path, about: dict[str, Any]) -> None:
    """Say whose folder it is, before the first patient is in it."""
    file = out / _ABOUT
    if file.exists():
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        differ = [
            key for key in about if not isinstance(found, dict) or found.get(key) != about[key]
        ]
        if differ:
            raise PhantomError(
                f"{out} holds a cohort of another {' and '.join(differ)} (see {file}). Choose "
                "another folder, or delete this one."
            )
    else:
        _describe(out, about)


def _describe(out: Path, about: dict[str, Any]) -> None:
    with atomic_path(out / _ABOUT) as temporary:
        temporary.write_text(yaml.safe_dump(about, sort_keys=False), encoding="utf-8")


def _rule(truth: pd.DataFrame, config: PhantomConfig) -> dict[str, Any]:
    """Return the outcome rules and what an ideal model reaches, here and in the population."""
    population = outcome.population_performance(config.signal)
    return {
        "rule": {
            "malignancy_intercept": outcome.MALIGNANCY_INTERCEPT,
            "malignancy": {k: v * config.signal for k, v in outcome.MALIGNANCY.items()},
            "log_hazard": {k: v * config.signal for k, v in outcome.HAZARD.items()},
            "weibull_shape": outcome.WEIBULL_SHAPE,
            "weibull_scale_days": outcome.WEIBULL_SCALE_DAYS,
            "censoring_mean_days": outcome.CENSORING_MEAN_DAYS,
        },
        "ideal": asdict(outcome.ideal_performance(truth)),
        "ideal_in_population": {"auc": population.auc, "c_index": population.c_index},
    }


def _tables(made: list[Truth], config: PhantomConfig, form: Format) -> dict[str, pd.DataFrame]:
    """Return the lesion tables: first scans, second scans, and each reader's masks."""
    tables = {"cohort": _lesion_table(made, "ct", form)}
    if config.retest:
        tables["retest"] = _lesion_table(made, "retest", form)
    for reader in range(1, config.readers + 1):
        tables[f"reader{reader}"] = _lesion_table(made, "ct", form, reader)
    return tables


def _lesion_table(made: list[Truth], scan: str, form: Format, reader: int = 0) -> pd.DataFrame:
    rows = [
        {
            "lesion_id": row["lesion_id"],
            "patient_id": row["patient_id"],
            "image_path": f"scans/{row['patient_id']}/{scan_path(scan, form)}",
            "coordX": round(row["center_x_mm"], 3),
            "coordY": round(row["center_y_mm"], 3),
            "coordZ": round(row["center_z_mm"], 3),
            "mask_path": f"scans/{row['patient_id']}/{mask_path(scan, form, reader)}",
            **{column: row[column] for column in _PASSED_ON},
        }
        for one in made
        for row in one[scan]
    ]
    return pd.DataFrame(rows)
