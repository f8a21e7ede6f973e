"""The learning rate over the run."""

from __future__ import annotations

from math import cos, pi


def warmup_cosine(
    step: int, *, total_steps: int, warmup_steps: int = 0, final: float = 0.0
) -> float:
    """Return the factor of the learning rate at an optimiser step.

    Rises in equal parts to 1 over the warm-up, then falls along half a cosine to `final` at the
    end of the run. Steps, not epochs: a schedule counted in one and advanced in the other hardly
    moves.

    Parameters
    ----------
    step
        Optimiser steps done, from 0.
    total_steps
        Optimiser steps of the run, warm-up included.
    warmup_steps
        Steps of the warm-up; the first already has a rate above 0.
    final
        Factor at the end, and after it.

    Examples
    --------
    >>> [round(warmup_cosine(step, total_steps=6, warmup_steps=2), 2) for step in range(7)]
    [0.5, 1.0, 1.0, 0.85, 0.5, 0.15, 0.0]
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps))
    return final + (1 - final) * (1 + cos(pi * done)) / 2
