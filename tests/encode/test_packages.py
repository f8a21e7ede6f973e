"""Encoders that run in packages of their own: stand-ins, since the packages are not at hand."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from lesionary.encode import load_card, load_encoder
from lesionary.errors import EncoderError, WeightsError


@pytest.mark.parametrize("name", ["ct_clip", "merlin", "medimageinsight"])
def test_without_the_package_the_error_says_how_to_get_it(name: str):
    with pytest.raises(EncoderError) as error:
        load_encoder(name)
    assert load_card(name).requires in str(error.value)


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **content: object) -> None:
    module = ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


class CTViT(nn.Module):
    """Gives a token for each block of the patch, as CT-CLIP's transformer does."""

    def __init__(self, dim: int, patch_size: int, temporal_patch_size: int, **_: object) -> None:
        super().__init__()
        size = (temporal_patch_size, patch_size, patch_size)
        self.embed = nn.Conv3d(1, dim, size, stride=size)

    def forward(self, x: Tensor, return_encoded_tokens: bool) -> Tensor:
        assert return_encoded_tokens
        return self.embed(x).permute(0, 2, 3, 4, 1)


def test_ct_clip(monkeypatch, made, tmp_path: Path):
    stand_in(monkeypatch, "transformer_maskgit", CTViT=CTViT)
    weights = made.make_weights(CTViT(512, 20, 10))
    published = {f"visual_transformer.{key}": value for key, value in weights.items()}
    others = {"text_transformer.x": torch.ones(1), "temperature": torch.ones(())}
    torch.save(published | others, tmp_path / "CT-CLIP_v2.pt")
    encoder = load_encoder("ct_clip", tmp_path / "CT-CLIP_v2.pt")
    with torch.inference_mode():
        assert encoder(made.make_patches(2, 60)).shape == (2, 512)
    with pytest.raises(WeightsError, match=r"CT-CLIP_v2\.pt .*after accepting its terms"):
        load_encoder("ct_clip")


class StandInMerlin(nn.Module):
    """Takes one image at a time, and says so."""

    def __init__(self, ImageEmbedding: bool) -> None:
        super().__init__()
        assert ImageEmbedding
        self.scale = nn.Parameter(torch.arange(2048.0))

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        assert x.shape[:2] == (1, 1)
        return x.mean() * self.scale, None


def test_merlin(monkeypatch, made):
    stand_in(monkeypatch, "merlin", Merlin=StandInMerlin)
    encoder = load_encoder("merlin")
    patches = made.make_patches(3, 48)
    with torch.inference_mode():
        features = encoder(patches)
    torch.testing.assert_close(features[2], patches[2].mean() * torch.arange(2048.0))
    with pytest.raises(WeightsError, match="brings its own weights"):
        load_encoder("merlin", "w.pt")


class StandInInsight:
    """The mean grey of each picture, 1,024 times."""

    def __init__(self, model_dir: str, vision_model_name: str, language_model_name: str) -> None:
        self.ready = False

    def load_model(self) -> None:
        self.ready = True

    def encode(self, images: list[str]) -> dict[str, np.ndarray]:
        assert self.ready
        pictures = [np.asarray(Image.open(io.BytesIO(base64.b64decode(i)))) for i in images]
        assert {picture.dtype for picture in pictures} == {np.dtype(np.uint8)}
        greys = np.array([picture[0, 0] for picture in pictures], np.float32)
        return {"image_embeddings": np.repeat(greys[:, None], 1024, axis=1)}


def test_medimageinsight(monkeypatch, weights_folder: Path):
    stand_in(monkeypatch, "medimageinsightmodel", MedImageInsight=StandInInsight)
    with pytest.raises(WeightsError, match="put it there"):
        load_encoder("medimageinsight")
    place = weights_folder / "2024.09.27" / "vision_model"
    place.mkdir(parents=True)
    hashes = set()
    for content in (b"one", b"other"):
        (place / "medimageinsigt-v1.0.0.pt").write_bytes(content)
        encoder = load_encoder("medimageinsight")
        hashes.add(encoder.weights_hash)
    assert len(hashes) == 2
    # Slices along the last axis, from black to white.
    patches = torch.linspace(0, 1, 48).expand(2, 1, 48, 48, 48)
    features = encoder(patches)
    assert features.shape == (2, 1024)
    expected = np.floor(np.linspace(0, 1, 48, dtype=np.float32) * 255).mean()
    assert features[0, 0].item() == pytest.approx(expected, abs=0.05)
