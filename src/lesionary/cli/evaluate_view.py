"""What ``lesionary evaluate`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lesionary.evaluate.report import Evaluation
from lesionary.evaluate.result import Result, p_words
from lesionary.evaluate.subgroups.table import FEW, UNRELIABLE

_COLUMNS = {
    "classes": ("auc", "average_precision", "balanced_accuracy"),
    "survival": ("c_index", "hazard_ratio", "log_rank_p"),
}
"""Metrics that are printed, after those that were asked for."""

_WIDE = 4
"""Metrics that fit beside each other."""

_SUBGROUP_COLUMNS: dict[str, Literal["left", "right"]] = {
    "model": "left",
    "subgroup": "left",
    "n (events)": "right",
    "value": "left",
    "p": "right",
}

_SHOWN = 10
"""Comparisons that are printed."""


def print_evaluation(evaluation: Evaluation) -> None:
    """Print what a person wants to know at once; the files have all of it."""
    console = Console()
    console.print(_models(evaluation))
    if len(set(evaluation.decisions.values())) == 1:
        typer.echo(f"Decisions: {next(iter(evaluation.decisions.values()))}.")
    else:
        for model, words in evaluation.decisions.items():
            typer.echo(f"Decisions of {model}: {words}.")
    _print_missing(evaluation)
    for one in evaluation.comparisons.values():
        if len(one.differences) <= _SHOWN:
            typer.echo(f"\n{one}")
        else:
            console.print(_comparisons(one.table))
            for note in one.notes:
                typer.echo(f"  {note}")
    if evaluation.subgroups:
        console.print(_subgroups(evaluation.subgroup_table, evaluation.predictions.kind))
    read = evaluation.predictions
    for note in (*read.notes, *evaluation.notes):
        typer.echo(f"Note: {note}")
    for finding in read.findings:
        typer.secho(f"Warning: {finding}", fg=typer.colors.YELLOW)
    if len(read.set_aside):
        counts = read.set_aside["reason"].value_counts()
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in counts.items())
        typer.secho(
            f"{len(read.set_aside):,} rows were set aside: {reasons}.", fg=typer.colors.YELLOW
        )


def _models(evaluation: Evaluation) -> Table:
    """Lay out a row a model, of each metric the value and under it the interval."""
    read, settings = evaluation.predictions, evaluation.settings
    split = f"split {settings.split}" if settings.split else "all rows"
    at_times = [f"auc_at_{time:g}" for time in settings.times]
    names = [*settings.metrics, *at_times, *_COLUMNS[read.kind]]
    shown = [
        name
        for name in dict.fromkeys(names)
        if any(evaluation.of(model, name) for model in evaluation.models)
    ][:_WIDE]
    view = _view(f"{split}, {settings.level * 100:g} % CI")
    view.add_column("model", overflow="fold", min_width=8)
    view.add_column("n (events)", justify="right")
    for name in shown:
        title = next(
            (
                one.result.metric
                for model in evaluation.models
                if (one := evaluation.of(model, name)) is not None and one.result is not None
            ),
            name,
        )
        view.add_column(title, justify="right", min_width=11)
    for model in evaluation.models:
        rows = evaluation.rows(model)
        cells = []
        counts = f"{len(rows):,}"
        for name in shown:
            one = evaluation.of(model, name)
            cells.append("–" if one is None or one.result is None else _cell(name, one.result))
            if one is not None and one.result is not None and one.result.events is not None:
                counts = f"{one.result.n:,} ({one.result.events:,})"
        view.add_row(escape(model), counts, *cells)
    return view


def _cell(name: str, result: Result) -> str:
    if name == "log_rank_p":
        return p_words(result.value)
    interval = ""
    if result.low is not None and result.high is not None:
        interval = f"\n{result.low:.3f}–{result.high:.3f}"
    return f"{result.value:.3f}{interval}"


def _print_missing(evaluation: Evaluation) -> None:
    """Say which numbers there are not, and why: each reason once a model."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in evaluation.judged:
        if one.result is None:
            reasons.setdefault((one.model, one.reason), []).append(one.metric)
    for (model, reason), metrics in reasons.items():
        typer.secho(
            f"Not computed for {model}: {', '.join(dict.fromkeys(metrics))}: {reason}",
            fg=typer.colors.YELLOW,
        )


def _comparisons(table: pd.DataFrame) -> Table:
    hidden = len(table) - _SHOWN
    view = _view(
        f"{table['metric'].iloc[0]}: the {_SHOWN} comparisons with the smallest p; "
        f"comparisons.csv has {hidden:,} more"
    )
    for name in ("model", "against"):
        view.add_column(name, overflow="fold")
    for name in ("difference", "p", "corrected"):
        view.add_column(name, justify="right")
    for _, row in table.nsmallest(_SHOWN, ["p"]).iterrows():
        interval = "" if pd.isna(row["low"]) else f"\n{row['low']:+.3f} to {row['high']:+.3f}"
        view.add_row(
            escape(row["first"]),
            escape(row["second"]),
            f"{row['difference']:+.3f}{interval}",
            p_words(row["p"]),
            p_words(row["corrected_p"]),
        )
    return view


def _subgroups(table: pd.DataFrame, kind: str) -> Table:
    metric = table["metric"].dropna()
    few = "rows of a class" if kind == "classes" else "events"
    view = _view(
        f"Subgroups: {metric.iloc[0] if len(metric) else 'none could be judged'}; p is of the "
        f"interaction, corrected; * has fewer than {FEW} {few}"
    )
    for name, justify in _SUBGROUP_COLUMNS.items():
        view.add_column(name, overflow="fold", justify=justify)
    for (model, column), rows in table.groupby(["model", "column"], sort=False):
        for number, (_, row) in enumerate(rows.iterrows()):
            p = "" if pd.isna(row["corrected_p"]) else p_words(row["corrected_p"])
            value = "not computed" if pd.isna(row["value"]) else f"{row['value']:.3f}"
            if not pd.isna(row["low"]):
                value += f" ({row['low']:.3f}–{row['high']:.3f})"
            if row["notes"].startswith(UNRELIABLE):
                value += " *"
            events = "" if pd.isna(row["events"]) else f" ({row['events']:,})"
            view.add_row(
                "" if number else escape(str(model)),
                escape(f"{column}: {row['subgroup']}"),
                f"{row['n']:,}{events}",
                value,
                "" if number else p,
            )
    return view


def _view(title: str) -> Table:
    return Table(box=box.SIMPLE, title=title, title_justify="left", padding=(0, 1))


def print_written(written: Sequence[Path], out: Path) -> None:
    """Say what was written and where."""
    tables = [path.name for path in written if path.suffix in (".json", ".csv")]
    drawn = [path.stem for path in written if path.suffix == ".png"]
    typer.echo(f"Wrote {', '.join(tables)} in {out}.")
    if drawn:
        typer.echo(f"Drew {', '.join(drawn)} (PDF and PNG).")
