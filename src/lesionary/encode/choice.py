"""What was asked for: which encoders, with which weights, on which patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lesionary.encode.card import ModelCard
from lesionary.encode.registry import load_card
from lesionary.encode.shards import ExtractionError
from lesionary.scan.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    import torch

    from lesionary.encode.encoder import Encoder

EncoderSource: TypeAlias = "str | Path | ModelCard | Encoder"
Weights: TypeAlias = "str | Path | Mapping[str, str | Path] | None"


@dataclass(frozen=True)
class Choice:
    """Encoders, not yet loaded.

    Attributes
    ----------
    given : tuple
        As they were asked for.
    cards, recipes : tuple
        Of each, its card and how its patches are cut.
    weights : dict of str to path
        By name, those that are not the fetched ones.
    """

    given: tuple[EncoderSource, ...]
    cards: tuple[ModelCard, ...]
    recipes: tuple[Recipe, ...]
    weights: Mapping[str, str | Path]

    @property
    def distinct(self) -> list[Recipe]:
        """Each recipe once: encoders with the same one share their patches."""
        return list(dict.fromkeys(self.recipes))

    def load(self, device: torch.device) -> list[Encoder]:
        """Load the networks with their weights to where they will run."""
        from lesionary.encode.encoder import load_encoder
        from lesionary.encode.inference import speed_up

        encoders = []
        for given, card in zip(self.given, self.cards, strict=True):
            encoder = (
                speed_up(load_encoder(given, self.weights.get(card.name)), device)
                if isinstance(given, str | Path | ModelCard)
                else given
            )
            encoders.append(encoder.eval().to(device))
        return encoders


def choose(
    encoder: EncoderSource | Sequence[EncoderSource],
    weights: Weights = None,
    recipe: str | Path | Recipe | None = None,
) -> Choice:
    """Look up the cards of what was asked for; see :func:`lesionary.encode.run_extraction`."""
    given = (
        tuple(encoder)
        if isinstance(encoder, Sequence) and not isinstance(encoder, str)
        else (encoder,)
    )
    cards = tuple(
        load_card(one) if isinstance(one, str | Path | ModelCard) else one.card for one in given
    )
    names = [card.name for card in cards]
    if not names or len(set(names)) < len(names):
        raise ExtractionError(f"Give at least one encoder, and each once, not {names}.")
    if weights is None:
        weights = {}
    elif isinstance(weights, str | Path):
        if len(names) > 1:
            raise ExtractionError(
                f"Say which encoder the weights {weights} are of, as {names[0]}={weights}."
            )
        weights = {names[0]: weights}
    if unknown := [name for name in weights if name not in names]:
        raise ExtractionError(f"There are weights of {unknown}, but the encoders are {names}.")
    recipes = tuple(load_recipe(recipe) if recipe else card.input for card in cards)
    return Choice(given, cards, recipes, weights)
