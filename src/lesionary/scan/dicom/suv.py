"""From a PET image's values to standardised uptake values by body weight (SUV bw, g/mL).

Follows the vendor-neutral pseudo-code of the QIBA FDG-PET profile: SUV = activity
concentration / (injected dose, decayed to the time the image is corrected to / body weight).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from math import exp, log

from pydicom import Dataset
from pydicom.dataset import PrivateBlock
from pydicom.valuerep import DA, DT, TM

from lesionary.scan.dicom.header import PARSER_ERRORS, Header

#: What :func:`suv_scale` looks at; the last lines are private, of Philips and GE.
SUV_KEYWORDS = (
    "PatientWeight",
    "Units",
    "SUVType",
    "DecayCorrection",
    "DecayCorrected",
    "DecayCorrectionDateTime",
    "CorrectedImage",
    "RadiopharmaceuticalInformationSequence",
    "FrameReferenceTime",
    "ActualFrameDuration",
    *("70530010", "70531000", "70531009"),
    *("00090010", "0009100D"),
)

_BECQUEREL = ("BQML", "Bq/ml", "Bq/mL")
_ALREADY_SUV = ("GML", "g/ml{SUVbw}", "{SUVbw}g/ml", "g/mL{SUVbw}", "{SUVbw}g/mL")


class SuvUnknownError(Exception):
    """SUV cannot be computed; the message says what is missing."""


def suv_scale(headers: Sequence[Header], dataset: Dataset, units: str) -> float:
    """Return the factor from a PET series' rescaled values to SUV bw.

    Parameters
    ----------
    headers : sequence of Header
        All files of the series.
    dataset : Dataset
        ``SUV_KEYWORDS`` of one of them.
    units : str
        Units of an enhanced object's frames, where the data set has none.

    Raises
    ------
    SuvUnknownError
        Where the header lacks what is needed.
    """
    try:
        return _scale(headers, dataset, units)
    except PARSER_ERRORS as error:
        raise SuvUnknownError("an attribute that it takes is damaged") from error


def _scale(headers: Sequence[Header], dataset: Dataset, units: str) -> float:
    units = str(dataset.get("Units") or units)
    if units in _ALREADY_SUV:
        if dataset.get("SUVType", "BW") not in ("BW", ""):
            raise SuvUnknownError(f"values are SUV by {dataset.SUVType}, not by body weight")
        return 1.0
    if units == "CNTS":
        philips = _private(dataset, 0x7053, "Philips PET Private Group")
        if to_suv := _private_number(philips, 0x00):
            return to_suv
        if to_becquerel := _private_number(philips, 0x09):
            return to_becquerel * _per_becquerel(headers, dataset)
        raise SuvUnknownError("values are counts, without Philips' private factor (7053,1000)")
    if units in _BECQUEREL:
        return _per_becquerel(headers, dataset)
    raise SuvUnknownError(f"values are in {units or 'unstated units'}")


def _per_becquerel(headers: Sequence[Header], dataset: Dataset) -> float:
    """SUV of one Bq/mL: body weight in g over the dose in Bq at the time of reference."""
    weight_kg = float(dataset.get("PatientWeight") or 0)
    if weight_kg <= 0:
        raise SuvUnknownError("PatientWeight is missing")
    tracers = dataset.get("RadiopharmaceuticalInformationSequence") or [Dataset()]
    tracer = tracers[0]
    dose_bq = float(tracer.get("RadionuclideTotalDose") or 0)
    if dose_bq <= 0:
        raise SuvUnknownError("RadionuclideTotalDose is missing")
    corrected = dataset.get("DecayCorrection")
    if corrected == "ADMIN":
        return weight_kg * 1000 / dose_bq
    half_life_s = float(tracer.get("RadionuclideHalfLife") or 0)
    if half_life_s <= 0:
        raise SuvUnknownError("RadionuclideHalfLife is missing")
    if dataset.get("DecayCorrected") == "YES" and dataset.get("DecayCorrectionDateTime"):
        reference = _moment(dataset.DecayCorrectionDateTime)
    elif corrected == "START":
        reference = _scan_start(headers, dataset, half_life_s)
    else:
        raise SuvUnknownError("the images are not decay-corrected to injection or start of scan")
    waited_s = (reference - _injection(tracer, reference)).total_seconds()
    return float(weight_kg * 1000 / (dose_bq * 0.5 ** (waited_s / half_life_s)))


def _scan_start(headers: Sequence[Header], dataset: Dataset, half_life_s: float) -> datetime:
    """When the scan began: the series' time, unless that was rewritten by later processing."""
    acquired = min(_combine(h.text("AcquisitionDate"), h.text("AcquisitionTime")) for h in headers)
    first = headers[0]
    if first.text("SeriesDate") and first.text("SeriesTime"):
        series = _combine(first.text("SeriesDate"), first.text("SeriesTime"))
        if series <= acquired:
            return series
    ge = _private(dataset, 0x0009, "GEMS_PETD_01")
    if ge is not None and 0x0D in ge:
        return _moment(ge[0x0D].value)
    reference_ms = dataset.get("FrameReferenceTime")
    duration_ms = dataset.get("ActualFrameDuration")
    if reference_ms is None or not duration_ms:
        raise SuvUnknownError("the start of the scan is unknown (SeriesTime is after acquisition)")
    this = next(
        (h for h in headers if h.number("FrameReferenceTime", -1) == float(reference_ms)), first
    )
    decay = log(2) / half_life_s
    during = decay * float(duration_ms) / 1000
    average_s = log(during / (1 - exp(-during))) / decay
    shot = _combine(this.text("AcquisitionDate"), this.text("AcquisitionTime"))
    return shot - timedelta(seconds=float(reference_ms) / 1000 - average_s)


def _injection(tracer: Dataset, reference: datetime) -> datetime:
    """When the tracer was injected: within the day before ``reference``."""
    day = timedelta(days=1)
    if full := tracer.get("RadiopharmaceuticalStartDateTime"):
        injected = _moment(full)
        if timedelta(0) <= reference - injected < day:
            return injected
    clock = tracer.get("RadiopharmaceuticalStartTime")
    if not clock:
        raise SuvUnknownError("the time of injection is missing")
    injected = datetime.combine(reference.date(), _time(str(clock)))
    return injected if injected <= reference else injected - day


def _combine(day: str, clock: str) -> datetime:
    try:
        parsed = DA(day)
    except ValueError:
        parsed = None
    if parsed is None or not clock:
        raise SuvUnknownError("date or time of acquisition is missing")
    return datetime.combine(date(parsed.year, parsed.month, parsed.day), _time(clock))


def _time(text: str) -> time:
    try:
        parsed = TM(text)
    except ValueError:
        parsed = None
    if parsed is None:
        raise SuvUnknownError("a time in the header is not readable")
    return time(parsed.hour, parsed.minute, parsed.second, parsed.microsecond)


def _moment(value: object) -> datetime:
    """Read date and time; the offset from UTC is dropped, as the header's other times have none."""
    try:
        parsed = DT(value.decode() if isinstance(value, bytes) else str(value))
    except ValueError:
        parsed = None
    if parsed is None:
        raise SuvUnknownError("a date and time in the header is not readable")
    return datetime.combine(parsed.date(), parsed.time())


def _private(dataset: Dataset, group: int, creator: str) -> PrivateBlock | None:
    try:
        return dataset.private_block(group, creator)
    except KeyError:
        return None


def _private_number(block: PrivateBlock | None, element: int) -> float:
    if block is None or element not in block:
        return 0.0
    value = block[element].value
    return float(value.decode() if isinstance(value, bytes) else value)
