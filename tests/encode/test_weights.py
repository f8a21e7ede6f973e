"""Weights files: every published layout loads wholly, and nothing else loads at all."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from lesionary.encode import Encoder, ModelCard, load_encoder
from lesionary.encode.networks import build_network
from lesionary.errors import WeightsError
from lesionary.files import sha256

Weights = dict[str, Tensor]
ANY = torch.ones(1)


def renamed(weights: Weights, *rules: tuple[str, str]) -> Weights:
    for pattern, replacement in rules:
        weights = {re.sub(pattern, replacement, key): value for key, value in weights.items()}
    return weights


def prefixed(prefix: str, weights: Weights) -> Weights:
    return {prefix + key: value for key, value in weights.items()}


def as_unet(prefix: str, weights: Weights) -> Weights:
    """The names of the published 3D U-Net, with some of its decoder."""
    rules = [(rf"^{i}\.(\d)\.", rf"down_tr{64 * 2**i}.ops.\1.") for i in range(4)] + [
        (r"\.conv\.", ".conv1."),
        (r"\.adn\.N\.", ".bn1."),
    ]
    decoder = {"up_tr256.up_conv.weight": ANY, "out_tr.final_conv.bias": ANY}
    return prefixed(prefix, renamed(weights, *rules) | decoder)


def as_pasta(weights: Weights) -> Weights:
    return renamed(
        weights,
        (r"^(\d)\.(\d)\.", r"conv_blocks_context.\1.blocks.\2."),
        (r"\.adn\.N\.", ".instnorm."),
    ) | {
        "conv_blocks_context.5.0.blocks.0.conv.weight": ANY,
        "conv_blocks_localization.0.0.blocks.0.conv.weight": ANY,
        "tu.0.weight": ANY,
        "seg_outputs.4.weight": ANY,
    }


HEAD = {"model.heads.0.0.weight": ANY}
LAYOUTS: dict[str, tuple[str, Callable[[Weights], dict]]] = {
    "ViSSL": ("fmcib", lambda w: {"trunk_state_dict": w, "head_state_dict": {"0.weight": ANY}}),
    "fine-tuned": (
        "fmcib",
        lambda w: {"state_dict": prefixed("model.trunk.", w) | HEAD, "epoch": 3, "callbacks": {}},
    ),
    "pre-training": (
        "fmcib",
        lambda w: {
            "state_dict": prefixed("model.backbone.", w)
            | {"model.projection_head.layers.0.weight": ANY}
        },
    ),
    "DataParallel": ("fmcib", lambda w: {"state_dict": prefixed("module.", w)}),
    "state dict": ("fmcib", dict),
    "stride 1": ("fmcib-stride1", lambda w: {"trunk_state_dict": w}),
    "MedicalNet": ("med3d", lambda w: {"state_dict": prefixed("module.", w), "optimizer": {}}),
    "MedicalNet, segmentation": (
        "med3d-resnet18",
        lambda w: {"state_dict": prefixed("module.", w) | {"module.conv_seg.0.weight": ANY}},
    ),
    "MedicalNet, undilated": (
        "med3d-undilated",
        lambda w: {"state_dict": prefixed("module.", w)},
    ),
    "Models Genesis": (
        "models_genesis",
        lambda w: {"epoch": 1, "state_dict": as_unet("module.", w), "optimizer_state_dict": {}},
    ),
    "SuPreM": ("suprem", lambda w: {"net": as_unet("module.backbone.", w), "epoch": 2100}),
    "CT-FM, features": ("ct_fm", dict),
    "CT-FM, segmentation": (
        "ct_fm",
        lambda w: prefixed("encoder.", w) | {"up_layers.0.upsample.weight": ANY},
    ),
    "CT-FM, pre-training": (
        "ct_fm",
        lambda w: {"state_dict": prefixed("model._orig_mod.backbone.", w)},
    ),
    "VISTA3D": (
        "vista3d",
        lambda w: (
            prefixed("image_encoder.encoder.", w)
            | {
                "image_encoder.up_layers.0.head.weight": ANY,
                "class_head.mlp.0.weight": ANY,
                "point_head.not_a_point_embed.weight": ANY,
            }
        ),
    ),
    "VoCo": ("voco", lambda w: prefixed("swinViT.", w) | {"encoder10.layer.conv1.weight": ANY}),
    "VoCo, with heads": (
        "voco",
        lambda w: {
            "state_dict": prefixed("module.backbone.swinViT.", w)
            | {"module.student.layer1.0.weight": ANY, "module.teacher.layer1.0.weight": ANY}
        },
    ),
    "PASTA": ("pasta", as_pasta),
    "PASTA, nnU-Net": ("pasta", lambda w: {"network_weights": as_pasta(w)}),
    "autoencoder": (
        "autoencoder",
        lambda w: {"state_dict": prefixed("model.", w | {"decode.decode_0.conv.weight": ANY})},
    ),
}


@pytest.fixture
def tiny(narrow) -> ModelCard:
    """A narrow FMCIB."""
    return narrow("fmcib")


@pytest.fixture
def weights(tiny: ModelCard, made) -> Weights:
    return made.make_weights(build_network(tiny))


def features(encoder: Encoder, made) -> Tensor:
    with torch.inference_mode():
        return encoder(made.make_patches(1, encoder.card.input.size_vox[0]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_published_layout_fills_the_network(layout: str, narrow, made, tmp_path: Path):
    name, lay_out = LAYOUTS[layout]
    card = narrow(name)
    network = build_network(card)
    weights = made.make_weights(network)
    network.load_state_dict(weights)
    torch.save(lay_out(weights), tmp_path / "published.pt")
    loaded = load_encoder(card, tmp_path / "published.pt")
    assert loaded.weights_hash == sha256(tmp_path / "published.pt")
    assert not loaded.training
    expected = features(Encoder(card, network, "").eval(), made)
    torch.testing.assert_close(features(loaded, made), expected, rtol=1e-5, atol=1e-6)


def test_features_are_those_of_the_published_models_genesis(made, tmp_path: Path):
    """Recorded from the published code, with running statistics, by benchmarks/parity_encoders."""
    published = np.load(Path(__file__).with_name("published_genesis.npz"))
    keys = json.loads(str(published["keys"]))
    weights = {f"module.{key}": made.make_tensor(key, shape) for key, shape in keys.items()}
    torch.save({"state_dict": weights}, tmp_path / "Genesis_Chest_CT.pt")
    with torch.inference_mode():
        ours = load_encoder("models_genesis", tmp_path / "Genesis_Chest_CT.pt")(
            made.make_patches(2, 48)
        )
    theirs = torch.from_numpy(published["features"])
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def save_zip(content: object, path: Path) -> None:
    torch.save(content, path)


def save_legacy(content: object, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_file])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_file_formats_and_precisions(save, dtype, tiny, weights: Weights, made, tmp_path: Path):
    path = tmp_path / ("w.safetensors" if save is save_file else "w.pt")
    expected = features(load_from(tiny, weights, tmp_path), made)
    save({k: v.to(dtype) if v.is_floating_point() else v for k, v in weights.items()}, path)
    loaded = load_encoder(tiny, path)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(features(loaded, made), expected, rtol=0, atol=0)


def load_from(card: ModelCard, content: object, folder: Path) -> Encoder:
    torch.save(content, folder / "weights.pt")
    return load_encoder(card, folder / "weights.pt")


def test_numbers_of_numpy_beside_the_tensors_do_no_harm(tiny, weights: Weights, tmp_path: Path):
    more = {"loss": np.float64(0.5), "step": np.int64(7), "best": np.float32(1)}
    load_from(tiny, {"trunk_state_dict": weights, **more}, tmp_path)


def test_counters_of_batches_may_be_absent(tiny, weights: Weights, tmp_path: Path):
    load_from(tiny, {k: v for k, v in weights.items() if "tracked" not in k}, tmp_path)


def test_missing_and_unexpected_and_misshapen_are_shown(tiny, weights: Weights, tmp_path: Path):
    changed = dict(weights)
    for i in range(6):
        changed[f"layer9.{i}.weight"] = changed.pop(f"layer3.{i}.conv1.weight")
    changed["conv1.weight"] = torch.zeros(4, 1, 5, 5, 5)
    with pytest.raises(WeightsError) as error:
        load_from(tiny, changed, tmp_path)
    message = str(error.value)
    assert "does not hold the weights of fmcib" in message
    assert "6 missing: layer3.0.conv1.weight, layer3.1.conv1.weight" in message
    assert "6 unexpected: layer9.0.weight" in message
    assert "layer9.5.weight" not in message, "only the first of many"
    assert "conv1.weight (4, 1, 5, 5, 5) instead of (4, 1, 7, 7, 7)" in message


def test_one_missing_statistic_is_one_too_many(tiny, weights: Weights, tmp_path: Path):
    del weights["layer4.2.bn3.running_var"]
    with pytest.raises(WeightsError, match=r"1 missing: layer4\.2\.bn3\.running_var\."):
        load_from(tiny, weights, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"trunk_state_dict": {}}, "holds no tensors"),
        ({"epoch": 3}, "holds no tensors.*trunk_state_dict, state_dict.*epoch"),
        ([torch.zeros(3)], "holds a list"),
        ({"module.a": ANY, "model.a": ANY}, "two tensors for a"),
    ],
)
def test_no_table_of_tensors(tiny, content: object, message: str, tmp_path: Path):
    with pytest.raises(WeightsError, match=message):
        load_from(tiny, content, tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(tiny, weights: Weights, value: float, tmp_path: Path):
    weights["layer1.0.conv1.weight"][0, 0] = value
    with pytest.raises(WeightsError, match=r"layer1\.0\.conv1\.weight holds values .* not finite"):
        load_from(tiny, weights, tmp_path)


class Payload:
    """Touches a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("save", [save_zip, save_legacy])
