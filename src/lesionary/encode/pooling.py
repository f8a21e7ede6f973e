"""From the last map of a network to one vector a patch."""

from __future__ import annotations

from torch import Tensor, nn

from lesionary.encode.card import Pooling


class GlobalAverage(nn.Module):
    """The mean over all places of ``(n, c, z, y, x)``."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``(n, c)``."""
        return maps.mean(dim=(2, 3, 4))


def build_pooling(pooling: Pooling) -> nn.Module:
    """Return the module that makes features ``(n, dimension)`` of maps."""
    if pooling == "global_average":
        return GlobalAverage()
    if pooling == "none":
        return nn.Identity()
    stride = 2 if pooling == "average_3_stride_2" else 3
    return nn.Sequential(nn.AvgPool3d(3, stride=stride), nn.Flatten())
