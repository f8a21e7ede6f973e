"""Text in the pixels: what the header says of it, and what a picture looks like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from scipy import ndimage

# Scanners of these make images of tissue and burn nothing in, unless the header says so.
_CLEAN = ("CT", "MR", "PT", "NM", "SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "REG", "SR", "PR", "KO")
_LETTERS = 4
_HEIGHT = (5, 60)


def burned_in(dataset: Dataset) -> str:
    """Say why the pixels may show a name; empty where nothing speaks for it.

    The header decides where it says YES. Where the modality is one that burns text in (US, XA,
    secondary captures, screenshots, photographs), the pixels are looked at.
    """
    if str(dataset.get("BurnedInAnnotation") or "").upper() == "YES":
        return "Its header says that text is burned into its pixels."
    if not _suspicious(dataset):
        return ""
    try:
        pixels = dataset.pixel_array
    except Exception as error:  # whatever a decoder does
        return f"Its pixels cannot be looked at for burned-in text ({type(error).__name__})."
    frames = int(dataset.get("NumberOfFrames") or 1)
    first = pixels[0] if frames > 1 else pixels
    grey = first.max(axis=-1) if int(dataset.get("SamplesPerPixel") or 1) > 1 else first
    return "Its pixels look as if text was burned in." if shows_text(np.asarray(grey)) else ""


def shows_text(image: NDArray[np.generic]) -> bool:
    """Tell whether a line of at least four letters is drawn in the image's brightest or darkest.

    A letter is a connected stroke of almost one value, 5 to 60 pixels high, at most twice as wide
    as high, which fills a part of its box; letters of a line stand side by side, with gaps
    smaller than one and a half times their height.

    Parameters
    ----------
    image : ndarray, shape (y, x)

    Examples
    --------
    >>> shows_text(np.zeros((64, 64)))
    False
    """
    values = image.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if low == high:
        return False
    margin = 0.1 * (high - low)
    return _has_line(values >= high - margin) or _has_line(values <= low + margin)


def _suspicious(dataset: Dataset) -> bool:
    if "PixelData" not in dataset:
        return False
    sop_class = dataset.get("SOPClassUID")
    captured = sop_class is not None and "Secondary Capture" in sop_class.name
    colour = str(dataset.get("PhotometricInterpretation") or "").startswith(("RGB", "YBR", "PAL"))
    screen = any("SCREEN" in str(kind).upper() for kind in dataset.get("ImageType") or [])
    return str(dataset.get("Modality") or "") not in _CLEAN or captured or colour or screen


def _has_line(drawn: NDArray[np.bool_]) -> bool:
    labels, count = ndimage.label(drawn, structure=np.ones((3, 3)))
    if not count:
        return False
    sizes = np.bincount(labels.ravel())[1:]
    letters = []
    for box, size in zip(ndimage.find_objects(labels), sizes.tolist(), strict=True):
        height, width = (side.stop - side.start for side in box)
        filled = size / (height * width)
        if _HEIGHT[0] <= height <= _HEIGHT[1] and width <= 2 * height and filled < 0.95:
            letters.append((box[0].start, box[0].stop, box[1].start, box[1].stop))
    letters.sort(key=lambda box: box[2])
    return any(_line_from(k, letters) >= _LETTERS for k in range(len(letters)))


def _line_from(first: int, letters: list[tuple[int, int, int, int]]) -> int:
    """Count the letters that stand on one line, from one of them to the right."""
    count, (top, bottom, left, right) = 1, letters[first]
    for next_top, next_bottom, next_left, next_right in letters[first + 1 :]:
        height, next_height = bottom - top, next_bottom - next_top
        if next_left - right > 1.5 * height:
            break
        beside = next_left > left and 0.4 <= next_height / height <= 2.5
        shared = min(bottom, next_bottom) - max(top, next_top)
        if beside and shared > 0.5 * min(height, next_height):
            count += 1
            top, bottom, left, right = next_top, next_bottom, next_left, next_right
    return count
