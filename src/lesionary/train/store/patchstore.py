"""A finished patch store, to read from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.cohort.table import read_table
from lesionary.errors import TrainingError
from lesionary.scan.recipe import Recipe
from lesionary.train.store.parts import HEADER_BYTES, Parts

MANIFEST = "store.json"
LESIONS = "lesions.parquet"
ERRORS = "errors.csv"
SCAN = "scan"

_OPEN_MAPS = 4096
"""Scans that are mapped at once; systems allow a process some 65,000 maps."""


class PatchStore:
    """Crops of lesions, and of the rest of their scans, in HU.

    Attributes
    ----------
    path : Path
    lesions : DataFrame
        One row a lesion, in the store's order: ``lesion_id``, ``scan`` (int), and the columns
        of the cohort but for its paths.
    recipe : Recipe
        Of the network's input, for which the crops were cut.
    margin_vox : int
        Voxels that a crop is larger than the recipe's patch, on each side.
    backgrounds : int
        Crops from elsewhere in the body, for each lesion.
    crop_vox : tuple of int
        Shape of a crop ``(z, y, x)``.
    """

    def __init__(self, path: Path, lesions: pd.DataFrame, manifest: dict[str, Any]) -> None:
        self.path = path
        self.lesions = lesions
        self.recipe = Recipe.model_validate(manifest["recipe"])
        self.margin_vox: int = manifest["margin_vox"]
        self.backgrounds: int = manifest["backgrounds"]
        a, b, c = (n + 2 * self.margin_vox for n in self.recipe.size_vox)
        self.crop_vox = (a, b, c)
        self._keys = list(manifest["parts"])
        self._first_rows = np.cumsum([0, *manifest["parts"].values()])
        self._map = self._new_maps()

    @classmethod
    def open(cls, path: str | Path) -> PatchStore:
        """Open a finished store.

        Raises
        ------
        TrainingError
            If there is none, its building was interrupted, or files of it are missing.
        """
        path = Path(path)
        if not (path / MANIFEST).exists():
            raise TrainingError(
                f"There is no finished patch store at {path}. If its building was interrupted, "
                "build it again: it goes on where it stopped."
            )
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        lesions = read_table(path / LESIONS).reset_index(drop=True)
        store = cls(path, lesions, manifest)
        store._check_whole()
        return store

    def __len__(self) -> int:
        return len(self.lesions)

    def __repr__(self) -> str:
        scans = self.lesions[SCAN].nunique()
        return f"PatchStore({len(self):,} lesions of {scans:,} scans, crops {self.crop_vox})"

    @property
    def errors(self) -> Path | None:
        """Table of the lesions that were set aside, if there are any."""
        table = self.path / ERRORS
        return table if table.exists() else None

    def crops(self, row: int) -> NDArray[np.int16]:
        """Return a view of a lesion's crops, shape ``(1 + backgrounds, z, y, x)``, HU.

        The first is that around the lesion.
        """
        part = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        crops: NDArray[np.int16] = self._map(part)[row - self._first_rows[part]]
        return crops

    def cut(
        self,
        rows: ArrayLike,
        *,
        which: ArrayLike = 0,
        shift_vox: ArrayLike = 0,
        size_vox: int | Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """Cut patches from the middle of crops.

        Parameters
        ----------
        rows : array_like of int, shape (n,)
            Rows of ``lesions``.
        which : array_like of int, shape (n,)
            For each, 0 for the crop around the lesion, or the number of a background.
        shift_vox : array_like of int, shape (n, 3)
            How far from the middle, ``(z, y, x)``.
        size_vox : int or sequence of three, optional
            By default the recipe's.

        Returns
        -------
        ndarray of float32, shape (n, 1, z, y, x)
            HU.
        """
        rows = np.asarray(rows, dtype=np.int64)
        size = self.size_vox(size_vox)
        room = np.subtract(self.crop_vox, size)
        starts = np.broadcast_to(room // 2 + np.asarray(shift_vox), (len(rows), 3))
        if (starts < 0).any() or (starts > room).any():
            raise TrainingError(
                f"A patch of {size} voxels, shifted by up to {np.abs(shift_vox).max()}, leaves the "
                f"crops of {self.path}, which have {self.crop_vox}. Build the store with a larger "
                "margin_vox, or ask for less."
            )
        patches = np.empty((len(rows), 1, *size), np.float32)
        of_crop = np.broadcast_to(which, rows.shape)
        for patch, row, number, (z, y, x) in zip(patches, rows, of_crop, starts, strict=True):
            crop = self.crops(row)[number]
            patch[0] = crop[z : z + size[0], y : y + size[1], x : x + size[2]]
        return patches

    def size_vox(self, size_vox: int | Sequence[int] | None = None) -> tuple[int, int, int]:
        """Return a patch size in full: a number is a cube, None is the recipe's."""
        if size_vox is None:
            return self.recipe.size_vox
        a, b, c = (size_vox,) * 3 if isinstance(size_vox, int) else size_vox
        return a, b, c

    def _check_whole(self) -> None:
        crop_bytes = 2 * (1 + self.backgrounds) * int(np.prod(self.crop_vox))
        for key, rows in zip(self._keys, np.diff(self._first_rows), strict=True):
            path = Parts(self.path / "crops").voxels(key)
            found = path.stat().st_size if path.exists() else 0
            if found != HEADER_BYTES + rows * crop_bytes:
                raise TrainingError(
                    f"{path} is missing or not whole. Copy the store again, or remove {self.path} "
                    "and build it again."
                )

    def _new_maps(self) -> Callable[[int], NDArray[np.int16]]:
        return lru_cache(_OPEN_MAPS)(self._open_map)

    def _open_map(self, part: int) -> NDArray[np.int16]:
        path = Parts(self.path / "crops").voxels(self._keys[part])
        crops: NDArray[np.int16] = np.load(path, mmap_mode="r", allow_pickle=False)
        return crops

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_map"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._map = self._new_maps()
