"""Stages of real architectures, freezing, and learning rates by depth."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionary.encode import load_card
from lesionary.encode.networks import build_network
from lesionary.errors import TrainingError
from lesionary.train.finetuning.stages import (
    choose_frozen,
    find_stages,
    parameter_groups,
    waiting,
)

SWIN = {"embed_dim": 12, "window_size": [4, 4, 4]}


def narrow(name: str, **arguments: object) -> nn.Module:
    card = load_card(name)
    smaller = {"arguments": {**card.network.arguments, **arguments}}
    return build_network(
        card.model_copy(update={"network": card.network.model_copy(update=smaller)})
    )


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        (
            "fmcib",
            {"block_inplanes": [4, 8, 16, 32], "widen_factor": 1},
            ["conv1", "layer1", "layer2", "layer3", "layer4"],
        ),
        ("ct_fm", {"init_filters": 4}, ["conv_init", *(f"layers.{i}" for i in range(5))]),
        (
            "voco",
            SWIN,
            ["patch_embed", *(f"layers{i}{c}" for i in (1, 2, 3, 4) for c in ("c", ""))],
        ),
    ],
)
def test_stages_in_the_order_of_a_patch(
    name: str, arguments: dict[str, object], expected: list[str]
) -> None:
    network = narrow(name, **arguments)
    stages = find_stages(network, (32, 32, 32))
    assert [stage.name for stage in stages] == expected
    placed = [id(parameter) for stage in stages for parameter in stage.parameters]
    assert sorted(placed) == sorted(map(id, network.parameters()))
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_a_batch_norm_goes_with_its_convolution() -> None:
    network = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2), nn.Conv3d(2, 3, 1))
    network.register_parameter("token", nn.Parameter(torch.zeros(2)))
    first, second = find_stages(network, (8, 8, 8))
    assert (first.name, len(first.modules), len(first.parameters)) == ("0", 2, 5)
    assert (second.name, len(second.modules), len(second.parameters)) == ("2", 1, 2)
    assert not network[1].num_batches_tracked, "looking changed nothing"


def test_unknown_stage_names_the_nearest() -> None:
    stages = find_stages(nn.Sequential(nn.Conv3d(1, 2, 3), nn.Conv3d(2, 3, 1)), (8, 8, 8))
    assert choose_frozen(stages, "all") == stages
    assert choose_frozen(stages, ["1"]) == stages[1:]
    with pytest.raises(TrainingError, match="it has 0, 1"):
        choose_frozen(stages, ["layer9"])


def test_unfreezing_goes_from_the_features_to_the_input() -> None:
    stages = find_stages(nn.Sequential(nn.Conv3d(1, 2, 3), nn.Conv3d(2, 3, 1)), (8, 8, 8))
    assert [len(waiting(stages, epoch, 3)) for epoch in range(10)] == [2] * 3 + [1] * 3 + [0] * 4
    assert waiting(stages, 0, None) == []


def test_learning_rates_fall_with_depth() -> None:
    network, head = nn.Sequential(nn.Conv3d(1, 2, 3), nn.Conv3d(2, 3, 1)), nn.Linear(3, 1)
    stages = find_stages(network, (8, 8, 8))
    network[0].requires_grad_(False)
    groups = parameter_groups(stages, head, 0.5)
    assert [group["lr_factor"] for group in groups] == [1.0, 0.5]
    network[0].requires_grad_(True)
    assert [g["lr_factor"] for g in parameter_groups(stages, head, 0.5)] == [1.0, 0.5, 0.25]
