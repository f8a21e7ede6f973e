"""What one DICOM file says of itself, as far as its place in a scan depends on it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from lesionary.errors import ScanError
from lesionary.scan.dicom.parts import Part

NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)

#: Attributes that tell images at one position apart (phases, echoes, repeated acquisitions).
DISTINGUISHING = (
    "ImageType",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "EchoTime",
    "InversionTime",
    "TriggerTime",
    "DiffusionBValue",
    "FrameReferenceTime",
    "AcquisitionTime",
)

#: What pydicom raises on damaged files, besides what it warns of.
PARSER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class Header:
    """The attributes of one file that its place in a scan depends on.

    Attributes
    ----------
    values : mapping
        Keyword to undecoded value; use the methods.
    pixels_at, pixels_length : int
        Where the value of Pixel Data begins (in the inflated data set where the file is
        deflated) and how long it says it is; 0 where the file has none.
    size : int
        Bytes in the file (in the inflated data set).
    enhanced : bool
        Whether functional groups describe its frames.
    """

    part: Part
    transfer_syntax: UID
    values: Mapping[str, bytes]
    pixels_at: int
    pixels_length: int
    size: int
    enhanced: bool

    def text(self, keyword: str) -> str:
        """Return an attribute's text, or an empty string."""
        return self.values.get(keyword, b"").decode("latin-1").strip(" \0")

    def words(self, keyword: str) -> str:
        """Return text that people wrote, in the file's character set."""
        character_sets = convert_encodings(self.text("SpecificCharacterSet").split("\\"))
        return decode_bytes(self.values.get(keyword, b""), character_sets, set()).strip(" \0")

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Return the ``count`` decimal numbers of an attribute, or None where it is absent."""
        text = self.text(keyword)
        if not text:
            return None
        try:
            values = tuple(float(item) for item in text.split("\\"))
        except ValueError:
            values = ()
        if len(values) != count:
            raise ScanError(f"{self.part}: {keyword} should be {count} number(s), but is {text!r}.")
        return values

    def number(self, keyword: str, default: float) -> float:
        """Return an attribute's one decimal number, or ``default``."""
        values = self.numbers(keyword, 1)
        return default if values is None else values[0]

    def unsigned(self, keyword: str, default: int = 0) -> int:
        """Return a binary unsigned short, or ``default``."""
        value = self.values.get(keyword, b"")
        order = ">" if self.transfer_syntax == ExplicitVRBigEndian else "<"
        return int(struct.unpack(f"{order}H", value[:2])[0]) if len(value) >= 2 else default

    @property
    def n_frames(self) -> int:
        """Number of frames, one in a classic slice."""
        return int(self.number("NumberOfFrames", 1))

    @property
    def has_pixels(self) -> bool:
        """Whether there is Pixel Data, as far as the header was read."""
        return self.pixels_at > 0 or self.enhanced


@contextmanager
def refuse_damage(header: Header) -> Iterator[None]:
    """Turn what pydicom raises in the block into an error that names the file."""
    try:
        yield
    except PARSER_ERRORS as error:
        # The parser's own message may quote a value that identifies a patient.
        raise ScanError(
            f"{header.part}: its header is damaged ({type(error).__name__}). Fetch the file again."
        ) from error
