"""What stands in for a missing value, learnt on the training rows."""

from __future__ import annotations

from typing import Any

from lesionary.errors import ModelError
from lesionary.spelling import hint

IMPUTERS = ("median", "mean", "most_frequent", "missforest")


def make_imputer(name: str = "median", *, seed: int = 0) -> Any:
    """Return a scikit-learn imputer by its name.

    Parameters
    ----------
    name : {"median", "mean", "most_frequent", "missforest"}
        "missforest" starts with the means and then predicts each column in turn from the others
        with a random forest, until a round changes little or after ten rounds (after Stekhoven
        and Bühlmann, Bioinformatics 2012; 28: 112). It takes minutes for hundreds of columns: it
        is meant for clinical tables.
    seed : int
        Of the forests.

    Examples
    --------
    >>> make_imputer("median").fit_transform([[1.0], [None], [3.0], [8.0]]).ravel().tolist()
    [1.0, 3.0, 3.0, 8.0]
    """
    from sklearn.impute import SimpleImputer

    if name in ("median", "mean", "most_frequent"):
        return SimpleImputer(strategy=name)
    if name == "missforest":
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        forest = RandomForestRegressor(n_estimators=100, max_features="sqrt", random_state=seed)
        # A forest's rounds never settle to the tolerance of a linear model.
        return IterativeImputer(forest, initial_strategy="mean", tol=0.05, random_state=seed)
    raise ModelError(f"There is no imputer {name!r}{hint(name, IMPUTERS)}.")
