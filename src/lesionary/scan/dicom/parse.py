"""Read headers as far as the pixels and no further, and open the files again where asked.

A folder holds hundreds of files. pydicom's element generator, asked for the attributes below
and without a data set around it, takes half the time of :func:`pydicom.dcmread`, and a third
where values would be converted too. They stay bytes until somebody wants them.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, BinaryIO

from pydicom import Dataset
from pydicom.filereader import data_element_generator
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from lesionary.progress import track
from lesionary.scan.dicom.header import DISTINGUISHING, Header
from lesionary.scan.dicom.parts import Opener, Part

_KEYWORDS = (
    *DISTINGUISHING,
    "SpecificCharacterSet",
    "SOPClassUID",
    "Modality",
    "SeriesDescription",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
)
_TAGS = {int(Tag(keyword)): keyword for keyword in _KEYWORDS}

_PIXEL_DATA = 0x7FE00010
_FUNCTIONAL_GROUPS = (0x52009229, 0x52009230)
#: Where reading a header ends: at the pixels, or at what is long and not needed to know a file
#: (directory records, SR content, RT contents, float pixels, functional groups).
_STOPS = frozenset(
    {
        _PIXEL_DATA,
        *_FUNCTIONAL_GROUPS,
        *(0x00041220, 0x0040A730, 0x30020002, 0x30040002, 0x30060002, 0x300A0002),
        *(0x7FE00008, 0x7FE00009),
    }
)


def read_headers(parts: Iterable[Part], opener: Opener) -> tuple[list[Header], list[str]]:
    """Read the header of every DICOM file among ``parts``.

    Returns
    -------
    headers : list of Header
        Of the DICOM files; other files are passed over.
    unreadable : list of str
        The DICOM files that could not be read, each with the reason.
    """
    headers: list[Header] = []
    unreadable: list[str] = []
    for part in track(list(parts), "Reading headers"):
        try:
            header = _read_header(part, opener)
        # A damaged file can make a parser raise anything. Its values may identify a patient, so
        # only the kind of the error is told.
        except Exception as error:
            unreadable.append(f"{part} ({type(error).__name__})")
            continue
        if header is None:
            continue
        if header.text("SeriesInstanceUID"):
            headers.append(header)
        else:
            unreadable.append(f"{part} (no SeriesInstanceUID)")
    return headers, unreadable


def open_pixels(header: Header, opener: Opener) -> BinaryIO:
    """Open the bytes that ``header.pixels_at`` counts in."""
    if header.transfer_syntax == DeflatedExplicitVRLittleEndian:
        return _open_dataset(header, opener)
    return opener.open_whole(header.part)


def read_dataset(header: Header, opener: Opener, keywords: Iterable[str]) -> tuple[Dataset, Header]:
    """Read the named attributes (sequences too) of one file as a pydicom data set.

    Private attributes go by their number in hexadecimal. The header comes back with it and
    knows where the pixels are, also where they lie behind functional groups.
    """
    stop = _Stop(_PIXEL_DATA)
    syntax = header.transfer_syntax
    tags = [int(Tag(keyword)) for keyword in keywords]
    with _open_dataset(header, opener) as handle:
        elements = {element.tag: element for element in _elements(handle, syntax, stop, tags)}
        pixels_at = stop.value_at(handle, _PIXEL_DATA)
    dataset = Dataset(elements)
    dataset.set_original_encoding(syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian)
    return dataset, replace(header, pixels_at=pixels_at, pixels_length=stop.length)


def _open_dataset(header: Header, opener: Opener) -> BinaryIO:
    """Open a file (inflated where it is deflated) at the first element behind the file meta."""
    handle = opener.open(header.part)
    _skip_preamble(handle)
    _read_transfer_syntax(handle)
    if header.transfer_syntax == DeflatedExplicitVRLittleEndian:
        with handle:
            return _inflate(handle)
    return handle


def _read_header(part: Part, opener: Opener) -> Header | None:
    with opener.open(part) as handle:
        if not _skip_preamble(handle):
            return None
        surely_dicom = handle.tell() == 132
        syntax, media_class = _read_transfer_syntax(handle)
        if media_class == MediaStorageDirectoryStorage:
            return None
        size = opener.size(part)
        if syntax == DeflatedExplicitVRLittleEndian:
            handle = _inflate(handle)
            size = len(handle.getvalue())
        stop = _Stop(*_STOPS)
        values = {
            _TAGS[element.tag]: element.value or b""
            for element in _elements(handle, syntax, stop, list(_TAGS))
            if element.tag in _TAGS and isinstance(element.value, bytes | None)
        }
        if not surely_dicom and "SeriesInstanceUID" not in values:
            return None
        pixels_at = stop.value_at(handle, _PIXEL_DATA)
        return Header(
            part,
            syntax,
            values,
            pixels_at=pixels_at,
            pixels_length=stop.length if pixels_at else 0,
            size=size,
            enhanced=stop.tag in _FUNCTIONAL_GROUPS,
        )


class _Stop:
    """Ends pydicom's reading at one of some tags, and remembers which and how it was encoded."""

    def __init__(self, *tags: int) -> None:
        self.tags = frozenset(tags)
        self.tag = 0
        self.length = 0
        self.explicit = False

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        if tag not in self.tags:
            return False
        self.tag, self.length, self.explicit = int(tag), length, vr is not None
        return True

    def value_at(self, handle: BinaryIO, tag: int) -> int:
        """Return where the value of ``tag`` begins, or 0 where reading did not end there.

        pydicom rewinds to the beginning of the element. Tag, VR and length of pixels take 12
        bytes, or 8 without VR.
        """
        return handle.tell() + (12 if self.explicit else 8) if self.tag == tag else 0


def _elements(handle: BinaryIO, syntax: UID, stop: _Stop, tags: list[int]) -> Any:
    return data_element_generator(
        handle,
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
        stop_when=stop,
        specific_tags=tags,
    )


def _skip_preamble(handle: BinaryIO) -> bool:
    """Place ``handle`` at the first element; False where the file is not DICOM."""
    start = handle.read(132)
    if start[128:] == b"DICM":
        return True
    handle.seek(0)
    # Old files come without preamble and begin with one of the first elements of group 2 or 8.
    old = len(start) == 132 and start[:2] in (b"\2\0", b"\10\0")
    return old and start[2] <= 0x18 and start[3] == 0


def _read_transfer_syntax(handle: BinaryIO) -> tuple[UID, str]:
    """Read the file meta information; return transfer syntax and SOP class."""
    begin = handle.tell()
    values = {
        int(element.tag): bytes(element.value or b"")
        for element in data_element_generator(handle, False, True, stop_when=_behind_file_meta)
    }
    if not values:
        handle.seek(begin)
        vr = handle.read(6)[4:6]
        handle.seek(begin)
        guess = ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian
        return guess, ""
    syntax = values.get(0x00020010, ImplicitVRLittleEndian.encode())
    media_class = values.get(0x00020002, b"")
    return UID(syntax.decode("ascii").strip(" \0")), media_class.decode("ascii").strip(" \0")


def _behind_file_meta(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 != 2


def _inflate(handle: BinaryIO) -> io.BytesIO:
    return io.BytesIO(zlib.decompress(handle.read(), -zlib.MAX_WBITS))
