"""Cox's partial likelihood as a loss: who dies first, of those still at risk."""

from __future__ import annotations

import torch
from torch import Tensor


def cox_loss(log_hazard: Tensor, time: Tensor, event: Tensor) -> Tensor:
    """Return the mean negative log partial likelihood of an event, ties by Efron's method.

    Parameters
    ----------
    log_hazard : Tensor (n,)
        What the network says; the greater, the earlier the event.
    time : Tensor (n,)
        To the event, or to the end of observation; any unit.
    event : Tensor (n,)
        1 where the event happened at ``time``, 0 where observation ended (censored).

    Returns
    -------
    Tensor
        A scalar; zero (with zero gradients) where there is no event at all.

    Notes
    -----
    Those at risk at a time are the lesions of the batch that were still observed then, those
    whose observation ended at that very time included.

    Examples
    --------
    >>> time, event = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1, 0, 1])
    >>> round(cox_loss(torch.zeros(3), time, event).item(), 4)  # (log 3 + log 1) / 2
    0.5493
    """
    order = torch.argsort(time, descending=True)
    hazard, happened = log_hazard[order], event[order].bool()
    if not happened.any():
        return (log_hazard * 0).sum()
    _, moment, sizes = torch.unique_consecutive(
        time[order], return_inverse=True, return_counts=True
    )
    last = sizes.cumsum(0) - 1
    at_risk = torch.logcumsumexp(hazard, 0)[last][moment][happened]
    moment, hazard = moment[happened], hazard[happened]

    # Efron: of d events at one time, the l-th (from 0) is at risk beside (d - l) / d of each.
    share = torch.zeros_like(last, dtype=hazard.dtype)
    share = share.index_add(0, moment, (hazard - at_risk).exp())[moment]
    position = torch.arange(len(moment), device=moment.device)
    events = torch.bincount(moment, minlength=len(last))
    place = position - (events.cumsum(0) - events)[moment]
    passed = place.to(hazard.dtype) / events[moment]
    return (at_risk + torch.log1p(-passed * share) - hazard).mean()
