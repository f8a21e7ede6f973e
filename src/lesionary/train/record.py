"""What a card says of the training that its encoder comes from."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lesionary import __version__
from lesionary.encode.card import ModelCard
from lesionary.train.config import EncoderConfig
from lesionary.train.views import load_views

if TYPE_CHECKING:
    from lesionary.train.engine import Fitted

_OF_THIS_MACHINE: Any = {"run": True, "machine": True, "data": {"root": True, "store": True}}
_PACKAGES = ("torch", "monai", "lightning")


def record_of(
    config: EncoderConfig, start: ModelCard, fitted: Fitted, lesions: int | Mapping[str, int]
) -> dict[str, Any]:
    """Return how an encoder was trained, as plain values; no folder is in it.

    Parameters
    ----------
    config : EncoderConfig
    start : ModelCard
        Of the encoder that the training started from.
    fitted : Fitted
    lesions : int or mapping of str to int
        How many there were, in all or by split.
    """
    settings = config.model_dump(mode="json", exclude=_OF_THIS_MACHINE)
    settings["encoder"] = start.name
    settings["data"]["cohort"] = config.data.cohort.name
    settings["views"] = load_views(config.views).model_dump(mode="json", exclude={"description"})
    return {
        "lesions": lesions,
        "steps": fitted.steps,
        "epochs": fitted.epochs,
        "kept_epoch": fitted.best.epoch if fitted.best else fitted.epochs,
        "score": fitted.best.score if fitted.best else None,
        "settings": settings,
        "versions": {"lesionary": __version__, **{name: version(name) for name in _PACKAGES}},
    }


def training_in_words(config: EncoderConfig, fitted: Fitted) -> str:
    """Return the settings that a reader asks for first."""
    training, optimizer = config.training, config.optimizer
    return (
        f"{fitted.epochs} epochs ({fitted.steps:,} steps) of batches of {training.batch_size}, "
        f"{optimizer.name} with a learning rate of {optimizer.peak(training.batch_size):.4g}, "
        f"{training.precision}, seed {config.seed}."
    )
