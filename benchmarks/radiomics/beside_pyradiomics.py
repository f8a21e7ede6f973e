"""Do we give PyRadiomics' names and values, of all its classes on all its images?

    python benchmarks/radiomics/beside_pyradiomics.py [--data DATA]

On the brain that comes with PyRadiomics and the CT phantom of the IBSI, with different settings.
PyRadiomics is installed in an environment of its own the first time. It filters in single precision
here and there, which can put a voxel into the next bin: exits 1 if a name is missing, or a value
differs by more than 1e-3 of itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from environment import peer_python

SAME, NEAR, ZERO = 1e-6, 1e-3, 1e-12
IMAGES = ("Original", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient")
FILTERED = {**{name: {} for name in IMAGES}, "LoG": {"sigma": [1, 2.0, 3, 5.0]}}
ON_IMAGES = ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm")
BRAIN = ("pyradiomics/brain1_image.nrrd", "pyradiomics/brain1_label.nrrd")
PHANTOM = tuple(
    f"ibsi_1_ct_radiomics_phantom/nifti/{name}.nii.gz" for name in ("image/phantom", "mask/mask")
)
CASES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "brain, bins of 25": (BRAIN, {"binWidth": 25}),
    "brain, 32 bins, 2 mm": (BRAIN, {"binCount": 32, "resampledPixelSpacing": [2, 2, 2]}),
    "IBSI phantom, bins of 25": (PHANTOM, {"binWidth": 25}),
    "IBSI phantom, slices": (PHANTOM, {"binWidth": 25, "force2D": True}),
}


def main() -> None:
    from lesionary.radiomics import measure
    from lesionary.scan import read_mask, read_scan

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    late = False
    for case, (files, setting) in CASES.items():
        image, outline = (data / name for name in files)
        params: dict[str, Any] = {"setting": setting, "imageType": FILTERED}
        if "force2D" in setting:
            images = {name: how for name, how in FILTERED.items() if name != "Wavelet"}
            params |= {"imageType": images, "featureClass": dict.fromkeys(ON_IMAGES)}
        command = [str(peer_python("pyradiomics")), str(HERE / "pyradiomics_values.py")]
        command += [str(image), str(outline), json.dumps(params)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout.splitlines()[-1])
        scan = read_scan(image)
        ours = measure(scan, read_mask(outline, scan, label=1), params).to_dict()
        apart = {
            name: abs(ours.get(name, np.inf) - value) / max(abs(value), ZERO / SAME)
            for name, value in theirs.items()
        }
        worst = max(apart, key=apart.__getitem__)
        same = sum(value <= SAME for value in apart.values())
        print(f"{case}: {same:,} of {len(theirs):,} values to {SAME:g}; worst {worst} by ", end="")
        print(f"{apart[worst]:.1e}", flush=True)
        late |= apart[worst] > NEAR or set(ours) != set(theirs)
    sys.exit(int(late))


if __name__ == "__main__":
    main()
