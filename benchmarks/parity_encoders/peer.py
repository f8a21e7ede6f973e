"""Save and load every published layout with the published code. Runs in the peer's environment.

For each case: build the published network, fill it with made weights, save them as they are
published, load that file with the published loader where it can load it, and write features.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fmcib")]
import published  # noqa: F401, its import makes fmcib importable
from fmcib.models import AutoEncoder, LoadModel, ModelsGenesisUNet3D
from fmcib.models.models_genesis import ContBatchNorm3d
from made import make_patches, make_weights
from monai.networks.nets import resnet50

Layout = Callable[[dict[str, Tensor]], dict]


def fmcib_trunk(conv1_t_stride: int) -> nn.Module:
    return resnet50(
        pretrained=False,
        n_input_channels=1,
        widen_factor=2,
        conv1_t_stride=conv1_t_stride,
        feed_forward=False,
        bias_downsample=True,
    )


def med3d_trunk() -> nn.Module:
    return resnet50(pretrained=False, n_input_channels=1, feed_forward=False, bias_downsample=False)


class FittingAutoEncoder(AutoEncoder):
    """The published autoencoder as the library of its time built it.

    Since then the library's constructor resets the padding that the class has set, and pads the
    units in the middle as well, where the published ones are not.
    """

    _now = 2

    @property
    def padding(self) -> int | None:
        return self._now

    @padding.setter
    def padding(self, value: object) -> None:
        pass

    def _get_intermediate_module(self, *arguments: int) -> tuple[nn.Module, int]:
        self._now = None
        built = super()._get_intermediate_module(*arguments)
        self._now = 2
        return built


def autoencoder() -> nn.Module:
    return FittingAutoEncoder(
        padding=2,
        decoder=False,
        spatial_dims=3,
        in_channels=1,
        out_channels=1,
        channels=[128, 512, 128, 256, 1024, 256, 1024],
        strides=[2, 2, 2, 1, 2, 2, 2],
        inter_channels=[2048],
    )


class LastMap(nn.Module):
    """The published U-Net's last map, averaged over all places."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        self.network(x)
        return self.network.out512.mean(dim=(2, 3, 4))


def prefixed(prefix: str, container: str | None, **more: Tensor) -> Layout:
    def lay_out(weights: dict[str, Tensor]) -> dict:
        named = {prefix + key: value for key, value in weights.items()} | more
        return {container: named, "epoch": 3} if container else named

    return lay_out


HEADS = {"model.heads.0.0.weight": torch.ones(8, 4096), "model.heads.0.0.bias": torch.ones(8)}

# name: (our card, side of the patch, published network, layout of the file, loaded how)
CASES: dict[str, tuple[str, int, Callable[[], nn.Module], Layout, str]] = {
    "ViSSL trunk": (
        "fmcib", 50, lambda: fmcib_trunk(2), prefixed("", "trunk_state_dict"), "LoadModel"
    ),
    "Lightning trunk and heads": (
        "fmcib", 50, lambda: fmcib_trunk(2), prefixed("model.trunk.", "state_dict", **HEADS),
        "LoadModel",
    ),
    "Lightning backbone": (
        "fmcib", 50, lambda: fmcib_trunk(2), prefixed("model.backbone.", "state_dict"), "direct"
    ),
    "stride 1 of the YAML files": (
        "fmcib-stride1", 50, lambda: fmcib_trunk(1), prefixed("", "trunk_state_dict"), "LoadModel"
    ),
    "MedicalNet 50": (
        "med3d-undilated", 50, med3d_trunk, prefixed("module.", "state_dict"),
        "direct",
    ),
    "Models Genesis": (
        "models_genesis", 48, lambda: ModelsGenesisUNet3D(decoder=False),
        prefixed("module.", "state_dict"), "direct",
    ),
    "Models Genesis, averaged": (
        "models_genesis-average", 48, lambda: LastMap(ModelsGenesisUNet3D(decoder=False)),
        lambda weights: prefixed("module.", "state_dict")(
            {key.removeprefix("network."): value for key, value in weights.items()}
        ),
        "direct",
    ),
    "autoencoder": (
        "autoencoder", 50, autoencoder, prefixed("model.", "state_dict"), "direct"
    ),
}  # fmt: skip


def main(folder: Path) -> None:
    rows = {}
    for name, (card, side, build, lay_out, how) in CASES.items():
        network = build().eval()
        weights = make_weights(network)
        path = folder / f"{card}-{len(rows)}.pt"
        torch.save(lay_out(weights), path)
        if how == "LoadModel":
            network = LoadModel(trunk=build(), weights_path=path).eval()
        else:
            network.load_state_dict(weights)
        patches = make_patches(2, side)
        with torch.no_grad():
            row = {"card": card, "side": side, "file": path.name, "how": how}
            if card.startswith("models_genesis"):
                row["batch dependence as published"] = batch_dependence(build, weights, patches)
                use_running_statistics()
            features = network(patches).numpy()
        np.save(folder / f"{path.stem}.npy", features)
        if card == "models_genesis":
            row["keys"] = {key: list(value.shape) for key, value in weights.items()}
        rows[name] = row
        print(f"  {name}: {features.shape}", flush=True)
    (folder / "cases.json").write_text(json.dumps(rows))


def batch_dependence(build: Callable[[], nn.Module], weights: dict, patches: Tensor) -> float:
    """Largest change of a patch's features when another joins its batch, in evaluation mode."""
    network = build().eval()
    network.load_state_dict(weights)
    together = network(patches)[:1]
    return float((network(patches[:1]) - together).abs().max())


def use_running_statistics() -> None:
    """Make the published batch norm do in evaluation what batch norm does."""
    ContBatchNorm3d.forward = nn.BatchNorm3d.forward


if __name__ == "__main__":
    main(Path(sys.argv[1]))
