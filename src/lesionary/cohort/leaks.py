"""What two splits of a cohort share, and must not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from lesionary.cohort.columns import IMAGE, PATIENT, SPLIT, SPLITS


@dataclass(frozen=True)
class Leak:
    """What two splits have in common.

    Attributes
    ----------
    splits : tuple of str
    patients, scans : int
        How many patients and how many scans have lesions in both.
    lesions : int
        How many lesions of the second split belong to those patients.
    """

    splits: tuple[str, str]
    patients: int
    scans: int
    lesions: int

    def __str__(self) -> str:
        first, second = self.splits
        return (
            f"{first} and {second} share {self.patients:,} patients ({self.scans:,} scans); "
            f"{self.lesions:,} lesions of {second} are of patients in {first}"
        )


def leakage(table: pd.DataFrame) -> list[Leak]:
    """Count the patients and scans that any two splits of a lesion table share.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "patient_id": ["a", "a", "b"],
    ...         "image_path": ["a1", "a2", "b1"],
    ...         "split": ["train", "test", "test"],
    ...     }
    ... )
    >>> leakage(table)
    [Leak(splits=('train', 'test'), patients=1, scans=0, lesions=1)]
    """
    groups = {name: table[table[SPLIT] == name] for name in SPLITS}
    leaks = []
    for first, second in combinations(SPLITS, 2):
        patients, scans = (
            set(groups[first][column].dropna()) & set(groups[second][column].dropna())
            for column in (PATIENT, IMAGE)
        )
        if patients or scans:
            lesions = int(groups[second][PATIENT].isin(patients).sum())
            leaks.append(Leak((first, second), len(patients), len(scans), lesions))
    return leaks
