"""One function that reads a lesion table, one that lists what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from lesionary.cohort.checks import check_labels, check_table
from lesionary.cohort.load import CohortSource, Loaded, PublishedFaults, load
from lesionary.cohort.model import Cohort
from lesionary.cohort.problem import Findings, Problem, raise_errors
from lesionary.cohort.scans import check_scans


class CohortWarning(UserWarning):
    """A lesion table can be used, but something about it has to be known."""


def read_cohort(
    source: CohortSource,
    *,
    root: str | Path | None = None,
    published_faults: PublishedFaults = "handle",
) -> Cohort:
    r"""Read and check a lesion table.

    Parameters
    ----------
    source
        A CSV or Parquet file, or a data frame; or one of these for each split, as
        ``{"train": "train.csv", "tune": "val.csv", "test": "test.csv"}``, which are joined.
        The tables published with FMCIB (DeepLesion, LUNA16, LUNG1, RADIO) are recognised by
        their columns and need no change.
    root : path, optional
        Folder that relative ``image_path`` and ``mask_path`` start from. By default the
        table's own folder (for a data frame, the current one).
    published_faults : {"handle", "keep"}
        Whether known faults of published tables are put right (what changed is kept in
        ``published_...`` columns, and said in ``Cohort.notes``) or inherited.

    Returns
    -------
    Cohort

    Raises
    ------
    CohortError
        If the table has errors; the message shows the first. Files are not opened:
        :func:`check_cohort` does that.

    Warns
    -----
    CohortWarning
        If splits were published with patients on both sides (with counts), if seeds look like
        voxel indices, and the like.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "cohort.csv"
    >>> _ = path.write_text(
    ...     "lesion_id,patient_id,image_path,coordX,coordY,coordZ,label\n"
    ...     "001,p1,p1.nii.gz,12.5,-30.25,40,1\n"
    ... )
    >>> cohort = read_cohort(path)
    >>> cohort.table.loc[0, "lesion_id"]
    '001'
    """
    loaded = load(source, root, published_faults)
    problems = _table_findings(loaded).sorted()
    raise_errors(problems, loaded.source)
    messages = [problem.message for problem in problems]
    for message in messages:
        warnings.warn(f"{loaded.source}: {message}", CohortWarning, stacklevel=2)
    return Cohort(
        table=loaded.table,
        root=loaded.root,
        source=loaded.source,
        notes=(*loaded.notes, *messages),
        root_is_given=root is not None,
    )


def check_cohort(
    source: CohortSource | Cohort,
    *,
    root: str | Path | None = None,
    labels: Sequence[str] = (),
    files: bool = True,
    published_faults: PublishedFaults = "handle",
) -> list[Problem]:
    """List everything that is wrong with a lesion table, at once.

    Parameters
    ----------
    source, root, published_faults
        As for :func:`read_cohort`; a ``Cohort`` is checked as it is.
    labels : sequence of str
        Columns that will be predicted: each needs at least two classes.
    files : bool
        Also look for every scan and mask, and open each scan's header once to see that the
        seeds lie inside it.

    Returns
    -------
    list of Problem
        Errors first. What was done to a published table is among the warnings.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"lesion_id": ["a"], "patient_id": ["p"], "mask_path": ["m.nrrd"]})
    >>> for problem in check_cohort(table, files=False):
    ...     print(problem)
    table, image_path: The column is missing (where the lesion's scan is). Add it.
    """
    if isinstance(source, Cohort):
        loaded = load(source.table, source.root, "keep")
    else:
        loaded = load(source, root, published_faults)
    findings = _table_findings(loaded)
    check_labels(loaded.table, labels, findings)
    if files:
        check_scans(loaded, findings)
    for note in loaded.notes:
        findings.add("warning", "", note)
    return findings.sorted()


def _table_findings(loaded: Loaded) -> Findings:
    findings = Findings(loaded.origin, loaded.source)
    check_table(loaded, findings)
    return findings
