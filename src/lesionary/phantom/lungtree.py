"""Vessels and airways of the lungs, grown towards points spread evenly through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lesionary.phantom.shapes import Tube
from lesionary.scan.geometry import FloatArray

_LEAF_RADIUS_MM = 0.7
_MURRAY = 2.6  # radius of a branch = leaf radius * (number of leaves) ** (1 / this)
_STRAIGHT_MM = 15.0  # a longer branch bends in its middle
_AIRWAY_LEAVES = 7  # a branch with at least so many leaves has a bronchus beside it


@dataclass(frozen=True)
class LungTree:
    """Vessels of one lung, and the bronchi that run beside the larger ones."""

    vessels: Tube
    airways: Tube


def grow(root: FloatArray, targets: FloatArray, rng: np.random.Generator) -> LungTree:
    """Grow a tree from ``root`` that reaches every target.

    Each target, nearest first, is joined to the node for which the way there plus a share
    of the way back to the root is shortest; that share is what keeps branches straight.

    Parameters
    ----------
    root : ndarray, shape (3,)
        Hilum, atlas mm.
    targets : ndarray, shape (n, 3)
    rng : Generator
    """
    order = np.argsort(np.linalg.norm(targets - root, axis=1))
    nodes = np.vstack([root, targets[order]])
    n = len(nodes)
    parent = np.zeros(n, dtype=np.intp)
    way = np.zeros(n)
    for i in range(1, n):
        reach = np.linalg.norm(nodes[:i] - nodes[i], axis=1)
        parent[i] = np.argmin(reach + 0.45 * way[:i])
        way[i] = way[parent[i]] + reach[parent[i]]
    leaves = np.bincount(parent[1:], minlength=n) == 0
    load = leaves.astype(np.float64)
    for i in range(n - 1, 0, -1):
        load[parent[i]] += load[i]
    radius = _LEAF_RADIUS_MM * load ** (1 / _MURRAY)

    start, end, tip = nodes[parent[1:]], nodes[1:], radius[1:]
    base = np.minimum(radius[parent[1:]], 1.35 * tip)
    bent = np.linalg.norm(end - start, axis=1) > _STRAIGHT_MM
    length = np.linalg.norm(end - start, axis=1, keepdims=True)
    middle = (start + end) / 2 + rng.normal(0, 0.07, (n - 1, 3)) * length
    points = np.concatenate(
        [
            np.stack([start, np.where(bent[:, None], middle, end)], axis=1),
            np.stack([middle, end], axis=1)[bent],
        ]
    )
    radii = np.concatenate([np.stack([base, tip], axis=1), np.stack([tip, tip], axis=1)[bent]])
    load = np.concatenate([load[1:], load[1:][bent]])
    vessels = Tube(points, np.minimum(radii, 7.5))

    big = np.flatnonzero(load >= _AIRWAY_LEAVES)
    beside = points[big] + (1.9 * radii[big].max(axis=1) + 0.8)[:, None, None] * [0.0, 0.75, -0.65]
    airways = Tube(beside, np.clip(0.95 * radii[big], 1.3, 5.5), core=0.72)
    return LungTree(vessels, airways)


def spread(
    low: FloatArray, high: FloatArray, step_mm: float, rng: np.random.Generator
) -> FloatArray:
    """Return points ``(n, 3)`` on a shaken grid between two corners."""
    axes = [np.arange(a, b, step_mm) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid + rng.uniform(-0.5, 0.5, grid.shape) * step_mm)
