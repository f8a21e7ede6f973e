"""Contrast agent: whether it was given, and the phase, as far as headers tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.cohort.curate.rules import Contrast
from lesionary.cohort.curate.series import ImageSeries

#: Seconds from injection.
_DELAYS_S = (("arterial", 10, 50), ("portal venous", 50, 110), ("delayed", 110, 1800))
#: What descriptions of series call phases; arterial spin labelling is none.
_WORDS = {
    "native": r"nativ|native|unenhanced|plain|non[- ]?contrast|pre[- ]?contrast|"
    r"(?:without|no|w/?o)[ _](?:iv[ _])?contrast",
    "arterial": r"arterial(?![ _]spin)|arteriell",
    "portal venous": r"portal|portal[ _-]?venous|porto[ _-]?venous|pv|venous|portovenös|venös",
    "delayed": r"delayed|delay|late[ _]phase|equilibrium",
}


def contrast_flag(series: ImageSeries, asked: Contrast) -> Flag:
    """Judge what the header tells of contrast agent against what is asked for.

    The phase follows from the time since injection; where that is missing, from the description
    of the series, if it names one phase.
    """
    if series.modality not in ("CT", "MR"):
        return impossible("contrast", f"{series.modality} has no phase of contrast.")
    told = {str(value) for value in series.column("contrast")}
    if len(told) > 1:
        return judged("contrast", False, "Some slices name a contrast agent, and others do not.")
    delays = [float(value) for value in series.column("contrast_delay_s")]
    described = described_phase(map(str, series.column("description")))
    if not told and not described:
        return impossible("contrast", "The header says nothing of a contrast agent.")
    given = told == {"yes"} if told else described != "native"
    said, phase = (
        "Contrast agent given" if given else "No contrast agent",
        "" if given else "native",
    )
    if given and delays:
        delay = float(np.median(delays))
        phase = _phase(delay)
        said += f", {delay:.0f} s before ({phase or 'no usual phase'})"
    elif described and given == (described != "native"):
        phase = described
        said += f" ({phase}, by its description)"
    if asked.given is not None and asked.given != given:
        return judged("contrast", False, f"{said}; asked: {'given' if asked.given else 'none'}.")
    if asked.phases is None:
        return judged("contrast", True, f"{said}.")
    if not phase and not delays:
        return impossible("contrast", f"{said}; the time of injection is missing.")
    return judged("contrast", phase in asked.phases, f"{said}; asked: {', '.join(asked.phases)}.")


def described_phase(descriptions: Iterable[str]) -> str:
    """Return the one phase that descriptions name; empty where it is none or several.

    Examples
    --------
    >>> described_phase(["Thorax portal_venous 2.0"])
    'portal venous'
    >>> described_phase(["arterial and venous"])
    ''
    """
    found = {
        phase
        for text in set(descriptions)
        for phase, words in _WORDS.items()
        if re.search(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", text, re.IGNORECASE)
    }
    return found.pop() if len(found) == 1 else ""


def _phase(delay_s: float) -> str:
    return next((name for name, start, end in _DELAYS_S if start <= delay_s < end), "")
