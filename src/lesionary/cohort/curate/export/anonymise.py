"""Folders of DICOM without the patients, by PS3.15's basic confidentiality profile."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pydicom import Dataset, dcmread, dcmwrite

from lesionary.cohort.curate.export.burned_in import burned_in
from lesionary.cohort.curate.export.deidentify import Settings, deidentify, patient_key
from lesionary.cohort.curate.export.ledger import ExportError, Ledger
from lesionary.cohort.curate.export.prepare_image import reason_of
from lesionary.cohort.curate.export.profile import KEEPABLE, Dates
from lesionary.cohort.curate.export.pseudonym import Pseudonyms, read_secret, refuse_inside
from lesionary.cohort.curate.export.read_object import is_object, read_object
from lesionary.cohort.table import write_table
from lesionary.files import atomic_path
from lesionary.processes import Processes, default_workers
from lesionary.progress import track
from lesionary.spelling import hint

_FILES = 100
"""Files of one task, which is finished or not as a whole."""

_COLUMNS = ["patient_id", "series", "modality", "file"]
_PEOPLE = ["patient_id", "series", "PatientID", "StudyInstanceUID", "SeriesInstanceUID"]
_LOST = "The process that read it died."
_TWICE = "Another file has the same SOPInstanceUID; one of them was written."


@dataclass(frozen=True)
class Anonymised:
    """What came out.

    Attributes
    ----------
    files : DataFrame
        One row a file written (``anonymised.csv``): ``patient_id, series, modality, file``.
    set_aside : DataFrame
        Columns ``file, reason``: what was not written. The files are the given ones, so this
        table may identify people.
    passed_over : int
        Files that are no DICOM objects (or a DICOMDIR).
    earlier : int
        Files that an earlier run had written.
    """

    files: pd.DataFrame
    set_aside: pd.DataFrame
    passed_over: int
    earlier: int


@dataclass(frozen=True)
class _Task:
    folder: Path
    files: tuple[Path, ...]
    out: Path
    settings: Settings
    write_burned_in: bool


@dataclass
class _Done:
    rows: list[dict[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    people: list[dict[str, str]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    passed_over: int = 0


def anonymise_folder(
    folder: str | Path,
    out: str | Path,
    *,
    secret: str | Path,
    dates: Dates = "remove",
    keep: Iterable[str] = (),
    write_burned_in: bool = False,
    mapping: str | Path | None = None,
    errors: str | Path | None = None,
    workers: int | None = None,
) -> Anonymised:
    """Write a copy of every DICOM object in a folder from which nobody can tell the patient.

    Parameters
    ----------
    folder : path
        Searched with its sub-folders.
    out : path
        Folder for ``<patient>/<series>/<object>.dcm``, all three codes, and ``anonymised.csv``.
        A run that was interrupted goes on where it stopped.
    secret : path
        File with the secret that codes are made with; made where there is none. The same secret
        gives the same patient and the same UID the same code, also in another run.
    dates : {"remove", "shift", "keep"}
        ``remove`` empties dates and times; ``shift`` moves them by days that are the patient's
        own, so that intervals stay; ``keep`` leaves them.
    keep : iterable of str
        Options of the profile: ``patient`` (sex, age, size, weight), ``device``, ``descriptions``
        (ROI names and the like, less words of names).
    write_burned_in : bool
        Write objects whose pixels may show a name, too. They are set aside otherwise.
    mapping : path, optional
        Table to write of who is who: ``patient_id``, ``PatientID``, ``StudyInstanceUID`` and
        ``SeriesInstanceUID``. Keep it apart.
    errors : path, optional
        Table of what was not written. Default: beside ``out``, as ``<out>-errors.csv``.
    workers : int, optional
        Processes. Default: half the processors.
    """
    folder, out = Path(folder), Path(out)
    kept = frozenset(keep)
    for name in sorted(kept - set(KEEPABLE)):
        raise ExportError(f"There is nothing called {name!r} to keep{hint(name, KEEPABLE)}.")
    if dates not in ("remove", "shift", "keep"):
        raise ExportError(
            f"Dates can be removed, shifted or kept: remove, shift, keep, not {dates!r}."
        )
    if not folder.is_dir():
        raise ExportError(f"There is no folder {folder}.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{out} lies in {folder}, which is read: name a folder elsewhere.")
    errors = Path(errors) if errors is not None else out.with_name(f"{out.name}-errors.csv")
    refuse_inside(errors, "The table of what was not written, with the files' own names,", out)
    if mapping is not None:
        refuse_inside(Path(mapping), "The mapping table", out)
    settings = Settings(Pseudonyms(read_secret(secret, out)), dates, kept)

    tasks = [_Task(folder, files, out, settings, write_burned_in) for files in _batches(folder)]
    if not tasks:
        raise ExportError(f"There is no file in {folder}.")
    workers = default_workers() if workers is None else workers
    done, earlier = _run(tasks, workers, want_people=mapping is not None)
    rows = pd.DataFrame([row for one in done for row in one.rows], columns=_COLUMNS)
    failed = [pair for one in done for pair in one.failed]
    twice = rows["file"].duplicated()
    # Of what an earlier run wrote, the given files' names are kept nowhere.
    sources = [name for one in done for name in one.sources or [row["file"] for row in one.rows]]
    failed += [(name, _TWICE) for name, again in zip(sources, twice, strict=True) if again]
    set_aside = pd.DataFrame(failed, columns=["file", "reason"])
    write_table(set_aside, errors)
    if rows.empty and set_aside.empty:
        raise ExportError(f"No file in {folder} is a DICOM object.")
    if rows.empty:
        raise ExportError(f"Nothing in {folder} could be written; {errors} says why.")
    rows = rows[~twice].reset_index(drop=True)
    write_table(rows, out / "anonymised.csv")
    if mapping is not None:
        people = pd.DataFrame([person for one in done for person in one.people], columns=_PEOPLE)
        write_table(people.drop_duplicates().reset_index(drop=True), Path(mapping))
    return Anonymised(rows, set_aside, sum(one.passed_over for one in done), earlier)


def _batches(folder: Path) -> list[tuple[Path, ...]]:
    files = sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return [tuple(files[k : k + _FILES]) for k in range(0, len(files), _FILES)]


def _run(tasks: list[_Task], workers: int, *, want_people: bool) -> tuple[list[_Done], int]:
    first = tasks[0]
    codes = first.settings.codes
    about = [first.settings.dates, sorted(first.settings.keep), first.write_burned_in]
    ledger = Ledger(first.out, "anonymise", codes.code("settings", json.dumps(about)))
    done: dict[str, _Done] = {}
    todo: dict[str, _Task] = {}
    for task in tasks:
        key = codes.code("files", "\n".join(map(str, task.files)), 32)
        if record := ledger.find(key, task.files):
            done[key] = _Done(rows=record["rows"], passed_over=record["passed_over"])
            if want_people:  # who is who is kept nowhere among the results: it is read again
                done[key].people = _people(task)
        else:
            todo[key] = task
    earlier = sum(len(one.rows) for one in done.values())
    with Processes(anonymise_files, min(workers, len(todo)), lost=_lost) as pool:
        results = zip(todo.items(), pool.run(todo.values()), strict=True)
        for (key, task), result in track(results, "Anonymising", len(todo)):
            done[key] = result
            if not result.failed:
                record = {"rows": result.rows, "passed_over": result.passed_over}
                ledger.note(key, task.files, [row["file"] for row in result.rows], record)
    return list(done.values()), earlier


def anonymise_files(task: _Task) -> _Done:
    """Write the anonymous copies of some files: what a worker process does."""
    done = _Done()
    with warnings.catch_warnings():
        # pydicom warns, with the value, of values that are not as the standard has them.
        warnings.simplefilter("ignore")
        for file in task.files:
            name = file.relative_to(task.folder).as_posix()
            try:
                _anonymise_file(file, task, done)
            except Exception as error:  # whatever a damaged file does to a parser
                done.failed.append((name, reason_of(error).replace(str(file), name)))
    return done


def _anonymise_file(file: Path, task: _Task, done: _Done) -> None:
    dataset = read_object(file)
    if dataset is None:
        done.passed_over += 1
        return
    if (suspicion := burned_in(dataset)) and not task.write_burned_in:
        raise ExportError(f"{suspicion} Look at it; --write-burned-in writes it nevertheless.")
    codes = task.settings.codes
    person = _person(dataset, codes)
    patient, series = person["patient_id"], person["series"]
    instance = codes.code("instance", str(dataset.get("SOPInstanceUID")), 16)
    row = {
        "patient_id": patient,
        "series": series,
        "modality": _modality(dataset),
        "file": f"{patient}/{series}/{instance}.dcm",
    }
    deidentify(dataset, task.settings)
    with atomic_path(task.out / row["file"]) as temporary:
        dcmwrite(temporary, dataset, enforce_file_format=True)
    done.rows.append(row)
    done.sources.append(file.relative_to(task.folder).as_posix())
    done.people.append(person)


def _person(dataset: Dataset, codes: Pseudonyms) -> dict[str, str]:
    """Return whose object it is: the codes, and what they stand for."""
    series = str(dataset.get("SeriesInstanceUID") or "")
    return {
        "patient_id": "P" + codes.code("patient", patient_key(dataset)),
        "series": f"{_modality(dataset)}-{codes.code('series', series, 8)}",
        "PatientID": str(dataset.get("PatientID") or ""),
        "StudyInstanceUID": str(dataset.get("StudyInstanceUID") or ""),
        "SeriesInstanceUID": series,
    }


def _modality(dataset: Dataset) -> str:
    return "".join(filter(str.isalnum, str(dataset.get("Modality") or "OT")))[:16]


def _people(task: _Task) -> list[dict[str, str]]:
    """Read whose the objects of a finished task are."""
    tags = [*_PEOPLE[2:], "Modality"]
    people = []
    for file in task.files:
        if is_object(file):
            header = dcmread(file, stop_before_pixels=True, specific_tags=tags, force=True)
            people.append(_person(header, task.settings.codes))
    return people


def _lost(task: _Task) -> _Done:
    return _Done(failed=[(str(file.relative_to(task.folder)), _LOST) for file in task.files])
