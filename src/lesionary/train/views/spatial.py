"""Steps that move voxels: crop, flip, rotate, shift."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from lesionary.errors import TrainingError
from lesionary.train.views.step import NotNegative, Probability, Shares, Spatial, uniform

_AXES = "zyx"


class RandomResizedCrop(Spatial):
    """Show a part of the patch, enlarged to the view's size, one scale for all axes.

    Attributes
    ----------
    scale : (float, float)
        Bounds of the part's side, as a share of the patch's.
    """

    probability: Probability = 1.0
    scale: Shares = (0.5, 1.0)

    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw a scale, and a centre with which the part stays in the patch."""
        scale = uniform((n, 1), *self.scale, generator)
        free = (1 - scale) * torch.tensor(size_vox, dtype=torch.float64)
        maps = _identities(n)
        maps[:, :3, :3] *= scale[..., None]
        maps[:, :3, 3] = uniform((n, 3), -0.5, 0.5, generator) * free
        return maps


class Flip(Spatial):
    """Mirror along one axis, drawn from ``axes``."""

    axes: Annotated[tuple[Literal["z", "y", "x"], ...], Field(min_length=1)] = ("z", "y", "x")

    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw the axis."""
        drawn = torch.randint(len(self.axes), (n,), generator=generator)
        axis = torch.tensor([_AXES.index(name) for name in self.axes])[drawn]
        maps = _identities(n)
        maps[torch.arange(n), axis, axis] = -1
        return maps


class Rotate90(Spatial):
    """Rotate by 90, 180 or 270 degrees in one plane, drawn from ``planes``."""

    planes: Annotated[tuple[Literal["zy", "zx", "yx"], ...], Field(min_length=1)] = (
        "zy",
        "zx",
        "yx",
    )

    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw the plane and the number of quarter turns, as ``numpy.rot90`` counts them."""
        turns = []
        for plane in self.planes:
            first, second = (_AXES.index(name) for name in plane)
            if size_vox[first] != size_vox[second]:
                raise TrainingError(
                    f"rotate_90 cannot turn the plane {plane} of a patch of {size_vox} (z, y, x) "
                    "voxels: its sides differ. Name planes with equal sides in `planes`."
                )
            quarter = torch.eye(4, dtype=torch.float64)
            quarter[[first, second]] = quarter[[second, first]]
            quarter[second, first] *= -1
            turns += [torch.linalg.matrix_power(quarter, k) for k in (1, 2, 3)]
        return torch.stack(turns)[torch.randint(len(turns), (n,), generator=generator)]


class Rotate(Spatial):
    """Rotate about the patch's centre, by an angle about each axis.

    Attributes
    ----------
    degrees : float
        Largest angle, to either side. Angles are those of the grid: in a patch whose voxels are
        no cubes, use small ones.
    """

    degrees: Annotated[float, Field(gt=0, le=180)] = 10.0

    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw three angles; the turn about x comes first, that about z last."""
        angles = torch.deg2rad(uniform((3, n), -self.degrees, self.degrees, generator))
        maps = _identities(n)
        for angle, (first, second) in zip(angles, ((1, 2), (0, 2), (0, 1)), strict=True):
            turn = _identities(n)
            turn[:, first, first] = turn[:, second, second] = torch.cos(angle)
            turn[:, first, second] = torch.sin(angle)
            turn[:, second, first] = -torch.sin(angle)
            maps = maps @ turn
        return maps


class Shift(Spatial):
    """Move the view in the patch, by up to ``voxels`` along each axis, to either side.

    Patches that are larger than the view by that much on each side have real voxels there;
    beyond a patch, its outermost voxels are repeated.
    """

    voxels: NotNegative = 10.0

    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw the three shifts."""
        maps = _identities(n)
        maps[:, :3, 3] = uniform((n, 3), -self.voxels, self.voxels, generator)
        return maps


def _identities(n: int) -> Tensor:
    return torch.eye(4, dtype=torch.float64).repeat(n, 1, 1)
