"""Search spaces: which settings of a classifier may be tried, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

Setting = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """A number between two bounds, as likely in every decade."""

    low: float
    high: float

    def at(self, place: float) -> float:
        """Return the value at a place between 0 and 1."""
        return float(self.low * (self.high / self.low) ** place)


@dataclass(frozen=True)
class Share:
    """A number between two bounds, as likely everywhere."""

    low: float
    high: float

    def at(self, place: float) -> float:
        """Return the value at a place between 0 and 1."""
        return self.low + (self.high - self.low) * place


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def at(self, place: float) -> Any:
        """Return the value at a place between 0 and 1."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]


Space = Mapping[str, Log | Share | OneOf]


def spread(space: Space, trials: int, seed: int) -> list[Setting]:
    """Return settings that cover a space evenly: all of them where that is not too many.

    Examples
    --------
    >>> spread({"k": OneOf((1, 3)), "metric": OneOf(("cosine",))}, 10, seed=0)
    [{'k': 1, 'metric': 'cosine'}, {'k': 3, 'metric': 'cosine'}]
    """
    from scipy.stats import qmc

    finite = [one.values for one in space.values() if isinstance(one, OneOf)]
    if len(finite) == len(space) and np.prod([len(one) for one in finite]) <= trials:
        return [dict(zip(space, values, strict=True)) for values in product(*finite)]
    places = qmc.Halton(len(space), seed=seed).random(trials)
    return [
        {name: one.at(float(place)) for (name, one), place in zip(space.items(), row, strict=True)}
        for row in places
    ]
