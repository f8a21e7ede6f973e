"""What the phantom taught, in a folder, and applied to patients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lesionary.adapt.harmonise.door import load_harmoniser, save_harmoniser
from lesionary.adapt.harmonise.given import name_of
from lesionary.adapt.harmonise.harmoniser import Harmoniser
from lesionary.adapt.robustness.assess import Robustness
from lesionary.adapt.robustness.verdicts import HARMONISABLE, STABLE
from lesionary.cohort.table import read_table, write_table
from lesionary.errors import ModelError
from lesionary.files import atomic_path
from lesionary.spelling import hint

VERDICTS, AGREEMENT, PARAMETERS, ABOUT = (
    "verdicts.csv",
    "agreement.csv",
    "harmoniser.json",
    "robustness.json",
)


@dataclass(frozen=True)
class SavedRobustness:
    """Verdicts as they were read, with the parameters of harmonisable features.

    Parameters
    ----------
    verdicts : DataFrame
    harmoniser : Harmoniser or None
    condition : str
        The phantom's column of conditions.
    """

    verdicts: pd.DataFrame
    harmoniser: Harmoniser | None
    condition: str

    def apply(self, table: pd.DataFrame, condition: str | None = None) -> pd.DataFrame:
        """Keep stable and harmonisable features of patients; bring the latter to one scale.

        Parameters
        ----------
        table : DataFrame
            Patients; columns that the phantom did not judge are kept as they are.
        condition : str, optional
            Column that says under which condition a patient was scanned, in the phantom's
            words. Default: the phantom's column.

        Raises
        ------
        ModelError
            If a feature is missing, or the phantom was not scanned under a patient's condition.
        """
        condition = condition or self.condition
        judged = self.verdicts["feature"]
        wanted = judged[self.verdicts["verdict"].isin([STABLE, HARMONISABLE])].tolist()
        if not wanted:
            raise ModelError("The phantom rejected every feature: there is nothing to keep.")
        lacking = [name for name in wanted if name not in table]
        if lacking:
            raise ModelError(
                f"The table lacks {len(lacking):,} of the {len(wanted):,} features that the "
                f"phantom kept, first {lacking[0]!r}."
            )
        found = table.drop(columns=[n for n in judged if n in table and n not in set(wanted)])
        if self.harmoniser is None:
            return found
        reasons = self.not_scanned(table, condition)
        strange = reasons[reasons != ""]
        if len(strange):
            raise ModelError(
                f"{len(strange):,} of {len(table):,} patients cannot be brought to one scale. "
                f"{strange.iloc[0]} Scan the phantom so, or leave them out."
            )
        names = self.harmoniser.names_in_
        found[names] = self.harmoniser.transform(table[names], table[condition])
        return found

    def not_scanned(self, table: pd.DataFrame, condition: str | None = None) -> pd.Series:
        """Say of each patient why the phantom tells nothing of it; empty where it does.

        Parameters
        ----------
        table, condition
            As of :meth:`apply`.
        """
        condition = condition or self.condition
        reasons = pd.Series("", index=table.index, dtype=object)
        if self.harmoniser is None:
            return reasons
        if condition not in table:
            raise ModelError(
                f"The table has no column {condition!r}{hint(condition, map(str, table.columns))}: "
                "it says how each patient was scanned."
            )
        known = self.harmoniser.batches_
        names = table[condition].map(name_of, na_action="ignore")
        reasons[names.isna()] = f"The table lacks its {condition}."
        for name in sorted(set(names.dropna()) - set(known)):
            reasons[names == name] = f"The phantom was not scanned with {condition} {name!r}" + (
                f"{hint(name, known)}."
            )
        return reasons


def save_robustness(found: Robustness, folder: str | Path) -> Path:
    """Write verdicts, every agreement and the harmoniser's parameters to a folder."""
    folder = Path(folder)
    write_table(found.verdicts, folder / VERDICTS)
    write_table(found.agreement, folder / AGREEMENT)
    if found.harmoniser is None:
        (folder / PARAMETERS).unlink(missing_ok=True)
    else:
        save_harmoniser(found.harmoniser, folder / PARAMETERS)
    with atomic_path(folder / ABOUT) as temporary:
        about = {"condition": found.condition, "notes": list(found.notes)}
        temporary.write_text(json.dumps(about, indent=1), "utf-8")
    return folder


def load_robustness(folder: str | Path) -> SavedRobustness:
    """Read a folder that :func:`save_robustness` wrote."""
    folder = Path(folder)
    if not (folder / ABOUT).is_file():
        raise ModelError(f"{folder} is no folder of 'lesionary robustness': it has no {ABOUT}.")
    try:
        condition = json.loads((folder / ABOUT).read_text("utf-8"))["condition"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / ABOUT} is damaged ({error!r}).") from error
    verdicts = read_table(folder / VERDICTS).reset_index(drop=True)
    if not {"feature", "verdict"} <= set(verdicts):
        raise ModelError(f"{folder / VERDICTS} has no columns 'feature' and 'verdict'.")
    harmoniser = None
    if (verdicts["verdict"] == HARMONISABLE).any():
        read = load_harmoniser(folder / PARAMETERS)
        if not isinstance(read, Harmoniser):
            raise ModelError(f"{folder / PARAMETERS} holds several effects; a phantom has one.")
        harmoniser = read
    return SavedRobustness(verdicts, harmoniser, str(condition))


def apply_robustness(
    folder: str | Path, table: pd.DataFrame, condition: str | None = None
) -> pd.DataFrame:
    """Apply a saved folder to patients; see :meth:`SavedRobustness.apply`."""
    return load_robustness(folder).apply(table, condition)
