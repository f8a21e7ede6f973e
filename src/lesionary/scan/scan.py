"""The scan: voxels with geometry, read only where somebody looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.scan.geometry import FloatArray, Geometry

if TYPE_CHECKING:
    from lesionary.scan.recipe import Recipe


class Voxels(Protocol):
    """A stack of slices that is read piece by piece."""

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop`` (exclusive), shape ``(stop - start, y, x)``.

        Values are in the scan's unit (HU, SUV, ...), whatever the file stores. Callers do
        not write into the array: it may be a view of the file.
        """
        ...


@dataclass(frozen=True)
class ArrayVoxels:
    """Voxels that are already in memory, shape ``(z, y, x)``."""

    array: NDArray[Any]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return a view of the slices ``start`` to ``stop``."""
        return self.array[start:stop]


@dataclass(frozen=True)
class DicomSource:
    """What an object that refers to this series (SEG, RTSTRUCT, SR) needs to know of it.

    Attributes
    ----------
    files : tuple of Path
        One file a slice in the scan's z order (``files[k]`` holds slice k), or the one
        multi-frame file. Empty when the files were read from an archive.
    """

    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class Scan:
    """One image volume: geometry now, voxels when asked for.

    Attributes
    ----------
    geometry : Geometry
    voxels : Voxels
        Where the voxels come from.
    modality : str
        DICOM's code: ``CT``, ``MR``, ``PT``, or an empty string where the format has none.
    unit : str
        ``HU``, ``SUV`` or ``a.u.`` (arbitrary).
    source : str
        The path it was read from, for messages and provenance.
    notes : tuple of str
        What was found and handled while reading (a filled slice, a corrected tilt, ...).
    acquisition : mapping
        How it was made (``manufacturer``, ``kernel``, ``kvp``, ``slice_thickness_mm``, ...),
        as far as the format says. Never who it was made of.
    dicom : DicomSource or None
        Identifiers of the series, where it is one.

    Examples
    --------
    >>> import numpy as np
    >>> from lesionary.scan import read_scan
    >>> scan = read_scan(np.zeros((40, 64, 64), np.int16), affine=np.diag([0.8, 0.8, 2.5, 1]))
    >>> scan.shape, scan.spacing_mm
    ((40, 64, 64), (0.8, 0.8, 2.5))
    >>> scan.patch(center_mm=(25.0, 25.0, 50.0), recipe="lesion").shape
    (1, 50, 50, 50)
    """

    geometry: Geometry
    voxels: Voxels = field(repr=False)
    modality: str = ""
    unit: str = "a.u."
    source: str = ""
    notes: tuple[str, ...] = ()
    acquisition: Mapping[str, str | float] = field(default_factory=dict, repr=False)
    dicom: DicomSource | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels ``(z, y, x)``."""
        return self.geometry.shape

    @property
    def affine(self) -> FloatArray:
        """Voxel index ``(x, y, z, 1)`` to LPS mm, shape (4, 4), as in ITK."""
        return self.geometry.affine

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel spacing ``(x, y, z)`` in mm."""
        return self.geometry.spacing_mm

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return slices ``start`` to ``stop`` (default: all), ``(z, y, x)``, in the scan's unit."""
        return self.voxels.read(start, self.shape[0] if stop is None else stop)

    def patch(
        self, center_mm: ArrayLike, recipe: str | Path | Recipe = "lesion"
    ) -> NDArray[np.float32]:
        """Cut the patch around a seed.

        Parameters
        ----------
        center_mm : array_like, shape (3,)
            The seed ``(x, y, z)`` in LPS mm.
        recipe : str, Path or Recipe
            Size, spacing, orientation, intensities: a name (``lesion``, ``fmcib``,
            ``fmcib-dataset``), a YAML file or a ``Recipe``.

        Returns
        -------
        ndarray of float32, shape (1, D, H, W)
        """
        patch: NDArray[np.float32] = self.patches(np.asarray(center_mm)[None], recipe)[0]
        return patch

    def patches(
        self, centers_mm: ArrayLike, recipe: str | Path | Recipe = "lesion"
    ) -> NDArray[np.float32]:
        """Cut a patch around each of many seeds, reading every slice once.

        Parameters
        ----------
        centers_mm : array_like, shape (n, 3)
            The seeds ``(x, y, z)`` in LPS mm.
        recipe : str, Path or Recipe
            As for ``patch``.

        Returns
        -------
        ndarray of float32, shape (n, 1, D, H, W)
        """
        from lesionary.scan.patch import cut_patches
        from lesionary.scan.recipe import load_recipe

        return cut_patches(self, centers_mm, load_recipe(recipe))
