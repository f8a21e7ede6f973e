"""Separable filters: one kernel an axis, applied as matrices that know the boundary.

A convolution along an axis is a matrix with the kernel in its rows. Written for the voxels that are
wanted only, with the boundary folded in, it needs no padding, and the processor is fastest at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from lesionary.radiomics.filters.boundary import Extension, source
from lesionary.radiomics.filters.region import Box, Floats, Region


@dataclass(frozen=True)
class Kernel:
    """Weights of a convolution along an axis.

    Attributes
    ----------
    taps : tuple of float
    center : int
        The tap that falls on the voxel itself. Of an even number, the one behind the middle.
    """

    taps: tuple[float, ...]
    center: int

    @classmethod
    def of(cls, taps: Sequence[float] | Floats) -> Kernel:
        """Return a kernel centred as the standard has it."""
        return cls(tuple(float(tap) for tap in taps), len(taps) // 2)

    def flipped(self) -> Kernel:
        """Return the kernel as it looks from the other end of the axis."""
        return Kernel(self.taps[::-1], len(self.taps) - 1 - self.center)

    def dilated(self, step: int) -> Kernel:
        """Return the kernel with zeros after each tap, so that taps are ``step`` apart."""
        taps = np.zeros(len(self.taps) * step)
        taps[::step] = self.taps
        return Kernel.of(taps)

    @property
    def reach(self) -> int:
        """How many voxels to either side the kernel looks, at most."""
        return max(self.center, len(self.taps) - 1 - self.center)


# Kernels applied one after the other along one axis; none leaves the axis alone.
Chain = tuple[Kernel, ...]
# The chains along z, y and x.
Chains = tuple[Chain, Chain, Chain]
Operator = tuple[slice, Floats | None]


def rotations(chains: Chains, dimension: int) -> list[Chains]:
    """Return a filter in each of its right-angle rotations: 24 in a volume, 4 in a slice."""
    return [
        _turned(chains, order, flips)
        for order, flips in product(permutations(range(3)), product((False, True), repeat=3))
        if _parity(order) == (-1) ** sum(flips)
        and (dimension == 3 or (order[0] == 0 and not flips[0]))
    ]


def reach(chains: Chains) -> tuple[int, int, int]:
    """Return how many voxels a filter looks to either side along z, y and x."""
    z, y, x = (sum(kernel.reach for kernel in chain) for chain in chains)
    return z, y, x


def needed(
    filters: Sequence[Chains], box: Box, shape: tuple[int, int, int], boundary: Extension
) -> Box:
    """Return the box of the image that responses in a box come from."""
    return _hull(_operators(filters, box, shape, boundary))


def responses(
    region: Region, filters: Sequence[Chains], box: Box, boundary: Extension
) -> Iterator[tuple[Floats, int]]:
    """Yield the response to each different filter in a box, and how often it was asked for."""
    operators = _operators(filters, box, region.shape, boundary)
    z, y, x = _hull(operators)
    starts = (z.start, y.start, x.start)
    return _branches(region.read((z, y, x)), starts, list(filters), operators, 0)


def response(region: Region, chains: Chains, box: Box, boundary: Extension) -> Floats:
    """Return the response to one filter in a box."""
    ((found, _),) = responses(region, [chains], box, boundary)
    return found


def total(region: Region, filters: Sequence[Chains], box: Box, boundary: Extension) -> Floats:
    """Return the sum of the responses to filters in a box."""
    found = np.zeros([each.stop - each.start for each in box])
    for one, times in responses(region, filters, box, boundary):
        found += one if times == 1 else times * one
    return found


def pooled(
    region: Region, filters: Sequence[Chains], box: Box, boundary: Extension, pooling: str
) -> Floats:
    """Return the mean or the maximum of the responses to filters in a box."""
    if pooling == "mean":
        return total(region, filters, box, boundary) / len(filters)
    found = np.full([each.stop - each.start for each in box], -np.inf)
    for one, _ in responses(region, filters, box, boundary):
        np.maximum(found, one, out=found)
    return found


def _operators(
    filters: Sequence[Chains], box: Box, shape: tuple[int, int, int], boundary: Extension
) -> list[dict[Chain, Operator]]:
    return [
        {
            chain: _operator(chain, wanted, length, boundary)
            for chain in {chains[axis] for chains in filters}
        }
        for axis, (wanted, length) in enumerate(zip(box, shape, strict=True))
    ]


def _hull(operators: list[dict[Chain, Operator]]) -> Box:
    spans = [[span for span, _ in along.values()] for along in operators]
    z, y, x = (
        slice(min(span.start for span in each), max(span.stop for span in each)) for each in spans
    )
    return z, y, x


def _branches(
    values: Floats,
    starts: tuple[int, int, int],
    filters: list[Chains],
    operators: list[dict[Chain, Operator]],
    axis: int,
) -> Iterator[tuple[Floats, int]]:
    # Filters that begin alike are computed together as far as they are alike.
    if axis == 3:
        yield values, len(filters)
        return
    for chain in dict.fromkeys(chains[axis] for chains in filters):
        alike = [chains for chains in filters if chains[axis] == chain]
        span, matrix = operators[axis][chain]
        inside = slice(span.start - starts[axis], span.stop - starts[axis])
        part = values[(slice(None),) * axis + (inside,)]
        yield from _branches(_along(part, matrix, axis), starts, alike, operators, axis + 1)


def _along(values: Floats, matrix: Floats | None, axis: int) -> Floats:
    if matrix is None:
        return values
    if axis == 0:
        flat = matrix @ values.reshape(values.shape[0], -1)
        return np.asarray(flat.reshape(-1, *values.shape[1:]))
    return np.asarray(matrix @ values if axis == 1 else values @ matrix.T)


def _operator(chain: Chain, wanted: slice, length: int, boundary: Extension) -> Operator:
    """Return which voxels of an axis are needed, and the matrix that makes the wanted of them."""
    matrix: Floats | None = None
    for place, kernel in reversed(list(enumerate(chain))):
        # An axis is made even before the first kernel, and stays so for those after it.
        even = place > 0 and boundary == "periodic-even"
        span, step = _matrix(
            kernel,
            wanted,
            length + length % 2 if even else length,
            "periodic" if even else boundary,
        )
        matrix, wanted = step if matrix is None else matrix @ step, span
    return wanted, matrix


def _matrix(
    kernel: Kernel, wanted: slice, length: int, boundary: Extension
) -> tuple[slice, Floats]:
    places = np.arange(wanted.start, wanted.stop)[:, None]
    found = source(places + kernel.center - np.arange(len(kernel.taps)), length, boundary)
    rows, columns = np.nonzero(found >= 0)
    at = found[rows, columns]
    # A kernel that reaches beyond the edge only still needs something to multiply with.
    first, last = (int(at.min()), int(at.max())) if at.size else (0, 0)
    matrix = np.zeros((len(places), last - first + 1))
    np.add.at(matrix, (rows, at - first), np.asarray(kernel.taps)[columns])
    return slice(first, last + 1), matrix


def _turned(chains: Chains, order: tuple[int, ...], flips: tuple[bool, ...]) -> Chains:
    z, y, x = (
        tuple(kernel.flipped() for kernel in chains[axis]) if flip else chains[axis]
        for axis, flip in zip(order, flips, strict=True)
    )
    return z, y, x


def _parity(order: tuple[int, ...]) -> int:
    return round(float(np.linalg.det(np.eye(3)[list(order)])))
