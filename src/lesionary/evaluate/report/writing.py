"""An evaluation as files: JSON, tables and figures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lesionary import __version__
from lesionary.cohort.table import write_table
from lesionary.evaluate.figure_style import save_figure
from lesionary.evaluate.report.drawing import curve_of_decisions, figures
from lesionary.evaluate.report.evaluation import Evaluation
from lesionary.files import atomic_path
from lesionary.progress import track

ERRORS = "errors.csv"


def write_evaluation(
    evaluation: Evaluation,
    out: str | Path,
    *,
    about: Mapping[str, Any] | None = None,
    draw: bool = True,
) -> list[Path]:
    """Write an evaluation into a folder, over an older one.

    Parameters
    ----------
    evaluation : Evaluation
    out : path
        Folder: ``results.json`` with everything, ``results.csv``, and what there is of
        ``comparisons.csv``, ``subgroups.csv``, ``limited_data.csv``, ``decision_curve.csv`` and
        ``errors.csv`` (rows set aside). Figures as PDF and PNG.
    about : mapping, optional
        What to add to the JSON: the file's name and hash.
    draw : bool
        Figures, too.

    Returns
    -------
    list of Path
        What was written.
    """
    out = Path(out)
    written = [out / "results.json"]
    with atomic_path(written[0]) as temporary:
        told = _plain(as_dict(evaluation, about or {}))
        text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    curve = curve_of_decisions(evaluation)
    tables = {
        "results.csv": evaluation.results,
        "comparisons.csv": evaluation.compared,
        "subgroups.csv": evaluation.subgroup_table,
        "limited_data.csv": evaluation.fractions,
        "decision_curve.csv": None if curve is None else curve.table,
        ERRORS: evaluation.predictions.set_aside,
    }
    for name, table in tables.items():
        if table is None or table.empty:
            (out / name).unlink(missing_ok=True)  # of an older evaluation
        else:
            write_table(table, out / name)
            written.append(out / name)
    if draw:
        for stem, figure in track(figures(evaluation, curve), "Drawing"):
            written += save_figure(figure, out / stem)
    return written


def as_dict(evaluation: Evaluation, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything as plain values."""
    predictions, settings = evaluation.predictions, asdict(evaluation.settings)
    return {
        "lesionary": __version__,
        **about,
        "kind": predictions.kind,
        "classes": list(predictions.classes),
        "settings": settings,
        "notes": [*predictions.notes, *evaluation.notes],
        "findings": list(predictions.findings),
        "rows_set_aside": len(predictions.set_aside),
        "decisions": dict(evaluation.decisions),
        "results": [
            {
                "model": one.model,
                "metric": one.metric,
                "class": one.of_class or None,
                "result": None if one.result is None else one.result.as_dict(),
                "reason": one.reason or None,
            }
            for one in evaluation.judged
        ],
        "comparisons": {name: one.as_dict() for name, one in evaluation.comparisons.items()},
        "subgroups": evaluation.subgroup_table.to_dict("records"),
        "limited_data": []
        if evaluation.fractions is None
        else evaluation.fractions.to_dict("records"),
    }


def _plain(value: Any) -> Any:
    """Make NumPy's numbers Python's, and null of NaN and infinity, which JSON has not."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
