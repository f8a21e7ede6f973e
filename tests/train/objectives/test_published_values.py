"""Losses and gradients equal those of the published implementations."""

from __future__ import annotations

import pytest
import torch

from lesionary.train.objectives import (
    barlow_twins,
    mined_nt_xent,
    nnclr,
    nt_xent,
    swav,
    vicreg,
)

MINED = ("positive0", "positive1", "negative0", "negative1")


def close(loss, case):
    return loss.item() == pytest.approx(case["loss"], rel=1e-9)


@pytest.mark.parametrize("case", ["mined_nce_small", "mined_nce_large", "mined_nce_warm"])
def test_mined_loss_and_gradients(case, published, given):
    inputs = [tensor.requires_grad_() for tensor in given(case, *MINED)]
    loss = mined_nt_xent(*inputs, temperature=published[case]["temperature"])
    loss.backward()
    assert close(loss, published[case])
    positive0, negative1 = given(case, "grad_positive0", "grad_negative1")
    torch.testing.assert_close(inputs[0].grad, positive0, rtol=1e-9, atol=1e-15)
    torch.testing.assert_close(inputs[3].grad, negative1, rtol=1e-9, atol=1e-15)


def test_mined_same_scan(published, given):
    case = "mined_nce_same_scan"
    loss = mined_nt_xent(*given(case, *MINED), published[case]["temperature"], same_scan=True)
    assert close(loss, published[case])


@pytest.mark.parametrize("case", ["ntxent", "ntxent_t05"])
def test_nt_xent(case, published, given):
    loss = nt_xent(*given("pair", "view0", "view1"), published[case]["temperature"])
    assert close(loss, published[case])


def test_vicreg(published, given):
    case = published["vicreg"]
    loss = vicreg(*given("pair", "view0", "view1"), case["lambda_"], case["mu"], case["nu"])
    assert close(loss, case)


def test_barlow_twins(published, given):
    case = published["barlow"]
    assert close(barlow_twins(*given("pair", "view0", "view1"), case["lambda_"]), case)


def test_swav(published, given):
    case = published["swav"]
    high = given("swav", "high0", "high1")
    low = given("swav", "low0", "low1", "low2")
    loss = swav(
        high,
        low,
        temperature=case["temperature"],
        epsilon=case["sinkhorn_epsilon"],
        iterations=case["sinkhorn_iterations"],
    )
    assert close(loss, case)
    assert close(swav(high, low, given("swav", "queue0", "queue1")), published["swav_queue"])


def test_nnclr(published, given):
    inputs = given("nnclr", "z0", "z1", "p0", "p1", "bank")
    assert close(nnclr(*inputs), published["nnclr"])
    loss = nnclr(*inputs, published_pairs=True)
    assert close(loss, published["nnclr_published_pairs"])
