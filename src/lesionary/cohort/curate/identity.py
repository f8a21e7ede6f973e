"""Words and dates that give a patient away, and texts without them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import permutations

_SHORTEST_NUMBER = 3
"""Characters: shorter numbers (a patient called 7) are in everything."""
_SHORTEST_NAME = 2
_NAMING_PARTS = 3
"""Of a DICOM name's components: family, given and middle name; then prefix and suffix."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})
# Chinese, Japanese and Korean stand without spaces: a name is found wherever it is.
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_SEPARATORS = re.compile(r"[\s^=\\,;'\[\]]+")
# As a year from 1900 to 2099, or the other way round; month and day may be swapped.
_DATE = re.compile(
    r"(?<!\d)(?:"
    r"(?:19|20)\d\d(?P<a>[-_./]?)(?:0\d|1[0-2])(?P=a)(?:[0-2]\d|3[01])(?:\d{6})?"
    r"|(?:[0-2]?\d|3[01])(?P<b>[-_./])(?:[0-2]?\d|3[01])(?P=b)(?:19|20)\d\d"
    r")(?!\d)"
)
_FORMS = (
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y_%m_%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%y%m%d",
)


def identity_words(names: Iterable[object], numbers: Iterable[object] = ()) -> frozenset[str]:
    """Return the words of names and numbers, as DICOM values hold them, in lower case.

    Of a name, these are its words, the parts of double names, names in one (DoeJ, JaneDoe), and all
    of them without accents.

    Examples
    --------
    >>> sorted(identity_words(["Doe^Jane"], ["4711-0815"]))
    ['4711-0815', 'doe', 'doejane', 'jane', 'janedoe']
    """
    words = {word for name in names for word in _words_of_name(str(name or "").lower())}
    for number in numbers:
        text = str(number or "").lower()
        words |= {word for word in (text, *_SEPARATORS.split(text)) if _is_number(word)}
    return frozenset(words)


def without_words(text: str, words: frozenset[str]) -> str:
    """Take words out of a text, where they stand alone; upper case or lower.

    Examples
    --------
    >>> without_words("DOE_GTV-1", frozenset({"doe"}))
    'GTV-1'
    """
    return _tidied(text, replace_words(text, words, " "))


def without_identity(text: str, words: frozenset[str], dates: frozenset[str] = frozenset()) -> str:
    """Take words that name the patient, and dates, out of a text that people wrote.

    Parameters
    ----------
    text : str
    words : frozenset of str
        As of :func:`identity_words`.
    dates : frozenset of str
        As DICOM writes them; taken out as they are usually written. So is all that looks like a
        date of the last century or this one.

    Examples
    --------
    >>> without_identity("Thorax DOE venous 12.3.2019", frozenset({"doe"}))
    'Thorax venous'
    """
    rest = _DATE.sub(" ", replace_words(text, words, " "))
    rest = replace_words(rest, written_dates(dates), " ")
    return _tidied(text, rest)


def _tidied(text: str, rest: str) -> str:
    return text if rest == text else " ".join(rest.split()).strip(" _-^,;:")


def replace_words(text: str, words: frozenset[str], by: str) -> str:
    """Put something else in the place of words, where they stand alone; upper case or lower."""
    naming = _naming(words)
    return text if naming is None else naming.sub(by, text)


@lru_cache(maxsize=4096)
def written_dates(days: frozenset[str]) -> frozenset[str]:
    """Return DICOM dates as people write them; what is no date is left out.

    Examples
    --------
    >>> "12.03.2019" in written_dates(frozenset(["20190312"]))
    True
    """
    return frozenset(
        form for day in days if (date := _day(day)) for form in map(date.strftime, _FORMS)
    )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return None


def _words_of_name(name: str) -> Iterator[str]:
    for group in name.split("="):  # as letters, as ideograms, as sounds
        parts = [list(_with_halves(part)) for part in group.split("^")]
        naming, titles = parts[:_NAMING_PARTS], parts[_NAMING_PARTS:]
        whole = [a + b for one, other in permutations(naming, 2) for a in one for b in other]
        for word in (*(word for part in naming for word in part), *whole):
            yield from (one for one in _spellings(word) if _is_name(one))
        yield from (word for part in titles for word in part if _is_number(word))


def _with_halves(part: str) -> Iterator[str]:
    """Yield the words of a part of a name; of a double name, its halves and both in one."""
    for word in filter(None, _SEPARATORS.split(part)):
        yield word
        if "-" in word:
            yield from (*filter(None, word.split("-")), word.replace("-", ""))


def _spellings(word: str) -> set[str]:
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", word)
        if not unicodedata.combining(letter)
    )
    return {word} if _UNSPACED.search(word) else {word, plain, word.translate(_UMLAUTS)}


def _is_name(word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    return letters >= _SHORTEST_NAME or len(word) >= _SHORTEST_NUMBER


def _is_number(word: str) -> bool:
    return len(word) >= _SHORTEST_NUMBER


@lru_cache(maxsize=4096)
def _naming(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_alone, longest_first)), re.IGNORECASE)


def _alone(word: str) -> str:
    """Return the pattern of a word: of letters, between others than letters; or else numbers."""
    if _UNSPACED.search(word):
        return re.escape(word)
    more = r"[^\W_]" if any(map(str.isdigit, word)) else r"[^\W\d_]"
    return f"(?<!{more}){re.escape(word)}(?!{more})"
