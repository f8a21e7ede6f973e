"""Tables of predictions: read, checked, and brought to one row a lesion and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from lesionary.cohort.columns import (
    EVENT,
    LESION,
    PATIENT,
    SPLIT,
    SPLIT_SYNONYMS,
    SPLITS,
    TIME,
)
from lesionary.cohort.table import read_table
from lesionary.errors import EvaluationError
from lesionary.evaluate.prediction_checks import (
    FRACTION,
    MODEL,
    ROW,
    TARGET,
    check_agreement,
    check_unique,
    leaks,
    set_aside,
    several,
    table_notes,
    text,
)

Kind = Literal["classes", "survival"]

SCORE, RISK, _PREFIX = "score", "score_risk", "score_"


@dataclass(frozen=True)
class Predictions:
    """Predictions of models, of which every row can be judged.

    Parameters
    ----------
    table : DataFrame
        One row a lesion and model (and fraction of the training data): ``lesion_id``, ``model``,
        then ``patient_id``, ``split`` and ``fraction`` where there are, ``target`` or ``time``
        and ``event``, the scores, and further columns as they came.
    kind : {"classes", "survival"}
        What was predicted.
    classes : tuple
        Names as text; of two, the second is the positive one. Empty for survival.
    scores : tuple of str
        Columns: ``score`` of the positive class, or ``score_<class>`` of each of several, or
        ``score_risk``.
    set_aside : DataFrame
        Rows that cannot be judged: ``row`` as a spreadsheet counts it, ``lesion_id``, ``model``,
        ``reason``.
    notes : tuple of str
        What a reader should know.
    findings : tuple of str
        What makes the numbers doubtful, such as a patient in two splits.
    """

    table: pd.DataFrame
    kind: Kind
    classes: tuple[str, ...]
    scores: tuple[str, ...]
    set_aside: pd.DataFrame
    notes: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, in the order of the table."""
        return tuple(self.table[MODEL].unique())

    @property
    def fractions(self) -> tuple[float, ...]:
        """Fractions of the training data that there are models of, ascending; empty without."""
        return tuple(sorted(self.table[FRACTION].unique())) if FRACTION in self.table else ()

    def of(
        self, model: str, split: str | None = None, fraction: float | None = None
    ) -> pd.DataFrame:
        """Return a model's rows, of one split or all, of one fraction or its largest."""
        rows = self.table[self.table[MODEL] == model]
        if FRACTION in rows:
            rows = rows[rows[FRACTION] == (rows[FRACTION].max() if fraction is None else fraction)]
        if split is not None:
            rows = rows[rows[SPLIT] == split]
        return rows.set_index(LESION, drop=False)

    def score_of(self, rows: pd.DataFrame) -> pd.DataFrame | pd.Series[float]:
        """Return rows' scores: one column, or of several classes one each, named as these are."""
        if len(self.scores) == 1:
            return rows[self.scores[0]]
        return rows[list(self.scores)].set_axis(list(self.classes), axis=1)


def read_predictions(
    source: str | Path | pd.DataFrame,
    *,
    by: str | None = None,
    target: str = TARGET,
    scores: Sequence[str] | None = None,
    lesion: str = LESION,
    positive: Any = None,
    table: str | Path | pd.DataFrame | None = None,
    kind: Kind | None = None,
) -> Predictions:
    """Read predictions of one or several models and check them.

    Parameters
    ----------
    source
        A CSV or Parquet file or a data frame, either *long* (``by`` names the column that tells
        models apart, and scores are called ``score``, ``score_<class>`` or ``score_risk``), or
        *wide* (``scores`` names one column a model). Without both it is of one model.
    by : str, optional
        Column of the model.
    target : str
        Column of the label.
    scores : sequence of str, optional
        Columns of the scores, one a model: of the positive class, or of risk.
    lesion : str
        Column that names the lesion. Where a wide table has none, every row is one.
    positive : optional
        The positive class of two; default the second as sorted (``1``, ``True``).
    table : optional
        Lesion table to take ``patient_id``, ``split`` and further columns from, by ``lesion_id``.
    kind : {"classes", "survival"}, optional
        Of a table that has both, what to judge; default classes.

    Returns
    -------
    Predictions

    Raises
    ------
    EvaluationError
        If columns are missing, a model has a lesion twice, or models do not agree on what
        came true.

    Examples
    --------
    >>> wide = pd.DataFrame({"lesion_id": ["a", "b"], "label": [0, 1], "mine": [0.2, 0.7]})
    >>> predictions = read_predictions(wide, target="label", scores=["mine"])
    >>> predictions.models, predictions.classes
    (('mine',), ('0', '1'))
    """
    rows, name = _opened(source)
    notes: list[str] = []
    rows = _with_lesions(rows, lesion, by, notes)
    if table is not None:
        rows = _joined(rows, table)
    rows, columns, kind = _one_row_a_model(rows, name, by, target, scores, kind, notes)
    rows, aside = set_aside(rows, columns, kind)
    if rows.empty:
        raise EvaluationError(
            f"No row of {name} can be judged; the first: {aside['reason'].iloc[0]}."
            if len(aside)
            else f"{name} has no rows."
        )
    classes: tuple[str, ...] = ()
    if kind == "classes":
        rows, columns, classes = _with_classes(rows, columns, positive)
    check_unique(rows)
    check_agreement(rows, kind)
    notes += table_notes(rows)
    rows = rows.drop(columns=ROW).reset_index(drop=True)
    return Predictions(rows, kind, classes, columns, aside, tuple(notes), leaks(rows))


