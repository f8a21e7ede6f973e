"""The forward pass of the FMCIB network, as extraction runs it and as MONAI has it.

    python benchmarks/forward.py [--batch 8]

Prints seconds a patch, GFLOP/s and the share of what a large matrix product reaches on the same
machine in the same run, and how far the features are from MONAI's.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import torch

from lesionary import load_encoder
from lesionary.encode.inference import speed_up

GFLOP_A_PATCH = 25.7


def best_of(run: Callable[[], object], repeats: int = 5) -> float:
    run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    batch = parser.parse_args().batch
    load = os.getloadavg()[0]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {load:.1f}")
    encoder = load_encoder("random:fmcib")
    patches = torch.rand(batch, 1, 50, 50, 50)
    with torch.inference_mode():
        peak = {}
        for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            matrix = torch.rand(4096, 4096).to(dtype)
            peak[precision] = 2 * 4096**3 / best_of(lambda m=matrix: m @ m, 3) / 1e9
            print(f"matrix product {precision}: {peak[precision]:.0f} GFLOP/s")
        plain = encoder(patches)
        rows = {"MONAI fp32": ("fp32", best_of(lambda: encoder(patches)), plain)}
        speed_up(encoder, torch.device("cpu"))
        rows["ours fp32"] = ("fp32", best_of(lambda: encoder(patches)), encoder(patches))
        halved = speed_up(load_encoder("random:fmcib"), torch.device("cpu"))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            reduced = best_of(lambda: halved(patches)), halved(patches).float()
        rows["ours bf16"] = ("bf16", *reduced)
    for name, (precision, seconds, features) in rows.items():
        rate = GFLOP_A_PATCH * batch / seconds
        cosine = torch.cosine_similarity(features, plain).min()
        print(
            f"{name:<11} {seconds / batch:.3f} s a patch, {rate:4.0f} GFLOP/s, "
            f"{100 * rate / peak[precision]:3.0f} % of the matrix product, "
            f"largest difference {(features - plain).abs().max():.1e}, cosine {cosine:.6f}"
        )


if __name__ == "__main__":
    main()
