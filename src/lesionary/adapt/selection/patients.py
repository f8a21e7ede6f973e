"""Folds and halves of the training rows that keep a patient's rows together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ModelError
from lesionary.evaluate.inputs import group_codes

Rows = NDArray[np.int64]
_TRIES = 100


def grouped_folds(
    codes: NDArray[np.int64], groups: ArrayLike | None, k: int, seed: int
) -> list[tuple[Rows, Rows]]:
    """Deal rows into folds by patient, classes as alike as they come: (fit on, held out).

    There are ``k`` folds, or as many as the rarest class has patients where these are fewer.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    group, _ = group_codes(groups, len(codes))
    fewest = min(len(np.unique(group[codes == code])) for code in np.unique(codes))
    if fewest < 2:
        raise ModelError(
            "A class has training rows of one patient only, so patients cannot be held out: "
            "add patients, merge classes, or choose a selector that needs no folds."
        )
    dealt = StratifiedGroupKFold(min(k, fewest), shuffle=True, random_state=seed)
    folds = list(dealt.split(np.zeros((len(codes), 1)), codes, group))
    for fit, held in folds:
        if len(np.unique(codes[fit])) < len(np.unique(codes)) or len(held) == 0:
            raise ModelError(
                f"{len(folds)} folds by patient cannot each be fitted with all classes: a few "
                "patients hold most rows of a class. Use fewer folds."
            )
    return folds


def halves(
    codes: NDArray[np.int64], groups: ArrayLike | None, rng: np.random.Generator
) -> Iterator[tuple[Rows, Rows]]:
    """Cut the patients in two random halves without end, each time with all classes in each.

    Patients who have the same classes of rows are shared out evenly.
    """
    group, _ = group_codes(groups, len(codes))
    classes = int(codes.max()) + 1
    has = np.zeros((int(group.max()) + 1, classes), dtype=bool)
    has[group, codes] = True
    if (has.sum(axis=0) < 2).any():
        raise ModelError(
            "Halves of the patients need two patients of each class: this table has fewer."
        )
    kind = np.unique(has, axis=0, return_inverse=True)[1].reshape(-1)
    failures = 0
    while failures < _TRIES:
        # Kinds in a new order each time, so that those of one patient are not always paired alike.
        place = rng.permutation(int(kind.max()) + 1)[kind]
        side = np.empty(len(kind), dtype=np.int64)
        side[np.lexsort((rng.random(len(kind)), place))] = np.arange(len(kind)) % 2
        side ^= rng.integers(2)
        if all(has[side == one].any(axis=0).all() for one in (0, 1)):
            failures = 0
            yield np.flatnonzero(side[group] == 0), np.flatnonzero(side[group] == 1)
        else:
            failures += 1
    raise ModelError(
        f"No cut of {len(kind):,} patients in {_TRIES} had all classes in both halves: add "
        "patients of the rare classes, or merge these."
    )
