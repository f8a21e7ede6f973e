"""From a trained network to an encoder that everything else takes by its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file

from lesionary.encode.card import ModelCard, WeightsFile
from lesionary.encode.encoder import Encoder
from lesionary.files import atomic_path, sha256

CARD, WEIGHTS, RECORD = "card.yaml", "weights.safetensors", "training.yaml"


def export_encoder(
    encoder: Encoder,
    folder: Path,
    *,
    name: str,
    title: str,
    description: str,
    training_data: str,
    limits: Sequence[str] = (),
    record: Mapping[str, Any],
) -> ModelCard:
    """Write an encoder's weights and card.

    Parameters
    ----------
    encoder : Encoder
        As it is now; its own card says what network it is and how its patches are cut.
    folder : Path
    name, title, description, training_data, limits
        Of the new card.
    record : mapping
        How it was trained, in numbers and text: written beside the card.

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
    old = encoder.card
    card = old.model_copy(
        update={
            "name": name,
            "title": title,
            "description": description,
            "training_data": training_data,
            "parameters": sum(one.numel() for one in encoder.network.parameters()),
            "limits": tuple(limits),
            "weights": WeightsFile(
                path=WEIGHTS, sha256=sha256(weights), size_bytes=weights.stat().st_size
            ),
            "weights_licence": "yours to choose, as far as the licences of the data allow",
            "citation": "Not published",
            "bf16_cosine": None,
        }
    )
    _write_yaml(folder / RECORD, record)
    _write_yaml(folder / CARD, json.loads(card.model_dump_json(exclude_defaults=True)))
    return card


def _write_yaml(path: Path, values: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        text = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=98)
        temporary.write_text(text, encoding="utf-8")
