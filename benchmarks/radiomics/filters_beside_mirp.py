"""Do our filters respond as MIRP's do, to the phantoms of the IBSI 2?

    python benchmarks/radiomics/filters_beside_mirp.py [--data DATA]

Those are compared whose consensus was not at hand. MIRP is installed in an environment of its own
the first time. Exits 1 if a response differs by more than the standard allows, 1 % of its range.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from environment import peer_python
from mirp_maps import PAIRS

ALLOWED = 0.01


def main() -> None:
    from lesionary.radiomics.filters import apply
    from lesionary.scan import read_scan

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    phantoms = parser.parse_args().data / "ibsi_2_digital_phantom/nifti"
    late = False
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "maps.npz"
        command = [str(peer_python("mirp")), str(HERE / "mirp_maps.py"), str(phantoms), str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with np.load(out) as maps:
            for name, (phantom, spec, _) in PAIRS.items():
                scan = read_scan(phantoms / phantom / "image" / f"{phantom}.nii.gz")
                found = apply(spec, scan.read(), spacing_mm=scan.spacing_mm[::-1])
                apart = np.abs(found - maps[name]).max() / np.ptp(maps[name])
                print(f"{name:<34}{apart:10.5%} of the range")
                late |= bool(apart > ALLOWED)
    sys.exit(int(late))


if __name__ == "__main__":
    main()
