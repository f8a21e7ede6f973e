"""The share of a training step of the FMCIB network that making the views takes.

    python benchmarks/views.py [--lesions 4] [--steps 2]

Steps are those of the published pre-training: two views of each lesion and of a patch elsewhere,
the ResNet-50 x2 forwards and backwards, the mined loss; on the GPU in bfloat16, where there is
one. Exits 1 if the share is above its bound (5 % on the CPU, 15 % on the GPU).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

import torch

from lesionary import load_encoder
from lesionary.train.objectives import build_objective
from lesionary.train.objectives.objective import Step
from lesionary.train.views import load_views, make_view, view_names

BOUND = {"cpu": 0.05, "cuda": 0.15}
CROP_VOX, MARGIN_VOX = 50, 8


def now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def main() -> int:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lesions", type=int, default=32 if device.type == "cuda" else 4)
    parser.add_argument("--steps", type=int, default=20 if device.type == "cuda" else 2)
    arguments = parser.parse_args()
    print(
        f"torch {torch.__version__} on {device}, {torch.get_num_threads()} threads, "
        f"load {os.getloadavg()[0]:.1f}, {arguments.lesions} lesions a step"
    )
    encoder = load_encoder("random:fmcib").train().to(device)
    objective = build_objective("mined_simclr", encoder.card.dimension).train().to(device)
    mapping = encoder.card.input.intensity
    side = CROP_VOX + 2 * MARGIN_VOX
    patches = torch.randn(2, arguments.lesions, 1, side, side, side) * 300 - 300
    lesions, backgrounds = patches.to(device)

    def make(name: str, step: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        generator = torch.Generator().manual_seed(step)
        recipe = load_views(name)
        first, second = (
            [
                make_view(recipe, batch, generator, mapping=mapping, size_vox=CROP_VOX)
                for _ in range(2)
            ]
            for batch in (lesions, backgrounds)
        )
        return first, second

    shares = []
    for step in range(-1, arguments.steps):
        start = now(device)
        views = dict(zip(("lesion", "background"), make("fmcib", step + 1), strict=True))
        made = now(device)
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
            features = {kind: [encoder(view) for view in two] for kind, two in views.items()}
            loss = objective.loss(features, views, Step(step + 1, 0, arguments.steps + 1)).loss
        loss.backward()
        end = now(device)
        # The first step is a rehearsal.
        if step >= 0:
            shares.append((made - start) / (end - start))
            print(f"step of {end - start:.3f} s, its views {made - start:.4f} s: {shares[-1]:.2%}")
    for name in view_names():
        seconds = []
        for step in range(5):
            start = now(device)
            make(name, step)
            seconds.append(now(device) - start)
        print(f"{name:<9} {1000 * min(seconds) / (4 * arguments.lesions):.2f} ms a view")
    share, bound = statistics.median(shares), BOUND[device.type]
    print(f"views take {share:.2%} of a step, at most {bound:.0%} asked: ", end="")
    print("met" if share <= bound else "MISSED")
    return 0 if share <= bound else 1


if __name__ == "__main__":
    sys.exit(main())
