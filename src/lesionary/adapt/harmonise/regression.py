"""Least squares of many features at once, each on the rows that have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SINGULAR = 1e-10
"""Smallest eigenvalue, relative to the largest, below which columns say the same."""


def least_squares(
    design: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fit every feature to the same columns.

    Parameters
    ----------
    design : ndarray (n, k)
    values : ndarray (n, p)
        NaN where missing.

    Returns
    -------
    coefficients : ndarray (k, p)
        NaN where a feature's rows do not tell its coefficients.
    determined : ndarray of bool (p,)

    Examples
    --------
    >>> design = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> coefficients, _ = least_squares(design, np.array([[1.0], [3.0], [np.nan]]))
    >>> coefficients.round(9).tolist()
    [[1.0], [2.0]]
    """
    n, k = design.shape
    scale = np.sqrt((design**2).mean(axis=0))
    columns = design / np.where(scale > 0.0, scale, 1.0)
    seen = ~np.isnan(values)
    products = (columns[:, :, None] * columns[:, None, :]).reshape(n, k * k)
    # Of features without missing cells the products are the same: once is enough.
    patterns = seen if not seen.all() else np.ones((n, 1), dtype=bool)
    gram = (patterns.T.astype(np.float64) @ products).reshape(-1, k, k)
    eigenvalues = np.linalg.eigvalsh(gram)
    determined = eigenvalues[:, 0] > _SINGULAR * eigenvalues[:, -1]
    safe = np.where(determined[:, None, None], gram, np.eye(k))
    moments = (columns.T @ np.where(seen, values, 0.0)).T[:, :, None]
    solved = np.linalg.solve(np.broadcast_to(safe, (values.shape[1], k, k)), moments)[:, :, 0].T
    known = np.broadcast_to(determined, values.shape[1:])
    return np.where(known, solved / np.where(scale > 0.0, scale, 1.0)[:, None], np.nan), known


def first_redundant(design: NDArray[np.float64]) -> int | None:
    """Return the first column that those before it say already, or None."""
    norm = np.linalg.norm(design, axis=0)
    columns = design / np.where(norm > 0.0, norm, 1.0)
    triangle = np.abs(np.diagonal(np.linalg.qr(columns, mode="r")))
    redundant = np.flatnonzero(triangle < np.sqrt(_SINGULAR))
    return int(redundant[0]) if len(redundant) else None
