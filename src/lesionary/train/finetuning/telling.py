"""What a card and a table of predictions say of the fine-tuning they come from."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lesionary import __version__
from lesionary.encode.encoder import Encoder
from lesionary.encode.weights import hash_parameters
from lesionary.train.engine import Fitted
from lesionary.train.finetuning.config import FinetuneConfig
from lesionary.train.finetuning.labels import Labelled
from lesionary.train.finetuning.target import Metric

_PACKAGES = ("torch", "monai", "lightning")


def name_of(config: FinetuneConfig) -> str:
    """Return what the encoder is called: as the file says, or as the folder of the run."""
    words = re.findall("[a-z0-9]+", config.run.resolve().name.lower())
    return config.name or "_".join(words) or "encoder"


def aim_of(config: FinetuneConfig) -> str:
    """Return what was learnt, in words."""
    label, survival = config.target.label, config.target.survival
    return " and ".join([*([label] if label else []), *(["survival"] if survival else [])])


def record_of(config: FinetuneConfig, labelled: Labelled, fitted: Fitted) -> dict[str, Any]:
    """Return how the encoder was trained, as plain values; no folder is in it."""
    settings = config.model_dump(mode="json", exclude={"run", "machine"})
    settings["data"] = {"margin_vox": config.data.margin_vox, "cohort": config.data.cohort.name}
    for name in ("encoder", "weights"):
        if settings[name] and Path(settings[name]).exists():
            settings[name] = Path(settings[name]).name
    return {
        "lesions": {split: len(labelled.known(split)) for split in labelled.rows},
        "steps": fitted.steps,
        "epochs": fitted.epochs,
        "kept_epoch": fitted.best.epoch if fitted.best else fitted.epochs,
        "settings": settings,
        "versions": {"lesionary": __version__, **{name: version(name) for name in _PACKAGES}},
    }


def description_of(config: FinetuneConfig, fitted: Fitted, metric: Metric) -> str:
    """Return how the encoder was trained, in words."""
    training, optimizer = config.training, config.optimizer
    assert fitted.best is not None
    return (
        f"Fine-tuned for {aim_of(config)}: {fitted.epochs} epochs ({fitted.steps:,} steps) of "
        f"batches of {training.batch_size}, {optimizer.name} with a learning rate of "
        f"{optimizer.peak(training.batch_size):.4g}, {training.precision}, seed {config.seed}. "
        f"Kept from epoch {fitted.best.epoch}, where the {metric} of the tune split was highest "
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
