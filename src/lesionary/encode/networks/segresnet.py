"""MONAI's SegResNet encoder, up to its last map."""

from __future__ import annotations

from typing import Any

from monai.networks.nets.segresnet_ds import SegResEncoder
from torch import Tensor, nn


def build_segresnet(**monai: Any) -> nn.Module:
    """Build a ``SegResEncoder``; arguments as MONAI's."""
    network: nn.Module = SegResEncoder(in_channels=1, head_module=_last, **monai)
    return network


def _last(maps: list[Tensor]) -> Tensor:
    return maps[-1]
