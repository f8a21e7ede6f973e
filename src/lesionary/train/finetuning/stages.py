"""The stages of a network, from its input to its features, and which of them learn when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lesionary.errors import TrainingError
from lesionary.spelling import hint


@dataclass(frozen=True)
class Stage:
    """A part of a network that freezes or learns as one.

    Attributes
    ----------
    name : str
        Of its first module in the network.
    modules : tuple of Module
    parameters : tuple of Parameter
    """

    name: str
    modules: tuple[nn.Module, ...]
    parameters: tuple[nn.Parameter, ...]


def find_stages(network: nn.Module, size_vox: Sequence[int]) -> list[Stage]:
    """Return a network's stages in the order in which a patch passes them.

    A stage is a child of the network that has parameters (``layer1``), or a member where the
    child is a list (``layers.0``). One with no kernels or matrices, such as a batch norm,
    belongs to the stage before it.

    Parameters
    ----------
    network : Module
    size_vox : sequence of int
        Of its patches ``(z, y, x)``: one passes through, to see the order.
    """
    blocks = dict(_blocks(network))
    parts: list[tuple[str, list[nn.Module]]] = []
    for name in _order(network, blocks, size_vox):
        block = blocks[name]
        if parts and all(parameter.ndim < 2 for parameter in block.parameters()):
            parts[-1][1].append(block)
        else:
            parts.append((name, [block]))
    if not parts:
        parts = [("network", [network])]
    of_stage = [
        [parameter for module in modules for parameter in module.parameters()]
        for _, modules in parts
    ]
    # What lies beside the blocks (a class token, position embeddings) meets the input first.
    placed = {id(parameter) for parameters in of_stage for parameter in parameters}
    of_stage[0] += [parameter for parameter in network.parameters() if id(parameter) not in placed]
    return [
        Stage(name, tuple(modules), tuple(parameters))
        for (name, modules), parameters in zip(parts, of_stage, strict=True)
    ]


def choose_frozen(stages: Sequence[Stage], wanted: str | Sequence[str]) -> list[Stage]:
    """Return the stages that never learn: those named, or ``all``.

    Parameters
    ----------
    stages : sequence of Stage
    wanted : "all" or sequence of str
    """
    if wanted == "all":
        return list(stages)
    by_name = {stage.name: stage for stage in stages}
    for name in wanted:
        if name not in by_name:
            raise TrainingError(
                f"The network has no stage {name!r} to freeze{hint(name, by_name)}. "
                f"From its input to its features, it has {', '.join(by_name)}."
            )
    return [by_name[name] for name in wanted]


def waiting(stages: Sequence[Stage], epoch: int, every: int | None) -> list[Stage]:
    """Return the stages that do not learn yet in an epoch (from 0).

    With progressive unfreezing, only the head learns in the first ``every`` epochs; then one
    stage joins it every so many epochs, the last before the features first.

    Examples
    --------
    >>> stages = [Stage(name, (), ()) for name in ("stem", "layer1", "layer2")]
    >>> [[stage.name for stage in waiting(stages, epoch, 2)] for epoch in (0, 2, 4, 6)]
    [['stem', 'layer1', 'layer2'], ['stem', 'layer1'], ['stem'], []]
    """
    if every is None:
        return []
    return list(stages[: max(0, len(stages) - epoch // every)])


def parameter_groups(
    stages: Sequence[Stage], head: nn.Module, decay: float
) -> list[dict[str, Any]]:
    """Return groups for an optimizer; each stage learns ``decay`` times as fast as the next.

    The head has the full learning rate (``lr_factor`` 1), the last stage ``decay``, the one
    before it ``decay`` squared, and so on. They come in this order. Parameters that need no
    gradient are left out.
    """
    from_head = [tuple(head.parameters()), *(stage.parameters for stage in reversed(stages))]
    groups = [
        {
            "params": [parameter for parameter in parameters if parameter.requires_grad],
            "lr_factor": decay**depth,
        }
        for depth, parameters in enumerate(from_head)
    ]
    return [group for group in groups if group["params"]]


def _blocks(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, child in network.named_children():
        if not any(True for _ in child.parameters()):
            continue
        if isinstance(child, nn.ModuleList) and len(child) > 1:
            yield from _blocks(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _order(
    network: nn.Module, blocks: dict[str, nn.Module], size_vox: Sequence[int]
) -> dict[str, None]:
    """Return the names of the blocks as a patch reaches them."""
    order: dict[str, None] = {}

    def note(name: str) -> Callable[[Any, Any], None]:
        return lambda *_: order.setdefault(name)

    handles = [
        module.register_forward_pre_hook(note(name))
        for name, block in blocks.items()
        for module in block.modules()
    ]
    training = network.training
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 1, *size_vox, device=device))
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
    return order
