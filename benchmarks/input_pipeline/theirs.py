"""Time ``SSLRadiomicsDataset`` as its pre-training sets it up. Runs in the peer's environment."""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fmcib"))
import published  # noqa: F401  (declares what its torchvision lacks)
from fmcib.datasets import SSLRadiomicsDataset
from monai.transforms import Compose, EnsureChannelFirst, SpatialPad, ToTensor
from torch.utils.data import DataLoader

if __name__ == "__main__":
    table, samples, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dataset = SSLRadiomicsDataset(
        path=table,
        label="label",
        radius=25,
        orient=False,
        resample_spacing=[1, 1, 1],
        enable_negatives=True,
        transform=Compose(
            [
                ToTensor(),
                EnsureChannelFirst(channel_dim="no_channel"),
                SpatialPad(spatial_size=[50, 50, 50]),
            ]
        ),
    )
    loader = DataLoader(dataset, batch_size=1, shuffle=True, num_workers=workers)
    start = time.perf_counter()
    for item, _ in islice(loader, samples):
        assert item["positive"].shape == item["negative"].shape == (1, 1, 50, 50, 50)
    print(json.dumps({"rate": samples / (time.perf_counter() - start)}))
