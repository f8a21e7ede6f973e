"""Networks that come with packages of their own, made to take and give what ours do."""

from __future__ import annotations

import base64
import io
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from lesionary.encode.cache import weights_folder
from lesionary.errors import WeightsError
from lesionary.files import sha256


class CtClip(nn.Module):
    """The image transformer of CT-CLIP, its tokens as maps."""

    def __init__(self, visual_transformer: nn.Module) -> None:
        super().__init__()
        self.visual_transformer = visual_transformer

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, c, z', y', x')``."""
        tokens: Tensor = self.visual_transformer(x, return_encoded_tokens=True)
        return tokens.permute(0, 4, 1, 2, 3)


def build_ct_clip(**arguments: Any) -> nn.Module:
    """Build CT-CLIP's ``CTViT`` (package ``transformer_maskgit``); arguments as there."""
    return CtClip(import_module("transformer_maskgit").CTViT(**arguments))


class Merlin(nn.Module):
    """Merlin's image encoder, one patch at a time."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, 2048)``."""
        # Its documentation promises a shape for one image only.
        return torch.stack([self.model(patch[None])[0].flatten() for patch in x])


def build_merlin() -> nn.Module:
    """Build Merlin's image encoder (package ``merlin``), which fetches its own weights."""
    return Merlin(import_module("merlin").Merlin(ImageEmbedding=True))


class MedImageInsight(nn.Module):
    """MedImageInsight, a 2D encoder: each slice by itself, then their mean."""

    def __init__(self, model: Any, weights_hash: str) -> None:
        super().__init__()
        self.model = model
        # Its parameters are not ours to see; this tells one weights file from another.
        self.register_buffer("weights_hash", torch.tensor(list(bytes.fromhex(weights_hash))))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, 1024)``; slices run along the last axis, values 0 to 1 become 8 bit."""
        features = [
            torch.as_tensor(self.model.encode(images=_as_pngs(patch[0]))["image_embeddings"])
            for patch in x
        ]
        return torch.stack([one.mean(dim=0) for one in features]).to(x)


def build_medimageinsight(*, folder: str, vision_model: str, language_model: str) -> nn.Module:
    """Build MedImageInsight; its model folder must lie in the folder of weights."""
    model_class = import_module("medimageinsightmodel").MedImageInsight
    place = weights_folder() / folder
    files = sorted(place.rglob(vision_model))
    if not files:
        raise WeightsError(f"MedImageInsight's {vision_model} is not in {place}; put it there.")
    model = model_class(
        model_dir=str(place), vision_model_name=vision_model, language_model_name=language_model
    )
    model.load_model()
    return MedImageInsight(model, sha256(files[0]))


def _as_pngs(patch: Tensor) -> list[str]:
    from PIL import Image

    images = []
    for slice_ in (patch.clamp(0, 1) * 255).to(torch.uint8).cpu().numpy().transpose(2, 0, 1):
        png = io.BytesIO()
        Image.fromarray(slice_).save(png, format="PNG")
        images.append(base64.b64encode(png.getvalue()).decode())
    return images
