"""How long does measuring take, beside PyRadiomics, MIRP and pictologics?

    python benchmarks/radiomics/speed.py [--data DATA] [--peers pyradiomics mirp pictologics]

The IBSI CT phantom and balls of 40 and 120 mm at 1 mm: all families of the original image, and what
PyRadiomics measures, without and with LoG of 1 to 5 mm and wavelets (14 images). Each way is a
process of its own, its time the best of its runs after what it loads, its memory the peak of the
process. Peers are installed the first time, each in an environment of its own. DATA is the folder
of the real data; without it the phantom is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from environment import REQUIREMENTS, peer_python
from ways import WAYS

RUNS = {"lesionary": 3, "pictologics": 3, "pyradiomics": 2, "mirp": 1}
MOST_SECONDS = {"ibsi": 0.3, "40 mm": 0.15, "120 mm": 1.5}
# Ours, theirs, how many times faster at least, and by which clock.
RATIOS = (
    ("lesionary as PyRadiomics", "PyRadiomics", 6, "wall"),
    ("lesionary as PyRadiomics, 14 images", "PyRadiomics, 14 images", 8, "cpu"),
    ("lesionary, all families", "pictologics, all families", 0.5, "cpu"),
)
Figures = dict[str, float]


def write(folder: Path, image: Any, mask: Any, spacing: tuple[float, float, float]) -> Path:
    import SimpleITK as sitk

    folder.mkdir()
    np.savez(folder / "case.npz", image=image, mask=mask, spacing=spacing)
    for name, array in (("image", image), ("mask", mask.astype(np.uint8))):
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing(spacing)
        sitk.WriteImage(volume, str(folder / f"{name}.nii.gz"))
    return folder


def ball(folder: Path, diameter: int) -> Path:
    """Smooth noise of 256³ voxels of 1 mm with a ball in its middle."""
    from scipy import ndimage

    noise = np.random.default_rng(0).normal(size=(256, 256, 256)).astype(np.float32)
    image = ndimage.gaussian_filter(noise, 1.5)
    image = (image / image.std() * 100).round().astype(np.int16)
    z, y, x = np.ogrid[-128:128, -128:128, -128:128]
    return write(folder, image, z**2 + y**2 + x**2 <= (diameter / 2) ** 2, (1.0, 1.0, 1.0))


def phantom(folder: Path, data: Path) -> Path:
    """The CT phantom of the Image Biomarker Standardisation Initiative."""
    from lesionary.scan import read_mask, read_scan

    given = data / "ibsi_1_ct_radiomics_phantom/nifti"
    scan = read_scan(next((given / "image").glob("*.nii.gz")))
    mask = read_mask(next((given / "mask").glob("*.nii.gz")), scan)
    return write(folder, scan.read().round().astype(np.int16), mask.voxels, scan.spacing_mm)


def timed(way: str, case: Path) -> Figures | None:
    """Time one way on one case in a process of its own."""
    package = WAYS[way][0]
    python = sys.executable if package == "lesionary" else peer_python(package)
    if python is None:
        return None
    command = [str(python), str(HERE / "ways.py"), way, str(case), str(RUNS[package])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{way} failed:\n{done.stderr[-3000:]}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def missed(case: str, found: dict[str, Figures]) -> bool:
    """Print how the ways compare; tell whether a target is missed."""
    seconds, limit = found["lesionary, all families"]["wall"], MOST_SECONDS[case]
    print(f"  all families in {seconds:.3f} s (wanted {limit} s)")
    late = seconds > limit
    for ours, theirs, wanted, clock in RATIOS:
        if theirs in found:
            ratio = found[theirs][clock] / found[ours][clock]
            print(f"  {ours}: {ratio:.1f} times {theirs}, {clock} (wanted {wanted})")
            late |= ratio < wanted
    return late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--peers", nargs="*", default=list(REQUIREMENTS), choices=[*REQUIREMENTS])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start", flush=True)
    late = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cases = {"40 mm": ball(folder / "40", 40), "120 mm": ball(folder / "120", 120)}
        if options.data.is_dir():
            cases = {"ibsi": phantom(folder / "ibsi", options.data), **cases}
        for name, case in cases.items():
            print(name, flush=True)
            found = {}
            for way, (package, _) in WAYS.items():
                if package == "lesionary" or package in options.peers:
                    figures = timed(way, case)
                    if figures is None:
                        continue
                    found[way] = figures
                    print(
                        f"  {way:<36}{figures['wall']:8.3f} s wall {figures['cpu']:8.3f} s CPU"
                        f"{figures['peak']:7.0f} MB",
                        flush=True,
                    )
            late |= missed(name, found)
    sys.exit(int(late))


if __name__ == "__main__":
    main()
