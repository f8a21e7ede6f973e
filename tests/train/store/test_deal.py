"""Lesions of a scan come apart, and nothing comes twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.train.store.deal import deal


@st.composite
def _cases(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    groups = np.array(draw(st.lists(st.integers(0, 8), min_size=1, max_size=60)), np.int64)
    return groups, draw(st.integers(1, len(groups))), draw(st.integers(0, 99))


@settings(derandomize=True, deadline=None)
@given(_cases())
def test_every_batch_is_full_and_groups_are_spread_evenly(case) -> None:
    groups, size, seed = case
    batches = deal(groups, size, np.random.default_rng(seed))
    count = len(groups) // size
    assert batches.shape == (count, size)
    assert len(np.unique(batches)) == batches.size
    used = np.bincount(groups[batches].ravel(), minlength=9)
    for batch in batches:
        each = np.bincount(groups[batch], minlength=9)
        assert (each <= np.ceil(used / count)).all()
        assert (each >= used // count).all()
    left = np.bincount(groups, minlength=9) - used
    assert left.sum() < size
    if left.any():  # the largest groups give way
        assert used[left > 0].min() >= used.max() - 1


def test_each_epoch_leaves_out_others_and_mixes_anew() -> None:
    groups = np.repeat(np.arange(10), 3)
    rng = np.random.default_rng(0)
    epochs = [deal(groups, 8, rng) for _ in range(300)]
    times = np.bincount(np.concatenate([one.ravel() for one in epochs]))
    assert times.min() > 200
    assert times.max() < 280
    with_first = [batch for one in epochs for batch in one if 0 in batch]
    mates = np.bincount(np.concatenate(with_first), minlength=30)
    assert (mates[1:3] == 0).all()  # of its own scan
    assert mates[3:].min() > 0.7 * mates[3:].mean()
    assert mates[3:].max() < 1.3 * mates[3:].mean()


def test_one_item() -> None:
    assert deal(np.array([4]), 1, np.random.default_rng(0)).tolist() == [[0]]
