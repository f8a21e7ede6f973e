"""What the published package makes of a scan and a seed. Runs in the peer's environment only."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

# The package imports torchvision for two trivial wrappers; the build that comes with it needs
# two operators that a CPU-only torch lacks. Declaring them lets the import through.
_library = torch.library.Library("torchvision", "DEF")
_library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
_library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import monai
import numpy as np
from fmcib.preprocessing import preprocess


def get_features_patch(path: str, seed: tuple[float, float, float]) -> np.ndarray:
    """Pipeline A: the patch that ``get_features`` feeds its network."""
    monai.data.set_track_meta(True)
    row = {"image_path": path, "coordX": seed[0], "coordY": seed[1], "coordZ": seed[2]}
    return np.asarray(preprocess(row))


def dataset_patch(path: str, seed: tuple[float, float, float]) -> np.ndarray:
    """Pipeline B: the item of ``SSLRadiomicsDataset`` as ``extract_features.yaml`` sets it up."""
    from fmcib.datasets import SSLRadiomicsDataset

    transform = monai.transforms.Compose(
        [
            monai.transforms.ToTensor(),
            monai.transforms.EnsureChannelFirst(channel_dim="no_channel"),
            monai.transforms.NormalizeIntensity(subtrahend=-1024, divisor=3072),
            monai.transforms.SpatialPad(spatial_size=[50, 50, 50]),
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "seed.csv"
        table.write_text(
            "image_path,coordX,coordY,coordZ\n" + f"{path},{seed[0]!r},{seed[1]!r},{seed[2]!r}\n"
        )
        dataset = SSLRadiomicsDataset(
            path=table,
            label=None,
            radius=25,
            orient=False,
            resample_spacing=[1, 1, 1],
            enable_negatives=False,
            transform=transform,
        )
        patch, _ = dataset[0]
    return np.asarray(patch)


PIPELINES: dict[str, Callable[[str, tuple[float, float, float]], np.ndarray]] = {
    "fmcib": get_features_patch,
    "fmcib-dataset": dataset_patch,
}
