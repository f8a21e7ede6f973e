"""How much faster is ``lesionary extract`` than the published ``get_features``?

    python benchmarks/extraction/run.py [--scans 8]

Both get the same table of scans (512 x 512 x 120, .nii.gz) with eight lesions each, and the same
random weights, and run as a command of their own: start, import, weights, scans, features, table.
What each further lesion costs is the difference to a run on one scan, over the lesions between.
The tables are then compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fmcib"), str(HERE.parent / "speed")]
from environment import peer_python

from scan import make_image, seeds

PER_SCAN = 8
WANTED = {"fp32": (18, 22), "bf16": (28, 40)}
MEMORY_MB = 2048


def write_table(folder: Path, scans: int) -> Path:
    rows = []
    for number in range(scans):
        path = folder / f"scan{number}.nii.gz"
        if not path.exists():
            sitk.WriteImage(make_image(number), str(path), True)
        for lesion, seed in enumerate(seeds(PER_SCAN)):
            rows.append(
                {
                    "lesion_id": f"S{number}-L{lesion}",
                    "patient_id": f"S{number}",
                    "image_path": str(path),
                    **dict(zip(("coordX", "coordY", "coordZ"), seed, strict=True)),
                }
            )
    table = folder / f"{scans}-scans.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    return table


def write_weights(folder: Path) -> Path:
    """Save random weights of the published network once, in its own layout."""
    import torch

    from lesionary import load_encoder

    network = load_encoder("random:fmcib").network
    path = folder / "weights.torch"
    torch.save({"trunk_state_dict": network.state_dict()}, path)
    return path


def tree_mb(pid: int) -> float:
    """Proportional memory of a process and all below it, in MB (Linux)."""
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            pss = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        todo += map(int, children)
        total += int(next(x for x in pss.splitlines() if x.startswith("Pss:")).split()[1]) / 1024
    return total


def measure(command: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory of its processes together."""
    peak, done = 0.0, threading.Event()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.25):
            peak = max(peak, tree_mb(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if process.returncode:
        sys.exit(errors[-3000:])
    return seconds, peak


def ours(table: Path, weights: Path, out: Path, precision: str) -> list[str]:
    command = [sys.executable, "-m", "lesionary", "extract", str(table), "--encoder", "fmcib"]
    command += ["--recipe", "fmcib", "--weights", str(weights), "--out", str(out), "--overwrite"]
    return [*command, "--precision", precision]


def theirs(table: Path, weights: Path, out: Path) -> list[str]:
    return [str(peer_python()), str(HERE / "theirs.py"), str(table), str(weights), str(out)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=8)
    parser.add_argument("--precision", nargs="+", default=["fp32"], choices=list(WANTED))
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        weights = write_weights(folder)
        sizes = (1, options.scans)
        tables = {scans: write_table(folder, scans) for scans in sizes}
        more = (options.scans - 1) * PER_SCAN
        results = {}
        for name in ("published", *options.precision):
            for scans in sizes:
                out = folder / f"{name}-{scans}{'.csv' if name == 'published' else '.parquet'}"
                command = (
                    theirs(tables[scans], weights, out)
                    if name == "published"
                    else ours(tables[scans], weights, out, name)
                )
                results[name, scans] = measure(command)
                seconds, megabytes = results[name, scans]
                print(
                    f"{name:<10} {scans * PER_SCAN:>3} lesions: {seconds:7.1f} s, peak "
                    f"{megabytes:6.0f} MB",
                    flush=True,
                )
        missed = False
        reference = pd.read_csv(folder / f"published-{options.scans}.csv").filter(like="pred_")
        for name in options.precision:
            ratio = results["published", sizes[1]][0] / results[name, sizes[1]][0]
            each = [
                (results[who, sizes[1]][0] - results[who, 1][0]) / more
                for who in ("published", name)
            ]
            table = pd.read_parquet(folder / f"{name}-{options.scans}.parquet")
            features = table.drop(columns="lesion_id").to_numpy()
            expected = reference.to_numpy()
            cosine = (features * expected).sum(axis=1) / (
                np.linalg.norm(features, axis=1) * np.linalg.norm(expected, axis=1)
            )
            print(
                json.dumps(
                    {
                        "precision": name,
                        "whole command": f"{ratio:.1f} times faster (wanted {WANTED[name][0]})",
                        "further lesion": f"{each[0]:.2f} s -> {each[1]:.3f} s, "
                        f"{each[0] / each[1]:.1f} times (wanted {WANTED[name][1]})",
                        "largest difference": float(np.abs(features - expected).max()),
                        "smallest cosine": float(cosine.min()),
                    },
                    indent=2,
                )
            )
            missed |= ratio < WANTED[name][0] or each[0] / each[1] < WANTED[name][1]
            missed |= results[name, sizes[1]][1] > MEMORY_MB
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
