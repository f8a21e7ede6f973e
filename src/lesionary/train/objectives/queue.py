"""The last rows seen, kept from step to step."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RowQueue(nn.Module):
    """The newest `size` rows of length `dimension`; less until as many have been seen.

    A buffer, so a checkpoint holds it and a resumed run goes on with it.
    """

    rows: Tensor
    filled: Tensor

    def __init__(self, size: int, dimension: int) -> None:
        super().__init__()
        self.register_buffer("rows", torch.zeros(size, dimension))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    def contents(self) -> Tensor:
        """Return the rows seen, newest first, (n, dimension) with n ≤ size."""
        return self.rows[: int(self.filled)]

    @torch.no_grad()
    def push(self, new: Tensor) -> None:
        """Add rows (n, dimension), and forget the oldest that no longer fit."""
        size = len(self.rows)
        self.rows = torch.cat([new.to(self.rows.dtype), self.rows])[:size]
        self.filled = (self.filled + len(new)).clamp(max=size)
