"""A picture of views: what a training run will show its network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lesionary.errors import TrainingError
from lesionary.files import atomic_path
from lesionary.scan.recipe import Intensity
from lesionary.train.views.grey import normalise
from lesionary.train.views.make import make_view
from lesionary.train.views.recipe import ViewRecipe, load_views
from lesionary.train.views.resample import Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAPER, _INK = "#0b0e14", "#e6e9ef"
_WINDOWS_HU = {"lung": (-1350.0, 150.0), "soft tissue": (-160.0, 240.0)}
_CELL_INCHES = 1.35


def draw_views(
    recipe: ViewRecipe,
    patches: Tensor,
    path: str | Path | None = None,
    *,
    mapping: Intensity | None,
    size_vox: int | Size,
    names: Sequence[str] = (),
    views: int = 6,
    seed: int = 0,
) -> Figure:
    """Draw patches, a row each: as it is, then its views, and its small views if there are any.

    Shown is the middle slice along the first axis, in the lung window where a quarter of the
    patch's slice is air, else in that of soft tissue.

    Parameters
    ----------
    recipe : ViewRecipe
    patches : (n, 1, z, y, x) tensor
        HU.
    path : path, optional
        Where to write the picture: ``.png``, ``.svg`` or ``.pdf``.
    mapping, size_vox
        As :func:`make_view` takes them.
    names : sequence of str
        What to call the rows.
    views : int
        Number of views, and of small views.
    seed : int
        Of the views' randomness.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    columns = [
        (
            "patch",
            make_view(
                load_views("none"), patches, torch.Generator(), mapping=mapping, size_vox=size_vox
            ),
        )
    ]
    generator = torch.Generator().manual_seed(seed)
    for small in (False, True) if recipe.small_view is not None else (False,):
        columns += [
            (
                f"{'small view' if small else 'view'} {number + 1}",
                make_view(
                    recipe, patches, generator, mapping=mapping, size_vox=size_vox, small=small
                ),
            )
            for number in range(views)
        ]
    width, height = len(columns), len(patches)
    figure = Figure(
        figsize=(_CELL_INCHES * width, _CELL_INCHES * height + 0.3), dpi=110, facecolor=_PAPER
    )
    top = 1 - 0.28 / figure.get_figheight()
    places = {
        "left": 0.03,
        "right": 0.995,
        "bottom": 0.01,
        "top": top,
        "wspace": 0.04,
        "hspace": 0.04,
    }
    grid = figure.subplots(height, width, squeeze=False, gridspec_kw=places)
    for row in range(height):
        low, high = _limits(columns[0][1][row], mapping)
        for column, (title, images) in enumerate(columns):
            axes = grid[row, column]
            axes.imshow(
                _middle(images[row]), cmap="gray", vmin=low, vmax=high, interpolation="nearest"
            )
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if row == 0:
                axes.set_title(title, color=_INK, fontsize=9, pad=4)
        if row < len(names):
            grid[row, 0].set_ylabel(names[row], color=_INK, fontsize=9)
    if path is not None:
        _save(figure, Path(path))
    return figure


def _limits(patch: Tensor, mapping: Intensity | None) -> tuple[float, float]:
    """Return the window's ends, mapped as the patch is."""
    ends = {name: normalise(torch.tensor(window), mapping) for name, window in _WINDOWS_HU.items()}
    air = normalise(torch.tensor(-400.0), mapping)
    low, high = ends["lung" if (_middle(patch) < air.item()).mean() > 0.25 else "soft tissue"]
    return low.item(), high.item()


def _middle(image: Tensor) -> NDArray[np.float32]:
    middle: NDArray[np.float32] = image[0, image.shape[1] // 2].cpu().numpy()
    return middle


def _save(figure: Figure, path: Path) -> None:
    if path.suffix.lower() not in {".png", ".pdf", ".svg"}:
        raise TrainingError(f"Pictures are written as .png, .svg or .pdf, so not as {path.name}.")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, facecolor=figure.get_facecolor())
