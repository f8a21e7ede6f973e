"""Look into patches through affine maps: exactly where voxels meet voxels, else trilinearly."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

Size = tuple[int, int, int]


def size_of(patches: Tensor) -> Size:
    """Return the size ``(z, y, x)`` of each of a batch of patches."""
    z, y, x = patches.shape[2:]
    return z, y, x


def resample(patches: Tensor, matrices: Tensor, region_vox: Size, size_vox: Size) -> Tensor:
    """Return what each map shows of its patch.

    Parameters
    ----------
    patches : (n, 1, z, y, x) float tensor
    matrices : (n, 4, 4) float64 tensor on the CPU
        From a point of the view ``(z, y, x, 1)``, in voxels from the centre, to a point of the
        patch, likewise.
    region_vox : tuple of int
        Size of the part in the patch's middle that the identity shows.
    size_vox : tuple of int
        Number of points that the view has; as many as ``region_vox``, or fewer.

    Returns
    -------
    (n, 1, z, y, x) tensor
        Outside the patch, its outermost voxels are repeated. Where all points of a view fall on
        voxels, as after flips and quarter turns, it holds their values, bit for bit.
    """
    maps = _index_maps(matrices, size_of(patches), region_vox, size_vox)
    reads = maps[:, :, :3] != 0
    # The axis of the view along which each axis of the patch is read; -1 where it is several.
    order = torch.where(reads.sum(dim=2) == 1, reads.int().argmax(dim=2), -1)
    order[(order < 0).any(dim=1)] = -1
    ways = {tuple(way) for way in order.tolist()}
    if len(ways) == 1:
        return _look(patches, maps, ways.pop(), size_vox)
    views = patches.new_empty(len(patches), 1, *size_vox)
    for way in ways:
        places = (order == torch.tensor(way)).all(dim=1).nonzero()[:, 0]
        there = places.to(patches.device)
        views[there] = _look(patches[there], maps[places], way, size_vox)
    return views


def _index_maps(matrices: Tensor, shape_vox: Size, region_vox: Size, size_vox: Size) -> Tensor:
    """Turn maps of points into maps ``(n, 3, 4)`` from the view's to the patch's indices."""
    shape, region, size = (
        torch.tensor(sides, dtype=torch.float64) for sides in (shape_vox, region_vox, size_vox)
    )
    step = region / size
    # The middle is rounded to a voxel: a margin of 3 voxels in all must not cost an interpolation.
    middle = (region - 1) / 2 + torch.floor((shape - region) / 2)
    linear, moved = matrices[:, :3, :3], matrices[:, :3, 3]
    start = moved + linear @ ((step - region) / 2) + middle
    return torch.cat([linear * step, start[..., None]], dim=2)


def _look(patches: Tensor, maps: Tensor, order: tuple[int, ...], size_vox: Size) -> Tensor:
    if -1 in order:
        return _interpolate(patches, maps, size_vox)
    return _interpolate_by_axis(patches, maps, order, size_vox)


def _interpolate_by_axis(
    patches: Tensor, maps: Tensor, order: tuple[int, ...], size_vox: Size
) -> Tensor:
    """Interpolate along one axis after the other: the same values as in space at once, sooner."""
    for axis, along in enumerate(order):
        steps = torch.arange(size_vox[along], dtype=torch.float64)
        points = maps[:, axis, along, None] * steps + maps[:, axis, 3:]
        last = patches.shape[2 + axis] - 1
        points = points.clamp(0, last)
        below = points.floor()
        weights = points - below
        patches_below = _take(patches, 2 + axis, below)
        if weights.any():
            above = _take(patches, 2 + axis, (below + 1).clamp(max=last))
            shape = [len(points) if d == 0 else -1 if d == 2 + axis else 1 for d in range(5)]
            there = weights.to(patches.device, patches.dtype).view(shape)
            patches = torch.lerp(patches_below, above, there)
        else:
            patches = patches_below
    return patches.permute(0, 1, *(2 + order.index(axis) for axis in range(3))).contiguous()


def _take(patches: Tensor, dim: int, index: Tensor) -> Tensor:
    """Take slices along one axis, each patch its own."""
    shape = [*patches.shape]
    shape[dim] = index.shape[1]
    places = index.to(patches.device, torch.int64)
    places = places.view([shape[d] if d in (0, dim) else 1 for d in range(5)])
    return patches.gather(dim, places.expand(shape))


def _interpolate(patches: Tensor, maps: Tensor, size_vox: Size) -> Tensor:
    # grid_sample wants (x, y, z), from -1 to 1 between the outer faces of the outermost voxels.
    # Products of matrices, which affine_grid takes, may be cut to 10 bits on a GPU.
    sides = torch.tensor(patches.shape[2:], dtype=torch.float64)[:, None]
    maps = maps * (2 / sides)
    maps[:, :, 3:] += 1 / sides - 1
    maps = maps.to(patches.device, patches.dtype)
    grid = torch.stack([_along(maps[:, axis], size_vox) for axis in (2, 1, 0)], dim=-1)
    return grid_sample(patches, grid, padding_mode="border", align_corners=False)


def _along(row: Tensor, size_vox: Size) -> Tensor:
    """Evaluate one row ``(n, 4)`` of the maps at all indices of the view: ``(n, z, y, x)``."""
    z, y, x = (
        row[:, axis, None] * torch.arange(size_vox[axis], device=row.device, dtype=row.dtype)
        for axis in range(3)
    )
    return z[:, :, None, None] + y[:, None, :, None] + (x + row[:, 3:])[:, None, None, :]
