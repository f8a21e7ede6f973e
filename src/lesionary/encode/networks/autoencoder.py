"""The encoding half of MONAI's AutoEncoder."""

from __future__ import annotations

from typing import Any

from monai.networks.nets.autoencoder import AutoEncoder
from torch import nn


def build_autoencoder(*, padding: int, **monai: Any) -> nn.Module:
    """Build an ``AutoEncoder`` without its decoder; further arguments as MONAI's.

    ``padding`` is that of the strided convolutions only. MONAI's own argument, where a version
    has it, pads the units between encoder and decoder as well, which then do not fit.
    """
    network: nn.Module = AutoEncoder(spatial_dims=3, in_channels=1, out_channels=1, **monai)
    network.decode = nn.Identity()
    encode: Any = network.encode
    for module in encode.modules():
        if isinstance(module, nn.Conv3d):
            module.padding = (padding, padding, padding)
    return network
