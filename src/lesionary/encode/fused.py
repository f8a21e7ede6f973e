"""Convolutions for inference on a CPU: weights laid out once, the sum and the ReLU in one go.

Each prepares itself at the first batch, when it knows the size of its maps, and lets go of the
weights it came with, so that a large network is never in memory twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

Run = Callable[[Tensor, Tensor | None], Tensor]

_FEW_POSITIONS = 64
_MANY_CHANNELS = 256


def can_fuse(convolution: nn.Module) -> bool:
    """Tell whether a module is a convolution that :class:`Fused` takes, on this machine."""
    return (
        isinstance(convolution, nn.Conv3d)
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    )


class Fused(nn.Module):
    """A convolution, then a sum with another map if one is given, then a ReLU if asked for.

    Parameters
    ----------
    convolution : nn.Conv3d
        One that :func:`can_fuse` accepts. Its weights are taken away from it.
    rectify : bool
        End with a ReLU.
    """

    def __init__(self, convolution: nn.Conv3d, *, rectify: bool) -> None:
        super().__init__()
        self._layer: _Layer | None = _Layer(
            convolution.weight.detach(),
            None if convolution.bias is None else convolution.bias.detach(),
            convolution.stride,
            tuple(map(int, convolution.padding)),
            convolution.dilation,
            convolution.groups,
            rectify,
        )
        self._dtype = convolution.weight.dtype
        self._run: Run | None = None
        for name in ("weight", "bias"):
            convolution.register_parameter(name, None)

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Return maps ``(n, c, z', y', x')``, in bfloat16 if the first were autocast to it."""
        if self._run is None:
            assert self._layer is not None
            if torch.is_autocast_enabled("cpu"):
                self._dtype = torch.get_autocast_dtype("cpu")
            self._run = _prepare(self._layer.to(self._dtype), x.to(self._dtype))
            self._layer = None
        return self._run(x.to(self._dtype), None if other is None else other.to(self._dtype))


@dataclass(frozen=True)
class _Layer:
    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    rectify: bool

    def output_shape(self, x: Tensor) -> torch.Size:
        """Return the size of the maps that an undilated kernel gives."""
        kernel = self.weight.shape[2:]
        axes = zip(x.shape[2:], kernel, self.stride, self.padding, strict=True)
        return torch.Size((size + 2 * pad - width) // step + 1 for size, width, step, pad in axes)

    def to(self, dtype: torch.dtype) -> _Layer:
        """Return the layer with weights of that type."""
        bias = None if self.bias is None else self.bias.to(dtype)
        return replace(self, weight=self.weight.to(dtype), bias=bias)


def _prepare(layer: _Layer, x: Tensor) -> Run:
    if layer.groups == 1 and set(layer.dilation) == {1} and set(layer.weight.shape[2:]) != {1}:
        few = layer.output_shape(x).numel() <= _FEW_POSITIONS
        channels = layer.weight.shape[1]
        if few and channels >= _MANY_CHANNELS:
            return _tap_by_tap(layer)
        if channels == 1:
            return _unfolded(layer, x)
    return _packed(layer, x)


def _packed(layer: _Layer, x: Tensor) -> Run:
    """Run oneDNN's convolution with its weights in the layout it wants for such an ``x``."""
    order = (layer.padding, layer.stride, layer.dilation, layer.groups)
    operation = torch.ops.mkldnn._convolution_pointwise
    weight = torch.ops.aten.mkldnn_reorder_conv3d_weight(
        layer.weight.contiguous().to_mkldnn(), *order, x.shape
    )
    bias, last = layer.bias, "relu" if layer.rectify else None

    def run(x: Tensor, other: Tensor | None) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last_3d)
        if other is None:
            result: Tensor = operation(x, weight, bias, *order, last or "none", [], "")
        else:
            result = operation.binary(x, other, weight, bias, *order, "add", 1.0, last, [], "")
        return result

    return run


def _unfolded(layer: _Layer, x: Tensor) -> Run:
    """Turn a row of the kernel into channels, since oneDNN is slow where there is only one."""
    width, step, padding = layer.weight.shape[4], layer.stride[2], layer.padding[2]

    def unfold(x: Tensor) -> Tensor:
        rows = functional.pad(x, (padding, padding)).unfold(4, width, step)
        return rows[:, 0].contiguous().permute(0, 4, 1, 2, 3)

    rows = replace(
        layer,
        weight=layer.weight[:, 0].permute(0, 3, 1, 2).unsqueeze(-1),
        stride=(*layer.stride[:2], 1),
        padding=(*layer.padding[:2], 0),
    )
    run = _packed(rows, unfold(x))
    return lambda x, other: run(unfold(x), other)


def _tap_by_tap(layer: _Layer) -> Run:
    """Add up one matrix product for each voxel of the kernel, over the outputs it reaches.

    Nothing is computed on padding, which on maps of a few voxels is most of the work.
    """
    outputs, inputs, *kernel = layer.weight.shape
    taps = layer.weight.permute(2, 3, 4, 1, 0).reshape(-1, inputs, outputs).contiguous()
    layer = replace(layer, weight=torch.empty(outputs, inputs, *kernel, device="meta"))

    def run(x: Tensor, other: Tensor | None) -> Tensor:
        size = layer.output_shape(x)
        total = torch.zeros(len(x), *size, outputs)  # float32 also where x has fewer bits
        if layer.bias is not None:
            total += layer.bias
        if other is not None:
            total += other.permute(0, 2, 3, 4, 1)
        last = x.permute(0, 2, 3, 4, 1)
        for tap, offsets in zip(taps, product(*map(range, kernel)), strict=True):
            axes = zip(offsets, x.shape[2:], size, layer.stride, layer.padding, strict=True)
            targets, sources = zip(*(_reach(*axis) for axis in axes), strict=True)
            reached = total[(slice(None), *targets)]
            rows = last[(slice(None), *sources)].reshape(-1, inputs)
            reached += (rows @ tap).view(reached.shape)
        if layer.rectify:
            total.relu_()
        return total.to(x.dtype).permute(0, 4, 1, 2, 3)

    return run


def _reach(
    offset: int, inputs: int, outputs: int, stride: int, padding: int
) -> tuple[slice, slice]:
    """Return which outputs on an axis a voxel of the kernel reaches, and from which inputs."""
    first = max(0, -((offset - padding) // stride))
    last = min(outputs - 1, (inputs - 1 + padding - offset) // stride)
    start = first * stride + offset - padding
    return slice(first, last + 1), slice(start, last * stride + offset - padding + 1, stride)
