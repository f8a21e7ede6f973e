"""Weights files: read without running code, and loaded strictly or not at all."""

from __future__ import annotations

import hashlib
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lesionary.encode.card import Layout, ModelCard
from lesionary.errors import WeightsError

_SHOWN = 5


def load_weights(network: nn.Module, path: Path, card: ModelCard) -> None:
    """Fill every parameter and statistic of a network from a file, or say what differs.

    The file's tensors become the parameters.
    """
    layout = card.weights.layout if card.weights else Layout()
    tensors = _arrange(read_tensors(path, layout), layout, path)
    wanted = network.state_dict()
    ignored = [re.compile(pattern) for pattern in layout.ignored]
    missing = [key for key in wanted if key not in tensors and not key.endswith(_COUNTER)]
    unexpected = [
        key
        for key in tensors
        if key not in wanted and not any(pattern.fullmatch(key) for pattern in ignored)
    ]
    misshapen = [
        f"{key} {tuple(tensors[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in tensors and tensors[key].shape != wanted[key].shape
    ]
    differences = [
        f"{len(keys)} {what}: {_list(keys)}"
        for what, keys in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", misshapen),
        )
        if keys
    ]
    if differences:
        raise WeightsError(
            f"{path} does not hold the weights of {card.name}: {'; '.join(differences)}. "
            "Give the file that `lesionary encoders show` names, or a card of your own "
            "whose layout fits."
        )
    filled = {}
    for key, place in wanted.items():
        filled[key] = tensors[key].to(place.dtype) if key in tensors else torch.zeros_like(place)
        if not torch.isfinite(filled[key].sum()):  # any that is not makes the sum not so either
            raise WeightsError(f"{path} is damaged: {key} holds values that are not finite.")
    network.load_state_dict(filled, assign=True)


def _list(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


_COUNTER = "num_batches_tracked"  # of no use to a trained network, and absent in older files


def read_tensors(path: Path, layout: Layout) -> dict[str, Tensor]:
    """Read the table of tensors in a checkpoint (torch or safetensors) as it is named there."""
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for key in layout.state_dict:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise WeightsError(f"{path} holds a {type(content).__name__}, not a table of tensors.")
    tensors = {key: value for key, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(
            f"{path} holds no tensors where the card looks for them "
            f"({', '.join(layout.state_dict) or 'at the top'}); it has "
            f"{', '.join(map(str, list(content)[:_SHOWN])) or 'nothing'}."
        )
    return tensors


def hash_parameters(network: nn.Module) -> str:
    """Return the SHA-256 of a network's parameters and statistics, with their names."""
    digest = hashlib.sha256()
    for key, tensor in network.state_dict().items():
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _arrange(tensors: dict[str, Tensor], layout: Layout, path: Path) -> dict[str, Tensor]:
    arranged: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        key = name
        for prefix in layout.prefixes:
            key = key.removeprefix(prefix)
        for pattern, replacement in layout.rename.items():
            key = re.sub(pattern, replacement, key)
        if key in arranged:
            raise WeightsError(f"{path} has two tensors for {key}; the second is {name}.")
        arranged[key] = tensor
    return arranged


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsError(f"{path} is no whole safetensors file: {error}") from error


def _read_torch(path: Path) -> Any:
    try:
        # Not mapped: a map stays in memory as a whole for as long as one tensor of it is used.
        with torch.serialization.safe_globals(_NUMPY_NUMBERS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # how weights_only refuses to run code
        raise WeightsError(
            f"{path} is refused: it is no whole checkpoint, or holds more than tensors and "
            "numbers, and opening it would run code. Where it was made, save the state_dict alone "
            f"(best as .safetensors). {_reason(error)}".rstrip()
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} is damaged or no checkpoint: {error}") from error


def _reason(error: pickle.UnpicklingError) -> str:
    """Return what torch found, without its advice to open the file nevertheless."""
    lines = str(error).partition("WeightsUnpickler error: ")[2].strip().splitlines()
    return f"torch says: {lines[0].partition('. ')[0].rstrip('.')}." if lines else ""


# Counters and losses that training code of numpy's kind leaves beside the tensors.
_NUMPY_NUMBERS: list[Any] = [
    np.dtype,
    type(np.dtype(np.float64)),
    type(np.dtype(np.float32)),
    type(np.dtype(np.int64)),
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
    (np.float64(0).__reduce__()[0], "numpy._core.multiarray.scalar"),
]
