"""Where weights lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from lesionary.encode.card import ModelCard, WeightsFile
from lesionary.errors import WeightsError

VARIABLE = "LESIONARY_WEIGHTS"


def weights_folder() -> Path:
    """Return the folder of downloaded weights: ``LESIONARY_WEIGHTS``, else the user's cache."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else platformdirs.user_cache_path("lesionary") / "weights"


def cached_path(weights: WeightsFile) -> Path:
    """Return where a card's weights are, or will be once fetched."""
    return Path(weights.path) if weights.path else weights_folder() / weights.file_name


def find_weights(card: ModelCard) -> Path:
    """Return the file of a card's weights; raise with what to do where it is not here."""
    if card.weights is None:
        raise WeightsError(f"{card.name} has no weights file.")
    path = cached_path(card.weights)
    if path.is_file():
        return path
    if card.weights.url:
        how = f"run `lesionary encoders fetch {card.name}` where there is a network"
    else:
        how = f"get {card.weights.file_name} at {card.weights.page} and put it there"
    raise WeightsError(
        f"The weights of {card.name} are not at {path}: {how}, or name the file with --weights, "
        f"or its folder with {VARIABLE}."
    )


def weights_state(card: ModelCard) -> str:
    """Say in a few words whether a card's weights are on this machine."""
    if card.weights is None:
        return "from its package" if card.requires else "random"
    if card.weights.path:
        return "with the card"
    if cached_path(card.weights).is_file():
        return "here"
    return "to fetch" if card.weights.url else "to get by hand"
