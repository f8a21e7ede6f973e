"""Make a network faster without changing what it computes."""

from __future__ import annotations

import operator
from collections import Counter

import torch
from torch import fx, nn
from torch.fx.proxy import TraceError
from torch.nn.utils.fusion import fuse_conv_bn_weights

from lesionary.encode.encoder import Encoder
from lesionary.encode.fused import Fused, can_fuse

_SUMS = (operator.add, operator.iadd, torch.add)
_RECTIFIERS = (torch.relu, torch.relu_, nn.functional.relu, nn.functional.relu_, "relu", "relu_")


def speed_up(encoder: Encoder, device: torch.device) -> Encoder:
    """Fold batch norms into the convolutions before them, and lay these out channels last.

    On a CPU, sums and ReLUs are fused into the convolutions that they follow as well. All of it
    changes features by rounding only; ``benchmarks/forward.py`` measures what it gains.
    Networks without batch norms, and those whose control flow cannot be traced, stay as
    they are.

    Parameters
    ----------
    encoder : Encoder
        In evaluation mode; its network is changed in place.
    device : torch.device
        Where it will run.
    """
    if not any(isinstance(module, nn.BatchNorm3d) for module in encoder.network.modules()):
        return encoder
    try:
        traced = fx.symbolic_trace(encoder.network)
    except (TraceError, TypeError, ValueError):
        return encoder
    with torch.no_grad():
        encoder.network = folded = _fold(traced)
        if device.type == "cpu":
            _fuse(folded)
        else:
            folded.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return encoder


def _fold(traced: fx.GraphModule) -> fx.GraphModule:
    """Fold each batch norm that is all that follows a convolution into it."""
    modules, calls = dict(traced.named_modules()), _calls(traced)
    for node in list(traced.graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], nn.BatchNorm3d):
            continue
        before = node.args[0]
        if calls[before.target] != 1 or not isinstance(modules[before.target], nn.Conv3d):
            continue
        if len(before.users) > 1:
            continue
        _fold_into(modules[before.target], modules[node.target])
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


def _fold_into(convolution: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
    """Change a convolution in place: the old weights are not kept beside the new ones."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )


def _fuse(traced: fx.GraphModule) -> None:
    """Fuse each convolution with the sum and the ReLU that alone follow it."""
    modules, calls = dict(traced.named_modules()), _calls(traced)
    order = {node: position for position, node in enumerate(traced.graph.nodes)}
    for node in order:
        if calls[node.target] != 1 or not can_fuse(modules[node.target]):
            continue
        fused: list[fx.Node] = []
        after = _only_user(node)
        if after and _is_sum(after):
            others = [one for one in after.all_input_nodes if one is not node]
            # The other map has to be there already where the convolution runs.
            if len(others) == 1 and order[others[0]] < order[node]:
                fused.append(after)
                node.args = (*node.args, others[0])
                after = _only_user(after)
        rectify = after is not None and _is_relu(after, modules)
        if after and rectify:
            fused.append(after)
        traced.add_submodule(str(node.target), Fused(modules[node.target], rectify=rectify))
        for gone in reversed(fused):
            gone.replace_all_uses_with(node)
            traced.graph.erase_node(gone)
    traced.recompile()


def _calls(traced: fx.GraphModule) -> Counter[object]:
    """Count how often each module is called: one that is shared cannot change for one caller."""
    return Counter(node.target for node in traced.graph.nodes if node.op == "call_module")


def _is_sum(node: fx.Node) -> bool:
    """Tell whether two maps are added as they are, without a factor."""
    plain = not node.kwargs and all(isinstance(one, fx.Node) for one in node.args)
    return plain and node.target in _SUMS


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _is_relu(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return isinstance(modules[str(node.target)], nn.ReLU)
    return node.target in _RECTIFIERS
