"""Make a network faster without changing what it computes."""

from __future__ import annotations

import torch
from torch import fx, nn
from torch.fx.proxy import TraceError
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lesionary.encode.encoder import Encoder


def speed_up(encoder: Encoder) -> Encoder:
    """Fold batch norms into the convolutions before them; lay convolutions out channels last.

    Both change features by rounding only; ``benchmarks/forward.py`` measures what they gain.
    Networks without batch norms, and those whose control flow cannot be traced, stay as
    they are.

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
        encoder.network = _fold(traced)
        encoder.network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return encoder


def _fold(traced: fx.GraphModule) -> fx.GraphModule:
    """Fold each batch norm that is all that follows a convolution into it."""
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], nn.BatchNorm3d):
            continue
        before = node.args[0]
        if before.op != "call_module" or not isinstance(modules[before.target], nn.Conv3d):
            continue
        if len(before.users) > 1:
            continue
        folded = fuse_conv_bn_eval(modules[before.target], modules[node.target])
        modules[before.target] = folded
        traced.add_submodule(before.target, folded)
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced
