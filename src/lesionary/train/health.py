"""Whether features still tell lesions apart, in four numbers and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from lesionary.errors import TrainingError
from lesionary.train.objectives.similarity import cosine, unit, wide

# Far below what a network gives before it has learnt anything, so that none is called collapsed
# for having just begun.
_FLAT_STD = 1e-3
_FLAT_RANK = 1.2
_ENOUGH_SAMPLES = 8  # fewer span few directions whatever the network does


@dataclass(frozen=True)
class Health:
    """The features of two views of the same lesions, in numbers.

    Parameters
    ----------
    alignment
        Mean squared distance of the two views of a lesion, 0 (alike) to 4; see `alignment`.
    uniformity
        How evenly lesions lie on the sphere, 0 (all in one place) and below; see `uniformity`.
    rank
        Directions that the features use; see `effective_rank`.
    std
        Spread on the sphere, 0 (all in one place) to about 1; see `feature_std`.
    samples
        Lesions that were measured.
    """

    alignment: float
    uniformity: float
    rank: float
    std: float
    samples: int


@torch.no_grad()
def measure_health(view0: Tensor, view1: Tensor) -> Health:
    """Return the health of features (n, d) of two views of the same n lesions, n ≥ 2."""
    if view0.shape != view1.shape or len(view0) < 2:
        raise TrainingError(
            "The health of features is measured on two views of at least 2 lesions, and these are "
            f"{tuple(view0.shape)} and {tuple(view1.shape)}."
        )
    return Health(
        alignment=float(alignment(view0, view1)),
        uniformity=float(uniformity(view0)),
        rank=float(effective_rank(view0)),
        std=float(feature_std(view0)),
        samples=len(view0),
    )


def alignment(view0: Tensor, view1: Tensor) -> Tensor:
    """Return the mean squared distance of the unit vectors of two views (n, d).

    Wang and Isola, Understanding contrastive representation learning, 2020.
    """
    return (unit(view0) - unit(view1)).square().sum(dim=1).mean()


def uniformity(rows: Tensor) -> Tensor:
    """Return the logarithm of the mean of exp(-2 |u - v|²) over pairs of unit vectors (n, d).

    0 when all are the same, about -4 when they are spread over a sphere of many dimensions.
    """
    first, second = torch.triu_indices(len(rows), len(rows), offset=1, device=rows.device)
    distances = 2 - 2 * cosine(rows, rows)[first, second]
    return (-2 * distances).exp().mean().log()


def effective_rank(rows: Tensor) -> Tensor:
    """Return how many directions the features (n, d) use: exp of the entropy of their spectrum.

    Of features less their mean, so between 1 and the smaller of n - 1 and d; 0 if all are the same.
    Roy and Vetterli, The effective rank, 2007.
    """
    rows = wide(rows)
    if not rows.isfinite().all():
        return rows.new_tensor(torch.nan)  # there is no spectrum, and the library would raise
    spectrum: Tensor = torch.linalg.svdvals(rows - rows.mean(dim=0))
    total = spectrum.sum()
    if total == 0:
        return total
    share = spectrum / total
    return torch.xlogy(share, share).sum().neg().exp()


def feature_std(rows: Tensor) -> Tensor:
    """Return the standard deviation of the unit vectors (n, d), over all directions together.

    1 when they are spread evenly over the sphere, 0 when they are all the same.
    """
    return unit(rows).var(dim=0).sum().sqrt()


def explain_collapse(health: Health) -> str | None:
    """Return what has happened to features that no longer tell lesions apart, and what to do."""
    measured = (health.alignment, health.uniformity, health.rank, health.std)
    if not all(isfinite(value) for value in measured):
        return (
            "The features are no longer numbers (NaN or infinite). Most often the learning rate is "
            "too high: take a tenth of it or a longer warm-up. With 16-bit precision, try bf16 "
            "or 32. A voxel that is not a number does it too."
        )
    if health.std < _FLAT_STD:
        what = f"The network answers the same for every lesion (spread {health.std:.1e} of 1)"
    elif health.rank < _FLAT_RANK and health.samples >= _ENOUGH_SAMPLES:
        what = f"Lesions differ in one direction only (effective rank {health.rank:.2f})"
    else:
        return None
    return (
        f"The features have collapsed. {what}. Most often the learning rate or the weight decay "
        "is too high, or the batch too small for the objective; look at the views too, whether "
        "lesions can still be told apart in them."
    )
