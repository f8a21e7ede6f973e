"""The transformer of MONAI's SwinUNETR, up to its last map."""

from __future__ import annotations

from typing import Any

from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor, nn


class SwinMaps(SwinTransformer):  # type: ignore[misc]
    """A Swin transformer that gives its last map, not yet pooled."""

    def forward(self, x: Tensor, normalize: bool = True) -> Tensor:
        """Return ``(n, c, z / 32, y / 32, x / 32)``."""
        last: Tensor = super().forward(x, normalize)[-1]
        return last


def build_swin(
    *,
    window_size: tuple[int, ...] = (7, 7, 7),
    patch_size: tuple[int, ...] = (2, 2, 2),
    depths: tuple[int, ...] = (2, 2, 2, 2),
    num_heads: tuple[int, ...] = (3, 6, 12, 24),
    **monai: Any,
) -> nn.Module:
    """Build a ``SwinTransformer`` as in ``SwinUNETR``; further arguments as MONAI's."""
    return SwinMaps(
        in_chans=1,
        window_size=window_size,
        patch_size=patch_size,
        depths=depths,
        num_heads=num_heads,
        **monai,
    )
