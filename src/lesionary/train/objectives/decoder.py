"""From a feature vector back to a patch."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

_SMALLEST = 4  # voxels along an axis of the grid that the vector is unfolded to


class Decoder(nn.Sequential):
    """Unfold vectors (n, dimension) to a small grid, and double it until it is (n, 1, z, y, x).

    Nothing in it looks at other samples of the batch, so processes may each decode their own.

    Parameters
    ----------
    dimension
        Length of the vector.
    size_vox
        Size of the patch in voxels (z, y, x), any.
    width
        Channels of the smallest grid; each next one has half of them, 16 at least.
    """

    def __init__(self, dimension: int, size_vox: Sequence[int], width: int = 256) -> None:
        grids = [tuple(size_vox)]
        while max(grids[0]) > _SMALLEST:
            grids.insert(0, tuple(-(-n // 2) for n in grids[0]))
        channels = [max(width >> level, 16) for level in range(len(grids))]
        z, y, x = grids[0]
        layers: list[nn.Module] = [
            nn.Linear(dimension, channels[0] * z * y * x),
            nn.Unflatten(1, (channels[0], z, y, x)),
            *_norm(channels[0]),
        ]
        for level, grid in enumerate(grids[1:], start=1):
            layers += [
                nn.Upsample(grid, mode="trilinear"),
                nn.Conv3d(channels[level - 1], channels[level], 3, padding=1, bias=False),
                *_norm(channels[level]),
            ]
        layers.append(nn.Conv3d(channels[-1], 1, 1))
        super().__init__(*layers)


def _norm(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.GroupNorm(8, channels), nn.ReLU()
