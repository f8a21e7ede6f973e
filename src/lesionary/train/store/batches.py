"""Batches of patches, each a pure function of seed, epoch and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset

from lesionary.errors import TrainingError
from lesionary.train.store.deal import Int64s, deal
from lesionary.train.store.patchstore import SCAN, PatchStore

_OF_ORDER, _OF_PATCHES, _OF_SCAN = range(3)
"""What numbers are drawn for, which makes them other numbers."""


class LesionBatches(Dataset[dict[str, Tensor]]):
    """The batches of an epoch, for ``DataLoader(batches, batch_size=None, num_workers=k)``.

    Item ``i`` is batch ``i`` of the current epoch:

    ``rows``, ``scan`` : int64, (n,)
        The lesions' rows in the store, and the scans that they are in.
    ``positive`` : float32, (n, 1, z, y, x)
        Their patches, HU.
    ``background`` : float32, (n, 1, z, y, x)
        A patch from elsewhere in each one's scan, with ``backgrounds=1``.
    ``crops`` : float32, (n, m, 1, z, y, x)
        With ``scan_crops=m``: different crops of each one's scan, whose lesion the row is.

    All that is random follows from seed, epoch and row: whatever the number of worker processes
    and wherever a run is resumed, a batch is the same. Lesions of one scan come in one batch only
    where they are too many for all batches of the epoch. What does not fill a batch is left out
    of an epoch.

    Parameters
    ----------
    store : PatchStore
    rows : array_like of int
        The lesions to train on, by their row in the store.
    batch_size : int
        Lesions (with ``scan_crops``: scans) in a batch of one process.
    seed : int
    size_vox : int or sequence of three, optional
        Size of the patches ``(z, y, x)``; by default the recipe's.
    jitter_vox : int
        Patches are shifted by up to so many voxels along each axis.
    backgrounds : {0, 1}
    scan_crops : int
    rank, world : int
        This process and their number. Each has its part of a batch of ``batch_size * world``,
        which is the one that a single process would have.

    Raises
    ------
    TrainingError
        If there are too few lesions, scans or crops for such batches.
    """

    def __init__(
        self,
        store: PatchStore,
        rows: ArrayLike,
        batch_size: int,
        *,
        seed: int,
        size_vox: int | Sequence[int] | None = None,
        jitter_vox: int = 0,
        backgrounds: Literal[0, 1] = 0,
        scan_crops: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._store = store
        self._rows = _checked_rows(store, rows)
        self._scan_of = store.lesions[SCAN].to_numpy(np.int64)
        self._size_vox = store.size_vox(size_vox)
        self._batch_size, self._rank, self._world = batch_size, rank, world
        self._seed, self._jitter_vox = seed, jitter_vox
        self._backgrounds, self._scan_crops = backgrounds, scan_crops
        # Shared, so that worker processes that outlive an epoch hear of the next.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._plan: _Plan | None = None
        self._check()

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch: other batches, and other draws for each lesion."""
        self._epoch[0] = epoch

    def __len__(self) -> int:
        """Return the steps of an epoch."""
        return self._count() // (self._batch_size * self._world)

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        if not 0 <= step < len(self):
            raise IndexError(step)
        plan = self._plan_of(int(self._epoch))
        first = self._rank * self._batch_size
        rows = plan.batches[step, first : first + self._batch_size]
        draws = plan.draws[rows]
        arrays: dict[str, NDArray[Any]] = {
            "rows": rows,
            "scan": self._scan_of[rows],
            "positive": self._cut(rows, 0, draws[:, :3]),
        }
        if self._backgrounds:
            which = 1 + (draws[:, 6] * self._store.backgrounds).astype(np.int64)
            arrays["background"] = self._cut(rows, which, draws[:, 3:6])
        if self._scan_crops:
            arrays["crops"] = np.stack([self._crops_of_scan(row, plan.epoch) for row in rows])
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def _cut(
        self, rows: Int64s, which: Int64s | int, draws: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Cut patches, shifted as draws from 0 to 1 say."""
        shift = (draws * (2 * self._jitter_vox + 1)).astype(np.int64) - self._jitter_vox
        return self._store.cut(rows, which=which, shift_vox=shift, size_vox=self._size_vox)

    def _crops_of_scan(self, row: int, epoch: int) -> NDArray[np.float32]:
        """Cut different crops of the scan of a lesion, be they around its lesions or not."""
        rows = self._rows[self._scan_of[self._rows] == self._scan_of[row]]
        each = 1 + self._store.backgrounds
        rng = np.random.default_rng([self._seed, epoch, _OF_SCAN, row])
        chosen = rng.choice(len(rows) * each, self._scan_crops, replace=False)
        return self._cut(rows[chosen // each], chosen % each, rng.random((len(chosen), 3)))

    def _count(self) -> int:
        return len(np.unique(self._scan_of[self._rows])) if self._scan_crops else len(self._rows)

    def _plan_of(self, epoch: int) -> _Plan:
        if self._plan is None or self._plan.epoch != epoch:
            rng = np.random.default_rng([self._seed, epoch, _OF_ORDER])
            rows = self._rows
            if self._scan_crops:  # of each scan, any one lesion
                rows = rng.permutation(rows)
                rows = rows[np.unique(self._scan_of[rows], return_index=True)[1]]
            batches = rows[deal(self._scan_of[rows], self._batch_size * self._world, rng)]
            rng = np.random.default_rng([self._seed, epoch, _OF_PATCHES])
            self._plan = _Plan(epoch, batches, rng.random((len(self._store), 7)))
        return self._plan

    def _check(self) -> None:
        what = "scans" if self._scan_crops else "lesions"
        whole = self._batch_size * self._world
        of = f" ({self._batch_size} in each of {self._world} processes)" if self._world > 1 else ""
        if self._batch_size < 1 or not 0 <= self._rank < self._world:
            raise TrainingError("A batch needs 1 or more lesions, and a rank is below world.")
        if whole > self._count():
            raise TrainingError(
                f"A batch of {whole} {what}{of} is more than the {self._count()} there are to "
                "train on: lower the batch size."
            )
        todo = "build the patch store with a larger margin_vox, or ask for less"
        if (np.add(self._size_vox, 2 * self._jitter_vox) > self._store.crop_vox).any():
            raise TrainingError(
                f"Patches of {self._size_vox} voxels with a jitter of {self._jitter_vox} do not "
                f"fit into crops of {self._store.crop_vox}: {todo}."
            )
        if self._backgrounds:
            self._check_backgrounds()
        if self._scan_crops:
            self._check_scan_crops()

    def _check_backgrounds(self) -> None:
        if not self._store.backgrounds:
            raise TrainingError(
                f"The patch store {self._store.path} has no backgrounds: build it with some."
            )
        scans = self._scan_of[self._plan_of(0).batches]
        alone = (scans == scans[:, :1]).all(axis=1)
        if alone.any():
            raise TrainingError(
                "Backgrounds of other scans are the negatives, but there are batches with one "
                f"scan only: {len(self._rows)} lesions are in "
                f"{len(np.unique(self._scan_of[self._rows]))} scan(s), and a batch has "
                f"{scans.shape[1]}. Add scans, use a larger batch, or an objective without "
                "backgrounds."
            )

    def _check_scan_crops(self) -> None:
        scans, lesions = np.unique(self._scan_of[self._rows], return_counts=True)
        crops = lesions * (1 + self._store.backgrounds)
        if (crops < self._scan_crops).any():
            raise TrainingError(
                f"{(crops < self._scan_crops).sum()} of {len(scans)} scans have fewer than "
                f"{self._scan_crops} crops in the patch store (the fewest: {crops.min()}). Build "
                f"it with backgrounds={self._scan_crops - 1}, or ask for fewer."
            )


@dataclass(frozen=True)
class _Plan:
    """One epoch: the rows of each batch, and for each row of the store numbers from 0 to 1."""

    epoch: int
    batches: Int64s
    draws: NDArray[np.float64]


def _checked_rows(store: PatchStore, rows: ArrayLike) -> Int64s:
    found = np.asarray(rows)
    if not found.size:
        raise TrainingError("There is no lesion to train on.")
    if found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= len(store):
        raise TrainingError(f"Rows are numbers of lesions in the store, 0 to {len(store) - 1}.")
    if len(np.unique(found)) < len(found):
        raise TrainingError("A lesion is among the rows more than once.")
    return found.astype(np.int64)
