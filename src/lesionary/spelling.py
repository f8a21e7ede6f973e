"""What somebody may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_CUTOFF = 0.6
_MOST_SHOWN = 40


def nearest(word: str, known: Iterable[str], *, cutoff: float = _CUTOFF) -> str | None:
    """Return the known name nearest to a word, whatever its case, or None if none is near.

    Examples
    --------
    >>> nearest("Optimiser", ["objective", "optimizer"])
    'optimizer'
    """
    lower = {name.strip().lower(): name for name in known}
    close = get_close_matches(word.strip().lower(), lower, n=1, cutoff=cutoff)
    return lower[close[0]] if close else None


def hint(word: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to a word, or which there are, to end a message with.

    Examples
    --------
    >>> print("There is no metric 'acc'" + hint("acc", ["auc", "f1"]) + ".")
    There is no metric 'acc' (did you mean 'auc'?).
    >>> print("There is no metric 'x'" + hint("x", ["auc", "f1"]) + ".")
    There is no metric 'x' (there are: auc, f1).
    """
    names = list(known)
    close = nearest(word, names)
    if close:
        return f" (did you mean {close!r}?)"
    shown, more = names[:_MOST_SHOWN], len(names) - _MOST_SHOWN
    rest = f", and {more:,} more" if more > 0 else ""
    return f" (there are: {', '.join(shown) or 'none'}{rest})"
