"""Words that name a patient, and texts without them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SHORTEST = 3
"""Letters: shorter words are in everything."""


def identity_words(values: Iterable[object]) -> frozenset[str]:
    """Return the words of names and numbers, as DICOM values hold them.

    Examples
    --------
    >>> sorted(identity_words(["Doe^Jane^A", "4711-0815"]))
    ['4711-0815', 'doe', 'jane']
    """
    return frozenset(
        word.lower()
        for value in values
        for word in re.split(r"[\s^=\\,;'\[\]]+", str(value or ""))
        if len(word) >= _SHORTEST
    )


def without_identity(text: str, words: frozenset[str]) -> str:
    """Take words that name the patient out of a text that people wrote.

    Examples
    --------
    >>> without_identity("Thorax DOE venous", frozenset({"doe"}))
    'Thorax venous'
    >>> without_identity("DOE_GTV-1", frozenset({"doe"}))
    'GTV-1'
    """
    naming = _naming(words)
    if naming is None or not naming.search(text):
        return text
    return " ".join(naming.sub(" ", text).split()).strip(" _-^,;:")


@lru_cache(maxsize=64)
def _naming(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])", re.IGNORECASE)
