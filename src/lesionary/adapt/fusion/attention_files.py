"""Attention models on disk: safetensors and JSON, and nothing that runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from lesionary.adapt.fusion.attention import AttentionMIL, GatedAttention
from lesionary.errors import ModelError
from lesionary.files import atomic_path

_FORMAT = "lesionary attention 1"
_SETTINGS = (
    "hidden",
    "steps",
    "patience",
    "learning_rate",
    "weight_decay",
    "labels",
    "positive",
    "seed",
)


def save_attention(model: AttentionMIL, folder: str | Path) -> Path:
    """Write a fitted model to ``<folder>/weights.safetensors`` and ``<folder>/model.json``."""
    from safetensors.torch import save_file

    if not hasattr(model, "network_"):
        raise ModelError("The attention model is not fitted yet: call fit first.")
    folder = Path(folder)
    tensors = {name: value.contiguous() for name, value in model.network_.state_dict().items()}
    tensors["mean"], tensors["spread"] = (
        torch.from_numpy(np.ascontiguousarray(one)) for one in (model.mean_, model.spread_)
    )
    about = {
        "format": _FORMAT,
        "settings": {name: getattr(model, name) for name in _SETTINGS},
        "classes": list(model.classes_),
        "columns": model.columns_,
        "steps": model.steps_,
    }
    try:
        text = json.dumps(about, indent=1)
    except TypeError as error:
        raise ModelError(f"Classes are text, numbers or booleans to be saved: {error}.") from error
    with atomic_path(folder / "weights.safetensors") as path:
        save_file(tensors, path)
    with atomic_path(folder / "model.json") as path:
        path.write_text(text + "\n", "utf-8")
    return folder


def load_attention(folder: str | Path) -> AttentionMIL:
    """Read a model that :func:`save_attention` wrote."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    try:
        about = json.loads((folder / "model.json").read_text("utf-8"))
        tensors = load_file(folder / "weights.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no attention model that can be read: {error}") from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise ModelError(f"{folder / 'model.json'} is no attention model ({_FORMAT!r}).")
    try:
        model = AttentionMIL(**about["settings"])
        model.classes_, model.columns_ = tuple(about["classes"]), list(about["columns"])
        model.steps_ = int(about["steps"])
        model.mean_, model.spread_ = (tensors.pop(name).numpy() for name in ("mean", "spread"))
        network = GatedAttention(len(model.columns_), model.hidden, len(model.classes_))
        network.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"{folder} is damaged: its files do not fit together ({error})."
        ) from error
    model.network_ = network.eval()
    return model
