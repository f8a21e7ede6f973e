"""What bfloat16 costs each encoder: the least cosine to the float32 features.

    python benchmarks/bf16.py [ENCODER ...]

On lesions of three phantoms, cut as the card says; with the encoder's own weights where they are
at hand, else with random ones. The cards state what this prints (``bf16_cosine``).
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from lesionary import load_encoder
from lesionary.encode import card_names, load_card
from lesionary.errors import WeightsError
from lesionary.phantom import PhantomConfig, make_phantom

PHANTOMS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoders", nargs="*")
    names = parser.parse_args().encoders or [
        name for name in card_names() if name != "random" and not load_card(name).requires
    ]
    phantoms = [make_phantom(0, index, PhantomConfig(size="small")) for index in range(PHANTOMS)]
    seeds = [[[row[f"center_{a}_mm"] for a in "xyz"] for row in one.truth] for one in phantoms]
    for name in names:
        try:
            encoder, weights = load_encoder(name), "its weights"
        except WeightsError:
            encoder, weights = load_encoder(f"random:{name}"), "random weights"
        cut = [
            phantom.scan.patches(points, encoder.card.input)
            for phantom, points in zip(phantoms, seeds, strict=True)
        ]
        patches = torch.from_numpy(np.concatenate(cut))
        with torch.inference_mode():
            exact = encoder(patches)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                rounded = encoder(patches).float()
        cosine = torch.cosine_similarity(exact, rounded).min()
        print(f"{name:24} {weights:15} {len(patches)} lesions  {cosine:.6f}", flush=True)


if __name__ == "__main__":
    main()
