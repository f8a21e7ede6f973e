"""Build a patch store, or time reading batches from it; prints JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from torch.utils.data import DataLoader

from lesionary.train.store import LesionBatches, PatchStore, build_store

SECONDS = 5.0


def build(table: str, folder: str, workers: str) -> dict[str, float]:
    start = time.perf_counter()
    build_store(table, folder, workers=int(workers))
    seconds = time.perf_counter() - start
    size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {"seconds": seconds, "bytes": size}


def read(folder: str, workers: str) -> dict[str, float]:
    for file in Path(folder).rglob("*.npy"):
        with file.open("rb") as handle:
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    store = PatchStore.open(folder)
    batches = LesionBatches(store, range(len(store)), 8, seed=0, jitter_vox=8, backgrounds=1)
    loader = DataLoader(
        batches, batch_size=None, num_workers=int(workers), persistent_workers=int(workers) > 0
    )
    cold = _epoch(loader, batches, 0)
    epochs, seconds = 0, 0.0
    while seconds < SECONDS:
        epochs += 1
        seconds += _epoch(loader, batches, epochs)
    samples = len(batches) * 8
    return {"cold": samples / cold, "warm": samples * epochs / seconds}


def _epoch(loader: DataLoader, batches: LesionBatches, epoch: int) -> float:
    batches.set_epoch(epoch)
    start = time.perf_counter()
    for batch in loader:
        assert batch["positive"].shape == batch["background"].shape == (8, 1, 50, 50, 50)
    return time.perf_counter() - start


if __name__ == "__main__":
    do = {"build": build, "read": read}[sys.argv[1]]
    print(json.dumps(do(*sys.argv[2:])))
