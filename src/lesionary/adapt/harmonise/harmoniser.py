"""What all harmonisers share: a location and a scale for each batch and feature."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from lesionary.adapt.harmonise.batches import (
    count_batches,
    refuse_confounding,
    too_few_values,
    uncertain,
)
from lesionary.adapt.harmonise.covariates import covariate_columns, learn_covariates
from lesionary.adapt.harmonise.given import batch_names, feature_values, name_of, values_of
from lesionary.adapt.harmonise.shrinkage import Moments, Values, moments
from lesionary.adapt.harmonise.standard import learn_standard
from lesionary.errors import ModelError
from lesionary.spelling import hint

if TYPE_CHECKING:
    from typing_extensions import Self

FEWEST_NEW = 10
"""Rows of a batch that was not in training, below which its effect is not estimated."""


class HarmoniseWarning(UserWarning):
    """Features can be harmonised, but something about it has to be known."""


class Harmoniser(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]  # untyped
    """Learns from training rows what each batch adds and multiplies, and takes it out.

    A feature is its mean (of all batches, or of the reference), plus what covariates do, plus
    the batch's location and, times the batch's scale, noise. What the batch does is taken out;
    the mean and what covariates do stay.

    Attributes
    ----------
    batches_ : list of str
    rows_ : list of int
        Rows of each batch in training.
    location_, variance_ : ndarray (batches, p)
        Of each batch, in units of the pooled standard deviation (and its square).
    mean_, sd_ : ndarray (p,)
        What features are standardised by.
    unchanged_ : DataFrame
        ``feature`` and ``reason`` of those that cannot be harmonised, and stay as they are.
    notes_ : list of str
        What should be known.
    """

    name: ClassVar[str]
    reference_batch: Any = None
    outcome: Any = None
    fewest_new: int = FEWEST_NEW
    _needs_variance = True
    _pooled_ddof = 0

    @abstractmethod
    def _effects(self, batch: Moments) -> tuple[Values, Values]:
        """Return location and variance of a batch, each (p,), from its standardised features."""

    @property
    def outcomes(self) -> list[str]:
        """Names of the outcomes."""
        return [self.outcome] if isinstance(self.outcome, str) else list(self.outcome or ())

    @property
    def fewest_rows(self) -> int:
        """Rows that a batch needs in training: two have a spread."""
        return 2 if self._needs_variance else 1

    def fit(self, X: Any, batch: Any, covariates: Any = None) -> Self:
        """Learn what batches do from training rows.

        Parameters
        ----------
        X : DataFrame or array_like (n, p)
            Features; NaN where a cell is missing.
        batch : array_like (n,)
            Of each row its batch: scanner, kernel, hospital.
        covariates : DataFrame (n, c), optional
            Biology that differs between batches and is to be kept. Never the outcome.

        Raises
        ------
        ModelError
            If there is one batch, a batch has too few rows, or batches and covariates cannot be
            told apart.
        """
        names, values = feature_values(X)
        labels = batch_names(batch, X, len(values))
        self._refuse_outcome(names, batch)
        self.covariates_ = learn_covariates(covariates, X, len(values), self.outcomes)
        known = covariate_columns(self.covariates_, covariates, X, len(values))
        self.names_in_, self.n_features_in_ = names, len(names)
        fewest = self.fewest_rows
        self.batches_, self.rows_ = count_batches(labels, self._reference(), fewest=fewest)
        self.notes_: list[str] = []
        member = labels[:, None] == np.array(self.batches_)
        refuse_confounding(member, known, self.covariates_)
        reference = self._reference()
        standard = learn_standard(
            values,
            member,
            known,
            reference=None if reference is None else self.batches_.index(reference),
            ddof=self._pooled_ddof,
        )
        self.mean_, self.sd_, self.effects_ = standard.mean, standard.sd, standard.effects
        reasons = too_few_values(values, member, self.batches_, standard.reasons, fewest=fewest)
        self._used = np.array([not reason for reason in reasons])
        if not self._used.any():
            raise ModelError(f"No feature can be harmonised; the first, {names[0]!r}: {reasons[0]}")
        self.location_ = np.zeros((len(self.batches_), len(names)))
        self.variance_ = np.ones_like(self.location_)
        z = self._standardised(values, known)
        for number, name in enumerate(self.batches_):
            if name != reference:
                self._set_effects(number, z[member[:, number]], name)
        self._tell(reasons)
        return self

    def transform(self, X: Any, batch: Any, covariates: Any = None) -> Any:
        """Take out what batches do; rows may be new, and so may batches.

        The effect of a batch that was not in training is estimated from its rows here, if they
        are ``fewest_new`` or more, with the mean, the spread and what covariates do of training
        (see :meth:`extend`).

        Returns
        -------
        DataFrame or ndarray (n, p)
            As ``X`` was given. Missing cells stay missing.

        Raises
        ------
        ModelError
            If features are missing, or a new batch has too few rows.
        """
        self._need_fit()
        new = sorted(set(batch_names(batch, X, len(X)).tolist()) - set(self.batches_))
        if new:
            told = f"{', '.join(new)} {'was' if len(new) == 1 else 'were'} not in training"
            warnings.warn(
                f"{told}: estimated from the rows given here. Use extend to keep the estimates "
                "for the patients who come later.",
                HarmoniseWarning,
                stacklevel=2,
            )
            return self.extend(X, batch, covariates).transform(X, batch, covariates)
        values, labels, known = self._rows(X, batch, covariates)
        place = pd.Index(self.batches_).get_indexer(pd.Index(labels))
        expected = self.mean_ + known @ self.effects_
        z = (values - expected) / self.sd_
        z = (z - self.location_[place]) / np.sqrt(self.variance_[place])
        found = np.where(self._used, z * self.sd_ + expected, values)
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(found, index=X.index, columns=self.names_in_)
        return found

    def fit_transform(self, X: Any, batch: Any, covariates: Any = None) -> Any:
        """Learn from rows, and return them harmonised."""
        return self.fit(X, batch, covariates).transform(X, batch, covariates)

    def extend(self, X: Any, batch: Any, covariates: Any = None) -> Self:
        """Return a copy that knows the new batches among these rows as well.

        Batches that are known stay as they are. A new one's location and scale are those that
        bring it to the mean and spread of the training rows; its prior are its own features, as
        of any batch.

        Raises
        ------
        ModelError
            If a new batch has fewer than ``fewest_new`` rows.
        """
        values, labels, known = self._rows(X, batch, covariates)
        longer = deepcopy(self)
        z = self._standardised(values, known)
        for name in sorted(set(labels.tolist()) - set(self.batches_)):
            rows = labels == name
            count = int(rows.sum())
            if count < self.fewest_new:
                raise ModelError(
                    f"The batch {name!r} was not in training and has {count:,} rows: its effect "
                    f"is estimated from {self.fewest_new} or more{hint(name, self.batches_)}."
                )
            few = (~np.isnan(z[rows])).sum(axis=0) < 2
            if few.any():
                feature = np.array(self.names_in_)[self._used][int(np.argmax(few))]
                raise ModelError(
                    f"The feature {feature!r} has fewer than two values in the new batch {name!r}."
                )
            longer.batches_ = [*longer.batches_, name]
            longer.rows_ = [*longer.rows_, count]
            row = np.zeros((1, len(self.names_in_)))
            longer.location_ = np.vstack([longer.location_, row])
            longer.variance_ = np.vstack([longer.variance_, row + 1.0])
            longer._set_effects(-1, z[rows], name)
        return longer

    def keep(self, features: Sequence[str]) -> Self:
        """Return a copy for some of the features: what was learnt of each stays as it is."""
        self._need_fit()
        unknown = [name for name in features if name not in self.names_in_]
        if unknown:
            raise ModelError(
                f"There is no feature {unknown[0]!r}{hint(unknown[0], self.names_in_)}."
            )
        place = [self.names_in_.index(name) for name in features]
        kept = deepcopy(self)
        kept.names_in_, kept.n_features_in_ = list(features), len(place)
        kept.mean_, kept.sd_, kept._used = self.mean_[place], self.sd_[place], self._used[place]
        kept.effects_ = self.effects_[:, place]
        kept.location_, kept.variance_ = self.location_[:, place], self.variance_[:, place]
        same = self.unchanged_["feature"].isin(kept.names_in_)
        kept.unchanged_ = self.unchanged_[same].reset_index(drop=True)
        return kept

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the features' names."""
        self._need_fit()
        return np.asarray(self.names_in_, dtype=object)

    def _set_effects(self, number: int, z: Values, name: str) -> None:
        try:
            location, variance = self._effects(moments(z))
        except ModelError as error:
            raise ModelError(f"Batch {name!r}: {error}") from error
        self.location_[number, self._used] = location
        self.variance_[number, self._used] = variance

    def _reference(self) -> str | None:
        return None if self.reference_batch is None else name_of(self.reference_batch)

    def _refuse_outcome(self, names: Sequence[str], batch: Any) -> None:
        shown = [name for name in names if name in self.outcomes]
        if shown:
            raise ModelError(f"The outcome {shown[0]!r} is among the features: take it out.")
        if isinstance(batch, pd.Series) and str(batch.name) in self.outcomes:
            raise ModelError(
                f"The batch is the outcome {str(batch.name)!r}, which would be taken out of the "
                "features: name the scanner, kernel or hospital."
            )

    def _standardised(self, values: Values, known: Values) -> Values:
        """Return the features that are harmonised, standardised (n, used)."""
        z: Values = ((values - self.mean_ - known @ self.effects_) / self.sd_)[:, self._used]
        return z

    def _rows(self, X: Any, batch: Any, covariates: Any) -> tuple[Values, NDArray[np.str_], Values]:
        self._need_fit()
        values = values_of(self.names_in_, X)
        labels = batch_names(batch, X, len(values))
        known = covariate_columns(self.covariates_, covariates, X, len(values))
        return values, labels, known

    def _need_fit(self) -> None:
        if not hasattr(self, "location_"):
            raise ModelError(f"{type(self).__name__} is not fitted yet: call fit first.")

    def _tell(self, reasons: Sequence[str]) -> None:
        changed = [(n, r) for n, r in zip(self.names_in_, reasons, strict=True) if r]
        self.unchanged_ = pd.DataFrame(changed, columns=["feature", "reason"])
        if changed:
            note = (
                f"{len(changed):,} features cannot be harmonised and stay as they are, first "
                f"{changed[0][0]!r}: {changed[0][1]}"
            )
            self.notes_.append(note)
            warnings.warn(note, HarmoniseWarning, stacklevel=3)
        self.notes_ += uncertain(self.batches_, self.rows_, FEWEST_NEW)
        if not self.covariates_:
            return
        kept = ", ".join(one.name for one in self.covariates_)
        self.notes_.append(
            f"Covariates are kept ({kept}), so they have to be known of every later patient."
        )
        if not self.outcomes:
            note = (
                f"No outcome was named: none of the covariates ({kept}) may be one, or features "
                "are made to show it, and the next patient's is not known."
            )
            self.notes_.append(note)
            warnings.warn(note, HarmoniseWarning, stacklevel=3)
