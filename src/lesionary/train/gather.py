"""One batch from all processes, with gradients that find their way back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def gather(rows: Tensor) -> Tensor:
    """Return the rows (n, ...) of all processes one after another, (processes · n, ...).

    Each process's gradient of its loss with respect to any row reaches the process that the row
    came from, where they are summed. When every process then computes the same loss of the whole
    batch, and gradients of parameters are averaged over processes (as DDP does), the result is
    the gradient that one process with the whole batch has: the sum is ``processes`` times it,
    and the mean undoes that.

    With one process, or none started, the rows come back as they are.
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return rows
    if distributed.get_world_size() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)  # type: ignore[no-untyped-call]
    return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:  # noqa: ARG004
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ARG004
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total.chunk(distributed.get_world_size())[distributed.get_rank()]
