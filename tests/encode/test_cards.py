"""Cards: their schema, their numbers, and where they may come from."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch
import yaml

from lesionary.encode import Encoder, card_names, load_card, load_encoder, registry
from lesionary.encode.describe import describe_card, warn_of_bf16
from lesionary.encode.forward import embed
from lesionary.encode.inference import speed_up
from lesionary.encode.networks import build_network
from lesionary.errors import EncoderError, LesionaryError
from lesionary.phantom import PhantomConfig, make_phantom

CARDS = Path(registry.__file__).parent / "cards"
OURS = [name for name in card_names() if not load_card(name).requires]

# Counted on the published networks, independently of ours.
PUBLISHED_PARAMETERS = {
    "fmcib": 184_477_824,
    "ct_fm": 77.76e6,
    "vista3d": 174.95e6,
    "voco": 294.86e6,
    "models_genesis": 7.03e6,
    "med3d": 46.2e6,
}
DECLARED = {
    "fmcib": 4096,
    "fmcib-stride1": 4096,
    "med3d": 2048,
    "models_genesis": 4096,
    "models_genesis-average": 512,
    "ct_fm": 512,
    "vista3d": 768,
    "voco": 3072,
    "suprem": 512,
    "pasta": 1024,
    "autoencoder": 2048,
    "random": 4096,
    "phantom_tiny": 128,
    "ct_clip": 512,
    "merlin": 2048,
    "medimageinsight": 1024,
}


def card_text(**changes: object) -> str:
    values = yaml.safe_load(
        (Path(registry.__file__).parent / "cards/phantom_tiny.yaml").read_text()
    )
    return yaml.safe_dump({**values, "name": "mine", "weights": None, **changes})


@pytest.mark.parametrize("name", OURS)
def test_full_size_network_is_as_its_card_says(name: str):
    card = load_card(name)
    network = build_network(card, fill=False).to("meta")
    patches = torch.empty(2, 1, *card.input.size_vox, device="meta")
    features = Encoder(card, network, "").eval()(patches)
    assert sum(p.numel() for p in network.parameters()) == card.parameters
    assert features.shape == (2, card.dimension)


def test_dimensions_and_parameters_are_the_published_ones():
    for name, dimension in DECLARED.items():
        assert load_card(name).dimension == dimension
    for name, parameters in PUBLISHED_PARAMETERS.items():
        assert load_card(name).parameters == pytest.approx(parameters, rel=2e-3)


@pytest.mark.parametrize("name", card_names())
def test_card_tells_what_one_must_know(name: str):
    card = load_card(name)
    assert card.name == name
    assert card.limits
    assert all((card.citation, card.training_data, card.code_licence, card.weights_licence))
    if card.weights:
        assert card.weights.url or card.weights.page or card.weights.path
    elif name != "random":
        assert card.requires
    assert re.fullmatch("[0-9a-f]{64}", card.hash)
    assert card.columns[0] == f"{name}_0"
    assert len(card.columns) == card.dimension


def test_non_commercial_weights_are_marked():
    marked = {name for name in card_names() if load_card(name).non_commercial}
    assert marked == {"ct_clip", "models_genesis", "models_genesis-average", "vista3d"}


def test_hash_follows_what_decides_the_features_and_not_the_prose():
    card = load_card("fmcib")
    assert card.model_copy(update={"citation": "x", "limits": ("y",)}).hash == card.hash
    wider = card.input.model_copy(update={"size_vox": (60, 60, 60)})
    hashes = {
        card.hash,
        load_card("fmcib-stride1").hash,
        card.model_copy(update={"input": wider}).hash,
        card.model_copy(update={"pooling": "average_3"}).hash,
    }
    assert len(hashes) == 4


def test_untrained_control_of_any_network():
    card = load_card("random:med3d-resnet10")
    assert card.name == "random_med3d-resnet10"
    assert card.network == load_card("med3d-resnet10").network
    assert not card.weights
    first, again, other = (load_encoder("random:phantom_tiny", seed=seed) for seed in (0, 0, 1))
    assert first.weights_hash == again.weights_hash != other.weights_hash
    assert first.weights_hash != load_encoder("phantom_tiny").weights_hash


def test_untrained_control_leaves_the_random_numbers_of_others_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    load_encoder("random:phantom_tiny")
    assert torch.equal(torch.rand(2), expected)


def test_there_is_no_untrained_control_of_a_package():
    with pytest.raises(EncoderError, match="no untrained control"):
        load_card("random:merlin")


def test_card_of_a_file(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(card_text(input="fmcib"))
    card = load_card(path)
    assert load_card(str(path)) == card == load_card(card)
    assert card.input.grid == "monai"
    assert load_encoder(path)(torch.zeros(1, 1, 50, 50, 50)).shape == (1, 128)


def test_card_in_a_folder(tmp_path: Path):
    (tmp_path / "card.yaml").write_text(card_text())
    assert load_card(tmp_path) == load_card(tmp_path / "card.yaml")
    with pytest.raises(EncoderError, match=r"folder with a card\.yaml"):
        load_card(tmp_path / "empty")


def test_weights_beside_a_card(tmp_path: Path, monkeypatch):
    packaged = (CARDS / "phantom_tiny.safetensors").read_bytes()
    (tmp_path / "mine.safetensors").write_bytes(packaged)
    (tmp_path / "mine.yaml").write_text(card_text(weights={"path": "mine.safetensors"}))
    encoder = load_encoder(tmp_path / "mine.yaml")
    assert encoder.weights_hash == load_encoder("phantom_tiny").weights_hash


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (card_text(dimension=0), "dimension: Input should be greater than 0"),
        (card_text(spacing=1), "spacing: Extra inputs are not permitted"),
        (card_text(name="Mine!"), "name: String should match"),
        (card_text(weights={"url": "ftp://x/y"}), "weights.url"),
        (card_text(weights={"page": "somewhere"}), "need a file_name"),
        (card_text(weights={"file_name": "../x", "page": "y"}), "weights.file_name"),
        (
            card_text(weights={"path": "x", "layout": {"ignored": ["("]}}),
            "not regular expressions",
        ),
        (card_text(input="no_such_recipe"), "no recipe 'no_such_recipe'"),
        ("name: [", "not YAML"),
        ("", "empty"),
        ("!!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_wrong_card_says_what_is_wrong(tmp_path: Path, text: str, message: str):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(LesionaryError, match=re.escape(message)):
        load_card(path)


def test_unknown_names_and_networks(tmp_path: Path):
    with pytest.raises(EncoderError, match=r"no encoder 'fmcip' \(did you mean 'fmcib'\?\)"):
        load_card("fmcip")
    with pytest.raises(EncoderError, match="cannot be read"):
        load_card(tmp_path / "absent.yaml")
    path = tmp_path / "mine.yaml"
    path.write_text(card_text(network={"kind": "perceptron"}))
    with pytest.raises(EncoderError, match="no network of kind 'perceptron'"):
        load_encoder(path)
    path.write_text(card_text(network={"kind": "resnet", "arguments": {"depth": 50}}))
    with pytest.raises(EncoderError, match="arguments it cannot take"):
        load_encoder(path)


@pytest.fixture
def entry_point(tmp_path: Path, monkeypatch):
    """Declare an entry point, as an installed package would."""
    (tmp_path / "third_party.py").write_text(
        "from pathlib import Path\n"
        "from torch import nn\n"
        "CARDS = Path(__file__).parent / 'cards'\n"
        "def one_card(): return CARDS / 'mine.yaml'\n"
        "def build(channels): return nn.Conv3d(1, channels, 1)\n"
    )
    (tmp_path / "cards").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    declared: list[EntryPoint] = []

    def entry_points(group: str, name: str | None = None) -> list[EntryPoint]:
        return [e for e in declared if e.group == group and name in (None, e.name)]

    monkeypatch.setattr("lesionary.encode.registry.entry_points", entry_points)
    monkeypatch.setattr("lesionary.encode.networks.entry_points", entry_points)
    registry._card_files.cache_clear()
    yield lambda group, name, value: declared.append(EntryPoint(name, value, group))
    registry._card_files.cache_clear()
    sys.modules.pop("third_party", None)


@pytest.mark.parametrize("value", ["third_party:CARDS", "third_party:one_card"])
def test_card_and_network_of_an_installed_package(tmp_path: Path, entry_point, value: str):
    network = {"kind": "dots", "arguments": {"channels": 7}}
    (tmp_path / "cards/mine.yaml").write_text(
        card_text(network=network, dimension=7, parameters=14)
    )
    entry_point("lesionary.encoders", "third", value)
    entry_point("lesionary.networks", "dots", "third_party:build")
    assert "mine" in card_names()
    assert load_encoder("mine")(torch.zeros(2, 1, 50, 50, 50)).shape == (2, 7)


def test_card_of_a_package_cannot_take_the_name_of_another(tmp_path: Path, entry_point):
    (tmp_path / "cards/fmcib.yaml").write_text(card_text(name="fmcib"))
    entry_point("lesionary.encoders", "third", "third_party:CARDS")
    with pytest.raises(EncoderError, match="'fmcib' of the entry point third has the name"):
        card_names()


def test_package_whose_cards_are_gone(entry_point):
    entry_point("lesionary.encoders", "third", "third_party:one_card")
    with pytest.raises(EncoderError, match="where nothing is"):
        card_names()


@pytest.mark.parametrize("name", OURS)
def test_card_says_what_bf16_costs_and_how_that_was_measured(name: str):
    card = load_card(name)
    said = describe_card(card)["bfloat16"]
    assert f"at least {card.bf16_cosine:.6f}" in said
    assert ("its own weights" in said) == card.bf16_own_weights == (name == "phantom_tiny")
    assert ("random weights" in said) == (name != "phantom_tiny")
    assert bool(warn_of_bf16(card)) == (name in ("vista3d", "voco"))


def test_what_a_card_does_not_say_of_bf16_is_warned_of():
    card = load_card("fmcib").model_copy(update={"bf16_cosine": None})
    assert describe_card(card)["bfloat16"] == "not measured"
    assert "does not say" in warn_of_bf16(card)
    own = load_card("random:phantom_tiny")  # measured with other weights than random ones
    assert own.bf16_cosine is None
    assert load_card("random").bf16_cosine == load_card("fmcib").bf16_cosine


def test_phantom_tiny_costs_in_bf16_what_its_card_says():
    """So that weights which are trained anew are not given the cosine of the old ones."""
    card, device = load_card("phantom_tiny"), torch.device("cpu")
    phantom = make_phantom(0, 0, PhantomConfig(size="small"))
    seeds = [[row[f"center_{axis}_mm"] for axis in "xyz"] for row in phantom.truth]
    patches = phantom.scan.patches(seeds, card.input)
    exact, rounded = (
        torch.from_numpy(
            embed(
                speed_up(load_encoder("phantom_tiny"), device),
                patches,
                device=device,
                precision=precision,
                batch_size=8,
            )
        )
        for precision in ("fp32", "bf16")
    )
    cosine = torch.cosine_similarity(exact, rounded).min().item()
    assert cosine < 1
    assert card.bf16_cosine == pytest.approx(cosine, abs=3e-4)
