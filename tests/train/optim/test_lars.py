from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lesionary.errors import TrainingError
from lesionary.train.optim import LARS

DATA = Path(__file__).resolve().parent.parent / "data"


def test_ten_published_steps():
    arrays = np.load(DATA / "objectives.npz")
    W, b, X, Y = (torch.tensor(arrays[f"lars/{name}"]) for name in ("W0", "b0", "X", "Y"))
    case = json.loads((DATA / "objectives.json").read_text())["lars"]
    groups = [
        {"params": [p.requires_grad_()], "weight_decay": decay}
        for p, decay in zip((W, b), case["weight_decay"], strict=True)
    ]
    optimizer = LARS(groups, case["lr"], momentum=case["momentum"], trust=case["trust_coefficient"])

    def closure():
        optimizer.zero_grad()
        loss = (X @ W + b - Y).square().mean()
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in case["losses"]]
    assert losses == pytest.approx(case["losses"], rel=1e-12)
    torch.testing.assert_close(W.detach(), torch.tensor(arrays["lars/W10"]), rtol=1e-12, atol=0)
    torch.testing.assert_close(b.detach(), torch.tensor(arrays["lars/b10"]), rtol=1e-12, atol=0)


def step(value, gradient, **settings):
    parameter = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    LARS([parameter], lr=1.0, momentum=0.0, **settings).step()
    return (parameter.detach() - torch.tensor(value, dtype=torch.float64)).tolist()


def test_a_layer_moves_by_a_share_of_its_length_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e3):
        moved = step([3.0, 4.0], [size, 0.0], weight_decay=1e-12)
        assert moved == pytest.approx([-0.001 * 5, 0], rel=1e-4, abs=1e-10)


def test_without_weight_decay_it_is_plain_descent():
    assert step([3.0, 4.0], [2.0, 0.0]) == [-2.0, 0.0]


def test_nothing_is_scaled_that_has_no_length():
    assert step([0.0, 0.0], [2.0, 1.0], weight_decay=0.1) == [-2.0, -1.0]
    assert step([3.0, 4.0], [0.0, 0.0], weight_decay=0.1) == [0.0, 0.0]


def test_a_parameter_without_gradient_stays():
    moving, resting = (torch.ones(2, requires_grad=True) for _ in range(2))
    moving.grad = torch.ones(2)
    optimizer = LARS([moving, resting], lr=0.1, weight_decay=1e-6)
    optimizer.step()
    assert moving[0] < 1
    assert torch.equal(resting.detach(), torch.ones(2))


def test_resumed_from_its_state_it_goes_on_the_same():
    def run(stop):
        torch.manual_seed(0)
        parameter = torch.randn(5, requires_grad=True)
        optimizer = LARS([parameter], lr=0.5, weight_decay=1e-6)
        for index in range(6):
            if index == stop:
                state = optimizer.state_dict()
                optimizer = LARS([parameter], lr=9.0)
                optimizer.load_state_dict(state)
            parameter.grad = parameter.detach().cos()
            optimizer.step()
        return parameter.detach()

    assert torch.equal(run(stop=3), run(stop=None))


def test_a_negative_setting_is_refused():
    with pytest.raises(TrainingError, match="lr"):
        LARS([torch.zeros(1)], lr=-1.0)
