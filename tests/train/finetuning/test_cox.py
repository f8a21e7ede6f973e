"""The partial likelihood and the C-index against sums written out, and published values."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from lesionary.train.finetuning.concordance import c_index
from lesionary.train.finetuning.cox import cox_loss

# The example by which the R package survival validates Efron's method. With r = exp(beta), its
# log likelihood is 2 beta - log(3r + 3) - log(r + 3) - log((r + 5) / 2), greatest at 1.676857.
TIME = [1.0, 1.0, 6.0, 6.0, 8.0, 9.0]
EVENT = [1, 0, 1, 1, 0, 1]
X = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def efron(hazard: list[float], time: list[float], event: list[int]) -> float:
    """The negative log likelihood, as in the textbook: one factor a time of events."""
    total = 0.0
    for moment in {t for t, e in zip(time, event, strict=True) if e}:
        dead = [h for h, t, e in zip(hazard, time, event, strict=True) if e and t == moment]
        risk = sum(math.exp(h) for h, t in zip(hazard, time, strict=True) if t >= moment)
        for i in range(len(dead)):
            total += math.log(risk - i / len(dead) * sum(map(math.exp, dead)))
        total -= sum(dead)
    return total


def likelihood(beta: float) -> float:
    hazard = beta * torch.tensor(X, dtype=torch.float64)
    return -sum(EVENT) * cox_loss(hazard, torch.tensor(TIME), torch.tensor(EVENT)).item()


def test_published_example() -> None:
    for beta in (-1.0, 0.0, 2.0):
        r = math.exp(beta)
        by_hand = 2 * beta - math.log(3 * r + 3) - math.log(r + 3) - math.log((r + 5) / 2)
        assert likelihood(beta) == pytest.approx(by_hand, rel=1e-12)
    best = minimize_scalar(lambda beta: -likelihood(beta), tol=1e-12)
    assert best.x == pytest.approx(1.676857, abs=1e-5)


rows = st.lists(
    st.tuples(st.floats(-3, 3), st.integers(1, 4), st.integers(0, 1)), min_size=1, max_size=12
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(rows)
def test_equals_the_sum_written_out(rows: list[tuple[float, int, int]]) -> None:
    hazard, time, event = map(list, zip(*rows, strict=True))
    got = cox_loss(
        torch.tensor(hazard, dtype=torch.float64), torch.tensor(time), torch.tensor(event)
    )
    expected = efron(hazard, time, event) / max(sum(event), 1)
    assert got.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_gradient() -> None:
    hazard = torch.linspace(-1, 1, 6, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(
        lambda h: cox_loss(h, torch.tensor(TIME), torch.tensor(EVENT)), (hazard,)
    )


def test_no_event_gives_zero_and_a_gradient_of_zero() -> None:
    hazard = torch.randn(4, requires_grad=True)
    loss = cox_loss(hazard, torch.arange(4.0), torch.zeros(4))
    loss.backward()
    assert loss.item() == 0
    assert hazard.grad is not None
    assert not hazard.grad.any()


def test_large_hazards_do_not_overflow() -> None:
    hazard = torch.tensor([1e4, -1e4, 0.0], requires_grad=True)
    loss = cox_loss(hazard, torch.tensor([3.0, 1.0, 1.0]), torch.tensor([1, 1, 1]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(hazard.grad).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(rows)
def test_c_index_equals_counting_pairs(rows: list[tuple[float, int, int]]) -> None:
    rows = [(round(h), t, e) for h, t, e in rows]
    wins, pairs = 0.0, 0
    for (h0, t0, e0), (h1, t1, e1) in itertools.permutations(rows, 2):
        if e0 and (t0 < t1 or (t0 == t1 and not e1)):
            pairs += 1
            wins += 1.0 if h0 > h1 else 0.5 if h0 == h1 else 0.0
    got = c_index(*zip(*rows, strict=True))
    assert got == wins / pairs if pairs else math.isnan(got)


def test_c_index_of_perfect_and_reversed_risks() -> None:
    time = np.arange(5)
    assert c_index(-time, time, np.ones(5)) == 1
    assert c_index(time, time, np.ones(5)) == 0
