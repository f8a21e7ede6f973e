"""A batch in parts has the loss, gradient and statistics of the whole."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionary.errors import TrainingError
from lesionary.train.microbatch import encode_in_parts
from lesionary.train.objectives import nt_xent


def network(norm: type[nn.Module], dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv3d(1, 4, 3), norm(4), nn.ReLU(), nn.Dropout(dropout), nn.Flatten(), nn.Linear(256, 8)
    ).double()


def gradients(net: nn.Module, views: torch.Tensor, size: int | None) -> list[torch.Tensor]:
    torch.manual_seed(1)
    first, second = (encode_in_parts(net, view, size) for view in views)
    nt_xent(first, second, temperature=0.1).backward()
    return [parameter.grad for parameter in net.parameters()]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
def test_gradient_is_that_of_the_whole_batch(size: int) -> None:
    views = torch.randn(2, 6, 1, 6, 6, 6, dtype=torch.float64)
    whole = gradients(network(nn.InstanceNorm3d), views, None)
    parts = gradients(network(nn.InstanceNorm3d), views, size)
    for one, other in zip(parts, whole, strict=True):
        torch.testing.assert_close(one, other)


def test_adding_up_losses_of_parts_would_be_another_training() -> None:
    views = torch.randn(2, 6, 1, 6, 6, 6, dtype=torch.float64)
    whole = gradients(network(nn.InstanceNorm3d), views, None)
    net = network(nn.InstanceNorm3d)
    for part in views.split(2, dim=1):
        (nt_xent(net(part[0]), net(part[1]), temperature=0.1) / 3).backward()
    assert not torch.allclose(net[0].weight.grad, whole[0])


def test_batch_norms_count_each_patch_once() -> None:
    views = torch.randn(2, 6, 1, 6, 6, 6, dtype=torch.float64)
    parts, plain = network(nn.BatchNorm3d), network(nn.BatchNorm3d)
    gradients(parts, views, 2)
    for view in views:
        for part in view.split(2):
            plain(part)
    for name, value in plain[1].state_dict().items():
        assert torch.equal(parts[1].state_dict()[name], value), name
    assert parts[1].momentum == 0.1


def test_a_part_of_one_has_no_statistics() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(8, 4), nn.BatchNorm1d(4))
    with pytest.raises(TrainingError, match=r"from 1 patches at once.*micro_batch"):
        encode_in_parts(net, torch.randn(5, 1, 2, 2, 2), 2)


def test_dropout_drops_the_same_twice() -> None:
    views = torch.randn(2, 4, 1, 6, 6, 6, dtype=torch.float64)
    net = network(nn.InstanceNorm3d, dropout=0.5)
    torch.manual_seed(3)
    features = encode_in_parts(net, views[0], 2)
    features.sum().backward()
    by_parts = [parameter.grad.clone() for parameter in net.parameters()]
    net.zero_grad()
    torch.manual_seed(3)
    torch.cat([net(part) for part in views[0].split(2)]).sum().backward()
    for one, parameter in zip(by_parts, net.parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad)
