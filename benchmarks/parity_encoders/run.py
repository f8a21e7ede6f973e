"""Compare our encoders with the published code, layout by layout.

    python benchmarks/parity_encoders/run.py

In the published package's own environment (benchmarks/fmcib/environment.py), networks are filled
with made weights and saved in each layout that is published; there and here the file is loaded
and two patches are encoded. Prints the largest difference relative to the largest feature, and
exits 1 if one is above 1e-5. With --update it also writes the features of Models Genesis and the
names of its weights to tests/encode/published_genesis.npz, which the test suite compares with.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "benchmarks" / "fmcib")]
from environment import run_peer
from made import make_patches

from lesionary.encode import load_encoder

TOLERANCE = 1e-5
FIXTURE = ROOT / "tests" / "encode" / "published_genesis.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="rewrite the test suite's fixture")
    update = parser.parse_args().update
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run_peer(HERE / "peer.py", folder)
        cases = json.loads((folder / "cases.json").read_text())
        print(f"{'layout':<28} {'encoder':<24} loaded there by  largest relative difference")
        for name, case in cases.items():
            path = folder / case["file"]
            theirs = np.load(path.with_suffix(".npy"))
            with torch.inference_mode():
                ours = load_encoder(case["card"], path)(make_patches(2, case["side"])).numpy()
            difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
            worst = max(worst, difference)
            print(f"{name:<28} {case['card']:<24} {case['how']:<16} {difference:.1e}")
        dependence = cases["Models Genesis"]["batch dependence as published"]
        print(f"Models Genesis as published: a patch's features change by up to {dependence:.2g}")
        print("when another joins its batch; ours by nothing (tests/encode/test_encoders.py).")
        if update:
            case = cases["Models Genesis"]
            features = np.load((folder / case["file"]).with_suffix(".npy"))
            np.savez_compressed(FIXTURE, features=features, keys=json.dumps(case["keys"]))
            print(f"Wrote {FIXTURE}")
    sys.exit(int(worst > TOLERANCE))


if __name__ == "__main__":
    main()
