"""How a feature table was made, and in what two ways of making differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from lesionary import __version__
from lesionary.encode.card import ModelCard
from lesionary.scan.recipe import Recipe

_PACKAGES = ("torch", "monai", "numpy")
_MOST_TOLD = 5
_MOST_LISTED = 100_000
"""Lesions whose input's hash is listed one by one; beyond, a digest of all stands for them."""


def settings(
    encoders: Sequence[tuple[ModelCard, str, Recipe]],
    *,
    precision: str,
    precropped: bool,
    device: str,
    batch_size: int,
) -> dict[str, Any]:
    """Describe what a run's numbers depend on besides its rows and scans.

    Parameters
    ----------
    encoders : sequence of (ModelCard, str, Recipe)
        Card, hash of the weights, and the recipe that was used.
    """
    return {
        "encoders": [
            {
                "name": card.name,
                "dimension": card.dimension,
                "card_hash": card.hash,
                "weights_hash": weights_hash,
                "recipe": recipe.model_dump(mode="json", exclude={"description"}),
            }
            for card, weights_hash, recipe in encoders
        ],
        "precision": precision,
        "precropped": precropped,
        "device": device,
        "batch_size": batch_size,
        "versions": {"lesionary": __version__, **{name: version(name) for name in _PACKAGES}},
    }


def provenance(
    made: Mapping[str, Any],
    hashes: Mapping[str, str],
    *,
    rows: str,
    column_style: str,
    set_aside: int,
    masks: Mapping[str, str],
) -> dict[str, Any]:
    """Describe a finished table.

    Parameters
    ----------
    made : mapping
        The settings.
    hashes : mapping of str to str
        For each lesion_id, the SHA-256 of the files its scan was read from.
    rows : str
        Digest of the cohort's rows and the state of their files.
    column_style : str
        How the feature columns are called.
    set_aside : int
        Number of rows without features.
    masks : mapping of str to str
        For each lesion_id, the SHA-256 of the files its outline was read from, if it was.
    """
    inputs: dict[str, Any] = {"scans": len(set(hashes.values())), "sha256": digest(hashes)}
    if len(hashes) <= _MOST_LISTED:
        inputs["of_lesion"] = dict(hashes)
    if masks:
        inputs["masks_sha256"] = digest(masks)
    return {
        **made,
        "lesions": len(hashes),
        "set_aside": set_aside,
        "rows": rows,
        "column_style": column_style,
        "inputs": inputs,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def digest(hashes: Mapping[str, str]) -> str:
    """Return one hash for the inputs of all lesions, whatever their order."""
    return hashlib.sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()


def differences(one: Any, other: Any) -> list[str]:
    """Say where two provenances (or parts of them) differ, a phrase each.

    Of an encoder that only one of them has, nothing is said but that.

    Examples
    --------
    >>> differences({"precision": "fp32", "device": "cpu"}, {"precision": "bf16", "device": "cpu"})
    ['precision was fp32, is bf16']
    """
    before, after = dict(_leaves(one)), dict(_leaves(other))
    alone = tuple(f"{name} " for name in _names(one) ^ _names(other))
    return [
        f"{name} was {_short(before.get(name))}, is {_short(after.get(name))}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and not name.startswith(alone)
    ]


def in_words(differing: Sequence[str]) -> str:
    """Return the first few differences, and how many more there are.

    Examples
    --------
    >>> in_words(["a was 1, is 2", "b was 1, is 2"])
    'a was 1, is 2; b was 1, is 2'
    """
    more = len(differing) - _MOST_TOLD
    rest = [f"and {more:,} more"] if more > 0 else []
    return "; ".join([*differing[:_MOST_TOLD], *rest])


def _names(part: Any) -> set[str]:
    """Return what is called by name in a provenance: its encoders."""
    values = part.values() if isinstance(part, Mapping) else ()
    return {
        str(one["name"])
        for value in values
        if isinstance(value, list)
        for one in value
        if isinstance(one, Mapping) and "name" in one
    }


def _leaves(part: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value by a name a person can follow: ``fmcib recipe size_vox``."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _leaves(value, f"{name} {key}".strip())
    elif isinstance(part, list) and part and all(isinstance(one, Mapping) for one in part):
        yield name, _joined(one.get("name") for one in part)
        for one in part:
            yield from _leaves({k: v for k, v in one.items() if k != "name"}, str(one.get("name")))
    else:
        yield name, part


def _joined(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) == 64:
        return f"{value[:12]}..."
    return "absent" if value is None else str(value)
