"""Compare our patches with the published package's, scan by scan and seed by seed.

    python benchmarks/parity/run.py

Installs the published package in an environment of its own (benchmarks/fmcib/environment.py),
cuts the patches of scans.py there and here, and prints the largest difference on scaled values
for each scan and recipe. Exits 1 if one is above 1e-6. With --update it also writes a tenth of
the published voxels to tests/scan/published_patches.npz, which the test suite compares with.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benchmarks" / "fmcib"))
from environment import run_peer
from scans import SCANS, make_cases

from lesionary import read_scan
from lesionary.errors import ScanError

RECIPES = ("fmcib", "fmcib-dataset")
TOLERANCE = 1e-6
FIXTURE = ROOT / "tests" / "scan" / "published_patches.npz"


def difference(case: dict, recipe: str, published: np.ndarray) -> float:
    """Largest absolute difference; 0 where both refuse, infinite where only one does."""
    refused = published.dtype.kind == "U"
    try:
        ours = read_scan(case["path"]).patch(case["center_mm"], recipe)
    except ScanError:
        return 0.0 if refused else np.inf
    if refused or published.shape != ours.shape:
        return np.inf
    return float(np.abs(ours - published).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="rewrite the test suite's fixture")
    update = parser.parse_args().update
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cases = make_cases(folder)
        (folder / "cases.json").write_text(json.dumps(cases))
        run_peer(Path(__file__).with_name("peer.py"), folder)
        published = dict(np.load(folder / "published.npz"))
        worst = dict.fromkeys(((name, recipe) for name in SCANS for recipe in RECIPES), 0.0)
        for case in cases:
            for recipe in RECIPES:
                theirs = published[f"{case['scan']}/{case['seed']}/{recipe}"]
                key = case["scan"], recipe
                worst[key] = max(worst[key], difference(case, recipe, theirs))
    print(f"{'scan':<16} {'recipe':<14} largest difference over {len(cases) // len(SCANS)} seeds")
    for (name, recipe), value in worst.items():
        print(f"{name:<16} {recipe:<14} {value:.2e}")
    largest = max(worst.values())
    print(f"{len(published)} patches, largest difference {largest:.2e}, allowed {TOLERANCE:g}")
    if update:
        np.savez_compressed(
            FIXTURE, **{key: a[..., 4::10, 4::10, 4::10] for key, a in published.items()}
        )
        print(f"Wrote {FIXTURE}")
    sys.exit(int(largest > TOLERANCE))


if __name__ == "__main__":
    main()
