"""How a training went, as a picture."""

from __future__ import annotations

from pathlib import Path

from lesionary.files import atomic_path
from lesionary.train.history import read_history

CURVES = "curves.png"
_LINE, _FAINT, _GRID, _KEPT = "#4e79c4", "#b9c9e6", "#d9dde3", "#e8743b"
_APART = ("step", "epoch", "samples_per_second", "hours_left")
_SMOOTHED_OVER = 20
"""Points that a smoothed curve has about."""


def draw_curves(metrics: Path, out: Path, *, title: str, kept_epoch: int | None = None) -> Path:
    """Draw every metric of a run over its epochs.

    Parameters
    ----------
    metrics : Path
        ``metrics.csv`` of the run.
    out : Path
        Where to write, ``.png``, ``.svg`` or ``.pdf``.
    title : str
    kept_epoch : int, optional
        Marked, where the best network is not the last.

    Returns
    -------
    Path
    """
    from matplotlib.figure import Figure

    table = read_history(metrics)
    names = [str(name) for name in table if name not in _APART and table[name].notna().any()]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.7 * rows + 0.4), layout="constrained")
    kept = "" if kept_epoch is None else f" (dotted: kept, epoch {kept_epoch})"
    figure.suptitle(title + kept, fontsize=11)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, name in zip(axes[: len(names)], names, strict=True):
        curve = table[["epoch", name]].dropna()
        often = len(curve) > 2 * _SMOOTHED_OVER
        axis.plot(
            curve["epoch"],
            curve[name],
            color=_FAINT if often else _LINE,
            linewidth=0.8 if often else 1.6,
            marker="" if len(curve) > 30 else "o",
            markersize=3,
        )
        if often:
            smooth = curve[name].rolling(len(curve) // _SMOOTHED_OVER, center=True, min_periods=1)
            axis.plot(curve["epoch"], smooth.mean(), color=_LINE, linewidth=1.6)
        axis.set_title(_words(name), loc="left", fontsize=9)
        axis.set_xlabel("epoch", fontsize=8)
        axis.set_xlim(0, table["epoch"].max())
        axis.ticklabel_format(useOffset=False)
        if kept_epoch is not None:
            axis.axvline(kept_epoch, color=_KEPT, linewidth=1, linestyle=":")
        axis.tick_params(labelsize=8)
        axis.grid(color=_GRID, linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[len(names) :]:
        axis.set_visible(False)
    with atomic_path(out) as temporary:
        figure.savefig(temporary, dpi=130)
    return out


def _words(name: str) -> str:
    return "learning rate" if name == "lr" else name.replace("_", " ")
