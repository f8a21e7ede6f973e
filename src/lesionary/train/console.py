"""What a person sees of a training on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from lesionary import progress


class Console:
    """A bar with the latest metrics beside it; nothing off a terminal or with ``--quiet``.

    Parameters
    ----------
    total, done : int
        Steps.
    score : str or None
        The metric to show beside the loss.
    shown : bool
        False in all processes but the main one.
    """

    def __init__(self, total: int, done: int, *, score: str | None, shown: bool) -> None:
        self._bar = None
        self._names = ("loss", *([score] if score else []))
        self._metrics: dict[str, str] = {}
        if not shown or not progress.is_shown():
            return
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("Training"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[metrics]}"),
            console=RichConsole(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total, completed=done, metrics="")
        self._bar.start()

    def update(self, step: int) -> None:
        """Show how far it is."""
        if self._bar:
            self._bar.update(self._task, completed=step)

    def describe(self, metrics: Mapping[str, float]) -> None:
        """Show how it goes."""
        for name in self._names:
            if name in metrics:  # the score is not measured every time; the last one stays
                self._metrics[name] = f"{name} {metrics[name]:.3g}"
        if self._bar:
            pace = f"{metrics['samples_per_second']:.3g}/s"
            self._bar.update(self._task, metrics="  ".join([*self._metrics.values(), pace]))

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.stop()
