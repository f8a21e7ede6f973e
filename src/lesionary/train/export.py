"""From a trained network to an encoder that everything else takes by its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file

from lesionary.encode.card import ModelCard, WeightsFile
from lesionary.encode.encoder import Encoder
from lesionary.encode.registry import CARD_FILE
from lesionary.files import atomic_path, sha256

WEIGHTS = "weights.safetensors"
_UNPUBLISHED = "Not published"
_LIMIT = "Trained by its user; not validated by anyone else unless they say so."


def export_encoder(
    encoder: Encoder,
    folder: Path,
    *,
    name: str,
    title: str,
    description: str,
    training_data: str,
    record: Mapping[str, Any],
) -> ModelCard:
    """Write an encoder's weights and card.

    Parameters
    ----------
    encoder : Encoder
        As it is now. Its own card says what network it is and how its patches are cut; if it had
        weights before, also what holds of those still: licence, training data, limits, citation.
    folder : Path
    name, title, description, training_data
        Of the new card; the data are those of this training alone.
    record : mapping
        How it was trained, as plain values.

    Returns
    -------
    ModelCard
        As written; its weights are beside it.
    """
    weights = folder / WEIGHTS
    tensors = {
        key: value.detach().cpu().contiguous()
        for key, value in encoder.network.state_dict().items()
    }
    with atomic_path(weights) as temporary:
        save_file(tensors, temporary)
    card = encoder.card.model_copy(
        update={
            "name": name,
            "title": title,
            "description": description,
            "parameters": sum(one.numel() for one in encoder.network.parameters()),
            "weights": WeightsFile(
                path=WEIGHTS, sha256=sha256(weights), size_bytes=weights.stat().st_size
            ),
            **_origin(encoder.card, training_data),
            "training": dict(record),
            "bf16_cosine": None,
            "bf16_own_weights": False,
        }
    )
    values = json.loads(card.model_dump_json(exclude_defaults=True))
    with atomic_path(folder / CARD_FILE) as temporary:
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=98)
        temporary.write_text(text, encoding="utf-8")
    return card


def _origin(start: ModelCard, training_data: str) -> dict[str, Any]:
    """Return what a card says of rights and data, where the training started from another's."""
    if start.weights is None and start.requires is None:  # random weights are nobody's
        return {
            "weights_licence": "yours to choose, as far as the licences of the data allow",
            "non_commercial": False,
            "citation": _UNPUBLISHED,
            "training_data": training_data,
            "limits": (_LIMIT,),
        }
    unpublished = start.citation.startswith(_UNPUBLISHED)
    return {
        "weights_licence": start.weights_licence,
        "non_commercial": start.non_commercial,
        "citation": start.citation if unpublished else f"{_UNPUBLISHED}; based on {start.citation}",
        "training_data": f"{start.training_data}; then {training_data}",
        "limits": (*(limit for limit in start.limits if limit != _LIMIT), _LIMIT),
    }
