"""Selectors one after another, named as in a YAML file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from lesionary.adapt.selection.correlation import CorrelationFilter
from lesionary.adapt.selection.elimination import RFE
from lesionary.adapt.selection.forest import ForestImportance
from lesionary.adapt.selection.lasso import Lasso
from lesionary.adapt.selection.missing import MissingShare
from lesionary.adapt.selection.mrmr import MRMR
from lesionary.adapt.selection.selector import Selector, Training, Verdict
from lesionary.adapt.selection.stability import StabilitySelection
from lesionary.adapt.selection.univariate import UnivariateScreen
from lesionary.adapt.selection.variance import NearZeroVariance
from lesionary.errors import ModelError
from lesionary.spelling import hint

SELECTORS: dict[str, type[Selector]] = {
    kind.name: kind
    for kind in (
        MissingShare,
        NearZeroVariance,
        CorrelationFilter,
        UnivariateScreen,
        MRMR,
        Lasso,
        RFE,
        ForestImportance,
        StabilitySelection,
    )
}
"""Selectors by the name that a chain calls them by."""


class SelectorChain(Selector):
    """Selectors one after another, each fitted to what the ones before it left.

    Parameters
    ----------
    selectors : sequence of Selector

    Attributes
    ----------
    selectors_ : list of Selector
        As fitted.
    """

    name = "chain"

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self.selectors = selectors

    @property
    def accepts_missing(self) -> bool:  # type: ignore[override]
        """Each selector looks for itself."""
        return True

    @property
    def needs_target(self) -> bool:  # type: ignore[override]
        """Each selector says for itself."""
        return False

    def _judge(self, rows: Training) -> Verdict:
        values, names = rows.data, rows.names
        left = np.arange(len(names))
        reasons = [""] * len(names)
        statistic = np.full(len(names), np.nan)
        self.selectors_ = []
        for selector in self.selectors:
            table = pd.DataFrame(values[:, left], columns=[names[i] for i in left])
            fitted = clone(selector).fit(table, rows.y, rows.groups)
            gone = left[~fitted.get_support()]
            for place, reason in zip(gone, fitted.reasons_.to_dict("records"), strict=True):
                reasons[place] = str(reason["reason"])
                statistic[place] = reason["statistic"]
            left = left[fitted.get_support()]
            self.selectors_.append(fitted)
        return Verdict(np.isin(np.arange(len(names)), left), statistic, reasons)

    def chosen(
        self,
        given: NDArray[np.float64],
        filled: NDArray[np.float64],
        y: NDArray[np.int64],
        groups: NDArray[np.int64],
    ) -> NDArray[np.intp]:
        """Return the positions of the columns that are left, and keep nothing.

        Parameters
        ----------
        given, filled : ndarray (n, p)
            With missing values, for the selectors that judge these; and without.
        y, groups : ndarray (n,)
        """
        left = np.arange(given.shape[1])
        for selector in self.selectors:
            values = (given if selector.accepts_missing else filled)[:, left]
            left = left[clone(selector).fit(values, y, groups).get_support()]
        return left

    @property
    def reasons_(self) -> pd.DataFrame:
        """Which column was removed, by which selector, and why; in the order of the selectors."""
        told: list[pd.DataFrame] = [selector.reasons_ for selector in self.selectors_]
        return pd.concat(told, ignore_index=True)


def selector_chain(spec: str | Sequence[str | Mapping[str, Any]]) -> SelectorChain:
    """Build selectors from their names, with settings where given.

    Parameters
    ----------
    spec : sequence
        Names, or mappings of one name to its settings, in order; as a YAML list reads.

    Examples
    --------
    >>> chain = selector_chain(["variance", {"correlation": {"threshold": 0.9}}])
    >>> [selector.name for selector in chain.selectors]
    ['variance', 'correlation']
    >>> selector_chain(["corelation"])
    Traceback (most recent call last):
    lesionary.errors.ModelError: There is no selector 'corelation' (did you mean 'correlation'?).
    """
    steps = [spec] if isinstance(spec, str | Mapping) else list(spec)
    if not steps:
        raise ModelError(f"A chain needs a selector: there are {', '.join(SELECTORS)}.")
    return SelectorChain([_selector(step) for step in steps])


def _selector(step: Any) -> Selector:
    if isinstance(step, Selector):
        return step
    settings: Any = {}
    if isinstance(step, str):
        name = step
    elif isinstance(step, Mapping) and len(step) == 1:
        name, settings = next(iter(step.items()))
        settings = settings or {}
    else:
        raise ModelError(
            f"A selector is a name or one name with settings, such as "
            f"{{'correlation': {{'threshold': 0.85}}}}, not {step!r}."
        )
    kind = SELECTORS.get(str(name))
    if kind is None:
        raise ModelError(f"There is no selector {name!r}{hint(str(name), SELECTORS)}.")
    if not isinstance(settings, Mapping):
        raise ModelError(f"The settings of {name!r} are names with values, not {settings!r}.")
    known = list(inspect.signature(kind).parameters)
    for key in settings:
        if key not in known:
            raise ModelError(f"Selector {name!r} has no setting {key!r}{hint(str(key), known)}.")
    values = dict(settings)
    if kind is StabilitySelection and values.get("selector") is not None:
        values["selector"] = _selector(values["selector"])
    return kind(**values)
