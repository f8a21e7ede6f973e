"""What all metrics are made of: a function from weights of the rows to values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Weights: TypeAlias = NDArray[np.int32]
"""How often each row counts: (weightings, rows), whole numbers from 0."""

Values: TypeAlias = NDArray[np.float64]
"""The metric under each weighting: (weightings,); NaN where it is not defined."""

Kernel: TypeAlias = Callable[[Weights], Values]


def ratio(above: NDArray[Any], below: NDArray[Any], other: float = np.nan) -> Values:
    """Divide, and where there is nothing to divide by, give the other value."""
    out = np.full(np.broadcast_shapes(above.shape, below.shape), other)
    np.divide(above, below, out=out, where=below != 0)
    return out


def mean_of_defined(values: Values) -> Values:
    """Mean over the last axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1))
