"""Fetch weights: resumed where a download stopped, checked, and whole or absent."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lesionary.encode.cache import cached_path, find_weights
from lesionary.encode.card import ModelCard
from lesionary.errors import WeightsError
from lesionary.files import sha256
from lesionary.progress import track

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Download:
    """What there is to fetch: from which address, to which file."""

    url: str
    target: Path

    @property
    def part(self) -> Path:
        """What has come so far."""
        return self.target.with_name(self.target.name + ".part")


def plan_download(card: ModelCard) -> Download | None:
    """Return what there is to fetch for a card: None where it is here; raise where it cannot be."""
    if card.weights is None:
        brought = f"its package brings them; {card.requires}" if card.requires else "it has none"
        raise WeightsError(f"There are no weights to fetch for {card.name}: {brought}.")
    target = cached_path(card.weights)
    if target.is_file():
        return None
    if card.weights.url is None:
        raise WeightsError(
            f"No fixed address is known for the weights of {card.name}. Get {target.name} at "
            f"{card.weights.page} and put it at {target}. Their licence: {card.weights_licence}."
        )
    return Download(card.weights.url, target)


def fetch_weights(card: ModelCard) -> Path:
    """Download the weights of a card into the weights folder, unless they are there.

    A download that stopped goes on where it was. The file gets its name only when its size and
    SHA-256, where the card states them, are right.

    Returns
    -------
    Path
        Of the file.
    """
    download = plan_download(card)
    if download is None:
        return find_weights(card)
    download.target.parent.mkdir(parents=True, exist_ok=True)
    _download(download.url, download.part, f"Weights of {card.name}")
    _check(download.part, card)
    download.part.replace(download.target)
    return download.target


def _download(url: str, part: Path, description: str) -> None:
    """Append to ``part`` what is missing of it."""
    try:
        with _open(url, part) as response:
            resumed = response.status == http.client.PARTIAL_CONTENT
            missing = int(response.headers.get("Content-Length") or 0)
            done = part.stat().st_size if resumed else 0
            received = 0
            with part.open("ab" if resumed else "wb") as file:
                for block in track(
                    _blocks(response), description, total=-(-missing // _BLOCK) or None
                ):
                    file.write(block)
                    received += len(block)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing: it stopped after the last byte
        raise WeightsError(
            f"{url} answers {error.code} ({error.reason}). Its licence may need to be accepted "
            f"there first. Or get the file another way and name it with --weights."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        have = part.stat().st_size if part.exists() else 0
        raise WeightsError(
            f"The download of {url} stopped ({error}). {have:,} bytes are kept; the same command "
            "goes on from there. Without a network, get the file elsewhere and name it with "
            "--weights."
        ) from error
    if received < missing:
        raise WeightsError(
            f"The download of {url} stopped after {done + received:,} of {done + missing:,} bytes. "
            "They are kept; the same command goes on from there."
        )


def _open(url: str, part: Path) -> http.client.HTTPResponse:
    headers = {"User-Agent": "lesionary"}
    if part.exists() and part.stat().st_size:
        headers["Range"] = f"bytes={part.stat().st_size}-"
    # A card's URL is http or https, by its schema.
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    response: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310
        request, timeout=_TIMEOUT_SECONDS
    )
    return response


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while block := response.read(_BLOCK):
        yield block


def _check(part: Path, card: ModelCard) -> None:
    assert card.weights is not None
    size, stated = part.stat().st_size, card.weights.size_bytes
    if stated and size != stated:
        part.unlink()
        raise WeightsError(
            f"{card.weights.url} gave {size:,} bytes, and the card says {stated:,}. What came is "
            "deleted; the file there may have changed, or a page came instead of it."
        )
    if card.weights.sha256 and (digest := sha256(part)) != card.weights.sha256:
        part.unlink()
        raise WeightsError(
            f"{card.weights.url} gave a file with the SHA-256 {digest}, and the card says "
            f"{card.weights.sha256}. What came is deleted; try again, and if it is the same, the "
            "file there has changed."
        )
