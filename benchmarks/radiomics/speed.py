"""Time handcrafted features: the IBSI CT phantom and balls of 40 and 120 mm at 1 mm.

``python benchmarks/radiomics/speed.py [DATA]``: the best wall time of three runs of all families on
the original image, and of what PyRadiomics measures, without and with LoG and wavelets, each in
a process of its own, with its peak memory. DATA is the folder of the real data; without
it the phantom is left out. Where ``radiomics`` (PyRadiomics) is installed, it is timed beside.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Case = tuple[NDArray[np.int16], NDArray[np.bool_], tuple[float, float, float]]
FILTERED = {"Original": {}, "LoG": {"sigma": [1, 2, 3, 4, 5]}, "Wavelet": {}}
RUNS = 3


def ball(diameter: int) -> Case:
    """Smooth noise of 256³ voxels of 1 mm with a ball in its middle."""
    from scipy import ndimage

    noise = np.random.default_rng(0).normal(size=(256, 256, 256)).astype(np.float32)
    image = ndimage.gaussian_filter(noise, 1.5)
    image = (image / image.std() * 100).round().astype(np.int16)
    z, y, x = np.ogrid[-128:128, -128:128, -128:128]
    return image, z**2 + y**2 + x**2 <= (diameter / 2) ** 2, (1.0, 1.0, 1.0)


def phantom(data: Path) -> Case:
    """Read the CT phantom of the Image Biomarker Standardisation Initiative."""
    from lesionary.scan import read_mask, read_scan

    folder = data / "ibsi_1_ct_radiomics_phantom/nifti"
    scan = read_scan(next((folder / "image").glob("*.nii.gz")))
    mask = read_mask(next((folder / "mask").glob("*.nii.gz")), scan)
    return scan.read().round().astype(np.int16), mask.voxels, scan.spacing_mm


def ours(case: Case) -> None:
    """All families of the standard, on the image's own grid, in bins of 25."""
    from lesionary.radiomics.compute import measure

    image, mask, spacing = case
    measure(image, mask, {"discretisation": {"bin_width": 25}}, spacing_mm=spacing)


def profile(case: Case, **params: object) -> None:
    """Measure what PyRadiomics does, by its profile."""
    from lesionary.radiomics.pyradiomics import measure_pyradiomics

    image, mask, spacing = case
    measure_pyradiomics(image, mask, {"setting": {"binWidth": 25}, **params}, spacing_mm=spacing)


def theirs(case: Case, **params: object) -> None:
    """Measure by PyRadiomics itself, as its users run it."""
    import logging

    import SimpleITK as sitk

    from radiomics import featureextractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    image, mask, spacing = case
    volume, label = sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask.astype(np.uint8))
    volume.SetSpacing(spacing)
    label.SetSpacing(spacing)
    extractor = featureextractor.RadiomicsFeatureExtractor({"setting": {"binWidth": 25}, **params})
    extractor.execute(volume, label)


WAYS: dict[str, Callable[[Case], None]] = {
    "all families": ours,
    "as PyRadiomics": profile,
    "as PyRadiomics, 14 images": lambda case: profile(case, imageType=FILTERED),
    "PyRadiomics": theirs,
    "PyRadiomics, 14 images": lambda case: theirs(case, imageType=FILTERED),
}


def one(way: str, case: str, data: str) -> None:
    """Time one way on one case, in this process."""
    found = phantom(Path(data)) if case == "ibsi" else ball(int(case))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walls, cpus = [], []
    for _ in range(RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        WAYS[way](found)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{case:>5}  {way:<27} {min(walls):7.3f} s wall {min(cpus):7.3f} s CPU"
        f"{peak / 1024:7.0f} MB ({before / 1024:.0f} MB before)",
        flush=True,
    )


def main() -> None:
    """Time every way on every case."""
    data = sys.argv[1] if len(sys.argv) > 1 else "../shared/data"
    cases = [*(["ibsi"] if Path(data).is_dir() else []), "40", "120"]
    installed = find_spec("radiomics") is not None
    for case in cases:
        for way in WAYS:
            if installed or not way.startswith("PyRadiomics"):
                words = [sys.executable, __file__, "--one", way, case, data]
                subprocess.run(words, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
