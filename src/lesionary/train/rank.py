"""Which of the processes of a run this is."""

from __future__ import annotations


def this_rank() -> int:
    """Return the number of this process, which those who start several tell each."""
    from lightning.pytorch.utilities import rank_zero_only

    rank: int = getattr(rank_zero_only, "rank", 0)
    return rank
