"""What a card and a table of predictions say of the fine-tuning they come from."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from lesionary.encode.card import ModelCard
from lesionary.encode.encoder import Encoder
from lesionary.encode.weights import hash_parameters
from lesionary.train.engine import Fitted
from lesionary.train.finetuning.config import FinetuneConfig
from lesionary.train.finetuning.labels import Labelled
from lesionary.train.finetuning.target import Metric
from lesionary.train.record import record_of, training_in_words


def aim_of(config: FinetuneConfig) -> str:
    """Return what was learnt, in words."""
    label, survival = config.target.label, config.target.survival
    return " and ".join([*([label] if label else []), *(["survival"] if survival else [])])


def record_of_labelled(
    config: FinetuneConfig, start: ModelCard, labelled: Labelled, fitted: Fitted
) -> dict[str, Any]:
    """Return how the encoder was trained, as plain values; no folder is in it."""
    record = record_of(
        config, start, fitted, {split: len(labelled.known(split)) for split in labelled.rows}
    )
    if config.weights is not None:
        record["settings"]["weights"] = config.weights.name
    return record


def description_of(config: FinetuneConfig, fitted: Fitted, metric: Metric) -> str:
    """Return how the encoder was trained, in words."""
    assert fitted.best is not None
    return (
        f"Fine-tuned for {aim_of(config)}: {training_in_words(config, fitted)} Kept from epoch "
        f"{fitted.best.epoch}, where the {metric} of the tune split was highest "
        f"({fitted.best.score:.3f}). Its head is beside this card."
    )


def provenance_of(record: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    """Return how a table of predictions was made."""
    return {
        "training": record,
        "weights_hash": hash_parameters(encoder.network),
        "recipe": encoder.card.input.model_dump(mode="json"),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
