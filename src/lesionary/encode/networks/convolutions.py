"""The contracting path of a plain U-Net: stages of two convolutions, each half the size."""

from __future__ import annotations

from typing import Literal

from monai.networks.blocks import Convolution
from torch import nn


def build_convolutions(
    *,
    channels: list[tuple[int, int]],
    norm: Literal["batch", "instance"],
    slope: float = 0.0,
    shrink_by: Literal["pool", "stride"],
) -> nn.Module:
    """Build stages of two 3x3x3 convolutions, each with norm and ReLU.

    Parameters
    ----------
    channels : list of (int, int)
        Channels after the first and second convolution of each stage.
    norm : {"batch", "instance"}
        Batch norm uses its running statistics in evaluation, so that a patch's features do
        not depend on the others in its batch.
    slope : float
        Of the ReLU below zero.
    shrink_by : {"pool", "stride"}
        Halve between stages by a maximum over 2x2x2, or by the stride of the next
        convolution.
    """
    stages = nn.Sequential()
    before = 1
    for depth, (first, second) in enumerate(channels):
        stage = nn.Sequential()
        if depth and shrink_by == "pool":
            stage.add_module("pool", nn.MaxPool3d(2))
        stride = 2 if depth and shrink_by == "stride" else 1
        stage.add_module("0", _convolution(before, first, stride, norm, slope))
        stage.add_module("1", _convolution(first, second, 1, norm, slope))
        stages.append(stage)
        before = second
    return stages


def _convolution(before: int, after: int, stride: int, norm: str, slope: float) -> nn.Module:
    convolution: nn.Module = Convolution(
        3,
        before,
        after,
        strides=stride,
        kernel_size=3,
        adn_ordering="NA",
        norm=(norm, {"affine": True}),
        act=("leakyrelu", {"negative_slope": slope, "inplace": True}),
    )
    return convolution
