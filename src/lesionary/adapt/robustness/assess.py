"""The robust-radiomics workflow: repeatable, reproducible, harmonisable, or none of these."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from lesionary.adapt.harmonise.combat import ComBat
from lesionary.adapt.harmonise.harmoniser import Harmoniser, HarmoniseWarning
from lesionary.adapt.robustness.cuts import CutOffs
from lesionary.adapt.robustness.verdicts import HARMONISABLE, STABLE, verdict_table
from lesionary.errors import EvaluationError, ModelError
from lesionary.evaluate.reliability.ratings import feature_columns, read_ratings
from lesionary.evaluate.reliability.table import agreement_table
from lesionary.spelling import hint

_REPEATS, _ACROSS, _AFTER = "repeats", "across conditions", "after harmonisation"


@dataclass(frozen=True)
class Robustness:
    """What the workflow found.

    Attributes
    ----------
    verdicts : DataFrame
        ``feature, verdict, reason, repeatability, reproducibility, harmonised``: the metric of
        the cut-offs, the worst of all conditions and repeats.
    agreement : DataFrame
        Every metric at every stage: ``stage, where`` and the columns of
        :func:`~lesionary.evaluate.reliability.agreement_table`.
    harmoniser : Harmoniser or None
        Fitted to the phantom's rows, of the harmonisable features only.
    condition : str
        The column of conditions.
    notes : tuple of str
    """

    verdicts: pd.DataFrame
    agreement: pd.DataFrame
    harmoniser: Harmoniser | None
    condition: str
    notes: tuple[str, ...]

    def features(self, *verdicts: str) -> list[str]:
        """Return the features of these verdicts; default: stable and harmonisable."""
        wanted = verdicts or (STABLE, HARMONISABLE)
        return self.verdicts.loc[self.verdicts["verdict"].isin(wanted), "feature"].tolist()


def assess_robustness(
    table: pd.DataFrame,
    *,
    subject: str,
    condition: str,
    repeat: str | None = None,
    columns: Sequence[str] | None = None,
    cuts: CutOffs | None = None,
    harmoniser: Harmoniser | None = None,
    harmonise: bool = True,
    folds: int = 5,
) -> Robustness:
    """Judge every feature on measurements of the same things under several conditions.

    1. Repeats under one condition have to agree, in every condition (if there are repeats).
    2. Conditions have to agree: then a feature is *stable*.
    3. Features that repeat but do not reproduce are harmonised; if conditions then agree, a
       feature is *harmonisable*. All others are *rejected*.

    Parameters
    ----------
    table : DataFrame
        A row a measurement: a phantom's insert, a lesion.
    subject, condition : str
        Columns that name what was measured, and the scanner, protocol or reader.
    repeat : str, optional
        Column that tells repeats under one condition apart.
    columns : sequence of str, optional
        Features, by name or pattern. Default: all other columns of numbers.
    cuts : CutOffs, optional
    harmoniser : Harmoniser, optional
        Not yet fitted. Default: ``ComBat()``.
    harmonise
        Whether to try. Readers are no scanner: of them there is nothing to apply to patients.
    folds
        Agreement after harmonisation is that of subjects which the parameters were not fitted
        to, in so many folds of subjects; 0: of the same subjects, as published, which flatters.

    Raises
    ------
    EvaluationError
        If there is one condition, or too few subjects.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"insert": np.tile(np.arange(30), 2), "kernel": ["B", "C"] * 30})
    >>> rows["kernel"] = np.repeat(["B", "C"], 30)
    >>> true = rng.normal(0, 5, 30)[rows["insert"]]
    >>> rows["fine"] = true + rng.normal(0, 0.5, 60)
    >>> rows["shifted"] = true + rng.normal(0, 0.5, 60) + 9 * (rows["kernel"] == "C")
    >>> rows["noise"] = rng.normal(0, 5, 60)
    >>> found = assess_robustness(rows, subject="insert", condition="kernel")
    >>> found.verdicts["verdict"].tolist()
    ['stable', 'harmonisable', 'reject']
    """
    cuts = cuts or CutOffs()
    _need(table, [subject, condition, *([] if repeat is None else [repeat])])
    names = feature_columns(table, {subject, condition, repeat or subject}, columns)
    table, notes = _without_infinite(table.reset_index(drop=True), names)
    repeatable, repeats = np.ones(len(names), dtype=bool), None
    stages = []
    if repeat is None:
        notes.append("No column of repeats: repeatability under one condition was not judged.")
    else:
        repeats = _stage(table, subject, repeat, condition, names, cuts, _REPEATS, notes)
        repeatable = _all_agree(repeats, cuts, cuts.repeatable, dispersion=False)
        stages.append(repeats)
    across = _stage(table, subject, condition, repeat, names, cuts, _ACROSS, notes)
    reproducible = _all_agree(across, cuts, cuts.reproducible, dispersion=True)
    stages.append(across)
    tried = repeatable & ~reproducible if harmonise else np.zeros_like(repeatable)
    fitted, harmonised = None, np.zeros_like(tried)
    after = None
    if tried.any():
        candidates = [name for name, one in zip(names, tried, strict=True) if one]
        template = harmoniser if harmoniser is not None else ComBat()
        if len(candidates) == 1 and isinstance(template, ComBat) and template.shrink:
            template = clone(template).set_params(shrink=False)
            notes.append(f"{candidates[0]} alone is harmonised, so there is nothing to shrink to.")
        try:
            held_out = _held_out(table, subject, condition, candidates, template, folds)
        except ModelError as error:
            raise EvaluationError(
                f"Whether features can be harmonised cannot be judged: {error} More subjects, or "
                "fewer folds, may do; or do without (harmonise=False, --method none)."
            ) from error
        after = _stage(held_out, subject, condition, repeat, candidates, cuts, _AFTER, notes)
        stages.append(after)
        harmonised[tried] = _all_agree(after, cuts, cuts.reproducible, dispersion=True)
        brought = [name for name, one in zip(names, harmonised, strict=True) if one]
        if brought:
            fitted = _fit(template, table, condition, candidates, brought)
            notes += fitted.notes_
    verdicts = verdict_table(
        names, (repeats, across, after), repeatable, reproducible, tried, harmonised, cuts
    )
    agreement = pd.concat(stages, ignore_index=True)
    return Robustness(verdicts, agreement, fitted, condition, tuple(dict.fromkeys(notes)))


def _need(table: pd.DataFrame, columns: Sequence[str]) -> None:
    if not len(table):
        raise EvaluationError("The table has no rows: a row is a measurement.")
    for name in columns:
        if name not in table:
            raise EvaluationError(
                f"The table has no column {name!r}{hint(name, map(str, table.columns))}."
            )
    if len(set(columns)) < len(columns):
        raise EvaluationError(f"Of {', '.join(columns)} two are the same column: name each once.")


def _without_infinite(table: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    values = table[list(names)].astype(np.float64)
    infinite = np.isinf(values.to_numpy())
    if not infinite.any():
        return table, []
    columns = {name: values[name].mask(infinite[:, i]) for i, name in enumerate(names)}
    return table.assign(**columns), [f"{int(infinite.sum()):,} infinite values count as missing."]


def _stage(
    table: pd.DataFrame,
    subject: str,
    rater: str,
    within: str | None,
    names: Sequence[str],
    cuts: CutOffs,
    stage: str,
    notes: list[str],
) -> pd.DataFrame:
    """Judge agreement of the raters, by itself within every value of a column."""
    parts = []
    groups = [("all", table)] if within is None else table.groupby(within, sort=True)
    for value, rows in groups:
        try:
            ratings = read_ratings(rows, subject, rater, names)
            found = agreement_table(ratings, level=cuts.level)
        except EvaluationError as error:
            place = f" with {within} {value}" if within else ""
            raise EvaluationError(f"Agreement of {rater}{place}: {error}") from error
        place = f", with {within} {value}" if within else ""
        notes += [f"{note.removesuffix('.')}{place}." for note in ratings.notes]
        found.insert(0, "where", str(value))
        found.insert(0, "stage", stage)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _all_agree(
    stage: pd.DataFrame, cuts: CutOffs, least: float, *, dispersion: bool
) -> NDArray[np.bool_]:
    each = [
        cuts.agrees(rows, least, dispersion=dispersion)
        for _, rows in stage.groupby("where", sort=False)
    ]
    agree: NDArray[np.bool_] = np.all(each, axis=0)
    return agree


def _held_out(
    table: pd.DataFrame,
    subject: str,
    condition: str,
    names: Sequence[str],
    template: Harmoniser,
    folds: int,
) -> pd.DataFrame:
    """Harmonise each fold of subjects by the others."""
    number, subjects = pd.factorize(table[subject].astype(str))
    folds = min(folds, len(subjects))
    found = table.copy()
    for fold in range(max(folds, 1)):
        rows = number % folds == fold if folds > 1 else np.ones(len(table), dtype=bool)
        fit = table[~rows] if folds > 1 else table
        fitted = _fit(template, fit, condition, names, names)
        found.loc[rows, list(names)] = fitted.transform(
            table.loc[rows, list(names)], table.loc[rows, condition]
        ).astype(np.float64)
    return found


def _fit(
    template: Harmoniser,
    table: pd.DataFrame,
    condition: str,
    names: Sequence[str],
    kept: Sequence[str],
) -> Harmoniser:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarmoniseWarning)  # its notes say the same
        fitted = clone(template).fit(table[list(names)], table[condition])
    kept_only: Harmoniser = fitted.keep(kept)
    return kept_only
