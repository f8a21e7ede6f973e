"""Make a network faster without changing what it computes."""

from __future__ import annotations

import torch
from torch import fx, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError

from lesionary.encode.encoder import Encoder


def speed_up(encoder: Encoder) -> Encoder:
    """Fold batch norms into the convolutions before them; lay convolutions out channels last.

    Both change features by rounding only. On two cores they take the published FMCIB network
    from half to most of what the processor's matrix product reaches
    (``benchmarks/forward.py``). Networks without batch norms, and those whose control
    flow cannot be traced, stay as they are.

    Parameters
    ----------
    encoder : Encoder
        In evaluation mode; its network is changed in place.
    """
    if not any(isinstance(module, nn.BatchNorm3d) for module in encoder.network.modules()):
        return encoder
    try:
        traced = fx.symbolic_trace(encoder.network)
    except (TraceError, TypeError, ValueError):
        return encoder
    with torch.no_grad():
        encoder.network = fuse(traced, inplace=True)
        encoder.network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return encoder
