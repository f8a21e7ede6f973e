"""What a model has to be able to do to be saved: come apart into plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Parts:
    """A model taken apart.

    Parameters
    ----------
    facts : mapping
        What JSON can hold: text, numbers, booleans, None, lists and mappings of these.
    arrays : mapping of str to ndarray
        Numbers; no objects and no text.
    estimator
        A scikit-learn estimator that cannot be had as arrays, or None. skops writes it, and
        reads back only types on Lesionary's own list.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    estimator: Any = None


class Savable(Protocol):
    """A fitted model that :func:`~lesionary.adapt.saving.save_model` can write.

    A new kind also needs its line in ``KINDS`` of ``lesionary/adapt/saving/kinds.py``.
    """

    kind: ClassVar[str]
    """Its name in the file, a key of ``KINDS``."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the features that it was fitted to, in their order."""

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_<class>`` or ``score_risk`` of rows that have exactly ``columns``."""

    def parts(self) -> Parts:
        """Take the model apart."""

    @classmethod
    def of_parts(cls, parts: Parts) -> Self:
        """Put it together again; raise ``KeyError`` or ``ValueError`` if parts do not fit."""


def plain(value: Any) -> Any:
    """Turn NumPy's scalars and arrays, tuples and mappings into what JSON holds.

    Examples
    --------
    >>> plain({"C": np.float64(0.5), "classes": (np.int64(0), np.True_)})
    {'C': 0.5, 'classes': [0, True]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    return value
