"""Small encoders of every kind, and weights that are the same wherever they are made."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from lesionary.encode import Encoder, ModelCard, Network, card_names, load_card
from lesionary.encode.networks import build_network
from lesionary.encode.pooling import build_pooling

ROOT = Path(__file__).resolve().parents[2]

# What makes each kind of network small, so that all can be run in seconds.
NARROW = {
    "resnet": {"block_inplanes": [4, 8, 16, 32], "widen_factor": 1},
    "segresnet": {"init_filters": 4},
    "swin": {"embed_dim": 12, "window_size": [4, 4, 4]},
    "convolutions": {},
    "autoencoder": {"channels": [4, 8, 4, 8, 16, 8, 16], "inter_channels": [16]},
}


@functools.cache
def _narrow(name: str) -> ModelCard:
    card = load_card(name)
    arguments = {**card.network.arguments, **NARROW[card.network.kind]}
    if card.network.kind == "convolutions":
        arguments["channels"] = [[c // 8 for c in pair] for pair in arguments["channels"]]
    recipe = card.input
    if card.pooling == "global_average":
        recipe = recipe.model_copy(update={"size_vox": tuple(n // 2 for n in recipe.size_vox)})
    smaller = Network(kind=card.network.kind, arguments=arguments)
    small = card.model_copy(update={"network": smaller, "input": recipe})
    network = build_network(small, fill=False).to("meta").eval()
    maps = network(torch.empty(1, 1, *recipe.size_vox, device="meta"))
    dimension = build_pooling(small.pooling)(maps).shape[1]
    return small.model_copy(update={"dimension": dimension})


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """``make_weights`` and ``make_patches``, the same wherever they run."""
    path = ROOT / "benchmarks" / "parity_encoders" / "made.py"
    spec = importlib.util.spec_from_file_location("made", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def narrow() -> Callable[[str], ModelCard]:
    """Return a card with few channels, its dimension to match, its input halved if it can be."""
    return _narrow


@pytest.fixture(params=[name for name in card_names() if not load_card(name).requires])
def small_encoder(request: pytest.FixtureRequest, made: ModuleType) -> Encoder:
    """Each of our encoders in turn, narrow, with trained-looking statistics."""
    card = _narrow(request.param)
    network = build_network(card)
    network.load_state_dict(made.make_weights(network))
    return Encoder(card, network, "").eval()


@pytest.fixture
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("LESIONARY_WEIGHTS", str(folder))
    return folder
