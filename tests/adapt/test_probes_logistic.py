"""The path of logistic regressions, against scikit-learn's exact solver."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from lesionary.adapt.probes.logistic import (
    class_probabilities,
    logistic_path,
    principal_axes,
    stopped_path,
)

STRENGTHS = [1e-6, 1e-3, 1e-1, 1.0, 1e3]


def made(n: int, p: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(classes)
    code = np.arange(n) % classes
    features = rng.normal(size=(n, p)) * np.geomspace(3, 0.01, p)
    features += 0.3 * (code[:, None] == np.arange(p) % classes)
    return (features - features.mean(0)) / features.std(0), code


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("n", "p"), [(120, 20), (60, 200)])
def test_every_solution_is_that_of_scikit_learn(n: int, p: int, classes: int):
    features, code = made(n, p, classes)
    weight = np.where(code == 0, 2.0, 0.5)
    axes = principal_axes(features)
    for strength, found in zip(
        STRENGTHS, logistic_path(axes, code, weight, STRENGTHS, 1e-9), strict=True
    ):
        exact = LogisticRegression(
            C=strength,
            tol=1e-12,
            max_iter=1000,
            solver="newton-cholesky",
            class_weight={0: 2.0} | dict.fromkeys(range(1, classes), 0.5),
        ).fit(features, code)
        coef = (axes.basis @ found[:-1]).T
        assert np.abs(coef - exact.coef_).max() < 1e-4 * np.abs(exact.coef_).max()
        chance = class_probabilities(features @ coef.T + found[-1])
        np.testing.assert_allclose(chance, exact.predict_proba(features), atol=1e-6)


@pytest.mark.parametrize(("n", "p"), [(30, 80), (80, 30)])
def test_axes_are_a_rotation_that_loses_nothing(n: int, p: int):
    features, _ = made(n, p, 2)
    axes = principal_axes(features)
    assert axes.rows.shape[1] <= min(n, p)
    np.testing.assert_allclose(axes.basis.T @ axes.basis, np.eye(axes.basis.shape[1]), atol=1e-8)
    np.testing.assert_allclose(axes.rows @ axes.basis.T, features, atol=1e-8)
    np.testing.assert_allclose(features @ axes.basis, axes.rows, atol=1e-8)


def test_stopping_late_is_the_solution_and_early_what_scikit_learn_has():
    features, code = made(80, 150, 3)
    axes, weight = principal_axes(features), np.ones(80)
    points = list(stopped_path(axes, code, weight, 0.01, 300))
    assert len(points) == 300
    exact = next(logistic_path(axes, code, weight, [0.01], 1e-9))
    np.testing.assert_allclose(points[-1][:-1], exact[:-1], atol=1e-6)
    early = LogisticRegression(C=0.01, max_iter=1000, tol=1e-4).fit(features, code)
    steps = int(early.n_iter_[0])
    coef = (axes.basis @ points[steps - 1][:-1]).T
    assert steps < 60
    assert np.abs(coef - early.coef_).max() < 1e-3 * np.abs(early.coef_).max()


def test_perfect_separation_has_a_finite_solution():
    code = np.arange(40) % 2
    features = np.column_stack([2.0 * code - 1, np.linspace(-1, 1, 40)])
    path = logistic_path(principal_axes(features), code, np.ones(40), [1e3], 1e-8)
    assert np.isfinite(next(path)).all()
