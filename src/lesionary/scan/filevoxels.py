"""Voxels in one file, plain or gzipped: NIfTI and NRRD come down to this."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import DTypeLike, NDArray

from lesionary.errors import ScanError
from lesionary.scan.scan import Voxels

_CHUNK = 1 << 20
_IsalError: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # wrong in its stubs


def map_voxels(
    path: Path, *, offset: int, dtype: DTypeLike, shape: tuple[int, int, int]
) -> NDArray[Any]:
    """Map an uncompressed block of voxels ``(z, y, x)``, after checking that all of it is there."""
    needed = offset + int(np.prod(shape)) * np.dtype(dtype).itemsize
    size = path.stat().st_size
    if size < needed:
        raise ScanError(
            f"{path} is truncated: its header promises {needed} bytes, the file has {size}. "
            "Copy it again from its source."
        )
    return np.memmap(path, dtype, mode="r", offset=offset, shape=shape)


class GzippedVoxels:
    """A gzipped block of voxels, inflated from the front as far as it is asked for.

    What has been inflated is kept, so that the next patch of the same scan costs nothing.

    Parameters
    ----------
    path : Path
    stream_offset : int
        Byte of the file at which the gzip stream begins.
    offset : int
        Byte of the inflated stream at which the voxels begin.
    dtype, shape
        Type and ``(z, y, x)`` of the voxels.
    """

    def __init__(
        self,
        path: Path,
        *,
        dtype: DTypeLike,
        shape: tuple[int, int, int],
        offset: int = 0,
        stream_offset: int = 0,
    ) -> None:
        self._path = path
        self._offset = offset
        self._stream_offset = stream_offset
        self._voxels: NDArray[Any] = np.empty(shape, dtype)
        self._inflated = 0
        self._stream: Any = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop`` as stored."""
        if stop > self._inflated:
            try:
                self._inflate(stop)
            except (EOFError, OSError, _IsalError) as error:
                # The stream stands somewhere beyond what is kept: the next read begins anew.
                self._stream, readable = None, self._inflated
                self._inflated = 0
                raise ScanError(
                    f"{self._path} is truncated or corrupt: slices {readable} to {stop - 1} "
                    f"of {len(self._voxels)} cannot be read ({error}). "
                    "Copy it again from its source."
                ) from error
        return self._voxels[start:stop]

    def _inflate(self, stop: int) -> None:
        if self._stream is None:
            raw = self._path.open("rb")
            weakref.finalize(self, raw.close)
            raw.seek(self._stream_offset)
            self._stream = igzip.GzipFile(fileobj=raw, mode="rb")
            if len(self._stream.read(self._offset)) < self._offset:
                raise EOFError("it ends inside the header")
        wanted = memoryview(self._voxels[self._inflated : stop].reshape(-1).view(np.uint8).data)
        done = 0
        while done < len(wanted):
            count = self._stream.readinto(wanted[done : done + _CHUNK])
            if not count:
                raise EOFError("it ends too early")
            done += count
        self._inflated = stop


@dataclass(frozen=True)
class RescaledVoxels:
    """Voxels whose stored values become physical ones by ``slope * value + intercept``."""

    stored: Voxels
    slope: float
    intercept: float

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop`` as float32."""
        values = self.stored.read(start, stop).astype(np.float32)
        values *= np.float32(self.slope)
        values += np.float32(self.intercept)
        return np.asarray(values)
