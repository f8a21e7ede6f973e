"""MONAI's 3D ResNet, up to its last map."""

from __future__ import annotations

from functools import partial
from typing import Any

from monai.networks.nets.resnet import ResNet
from torch import Tensor, nn


class ResNetMaps(ResNet):  # type: ignore[misc]
    """A ResNet that gives its last map, not yet pooled."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, c, z', y', x')``."""
        x = self.maxpool(self.act(self.bn1(self.conv1(x))))
        maps: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return maps


def build_resnet(
    *,
    block: str,
    layers: list[int],
    block_inplanes: tuple[int, ...] = (64, 128, 256, 512),
    dilated: bool = False,
    **monai: Any,
) -> nn.Module:
    """Build a ResNet; further arguments as MONAI's ``ResNet``.

    ``dilated`` keeps the resolution in the last two stages and spreads their kernels by 2 and
    4 instead, as MedicalNet does.
    """
    network = ResNetMaps(
        block=block,
        layers=layers,
        block_inplanes=list(block_inplanes),
        n_input_channels=1,
        feed_forward=False,
        **monai,
    )
    if dilated:
        _dilate(network.layer3, 2)
        _dilate(network.layer4, 4)
    return network


def _dilate(stage: nn.Sequential, by: int) -> None:
    for module in stage.modules():
        if isinstance(module, nn.Conv3d):
            module.stride = (1, 1, 1)
            if module.kernel_size == (3, 3, 3):
                module.dilation = module.padding = (by, by, by)
    first: Any = stage[0]
    if isinstance(first.downsample, partial):  # a shortcut without weights: strided and padded
        first.downsample = partial(first.downsample, stride=1)
