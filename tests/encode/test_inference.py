"""A faster network gives the same features."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionary.encode import load_encoder
from lesionary.encode.inference import speed_up

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["phantom_tiny", "random:suprem", "random:med3d-resnet10"])
def test_features_change_by_rounding_only(name):
    encoder = load_encoder(name)
    random = torch.Generator().manual_seed(0)
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm3d):  # a trained network's, not zeros and ones
            module.running_mean.normal_(generator=random)
            module.running_var.uniform_(0.5, 2.0, generator=random)
    patches = torch.rand(2, 1, 50, 50, 50, generator=random)
    with torch.inference_mode():
        expected = encoder(patches)
        features = speed_up(encoder, CPU)(patches)
    assert not any(isinstance(module, nn.BatchNorm3d) for module in encoder.modules())
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-4)


def test_a_network_that_cannot_be_traced_stays_as_it_is():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm3d(1)

        def forward(self, x):
            return self.norm(x) if x.sum() > 0 else x

    encoder = load_encoder("phantom_tiny")
    encoder.network = network = Branching()
    assert speed_up(encoder, CPU).network is network


def test_a_norm_behind_more_than_a_convolution_stays():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv3d(1, 4, 3, padding=1)
            self.norm = nn.BatchNorm3d(4)

        def forward(self, x):
            y = self.convolution(x)
            return y + self.norm(y)

    encoder = load_encoder("phantom_tiny")
    encoder.network = Shared().eval()
    x = torch.rand(1, 1, 4, 4, 4)
    with torch.inference_mode():
        expected = encoder.network(x)
        torch.testing.assert_close(speed_up(encoder, CPU).network(x), expected)


class Scaled(nn.Module):
    """Adds a multiple of a map, which is no plain sum."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4)
        self.beside = nn.Conv3d(1, 4, 1)

    def forward(self, x):
        beside = self.beside(x)
        return torch.add(self.norm(self.convolution(x)), beside, alpha=2)


class Twice(nn.Module):
    """Calls a convolution twice, and a norm behind it once."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv3d(1, 1, 3, padding=1), nn.BatchNorm3d(1)
        self.norm.running_mean.fill_(0.3)
        self.norm.running_var.fill_(2.0)

    def forward(self, x):
        return self.norm(self.convolution(x)) + self.convolution(x)


@pytest.mark.parametrize("kind", [Scaled, Twice])
def test_what_only_looks_like_the_usual_stays_right(kind):
    torch.manual_seed(0)
    encoder = load_encoder("phantom_tiny")
    encoder.network = kind().eval()
    x = torch.rand(1, 1, 6, 6, 6)
    with torch.inference_mode():
        expected = encoder.network(x)
        torch.testing.assert_close(speed_up(encoder, CPU).network(x), expected)
