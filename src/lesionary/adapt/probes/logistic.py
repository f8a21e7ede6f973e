r"""Logistic regression with a quadratic penalty for many strengths of it, one after the other.

Minimises :math:`C \sum_i s_i \ell_i(W, b) + \tfrac12 \lVert W \rVert^2`, as scikit-learn does, with
weights :math:`s` of the rows. Three things make it fast, and change nothing in the solution:

- It lies in the span of the training rows, so n coordinates do where there are more features
  than rows: those of the rows' principal axes.
- Along such an axis of variance :math:`\sigma_j^2` the curvature is about
  :math:`1 + C c \sigma_j^2`; measured in units of its root, all directions look alike, and L-BFGS
  needs few steps.
- A solution is a good place to start from for the next, somewhat weaker penalty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_STEPS = 1000
_LEAST_SPREAD = 1e-6
"""Of probabilities, so that units stay finite where all rows are told apart surely."""
_NEGLIGIBLE = 1e-13
"""Variance of an axis, relative to the largest, below which rounding has made it."""


@dataclass(frozen=True)
class Axes:
    """Rows in the coordinates of their principal axes.

    Attributes
    ----------
    rows : ndarray (n, r)
    basis : ndarray (p, r)
        Orthonormal columns; ``features @ basis`` are the coordinates of other rows.
    """

    rows: Floats
    basis: Floats


def principal_axes(features: Floats) -> Axes:
    """Rotate prepared features (n, p) to their principal axes, of which there are min(n, p)."""
    from scipy.linalg import eigh

    wide = features.shape[1] > features.shape[0]
    variance, vectors = eigh(features @ features.T if wide else features.T @ features)
    some = variance > _NEGLIGIBLE * variance[-1]
    variance, vectors = variance[some], vectors[:, some]
    if not wide:
        return Axes(features @ vectors, np.ascontiguousarray(vectors))
    length = np.sqrt(variance)
    return Axes(vectors * length, (features.T @ vectors) / length)


def logistic_path(
    axes: Axes,
    code: NDArray[np.int64],
    weight: Floats,
    strengths: Sequence[float],
    tolerance: float,
) -> Iterator[Floats]:
    """Yield a solution for each strength; fast where these increase.

    Parameters
    ----------
    axes : Axes
        Of the training rows.
    code : ndarray of int64 (n,)
        Number of each row's class, from 0, all of which occur.
    weight : ndarray (n,)
        Of each row.
    strengths : sequence of float
        C, the inverse of the penalty.
    tolerance
        Largest slope of the objective at a solution, in units in which its curvature is about 1.

    Yields
    ------
    ndarray (r + 1, k)
        Coefficients along the axes, then the intercepts; of two classes k is 1, that of the
        second, else one column a class.
    """
    from scipy.optimize import minimize

    wanted = _wanted(code)
    variance = (axes.rows**2).mean(axis=0)
    solution = np.zeros((axes.rows.shape[1] + 1, wanted.shape[1]))
    solution[-1] = _only_intercepts(wanted, weight)
    chance = probabilities(np.broadcast_to(solution[-1], wanted.shape))
    for strength in strengths:
        # The objective over C and the rows' weight: its size does not change with either.
        penalty = 1 / (strength * weight.sum())
        spread = np.maximum((weight @ (chance * (1 - chance))) / weight.sum(), _LEAST_SPREAD)
        unit = np.sqrt(np.vstack([np.outer(variance, spread) + penalty, spread[None]]))
        objective = _Objective(axes.rows, wanted, weight / weight.sum(), penalty, unit)
        found = minimize(
            objective,
            (solution * unit).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _MOST_STEPS, "gtol": tolerance, "ftol": 0, "maxcor": 20},
        )
        solution = found.x.reshape(solution.shape) / unit
        chance = probabilities(axes.rows @ solution[:-1] + solution[-1])
        yield solution


def stopped_path(
    axes: Axes, code: NDArray[np.int64], weight: Floats, strength: float, steps: int
) -> Iterator[Floats]:
    """Yield where L-BFGS is after each of its first steps from zero, as it is published.

    scikit-learn's solver stops early where features are many, and where it does is a model of its
    own: directions of small variance have hardly been learnt, more strictly so than under the
    penalty. Parameters and solutions are as of :func:`logistic_path`; the steps are those in the
    features' own coordinates, to which a rotation makes no difference.
    """
    from scipy.optimize import minimize

    wanted = _wanted(code)
    unit = np.ones((axes.rows.shape[1] + 1, wanted.shape[1]))
    penalty = 1 / (strength * weight.sum())
    objective = _Objective(axes.rows, wanted, weight / weight.sum(), penalty, unit)
    passed: list[Floats] = []
    minimize(
        objective,
        np.zeros(unit.size),
        jac=True,
        method="L-BFGS-B",
        callback=lambda point: passed.append(point.reshape(unit.shape).copy()),
        options={"maxiter": steps, "gtol": 0, "ftol": 0, "maxcor": 10},
    )
    # It may end before, where rounding leaves nothing to gain: there it stays.
    yield from passed + passed[-1:] * (steps - len(passed))


def _wanted(code: NDArray[np.int64]) -> Floats:
    """Return the probabilities (n, k) that the labels would have."""
    classes = int(code.max()) + 1
    return code[:, None].astype(np.float64) if classes == 2 else np.eye(classes)[code]


def probabilities(logits: Floats) -> Floats:
    """Turn logits (n, k) into probabilities of the same shape: logistic for one, else softmax."""
    if logits.shape[1] == 1:
        from scipy.special import expit

        return np.asarray(expit(logits))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def class_probabilities(logits: Floats) -> Floats:
    """Turn logits into one column of probabilities a class, also where there are two."""
    found = probabilities(logits)
    return np.hstack([1 - found, found]) if found.shape[1] == 1 else found


def _only_intercepts(wanted: Floats, weight: Floats) -> Floats:
    """Return the intercepts that give each class its weighted frequency."""
    share = (weight @ wanted) / weight.sum()
    return np.asarray(np.log(share / (1 - share)) if len(share) == 1 else np.log(share))


@dataclass(frozen=True)
class _Objective:
    rows: Floats
    wanted: Floats
    weight: Floats
    penalty: float
    unit: Floats

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        solution = point.reshape(self.unit.shape) / self.unit
        logits = self.rows @ solution[:-1] + solution[-1]
        if logits.shape[1] == 1:
            normaliser = np.logaddexp(0, logits[:, 0])
        else:
            top = logits.max(axis=1)
            normaliser = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        loss = normaliser - (logits * self.wanted).sum(axis=1)
        value = self.weight @ loss + self.penalty / 2 * (solution[:-1] ** 2).sum()
        slope = self.weight[:, None] * (probabilities(logits) - self.wanted)
        gradient = np.vstack(
            [self.rows.T @ slope + self.penalty * solution[:-1], slope.sum(axis=0)[None]]
        )
        return float(value), (gradient / self.unit).ravel()
