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
    shown : bool
        False in all processes but the main one.
    """

    def __init__(self, total: int, done: int, *, shown: bool) -> None:
        self._bar = None
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
            BarColumn(),
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
        if self._bar:
            shown = {name: value for name, value in metrics.items() if name in _SHOWN}
            text = "  ".join(f"{name} {value:.3g}" for name, value in shown.items())
            self._bar.update(self._task, metrics=text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.stop()


_SHOWN = ("loss", "feature_rank", "probe_accuracy", "samples_per_second")
