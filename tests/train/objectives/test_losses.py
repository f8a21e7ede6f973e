"""Losses against loops over their definition, closed forms, and what must not change them."""

from __future__ import annotations

from itertools import permutations
from math import exp, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.errors import TrainingError
from lesionary.train.objectives import (
    barlow_twins,
    intra_scan_nt_xent,
    mined_nt_xent,
    nnclr,
    nt_xent,
    swav,
    vicreg,
)
from lesionary.train.objectives.swav import sinkhorn

T = 0.1


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cos(u, v):
    return float(u @ v / (u.norm() * v.norm()))


def test_mined_against_its_definition():
    n = 4
    positive, negative = draw(2, n, 6, seed=1), draw(2, n, 6, seed=2)
    total = 0.0
    for view, i in [(view, i) for view in (0, 1) for i in range(n)]:
        anchor = positive[view, i]
        right = exp(cos(anchor, positive[1 - view, i]) / T)
        wrong = sum(
            exp(cos(anchor, negative[v, j]) / T) for v in (0, 1) for j in range(n) if j != i
        )
        total -= log(right / (right + wrong))
    loss = mined_nt_xent(*positive, *negative, T)
    assert loss.item() == pytest.approx(total / (2 * n), rel=1e-12)


@pytest.mark.parametrize("n", [2, 5])
def test_mined_when_everything_is_told_apart(n):
    # Views alike, and every negative at a right angle to every anchor.
    axes = torch.eye(2 * n, dtype=torch.float64)
    loss = mined_nt_xent(axes[:n], axes[:n], axes[n:], axes[n:], T)
    assert loss.item() == pytest.approx(log(1 + 2 * (n - 1) * exp(-1 / T)), rel=1e-12)


def test_a_lesion_never_meets_the_background_of_its_own_scan():
    # In a batch of two, making a lesion's own background its copy must not change its anchors.
    positive, negative = draw(2, 2, 6, seed=1).requires_grad_(), draw(2, 2, 6, seed=2)
    copied = negative.clone()
    copied[:, 0] = positive[:, 0].detach()
    gradients = []
    for background in (negative, copied):
        loss = mined_nt_xent(*positive, *background, T)
        gradients.append(torch.autograd.grad(loss, positive)[0])
    torch.testing.assert_close(gradients[0][:, 0], gradients[1][:, 0])
    assert not torch.allclose(gradients[0][:, 1], gradients[1][:, 1])


def test_nt_xent_of_views_that_are_all_alike_is_chance():
    same = torch.ones(5, 3, dtype=torch.float64)
    assert nt_xent(same, same, T).item() == pytest.approx(log(9))


def test_intra_scan_against_its_definition():
    scans, m = 3, 4
    view0, view1 = draw(scans, m, 6, seed=1), draw(scans, m, 6, seed=2)
    total = 0.0
    for scan, i in [(scan, i) for scan in range(scans) for i in range(m)]:
        anchor = view0[scan, i]
        right = exp(cos(anchor, view1[scan, i]) / T)
        wrong = sum(
            exp(cos(anchor, view[scan, j]) / T)
            for view in (view0, view1)
            for j in range(m)
            if j != i
        )
        total -= log(right / (right + wrong))
    loss = intra_scan_nt_xent(view0, view1, T)
    assert loss.item() == pytest.approx(total / (scans * m), rel=1e-12)


def test_sinkhorn_uses_prototypes_alike():
    assignment = sinkhorn(draw(40, 8), epsilon=0.5, iterations=200)
    torch.testing.assert_close(assignment.sum(dim=1), torch.ones(40, dtype=torch.float64))
    torch.testing.assert_close(assignment.sum(dim=0), torch.full((8,), 5.0, dtype=torch.float64))


def test_sinkhorn_survives_scores_whose_exponential_overflows():
    assignment = sinkhorn(1e4 * draw(6, 4).float(), epsilon=0.05, iterations=3)
    assert assignment.isfinite().all()


def test_swav_learns_from_predictions_only():
    high = [draw(5, 7, seed=seed).requires_grad_() for seed in (1, 2)]
    target = sinkhorn(high[1].detach(), 0.05, 3)
    swav(high, []).backward()
    expected = (torch.softmax(high[0].detach() / T, dim=1) - target) / T / 5 / 2
    torch.testing.assert_close(high[0].grad, expected)


def test_swav_without_prototypes_in_dispute_is_chance():
    views = [torch.zeros(4, 6, dtype=torch.float64)] * 3
    assert swav(views[:2], views[2:]).item() == pytest.approx(log(6))


def test_nnclr_takes_the_nearest_by_angle_and_not_by_length():
    bank = torch.tensor([[100.0, 99.0], [0.01, 0.0], [0.0, -1.0]], dtype=torch.float64)
    projection = torch.tensor([[3.0, 0.1], [0.2, -5.0]], dtype=torch.float64)
    prediction = draw(2, 2)
    loss = nnclr(projection, projection, prediction, prediction, bank, T)
    assert loss.item() == pytest.approx(nt_xent(bank[[1, 2]], prediction, T).item(), rel=1e-12)


