"""Names for people and things that tell nothing, and are the same wherever they occur.

A code is a keyed hash (HMAC-SHA256) of what it stands for. Who has the secret makes the same
codes again, also in later deliveries; who has not can neither reverse them nor check a guess.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lesionary.cohort.curate.export.ledger import ExportError

_SHORTEST = 16
_MOST_DAYS = 3650


@dataclass(frozen=True)
class Pseudonyms:
    """Codes made with one secret.

    Examples
    --------
    >>> codes = Pseudonyms(b"0123456789abcdef")
    >>> codes.code("patient", "DOE^JANE") == codes.code("patient", "DOE^JANE")
    True
    >>> codes.uid("1.2.3")[:5]
    '2.25.'
    """

    secret: bytes

    def code(self, kind: str, text: str, length: int = 12) -> str:
        """Return a code of hexadecimal digits for ``text``, another one for every ``kind``."""
        return self._digest(kind, text).hex()[:length].upper()

    def uid(self, uid: str) -> str:
        """Return the UID that stands for ``uid`` (2.25 and a UUID: valid, and nobody's)."""
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', uid)[:16], version=5).int}"

    def days(self, patient: str) -> int:
        """Return by how many days (-3650 to -1) all dates of a patient are shifted."""
        number = int.from_bytes(self._digest("days", patient)[:8], "big")
        return -1 - number % _MOST_DAYS

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.new(self.secret, f"{kind}\0{text}".encode(), sha256).digest()


def read_secret(path: str | Path, *outside: Path) -> bytes:
    """Read a secret; where there is no such file, make one that only its owner can read.

    Raises
    ------
    ExportError
        If the file is inside a folder of results, with which it would be handed on.
    """
    path = Path(path)
    refuse_inside(path, "The secret", *outside)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    secret = path.read_bytes().strip()
    if len(secret) < _SHORTEST:
        raise ExportError(
            f"The secret in {path} has {len(secret)} bytes, and one that cannot be guessed has at "
            f"least {_SHORTEST}. Name a file that does not exist to have one made."
        )
    return secret


def refuse_inside(path: Path, what: str, *folders: Path) -> None:
    """Raise where a file that identifies people is to lie among the results."""
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            raise ExportError(
                f"{what} ({path}) must not lie in {folder}: whoever gets the results could tell "
                "who is who. Name a file elsewhere."
            )
