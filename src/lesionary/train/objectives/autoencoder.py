"""Auto-encoder: rebuild the patch from its features; denoising: as it was before the view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import PositiveInt
from torch import Tensor
from torch.nn import functional

from lesionary.errors import TrainingError
from lesionary.train.objectives.decoder import Decoder
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views


def reconstruction(rebuilt: Tensor, patch: Tensor) -> Tensor:
    """Return the mean absolute difference of two batches of patches (n, 1, z, y, x)."""
    if rebuilt.shape != patch.shape:
        raise TrainingError(
            f"The patches rebuilt are {tuple(rebuilt.shape)} and those to rebuild "
            f"{tuple(patch.shape)}: give the objective the size of the views as size_vox."
        )
    return functional.l1_loss(rebuilt, patch)


class Autoencoder(Objective, name="autoencoder"):
    """A decoder from the feature vector back to the patch, for any encoder.

    Parameters
    ----------
    dimension
        Length of the feature vector.
    size_vox
        Size of a view in voxels (z, y, x).
    denoising
        Rebuild the patch as it was before the view was made of it. Voxels are compared one by
        one, so the view may change intensities and must not move them.
    width
        Channels of the decoder at its smallest grid; half of them at each next one.
    """

    gathers: ClassVar[bool] = False

    def __init__(
        self,
        dimension: int,
        *,
        size_vox: Sequence[int],
        denoising: bool = False,
        width: PositiveInt = 256,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=1, clean=denoising)
        self.decoder = Decoder(dimension, size_vox, width)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the mean error over the voxels of this process's patches."""
        target = views["clean" if self.plan.clean else "lesion"][0]
        return Outcome(reconstruction(self.decoder(features["lesion"][0]), target))
