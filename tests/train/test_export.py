"""The card of an encoder that was trained here: what it takes over, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lesionary.encode import Encoder, ModelCard, load_encoder
from lesionary.encode.describe import describe_card
from lesionary.train.export import export_encoder

RECORD = {
    "lesions": {"train": 24, "tune": 12},
    "score": None,
    "settings": {"optimizer": {"name": "lars", "lr": 0.3}, "views": {"view": [{"flip": {}}]}},
}


def trained(encoder: Encoder, folder: Path) -> Encoder:
    export_encoder(
        encoder, folder, name="mine", title="Mine", description="Of a test.",
        training_data="12 lesions", record=RECORD,
    )  # fmt: skip
    return load_encoder(folder)


def changed(encoder: Encoder, **card: object) -> Encoder:
    encoder.card = ModelCard.model_validate(encoder.card.model_dump() | card)
    return encoder


def test_from_random_weights_all_is_the_users(tmp_path: Path) -> None:
    start = load_encoder("random:phantom_tiny")
    mine = trained(start, tmp_path)
    assert mine.card.weights_licence.startswith("yours to choose")
    assert not mine.card.non_commercial
    assert mine.card.citation == "Not published"
    assert mine.card.training_data == "12 lesions"
    assert len(mine.card.limits) == 1
    assert mine.card.network == start.card.network
    for one, other in zip(mine.parameters(), start.parameters(), strict=True):
        assert torch.equal(one, other)


def test_from_the_weights_of_others_their_terms_stay(tmp_path: Path) -> None:
    theirs = changed(
        load_encoder("phantom_tiny"), weights_licence="CC BY-NC 4.0", non_commercial=True,
        citation="Them, 2020", training_data="1,000 scans", limits=("Arteries only.",),
        training={"lesions": 1},
    )  # fmt: skip
    first = trained(theirs, tmp_path / "first")
    second = trained(first, tmp_path / "second")
    for card in (first.card, second.card):
        assert card.weights_licence == "CC BY-NC 4.0"
        assert card.non_commercial
        assert card.citation == "Not published; based on Them, 2020"
        assert card.limits[0] == "Arteries only."
        assert len(card.limits) == 2
        assert card.training == RECORD
    assert second.card.training_data == "1,000 scans; then 12 lesions; then 12 lesions"


def test_the_record_is_in_the_card_and_readable(tmp_path: Path) -> None:
    card = trained(load_encoder("random:phantom_tiny"), tmp_path).card
    assert {path.name for path in tmp_path.iterdir()} == {"card.yaml", "weights.safetensors"}
    assert describe_card(card)["training"].splitlines() == [
        "lesions: {train: 24, tune: 12}",
        "score: null",
        "settings:",
        "  optimizer: {name: lars, lr: 0.3}",
        "  views:",
        "    view:",
        "    - flip: {}",
    ]
    untrained = load_encoder(f"random:{tmp_path}")
    assert untrained.card.training == {}
    assert "training" not in describe_card(untrained.card)
    assert card.hash == untrained.card.hash, "it decides no features"


@pytest.mark.parametrize("name", ["card.yaml", ""])
def test_an_untrained_control_of_what_was_trained_here(tmp_path: Path, name: str) -> None:
    trained(load_encoder("random:phantom_tiny"), tmp_path)
    control = load_encoder(f"random:{tmp_path / name}", seed=3)
    assert control.card.name == "random_mine"
    assert control.weights_hash == load_encoder("random:phantom_tiny", seed=3).weights_hash
