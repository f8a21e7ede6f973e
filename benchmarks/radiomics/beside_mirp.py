"""Do we measure what MIRP measures, in configurations C, D and E of the IBSI CT phantom?

    python benchmarks/radiomics/beside_mirp.py [--data DATA]

MIRP passes the standard's tests, and is installed in an environment of its own the first time. Its
names are not ours: a value of it counts as reproduced where one of ours is the same, to 1 in
10,000, in all three configurations. Prints those that are not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from environment import peer_python

SAME = 1e-4


def main() -> None:
    from lesionary.radiomics import measure
    from lesionary.scan import read_mask, read_scan

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().data / "ibsi_1_ct_radiomics_phantom/nifti"
    image, outline = (next((folder / name).glob("*.nii.gz")) for name in ("image", "mask"))
    command = [str(peer_python("mirp")), str(HERE / "mirp_values.py"), str(image), str(outline)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout.splitlines()[-1])
    scan = read_scan(image)
    mask = read_mask(outline, scan)
    ours = np.stack([measure(scan, mask, f"ibsi-{name}").to_numpy() for name in theirs], axis=1)
    names = [name for name in theirs["c"] if all(name in values for values in theirs.values())]
    missing = {}
    for name in names:
        wanted = np.array([values[name] for values in theirs.values()])
        apart = np.abs(ours - wanted) / np.maximum(np.abs(wanted), 1e-12)
        nearest = float(np.nanmin(apart.max(axis=1)))
        if not nearest <= SAME:
            missing[name] = wanted
    print(f"{len(names) - len(missing)} of MIRP's {len(names)} values, in each configuration")
    for name, values in missing.items():
        print(f"  not: {name} {values}")


if __name__ == "__main__":
    main()
