"""A probe: a small classifier, its search, and what is said of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.probes.families import FAMILIES, Family, Predictor
from lesionary.adapt.probes.fitted import FittedClassifier, Linear, score_columns
from lesionary.adapt.probes.given import Selection, feature_values, read_given
from lesionary.adapt.probes.logistic import logistic_path, stopped_path
from lesionary.adapt.probes.prepare import unused_columns
from lesionary.adapt.probes.rows import Floats, Fold, Indices, Rows, Training, folds_of
from lesionary.adapt.probes.search import Found, Search, find_setting
from lesionary.adapt.probes.space import Setting
from lesionary.adapt.saving.origin import chosen_columns
from lesionary.cohort.columns import LESION, PATIENT, SPLIT
from lesionary.errors import ModelError
from lesionary.evaluate.metrics.registry import metric_named
from lesionary.progress import track
from lesionary.spelling import hint

ClassWeight = Literal["balanced"] | Mapping[Any, float] | None

TARGET = "target"

_EXACT = 1e-8
"""How exact the linear probe's final solution is (see ``logistic_path``)."""

OUT_OF_FOLD = "out-of-fold"
"""The split of predictions of training rows by models that were fitted without them."""


class Probe:
    """A small classifier on frozen features.

    Settings are chosen on the tune rows; where there are none, by nested cross-validation in
    which no patient is on both sides. Everything that is learnt (what stands in for missing
    values, scaling, coefficients) is learnt from the training rows alone.

    Parameters
    ----------
    family : str
        ``linear``, ``knn``, ``elastic_net``, ``svm``, ``forest`` or ``boosting``.
    metric : str
        What settings are chosen by: a name in :mod:`lesionary.evaluate.metrics`.
    search : {"path", "spread", "optuna"}
        ``path`` is for the linear probe; ``spread`` tries settings that cover the space evenly.
    trials : int, optional
        Settings to try; default: as the family needs.
    class_weight : "balanced" or mapping, optional
        Weight of each class in the fit; default: 1.
    selection : sequence, optional
        Which features are kept, learnt from the training rows of each fit: names of selectors,
        or mappings of a name to its settings (:func:`lesionary.adapt.selector_chain`).
    folds : int
        Of the cross-validation, both inner and outer.
    seed : int

    Attributes
    ----------
    model_ : FittedClassifier
    classes_ : tuple
    found_ : Found
        The setting that was chosen, its score, and what else was tried.
    method_ : str
        How the score was come by, as a person says it.
    out_of_fold_ : ndarray (n, classes) or None
        Without tune rows: probabilities of each training row by a model that was fitted to,
        and chosen by, other patients. NaN for rows that are not for training.
    notes_ : tuple of str
        What is no error, and should be known.
    """

    def __init__(
        self,
        family: str,
        *,
        metric: str = "auc",
        search: Search = "spread",
        trials: int | None = None,
        class_weight: ClassWeight = None,
        selection: Selection = None,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.family = family
        self.metric = metric
        self.search = search
        self.trials = trials
        self.class_weight = class_weight
        self.selection = selection
        self.folds = folds
        self.seed = seed
        self.out_of_fold_: Floats | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(family={self.family!r}, metric={self.metric!r})"

    def fit(
        self,
        features: pd.DataFrame | ArrayLike,
        labels: ArrayLike,
        *,
        split: ArrayLike | None = None,
        patients: ArrayLike | None = None,
    ) -> Probe:
        """Choose a setting and fit.

        Parameters
        ----------
        features : DataFrame or array_like (n, p)
            NaN where missing.
        labels : array_like (n,)
            Classes: numbers, text or booleans. Rows whose label is missing are left out.
        split : array_like (n,), optional
            ``train``, ``tune`` or ``test``. Default: all rows are for training. Rows of the
            test split are looked at by nothing.
        patients : array_like (n,), optional
            Whose lesion it is. Default: each row is of another patient.

        Raises
        ------
        ModelError
            If there is nothing to tell apart, patients are in two splits, or the like.
        """
        family = self._family()
        metric_named(self.metric)
        given = read_given(features, labels, split, patients, self.class_weight, self.selection)
        self.classes_ = given.train.classes
        train = Training(given.train)
        unused = unused_columns(given.train.features, train.preparation, given.columns)
        self.notes_ = (*given.notes, *unused)
        self.out_of_fold_ = None
        if given.tune is not None:
            self.found_ = self._find(family, [Fold(train, given.tune)])
            self.method_ = f"settings chosen on {len(given.tune):,} tune rows"
        else:
            folds = folds_of(given.train, self.folds, self.seed)
            self.out_of_fold_ = np.full((len(np.asarray(labels)), len(self.classes_)), np.nan)
            self.out_of_fold_[given.train_rows] = self._out_of_fold(family, given.train, folds)
            self.found_ = self._find(family, _folds(given.train, folds))
            self.method_ = f"nested cross-validation, {len(folds)} folds by patient"
        self.model_ = self._fitted(family, train, self.found_.setting, given.columns)
        return self

    def predict_proba(self, features: pd.DataFrame | ArrayLike) -> Floats:
        """Return the probability (n, classes) of each class, in the order of ``classes_``."""
        model = self._fitted_model()
        if isinstance(features, pd.DataFrame):
            features = chosen_columns(model.columns, features)
        values = feature_values(features)
        if values.shape[1] != len(model.columns):
            raise ModelError(
                f"The probe was fitted to {len(model.columns):,} features, and these are "
                f"{values.shape[1]:,}."
            )
        return model.predict_proba(values)

    def predict(self, features: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Return the most probable class (n,)."""
        classes = np.array(self._fitted_model().classes)
        return np.asarray(classes[self.predict_proba(features).argmax(axis=1)])

    def predictions_table(
        self,
        lesions: pd.DataFrame,
        features: pd.DataFrame | ArrayLike,
        labels: ArrayLike | None = None,
        *,
        out_of_fold: bool = False,
    ) -> pd.DataFrame:
        """Return the table that ``lesionary evaluate`` reads, one row a lesion.

        Parameters
        ----------
        lesions : DataFrame (n,)
            With ``lesion_id``, and where there are ``patient_id`` and ``split``.
        features : DataFrame or array_like (n, p)
        labels : array_like (n,), optional
        out_of_fold : bool
            The rows are those of a fit without tune rows: training rows get the scores of
            models that did not see their patient, and ``out-of-fold`` for a split.

        Returns
        -------
        DataFrame
            ``lesion_id``, ``patient_id``, ``split``, ``target``, ``model`` and a column
            ``score_<class>`` for each class.
        """
        chance = self.predict_proba(features)
        table = lesions[[name for name in (LESION, PATIENT, SPLIT) if name in lesions]].copy()
        if out_of_fold:
            if self.out_of_fold_ is None or len(self.out_of_fold_) != len(chance):
                raise ModelError("There are out-of-fold scores of the rows of fit() without tune.")
            known = np.isfinite(self.out_of_fold_[:, 0])
            chance = np.where(known[:, None], self.out_of_fold_, chance)
            table[SPLIT] = np.where(known, OUT_OF_FOLD, table.get(SPLIT, "train"))
        if labels is not None:
            target = pd.Series(np.asarray(labels, dtype=object), index=table.index)
            table[TARGET] = target.convert_dtypes()
        table["model"] = self.family
        table[score_columns(self.classes_)] = chance
        return table.reset_index(drop=True)

    def _family(self) -> Family:
        if self.family not in FAMILIES:
            raise ModelError(f"There is no probe {self.family!r}{hint(self.family, FAMILIES)}.")
        family = FAMILIES[self.family]
        if self.search not in get_args(Search):
            raise ModelError(f"search is {', '.join(get_args(Search))}, not {self.search!r}.")
        if self.search == "path" and self.family != "linear":
            raise ModelError("search='path' is for the linear probe: use 'spread' or 'optuna'.")
        if self.class_weight is not None and not family.weighted:
            raise ModelError(f"Classes cannot have weights in a probe by {family.title}.")
        return family

    def _find(self, family: Family, folds: Sequence[Fold]) -> Found:
        trials = family.trials if self.trials is None else self.trials
        return find_setting(family, folds, self.metric, self.search, trials, self.seed)

    def _out_of_fold(
        self, family: Family, rows: Rows, folds: Sequence[tuple[Indices, Indices]]
    ) -> Floats:
        """Predict each fold by a model that was chosen on, and fitted to, the others alone."""
        chance = np.empty((len(rows), len(rows.classes)))
        for fit, held in track(folds, "Nested cross-validation"):
            outer = rows.take(fit)
            inner = _folds(outer, folds_of(outer, self.folds, self.seed))
            fitted = self._fitted(family, Training(outer), self._find(family, inner).setting, ())
            chance[held] = fitted.predict_proba(rows.features[held])
        return chance

    def _fitted(
        self, family: Family, train: Training, setting: Setting, columns: tuple[str, ...]
    ) -> FittedClassifier:
        predictor: Predictor
        if self.search == "path":
            predictor = _on_path(train, setting)
        else:
            predictor = family.fit(train, setting, self.seed)
        return FittedClassifier(
            self.family, columns, train.rows.classes, train.preparation, predictor
        )

    def _fitted_model(self) -> FittedClassifier:
        if not hasattr(self, "model_"):
            raise ModelError("The probe is not fitted: call fit() first.")
        return self.model_


def _folds(rows: Rows, folds: Sequence[tuple[Indices, Indices]]) -> list[Fold]:
    return [Fold(Training(rows.take(fit)), rows.take(held)) for fit, held in folds]


def _on_path(train: Training, setting: Setting) -> Linear:
    given = train.axes, train.rows.code, train.weight
    if "steps" in setting:
        *_, solution = stopped_path(*given, setting["C"], setting["steps"])
    else:
        solution = next(logistic_path(*given, [setting["C"]], _EXACT))
    return Linear(solution[:-1].T @ train.axes.basis.T, solution[-1])
