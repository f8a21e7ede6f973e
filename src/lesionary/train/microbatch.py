"""A batch larger than memory, with the loss and gradient of the whole batch.

Adding up the gradients of small batches is another training where a loss compares the members
of its batch. Here the network sees some patches at a time and forgets how it got to their
features; the loss is that of all features together; going back, each part is computed once
more. It costs a second pass forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from lesionary.errors import TrainingError


def encode_in_parts(network: nn.Module, patches: Tensor, size: int | None) -> Tensor:
    """Return the features of patches, ``size`` of them at a time (all at once if None).

    Batch norms take their statistics over each part, not the whole batch.
    """
    if size is None or size >= len(patches):
        return _forward(network, patches)
    return torch.cat(
        [
            checkpoint(
                _forward,
                network,
                part,
                use_reentrant=False,
                context_fn=lambda: (nullcontext(), _statistics_kept(network)),
            )
            for part in torch.split(patches, size)
        ]
    )


def _forward(network: nn.Module, patches: Tensor) -> Tensor:
    try:
        features: Tensor = network(patches)
    except ValueError as error:  # a batch norm of a single value
        raise TrainingError(
            f"The network cannot learn from {len(patches)} patches at once: {error} Use a larger "
            "training.batch_size or micro_batch."
        ) from error
    return features


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Keep running means as they are: the second pass must not count the patches again."""
    norms = [one for one in network.modules() if isinstance(one, _BatchNorm)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked = norm.num_batches_tracked.clone()
    try:
        yield
    finally:
        for norm, (momentum, tracked) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, tracked
