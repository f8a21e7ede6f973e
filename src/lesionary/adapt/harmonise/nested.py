"""Nested ComBat: several batch effects, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone

from lesionary.adapt.harmonise.combat import ComBat
from lesionary.adapt.harmonise.difference import SIGNIFICANT, batch_p_values
from lesionary.adapt.harmonise.given import batch_names, feature_values, same_index
from lesionary.errors import ModelError
from lesionary.spelling import hint

if TYPE_CHECKING:
    from typing_extensions import Self


class NestedComBat(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """Remove several effects in turn (Horng et al., Scientific Reports 12:4493, 2022).

    In each round every effect that is left is tried; the one after which the fewest features
    still differ between its batches (Kolmogorov-Smirnov, p < 0.05) is removed for good. Effects
    are taken to add up: an interaction of two stays.

    Parameters
    ----------
    combat : ComBat, optional
        Settings of each step. Default: ``ComBat()``.
    order : sequence of str, optional
        Names of the effects, first to last, if it is known. Default: found as above.

    Attributes
    ----------
    steps_ : dict of str to ComBat
        Of each effect, in the order of removal.
    search_ : DataFrame
        ``round, effect, features_left, chosen``: features that still differ after trying it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> effects = pd.DataFrame({"scanner": np.repeat(["A", "B"], 40), "kernel": ["x", "y"] * 40})
    >>> features = rng.normal(size=(80, 20)) + 2.0 * (effects["kernel"] == "y").to_numpy()[:, None]
    >>> nested = NestedComBat().fit(features, effects)
    >>> sorted(nested.steps_)
    ['kernel', 'scanner']
    """

    name = "nested"

    def __init__(self, combat: ComBat | None = None, *, order: Sequence[str] | None = None) -> None:
        self.combat = combat
        self.order = order

    def fit(self, X: Any, batches: pd.DataFrame, covariates: Any = None) -> Self:
        """Find the order of the effects, and learn each from what the ones before it left.

        Parameters
        ----------
        X : DataFrame or array_like (n, p)
            Features; NaN where a cell is missing.
        batches : DataFrame (n, effects)
            One column an effect: scanner, kernel, contrast.
        covariates : DataFrame (n, c), optional
            Biology to be kept.
        """
        table = _effects(batches, X)
        template = self._template()
        if template.reference_batch is not None:
            raise ModelError(
                "A reference batch belongs to one effect; NestedComBat removes several."
            )
        left = self._effects_in_order(table.columns.tolist())
        self.steps_: dict[str, ComBat] = {}
        rounds = []
        while left:
            tried = {}
            for effect in left if self.order is None else left[:1]:
                step = clone(template).fit(X, table[effect], covariates)
                out = step.transform(X, table[effect], covariates)
                labels = batch_names(table[effect], out, len(table))
                different = batch_p_values(feature_values(out)[1], labels) < SIGNIFICANT
                tried[effect] = (int(different.sum()), step, out)
            best = min(tried, key=lambda effect: tried[effect][0])  # of equal ones the first
            rounds += [
                (len(self.steps_) + 1, effect, tried[effect][0], effect == best) for effect in tried
            ]
            self.steps_[best] = tried[best][1]
            X = tried[best][2]
            left.remove(best)
        self.search_ = pd.DataFrame(rounds, columns=["round", "effect", "features_left", "chosen"])
        first = next(iter(self.steps_.values()))
        self.names_in_, self.n_features_in_ = first.names_in_, first.n_features_in_
        return self

    def transform(self, X: Any, batches: pd.DataFrame, covariates: Any = None) -> Any:
        """Take out every effect, in the order of training; see :meth:`ComBat.transform`."""
        table = self._table(batches, X)
        for effect, step in self.steps_.items():
            X = step.transform(X, table[effect], covariates)
        return X

    def extend(self, X: Any, batches: pd.DataFrame, covariates: Any = None) -> Self:
        """Return a copy that knows the new batches among these rows; see :meth:`ComBat.extend`."""
        table, longer = self._table(batches, X), copy(self)
        longer.steps_ = {}
        for effect, step in self.steps_.items():
            longer.steps_[effect] = step.extend(X, table[effect], covariates)
            X = longer.steps_[effect].transform(X, table[effect], covariates)
        return longer

    def fit_transform(self, X: Any, batches: pd.DataFrame, covariates: Any = None) -> Any:
        """Learn from rows, and return them harmonised."""
        return self.fit(X, batches, covariates).transform(X, batches, covariates)

    @property
    def outcomes(self) -> list[str]:
        """Names of the outcomes."""
        return self._template().outcomes

    @property
    def fewest_rows(self) -> int:
        """Rows that a batch needs in training."""
        return self._template().fewest_rows

    @property
    def notes_(self) -> list[str]:
        """What should be known of each step."""
        self._need_fit()
        return [f"{effect}: {note}" for effect, step in self.steps_.items() for note in step.notes_]

    def get_feature_names_out(self, input_features: Any = None) -> Any:  # noqa: ARG002
        """Return the features' names."""
        self._need_fit()
        return np.asarray(self.names_in_, dtype=object)

    def _template(self) -> ComBat:
        return self.combat if self.combat is not None else ComBat()

    def _table(self, batches: Any, X: Any) -> pd.DataFrame:
        self._need_fit()
        table = _effects(batches, X)
        lacking = [effect for effect in self.steps_ if effect not in table]
        if lacking:
            raise ModelError(
                f"There is no effect {lacking[0]!r}{hint(lacking[0], table.columns.tolist())}."
            )
        return table

    def _effects_in_order(self, effects: list[str]) -> list[str]:
        if self.order is None:
            return effects
        if sorted(self.order) != sorted(effects):
            raise ModelError(
                f"The order is {', '.join(self.order)}, the effects are {', '.join(effects)}: name "
                "each once."
            )
        return list(self.order)

    def _need_fit(self) -> None:
        if not hasattr(self, "steps_"):
            raise ModelError("NestedComBat is not fitted yet: call fit first.")


def _effects(batches: Any, X: Any) -> pd.DataFrame:
    same_index("batches", batches, X)
    if not isinstance(batches, pd.DataFrame) or batches.shape[1] < 1:
        raise ModelError("NestedComBat takes a table of batches: one named column an effect.")
    table = batches.set_axis([str(name) for name in batches.columns], axis=1)
    if table.columns.has_duplicates:
        raise ModelError(f"Two effects have one name: {', '.join(table.columns)}.")
    return table
