"""The encoding half of MONAI's AutoEncoder."""

from __future__ import annotations

from typing import Any

from monai.networks.nets.autoencoder import AutoEncoder
from torch import nn


def build_autoencoder(**monai: Any) -> nn.Module:
    """Build an ``AutoEncoder`` without its decoder; arguments as MONAI's."""
    network: nn.Module = AutoEncoder(spatial_dims=3, in_channels=1, out_channels=1, **monai)
    network.decode = nn.Identity()
    return network
