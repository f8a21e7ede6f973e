"""What a fine-tuning begins with: an encoder, and a head that is new or from an earlier one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from lesionary.encode.encoder import Encoder, load_encoder
from lesionary.errors import TrainingError
from lesionary.files import atomic_path
from lesionary.train.finetuning.config import FinetuneConfig
from lesionary.train.finetuning.heads import build_head
from lesionary.train.finetuning.target import Outputs

HEAD = "head.safetensors"


def start(config: FinetuneConfig, outputs: Outputs) -> tuple[Encoder, nn.Sequential, list[str]]:
    """Return the encoder and the head that are to learn, and what has to be said about them.

    Where the encoder is the folder of an earlier fine-tuning, its head is taken over if it has
    the same layers and gives the same outputs; else a new one is made.
    """
    encoder = load_encoder(config.encoder, config.weights, seed=config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = build_head(encoder.card.dimension, config.head.hidden, outputs.count)
    place = Path(config.encoder)  # a folder, or the card in it
    earlier = (place if place.is_dir() else place.parent) / HEAD
    if not earlier.is_file():
        return encoder, head, []
    tensors, meant = _read_head(earlier)
    wanted = {key: tuple(value.shape) for key, value in head.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in tensors.items()}
    if found != wanted:
        said = f"has other layers ({_sizes(found)} instead of {_sizes(wanted)})"
    elif meant != _meaning(outputs):
        said = f"gives other outputs ({', '.join(meant['columns'])})"
    else:
        head.load_state_dict(tensors)
        return encoder, head, [f"The head goes on from that of {config.encoder}."]
    return encoder, head, [f"The head of {config.encoder} {said}, so a new one is made."]


def write_head(head: nn.Sequential, outputs: Outputs, path: Path) -> None:
    """Write a head with what its outputs mean."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in head.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={"outputs": json.dumps(_meaning(outputs))})


def _read_head(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return tensors, json.loads((file.metadata() or {})["outputs"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise TrainingError(
            f"{path} is no head of a fine-tuning ({error}). Remove it to begin with a new head."
        ) from error


def _meaning(outputs: Outputs) -> dict[str, Any]:
    return {"kind": outputs.kind, "columns": outputs.columns}


def _sizes(shapes: Mapping[str, tuple[int, ...]]) -> list[int]:
    weights = [shape for shape in shapes.values() if len(shape) == 2]
    return [weights[0][1], *(shape[0] for shape in weights)] if weights else []
