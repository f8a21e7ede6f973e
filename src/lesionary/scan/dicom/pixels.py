"""Voxels of a DICOM series, decoded slice by slice when asked for."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from lesionary.errors import ScanError
from lesionary.scan.dicom.frames import Frame
from lesionary.scan.dicom.header import NATIVE, PARSER_ERRORS, Header
from lesionary.scan.dicom.parse import open_pixels
from lesionary.scan.dicom.parts import Opener
from lesionary.scan.dicom.stack import Slice


@dataclass(frozen=True, eq=False)
class DicomVoxels:
    """A stack of DICOM frames.

    Values are ``(stored * slope + intercept) * scale`` with each frame's own slope and
    intercept. Padding outside the field of view keeps the value it is stored with, as in ITK.

    Attributes
    ----------
    slices : tuple of Slice
        In z order.
    scale : float
        From the files' rescaled values to the scan's unit (SUV).
    dtype : dtype
        int16 or int32 where every possible value is a whole number, else float32.
    """

    slices: tuple[Slice, ...]
    scale: float
    dtype: np.dtype[Any]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop`` (exclusive), shape ``(stop - start, y, x)``."""
        wanted = self.slices[start:stop]
        first = self.slices[0].nearest
        voxels = np.zeros((len(wanted), first.rows, first.columns), self.dtype)
        by_file: dict[Header, list[tuple[int, Frame, float]]] = {}
        for k, one in enumerate(wanted):
            for frame, weight in one.frames:
                by_file.setdefault(frame.header, []).append((k, frame, weight))
        mixed: dict[int, NDArray[np.float64]] = {}
        with Opener() as opener:
            for header, jobs in by_file.items():
                stored = read_stored(header, [frame.index for _, frame, _ in jobs], opener)
                for (k, frame, weight), pixels in zip(jobs, stored, strict=True):
                    if weight == 1:
                        _rescale(pixels, frame, self.scale, voxels[k])
                    else:
                        plane = np.empty(pixels.shape)
                        _rescale(pixels, frame, self.scale, plane)
                        mixed[k] = mixed.get(k, 0.0) + weight * plane
        for k, plane in mixed.items():
            voxels[k] = plane.round() if self.dtype.kind == "i" else plane
        return voxels


def voxel_dtype(slices: tuple[Slice, ...], scale: float) -> np.dtype[Any]:
    """Return the smaller of int16 and int32 that holds whatever a frame can hold, else float32."""
    lowest, highest = 0.0, 0.0
    for frame in {frame for one in slices for frame, _ in one.frames}:
        if scale != 1 or not float(frame.slope).is_integer() or frame.intercept % 1:
            return np.dtype(np.float32)
        bits = frame.header.unsigned("BitsStored") or frame.header.unsigned("BitsAllocated")
        signed = _signed(frame.header)
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        ends = [value * frame.slope + frame.intercept for value in (low, high)]
        lowest, highest = min(lowest, *ends), max(highest, *ends)
    for dtype in (np.int16, np.int32):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.float32)


def read_stored(header: Header, indices: list[int], opener: Opener) -> Iterator[NDArray[Any]]:
    """Yield frames of one file as stored, without rescaling.

    Raises
    ------
    ScanError
        Where the pixels are cut off or damaged, or no decoder for them is installed.
    """
    try:
        if header.transfer_syntax in NATIVE and not _swapped_bytes(header):
            frames = _read_native(header, indices, opener)
        else:
            frames = _decode(header, indices, opener)
        for pixels in frames:
            yield _significant(pixels, header)
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise ScanError(f"Cannot read the pixels of {header.part}: {error}.") from error


def _read_native(header: Header, indices: list[int], opener: Opener) -> Iterator[NDArray[Any]]:
    shape = header.unsigned("Rows"), header.unsigned("Columns")
    order = ">" if header.transfer_syntax == ExplicitVRBigEndian else "<"
    size = header.unsigned("BitsAllocated") // 8
    dtype = np.dtype(f"{order}{'i' if _signed(header) else 'u'}{size}")
    frame_bytes = shape[0] * shape[1] * size
    with open_pixels(header, opener) as handle:
        for index in indices:
            handle.seek(header.pixels_at + index * frame_bytes)
            data = handle.read(frame_bytes)
            if len(data) < frame_bytes:
                raise ScanError(f"{header.part} is truncated. Fetch the file again.")
            yield np.frombuffer(data, dtype).reshape(shape)


def _decode(header: Header, indices: list[int], opener: Opener) -> Iterator[NDArray[Any]]:
    """Decode with pydicom's plugins, or with GDCM what they cannot (JPEG lossless, 12-bit JPEG)."""
    done = 0
    try:
        with opener.open_whole(header.part) as handle:
            for pixels in iter_pixels(handle, indices=indices, raw=True):
                yield pixels
                done += 1
    # pydicom has no error of its own for a missing decoder or damaged pixels.
    except PARSER_ERRORS as error:
        from lesionary.scan.dicom.gdcm import decode_with_gdcm

        yield from decode_with_gdcm(header, indices[done:], opener, reason=error)


def _signed(header: Header) -> bool:
    return header.unsigned("PixelRepresentation") == 1


def _swapped_bytes(header: Header) -> bool:
    """Bytes in big-endian words come in swapped pairs, which pydicom sorts out."""
    return header.transfer_syntax == ExplicitVRBigEndian and header.unsigned("BitsAllocated") == 8


def _significant(pixels: NDArray[Any], header: Header) -> NDArray[Any]:
    """Clear bits that are not pixel (overlays were once kept there), and extend the sign."""
    allocated = pixels.dtype.itemsize * 8
    bits = header.unsigned("BitsStored", allocated) or allocated
    # The other decoders know where the bits are and have done this already.
    if bits >= allocated or header.transfer_syntax not in (*NATIVE, RLELossless):
        return pixels
    above = allocated - 1 - header.unsigned("HighBit", bits - 1)
    shifted: NDArray[Any] = np.right_shift(np.left_shift(pixels, above), allocated - bits)
    return shifted


def _rescale(pixels: NDArray[Any], frame: Frame, scale: float, out: NDArray[Any]) -> None:
    slope, intercept = frame.slope * scale, frame.intercept * scale
    if slope == 1 and out.dtype != np.float64:
        # Whole numbers below 2^24 are exact in float32 too, and it takes a third of the time.
        np.add(pixels, intercept, out=out, dtype=out.dtype, casting="unsafe")
    else:
        out[...] = pixels * np.float64(slope) + intercept