def _opened(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    if isinstance(source, pd.DataFrame):
        return source.rename(columns=str).set_axis(pd.RangeIndex(2, len(source) + 2)), "predictions"
    return read_table(source), str(source)


def _with_lesions(
    rows: pd.DataFrame, lesion: str, by: str | None, notes: list[str]
) -> pd.DataFrame:
    rows = rows.assign(**{ROW: rows.index})
    if lesion in rows:
        if lesion != LESION:
            rows = rows.drop(columns=LESION, errors="ignore").rename(columns={lesion: LESION})
        return rows.assign(**{LESION: rows[LESION].map(text, na_action="ignore")})
    if lesion != LESION or by is not None:
        raise EvaluationError(
            f"There is no column {lesion!r}, which names the lesions; there are {_named(rows)}."
        )
    notes.append("There is no column 'lesion_id': every row counts as a lesion of its own.")
    return rows.assign(**{LESION: [f"row {row}" for row in rows.index]})


def _joined(rows: pd.DataFrame, table: str | Path | pd.DataFrame) -> pd.DataFrame:
    more, name = _opened(table)
    if LESION not in more:
        raise EvaluationError(f"{name} has no column 'lesion_id' to be joined by.")
    more = more.assign(**{LESION: more[LESION].map(text, na_action="ignore")})
    twice = more[LESION][more[LESION].duplicated()]
    if len(twice):
        raise EvaluationError(f"{name} has the lesion {twice.iloc[0]!r} more than once.")
    unknown = rows[LESION][~rows[LESION].isin(more[LESION]) & rows[LESION].notna()].unique()
    if len(unknown):
        raise EvaluationError(
            f"{len(unknown):,} lesions of the predictions are not in {name}: {several(unknown)}. "
            "Lesions are joined by lesion_id, exactly."
        )
    ours = {*rows, MODEL, FRACTION, SCORE, ROW}
    new = [name for name in more if name not in ours and not str(name).startswith(_PREFIX)]
    more = more[[LESION, *new]]
    joined = rows.merge(more, on=LESION, how="left", validate="many_to_one")
    return joined.set_axis(rows.index)


def _one_row_a_model(
    rows: pd.DataFrame,
    name: str,
    by: str | None,
    target: str,
    scores: Sequence[str] | None,
    kind: Kind | None,
    notes: list[str],
) -> tuple[pd.DataFrame, tuple[str, ...], Kind]:
    for column in (by, *(scores or ())):
        if column is not None and column not in rows:
            raise EvaluationError(f"There is no column {column!r}; there are {_named(rows)}.")
    if scores and by is None:
        kind = kind or ("classes" if target in rows else "survival")
        score = SCORE if kind == "classes" else RISK
        kept = [name for name in rows if name not in (*scores, MODEL, SCORE, RISK)]
        # Under a name that no column has: pandas refuses any other.
        rows = rows[[*kept, *scores]].melt(kept, list(scores), var_name=MODEL, value_name="\0")
        rows = rows.rename(columns={"\0": score})
        columns: tuple[str, ...] = (score,)
    else:
        if scores and len(scores) > 1:
            raise EvaluationError(
                "Models are told apart by a column, or have a column each, and not both: give the "
                "one column of scores, or leave out the column of models."
            )
        kind, columns = _score_columns(rows, scores, kind, notes)
        if scores:
            rows = rows.rename(columns={scores[0]: columns[0]})
        model = rows[by].map(text, na_action="ignore") if by else Path(name).stem
        rows = rows.drop(columns=[by] if by else []).assign(**{MODEL: model})
    wanted = (target,) if kind == "classes" else (TIME, EVENT)
    missing = [column for column in wanted if column not in rows]
    if missing:
        raise EvaluationError(
            f"There is no column {missing[0]!r} of what came true; there are {_named(rows)}."
        )
    if kind == "classes" and target != TARGET:
        rows = rows.drop(columns=TARGET, errors="ignore").rename(columns={target: TARGET})
    if SPLIT in rows:
        rows[SPLIT] = rows[SPLIT].map(_split, na_action="ignore")
    first = [LESION, MODEL, *(c for c in (PATIENT, SPLIT, FRACTION) if c in rows)]
    first += [TARGET] if kind == "classes" else [TIME, EVENT]
    first += columns
    return rows[[*first, *(column for column in rows if column not in first)]], columns, kind


def _score_columns(
    rows: pd.DataFrame, scores: Sequence[str] | None, kind: Kind | None, notes: list[str]
) -> tuple[Kind, tuple[str, ...]]:
    """Find the columns of scores of a long table, and what they are of."""
    if scores:
        kind = kind or ("survival" if scores[0] == RISK else "classes")
        return kind, (SCORE if kind == "classes" else RISK,)
    of_classes = [name for name in map(str, rows) if name.startswith(_PREFIX) and name != RISK]
    of_classes = of_classes or [name for name in (SCORE,) if name in rows]
    if of_classes and RISK in rows and kind is None:
        notes.append("The table has scores of classes and of survival; these are of the classes.")
    if of_classes and kind != "survival":
        return "classes", tuple(of_classes)
    if RISK in rows and kind != "classes":
        return "survival", (RISK,)
    raise EvaluationError(
        "There is no column of scores ('score', 'score_<class>' or 'score_risk'): say which they "
        f"are. There are {_named(rows)}."
    )


def _with_classes(
    rows: pd.DataFrame, columns: tuple[str, ...], positive: Any
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Give labels and score columns the same names, and put the positive class last of two."""
    labels = rows[TARGET].map(text)
    if columns == (SCORE,):
        classes = [text(name) for name in _sorted(rows[TARGET].unique().tolist())]
        # Of one label alone 0 and 1 are known to come in pairs.
        classes = ["0", "1"] if classes in (["0"], ["1"]) else classes
    else:
        classes = [column.removeprefix(_PREFIX) for column in columns]
        if len(classes) == 1:  # the positive class alone
            positive = classes[0] if positive is None else positive
            classes = sorted({*labels, *classes})
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise EvaluationError(
            f"The label {unknown[0]!r} has no column of scores; there are {', '.join(columns)}."
        )
    if len(columns) == 1 and len(classes) != 2:
        raise EvaluationError(
            f"There are {len(classes)} classes ({several(classes)}) but one column of scores: "
            "one column is for two classes; of more, each has its own, score_<class>."
        )
    if positive is not None:
        if len(classes) != 2 or text(positive) not in classes:
            raise EvaluationError(
                f"The positive class {text(positive)!r} is not one of two: {several(classes)}."
            )
        classes.sort(key=lambda name: name == text(positive))
    rows = rows.assign(**{TARGET: labels})
    if len(classes) > 2:
        return rows, tuple(f"{_PREFIX}{name}" for name in classes), tuple(classes)
    if columns != (SCORE,):
        score = rows[f"{_PREFIX}{classes[1]}"]
        at = list(rows).index(columns[0])
        rows = rows.drop(columns=list(columns))
        rows.insert(at, SCORE, score)
    return rows, (SCORE,), tuple(classes)


def _named(rows: pd.DataFrame) -> str:
    return ", ".join(str(column) for column in rows if column != ROW)


def _split(value: Any) -> str:
    name = str(value).strip()
    known = SPLIT_SYNONYMS.get(name.lower(), name.lower())
    return known if known in SPLITS else name


def _sorted(names: list[Any]) -> list[Any]:
    try:
        return sorted(names)
    except TypeError as error:
        raise EvaluationError("Labels are of several kinds: give all as text.") from error