def test_nnclr_without_a_bank_is_simclr_that_stops_on_one_side():
    projections, predictions = draw(2, 4, 6, seed=1).requires_grad_(), draw(2, 4, 6, seed=2)
    predictions.requires_grad_()
    loss = nnclr(*projections, *predictions, projections.new_empty(0, 6), T)
    expected = (
        nt_xent(projections[0], predictions[1], T) + nt_xent(projections[1], predictions[0], T)
    ) / 2
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    loss.backward()
    assert projections.grad is None
    assert predictions.grad is not None


def test_vicreg_of_constant_features():
    flat = torch.full((6, 5), 3.0, dtype=torch.float64)
    assert vicreg(flat, flat).item() == pytest.approx(25 * (1 - 0.01))  # √1e-4 under the hinge


def test_vicreg_of_features_that_leave_nothing_to_do():
    rows = 2 * torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert vicreg(rows, rows).item() == pytest.approx(0)
    assert vicreg(rows, rows + 1).item() == pytest.approx(25)


def test_barlow_twins_of_features_that_leave_nothing_to_do():
    rows = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert barlow_twins(rows, 7 * rows + 3).item() == pytest.approx(0, abs=1e-9)
    assert barlow_twins(rows, -rows).item() == pytest.approx(2 * 4, rel=1e-4)
    assert barlow_twins(rows, rows.flip(1)).item() == pytest.approx(2 + 0.005 * 2, rel=1e-4)


BANK = torch.randn(9, 64, generator=torch.Generator().manual_seed(9)).bfloat16()
PAIR_LOSSES = {
    "simclr": lambda a, b: nt_xent(a, b, T),
    "mined": lambda a, b: mined_nt_xent(a, b, a.roll(1, 1), b.roll(1, 1), T),
    "same_scan": lambda a, b: mined_nt_xent(a, b, a.roll(1, 1), b.roll(1, 1), T, same_scan=True),
    "intra_scan": lambda a, b: intra_scan_nt_xent(a[None], b[None], T),
    "nnclr": lambda a, b: nnclr(a, b, b, a, BANK[:, : a.shape[1]].to(a.dtype), T),
    "swav": lambda a, b: swav([a, b], [a.roll(1, 1)]),
    "vicreg": vicreg,
    "barlow_twins": barlow_twins,
}


@pytest.mark.parametrize("name", PAIR_LOSSES)
@settings(max_examples=10, derandomize=True, deadline=None)
@given(order=st.permutations(range(6)), seed=st.integers(0, 1000))
def test_the_order_of_samples_does_not_matter(name, order, seed):
    views = draw(2, 6, 5, seed=seed)
    loss = PAIR_LOSSES[name]
    assert loss(*views[:, order]).item() == pytest.approx(loss(*views).item(), rel=1e-9)


@pytest.mark.parametrize("name", ["simclr", "mined", "same_scan", "intra_scan", "nnclr"])
@settings(max_examples=10, derandomize=True, deadline=None)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_the_length_of_projections_does_not_matter(name, scale, seed):
    views = draw(2, 6, 5, seed=seed)
    loss = PAIR_LOSSES[name]
    assert loss(scale * views[0], views[1] / scale).item() == pytest.approx(
        loss(*views).item(), rel=1e-9
    )


@pytest.mark.parametrize("name", ["simclr", "mined", "nnclr", "vicreg"])
def test_the_views_have_the_same_say(name):
    views = draw(2, 6, 5)
    values = [PAIR_LOSSES[name](*views[list(order)]).item() for order in permutations((0, 1))]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize("name", sorted(PAIR_LOSSES.keys() - {"swav", "nnclr"}))
def test_gradients_are_those_of_the_loss(name):
    # Not of those with targets that are held fixed, whose gradient is another by intent.
    views = 0.3 * draw(2, 3, 4)
    torch.autograd.gradcheck(PAIR_LOSSES[name], [view.requires_grad_() for view in views.unbind()])


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_a_sample_alone_is_refused(name):
    with pytest.raises(TrainingError, match="2"):
        PAIR_LOSSES[name](*draw(2, 1, 5))


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_samples_that_are_all_zero_give_a_number(name):
    views = torch.zeros(2, 4, 5, requires_grad=True)
    loss = PAIR_LOSSES[name](*views)
    loss.backward()
    assert loss.isfinite()
    assert views.grad.isfinite().all()


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_mixed_precision_does_not_blur_the_loss(name):
    views = draw(2, 16, 32).bfloat16()
    expected = PAIR_LOSSES[name](*views.float()).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert PAIR_LOSSES[name](*views).item() == pytest.approx(expected, rel=1e-5)


def test_views_of_different_batches_are_refused():
    with pytest.raises(TrainingError, match=r"view0 \(4, 5\), view1 \(3, 5\)"):
        nt_xent(draw(4, 5), draw(3, 5))
    with pytest.raises(TrainingError, match="same shape"):
        barlow_twins(draw(4, 5, 2), draw(4, 5, 2))
