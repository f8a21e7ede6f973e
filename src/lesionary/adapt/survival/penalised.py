"""Elastic-net Cox: the penalty is chosen on rows that did not fit the coefficients."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.survival.baseline import breslow
from lesionary.adapt.survival.cox import CoxModel, not_the_outcome
from lesionary.adapt.survival.design import learn_design
from lesionary.adapt.survival.elastic_net import path, penalties
from lesionary.adapt.survival.outcome import Outcome, read_outcome
from lesionary.adapt.survival.partial_likelihood import log_likelihood, risk_sets
from lesionary.adapt.survival.warning import SurvivalWarning
from lesionary.errors import ModelError


def fit_elastic_net_cox(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    ordinal: Mapping[str, Sequence[str]] | None = None,
    l1_ratio: float = 0.5,
    penalty: float | None = None,
    tune: pd.DataFrame | None = None,
    folds: int = 5,
    seed: int = 0,
) -> CoxModel:
    """Fit a Cox model under an elastic-net penalty, for many columns and few events.

    Minimises ``-log likelihood / n + penalty * (l1_ratio * sum(|beta|) + (1 - l1_ratio) / 2 *
    sum(beta ** 2))`` over standardised terms, the scale of lifelines and scikit-survival. The
    penalty is the one of fifty with the highest log partial likelihood of ``tune``, or, without
    one, of the cross-validation (Verweij and van Houwelingen 1993). Imputation and scaling are
    learnt anew within each fold.

    Parameters
    ----------
    table, columns, time, event, patient, ordinal
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    l1_ratio
        1 is the lasso, 0 ridge.
    penalty
        If known; else it is chosen.
    tune : DataFrame, optional
        Rows of other patients to choose the penalty on.
    folds
        Of the cross-validation; a patient's rows stay together, and events are spread evenly.

    Returns
    -------
    CoxModel
        Without covariance: after selection, errors and p-values would mean nothing.

    Warns
    -----
    SurvivalWarning
        If the chosen penalty leaves no column.
    """
    outcome = read_outcome(table, time, event, patient)
    not_the_outcome(columns, time, event)
    if not 0 <= l1_ratio <= 1:
        raise ModelError(f"The share of L1 is {l1_ratio}; it must be from 0 to 1.")
    if penalty is not None and not (np.isfinite(penalty) and penalty > 0):
        raise ModelError(f"The penalty is {penalty}; it must be above zero.")
    design, x = learn_design(table, columns, ordinal)
    if penalty is None:
        along = penalties(x, outcome, l1_ratio)
        if tune is None:
            gain = _crossed(table, columns, ordinal, outcome, l1_ratio, along, folds, seed)
        else:
            judged = _tuning(tune, time, event, patient)
            betas = path(x, outcome, l1_ratio, along)
            gain = _likelihoods(design.matrix(tune), judged, betas)
        best = int(np.argmax(gain))
        along = along[: best + 1]
    else:
        along = np.array([penalty])
    beta = path(x, outcome, l1_ratio, along)[-1]
    if not beta.any():
        warnings.warn(
            "No column helps to predict other patients: the chosen penalty leaves none, and the "
            "model gives everyone the same risk.",
            SurvivalWarning,
            stacklevel=2,
        )
    sets = risk_sets(outcome.time, outcome.event)
    return CoxModel(
        design=design,
        beta=beta,
        covariance=None,
        baseline=breslow(outcome, x @ beta),
        time=time,
        event=event,
        n=outcome.n,
        events=outcome.events,
        patients=outcome.patients,
        log_likelihood=log_likelihood(sets, x @ beta),
        null=log_likelihood(sets, np.zeros(outcome.n)),
        penalty=float(along[-1]),
        l1_ratio=l1_ratio,
    )


def _tuning(table: pd.DataFrame, time: str, event: str, patient: str | None) -> Outcome:
    try:
        return read_outcome(table, time, event, patient)
    except ModelError as error:
        raise ModelError(f"The penalty cannot be chosen on the tune rows. {error}") from error


def patient_folds(outcome: Outcome, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal patients into folds, with the same share of those with events in each.

    Returns
    -------
    ndarray of int64 (n,)
        Of each row its fold.

    Raises
    ------
    ModelError
        If fewer patients have an event than there are folds.
    """
    with_event = np.bincount(outcome.patient, weights=outcome.event) > 0
    if folds < 2 or with_event.sum() < folds:
        raise ModelError(
            f"{int(with_event.sum()):,} patients have an event, and there are {folds} folds: "
            "there must be two folds or more, and an event in each."
        )
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(outcome.patients)
    dealt = shuffled[np.argsort(~with_event[shuffled], kind="stable")]
    fold = np.empty(outcome.patients, dtype=np.int64)
    fold[dealt] = np.arange(outcome.patients) % folds
    return fold[outcome.patient]


def _crossed(
    table: pd.DataFrame,
    columns: Sequence[str],
    ordinal: Mapping[str, Sequence[str]] | None,
    outcome: Outcome,
    l1_ratio: float,
    along: NDArray[np.float64],
    folds: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the cross-validated log partial likelihood of each penalty.

    A fold's share is that of all rows less that of the rows it was fitted to, so that each
    event is compared with everyone at risk, not only with its own fold.
    """
    fold = patient_folds(outcome, folds, seed)
    gain = np.zeros(len(along))
    for one in range(folds):
        inside = np.flatnonzero(fold != one)
        fitted = outcome.rows(inside)
        with warnings.catch_warnings():
            # Of a column that is constant in a fold the whole fit has something to say.
            warnings.simplefilter("ignore", SurvivalWarning)
            design, x = learn_design(table.iloc[inside], columns, ordinal)
        betas = path(x, fitted, l1_ratio, along)
        gain += _likelihoods(design.matrix(table, unknown_as_missing=True), outcome, betas)
        gain -= _likelihoods(x, fitted, betas)
    return gain


def _likelihoods(
    x: NDArray[np.float64], outcome: Outcome, betas: NDArray[np.float64]
) -> NDArray[np.float64]:
    sets = risk_sets(outcome.time, outcome.event)
    return np.array([log_likelihood(sets, x @ beta) for beta in betas])
