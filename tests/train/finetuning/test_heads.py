"""Heads, and that they begin as the probe they are filled from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lesionary.errors import TrainingError
from lesionary.train.finetuning.heads import build_head, fill_head


@pytest.mark.parametrize("hidden", [[], [16], [12, 8, 6]])
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_filled_head_is_the_probe(hidden: list[int], outputs: int) -> None:
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(outputs, 10)), rng.normal(size=outputs)
    features = rng.normal(size=(20, 10))
    head = build_head(10, hidden, outputs).double()
    fill_head(head, weight, bias)
    got = head(torch.as_tensor(features)).detach().numpy()
    np.testing.assert_allclose(got, features @ weight.T + bias, rtol=1e-9, atol=1e-9)


def test_all_layers_of_a_filled_head_still_learn() -> None:
    head = build_head(10, [16], 2)
    fill_head(head, np.ones((2, 10)), np.zeros(2))
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    features = torch.randn(8, 10, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        before = [parameter.detach().clone() for parameter in head.parameters()]
        optimizer.zero_grad()
        head(features).square().sum().backward()
        optimizer.step()
    moved = [(a != b).any() for a, b in zip(before, head.parameters(), strict=True)]
    assert all(moved)
    assert (before[0][4:] != next(head.parameters())[4:]).any(), "units beside the probe's"


def test_published_keys() -> None:
    assert list(build_head(4, [3, 2], 1).state_dict()) == [
        *("0.0.weight", "0.0.bias", "1.0.weight", "1.0.bias", "2.0.weight", "2.0.bias"),
    ]


def test_too_narrow() -> None:
    with pytest.raises(TrainingError, match="needs 6"):
        fill_head(build_head(10, [8, 5], 3), np.ones((3, 10)), np.zeros(3))
