from __future__ import annotations

from dataclasses import replace
from math import exp, log

import pytest
import torch

from lesionary.errors import TrainingError
from lesionary.train.health import (
    alignment,
    effective_rank,
    explain_collapse,
    feature_std,
    measure_health,
    uniformity,
)


@pytest.fixture
def rows():
    return torch.randn(64, 32, generator=torch.Generator().manual_seed(0))


def test_alignment_is_the_squared_distance_on_the_sphere():
    rows = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    assert alignment(rows, 5 * rows) == 0
    assert alignment(rows, -rows) == 4
    assert alignment(rows, rows.flip(0)) == pytest.approx(2)


def test_uniformity_of_the_corners_of_a_cross():
    corners = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert uniformity(corners).item() == pytest.approx(log((4 * exp(-4) + 2 * exp(-8)) / 6))
    assert uniformity(torch.ones(5, 3)).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("used", [1, 3, 7])
def test_rank_counts_the_directions_that_are_used(used):
    hadamard = torch.ones(1, 1)
    for _ in range(3):
        hadamard = torch.cat([torch.cat([hadamard, hadamard]), torch.cat([hadamard, -hadamard])], 1)
    rows = hadamard[:, 1 : used + 1] @ torch.randn(used, used).svd().U  # balanced, at right angles
    assert effective_rank(rows + 10).item() == pytest.approx(used, rel=1e-3)


def test_spread_features_have_a_deviation_of_one(rows):
    assert feature_std(rows).item() == pytest.approx(1, abs=0.05)
    assert feature_std(7 * rows).item() == pytest.approx(feature_std(rows).item())
    assert feature_std(torch.ones(8, 4)) == 0


def test_healthy_features_are_left_alone(rows):
    health = measure_health(rows, rows + 0.1 * torch.randn_like(rows))
    assert explain_collapse(health) is None
    assert health.samples == 64
    assert 20 < health.rank <= 32
    assert health.uniformity < -3


def test_an_untrained_network_is_not_called_collapsed():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        *[layer for _ in range(6) for layer in (torch.nn.Linear(64, 64), torch.nn.ReLU())]
    )
    patches = torch.rand(32, 64)
    assert explain_collapse(measure_health(network(patches), network(patches))) is None


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (torch.zeros(16, 4), "same for every lesion"),
        (torch.ones(16, 4) + 1e-5 * torch.eye(16)[:, :4], "same for every lesion"),
        (
            torch.arange(1.0, 17)[:, None] * torch.tensor([[0.0, 1]]) + torch.eye(2)[0],
            "one direction",
        ),
        (torch.full((16, 4), torch.nan), "no longer numbers"),
        (torch.full((16, 4), torch.inf), "no longer numbers"),
    ],
)
def test_collapse_is_named_with_what_to_do(features, said):
    explained = explain_collapse(measure_health(features, features))
    assert explained is not None
    assert said in explained
    assert "learning rate" in explained


def test_few_samples_are_not_called_one_direction(rows):
    health = measure_health(rows[:2], rows[:2])
    assert health.rank == pytest.approx(1)
    assert explain_collapse(health) is None
    assert explain_collapse(replace(health, samples=16)) is not None


def test_one_lesion_cannot_be_measured(rows):
    with pytest.raises(TrainingError, match="at least 2"):
        measure_health(rows[:1], rows[:1])
