"""Fused convolutions equal convolution, sum and ReLU one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionary.encode.fused import Fused, can_fuse


@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize(
    ("inputs", "size", "arguments"),
    [
        (256, (4, 4, 4), {"kernel_size": 3, "padding": 1}),  # tap by tap
        (256, (2, 3, 1), {"kernel_size": 3, "padding": 1}),
        (256, (7, 4, 5), {"kernel_size": 3, "padding": 1, "stride": 2}),
        (256, (4, 4, 4), {"kernel_size": 3, "padding": 1, "bias": False}),
        (256, (6, 6, 6), {"kernel_size": 3, "padding": 2, "dilation": 2}),
        (1, (12, 13, 14), {"kernel_size": 7, "padding": 3, "stride": 2}),  # a row to channels
        (1, (6, 7, 8), {"kernel_size": 3, "padding": (0, 1, 2), "stride": (1, 2, 3)}),
        (8, (6, 7, 8), {"kernel_size": 3, "padding": 1}),
        (8, (6, 7, 8), {"kernel_size": 1, "stride": 2}),
        (8, (6, 7, 8), {"kernel_size": 3, "padding": 1, "groups": 2}),
    ],
)
def test_it_is_a_convolution_a_sum_and_a_relu(inputs, size, arguments, adds, rectify):
    torch.manual_seed(0)
    convolution = nn.Conv3d(inputs, 16, **arguments)
    x = torch.randn(3, inputs, *size)
    with torch.inference_mode():
        expected = convolution(x)
        other = torch.randn_like(expected) if adds else None
        expected = expected + other if adds else expected
        fused = Fused(convolution, rectify=rectify)
        for rows in (3, 2):  # prepared for three, and given two
            part = fused(x[:rows], other[:rows] if adds else None)
            wanted = expected[:rows].relu() if rectify else expected[:rows]
            torch.testing.assert_close(part, wanted, atol=1e-5, rtol=1e-5)
    assert convolution.weight is None  # nothing is kept twice


def test_within_an_autocast_it_computes_in_bfloat16():
    torch.manual_seed(0)
    convolution = nn.Conv3d(256, 16, 3, padding=1)
    x = torch.randn(1, 256, 4, 4, 4)
    with torch.inference_mode():
        expected = convolution(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fused = Fused(convolution, rectify=False)(x)
    assert fused.dtype == torch.bfloat16
    torch.testing.assert_close(fused.float(), expected, atol=0.05, rtol=0.05)


def test_what_is_no_plain_convolution_is_left_alone():
    assert can_fuse(nn.Conv3d(1, 1, 3))
    assert not can_fuse(nn.Conv3d(1, 1, 3, padding="same"))
    assert not can_fuse(nn.Conv3d(1, 1, 3, padding_mode="reflect"))
    assert not can_fuse(nn.Conv2d(1, 1, 3))