def test_a_pickle_with_code_is_refused_and_not_run(save, tiny, tmp_path: Path):
    touched = tmp_path / "touched"
    save({"state_dict": {"a": ANY}, "callback": Payload(touched)}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"refused.*torch says: Unsupported") as refused:
        load_encoder(tiny, tmp_path / "w.pt")
    assert "weights_only" not in str(refused.value), "no advice to open it nevertheless"
    (tmp_path / "w.pkl").write_bytes(pickle.dumps(Payload(touched), protocol=2))
    with pytest.raises(WeightsError, match=r"refused|damaged"):
        load_encoder(tiny, tmp_path / "w.pkl")
    assert not touched.exists()


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("cut", [0, 100, -100])
def test_truncated_files(name: str, cut: int, tiny, weights: Weights, tmp_path: Path):
    path = tmp_path / name
    (save_file if name.endswith("safetensors") else torch.save)(weights, path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"damaged|refused|no whole"):
        load_encoder(tiny, path)


def test_weights_are_looked_for_where_the_variable_says(tiny, weights, weights_folder: Path):
    with pytest.raises(WeightsError) as error:
        load_encoder("fmcib")
    for hint in (str(weights_folder / "fmcib.torch"), "encoders fetch fmcib", "LESIONARY_WEIGHTS"):
        assert hint in str(error.value)
    weights_folder.mkdir()
    torch.save({"trunk_state_dict": weights}, weights_folder / "fmcib.torch")
    assert load_encoder(tiny).weights_hash == sha256(weights_folder / "fmcib.torch")


def test_what_one_must_get_by_hand(weights_folder: Path):
    with pytest.raises(WeightsError, match=r"get PASTA_final\.pth at https://"):
        load_encoder("pasta")


def test_file_in_the_cache_must_have_the_stated_hash(tiny, weights, weights_folder: Path):
    weights_folder.mkdir()
    path = weights_folder / "fmcib.torch"
    torch.save({"trunk_state_dict": weights}, path)
    stated = tiny.weights.model_copy(update={"sha256": "0" * 64})
    card = tiny.model_copy(update={"weights": stated})
    with pytest.raises(WeightsError, match="damaged: its SHA-256 is"):
        load_encoder(card)
    assert load_encoder(card, path).weights_hash == sha256(path), "one's own file may differ"


def test_missing_file(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"no file .*absent\.pt .* of fmcib"):
        load_encoder("fmcib", tmp_path / "absent.pt")
