"""Measure one region in one way, several times, and print the best time as JSON.

    python ways.py WAY CASE RUNS

Run by the Python that has what the way needs. CASE is a folder with ``case.npz`` (image, mask and
spacing x, y, z), ``image.nii.gz`` and ``mask.nii.gz``.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 25
LOWEST = -1100  # below every voxel of the cases
FILTERED = {"Original": {}, "LoG": {"sigma": [1, 2, 3, 4, 5]}, "Wavelet": {}}
Once = Callable[[], Any]


def all_families(case: Path) -> Once:
    from lesionary.radiomics import measure

    image, mask, spacing = arrays(case)
    how = {"discretisation": {"bin_width": WIDTH}}
    return lambda: measure(image, mask, how, spacing_mm=spacing)


def as_pyradiomics(case: Path, **params: Any) -> Once:
    from lesionary.radiomics import measure_pyradiomics

    image, mask, spacing = arrays(case)
    how = {"setting": {"binWidth": WIDTH}, **params}
    return lambda: measure_pyradiomics(image, mask, how, spacing_mm=spacing)


def pyradiomics(case: Path, **params: Any) -> Once:
    import SimpleITK as sitk

    from radiomics import featureextractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    image, mask, spacing = arrays(case)
    volume, label = sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask.astype(np.uint8))
    volume.SetSpacing(spacing)
    label.SetSpacing(spacing)
    extractor = featureextractor.RadiomicsFeatureExtractor(
        {"setting": {"binWidth": WIDTH}, **params}
    )
    return lambda: extractor.execute(volume, label)


def mirp(case: Path) -> Once:
    from mirp import extract_features

    return lambda: extract_features(
        image=str(case / "image.nii.gz"),
        mask=str(case / "mask.nii.gz"),
        base_discretisation_method="fixed_bin_size",
        base_discretisation_bin_width=float(WIDTH),
        resegmentation_intensity_range=[float(LOWEST), 4000.0],
        base_feature_families="all",
    )


def pictologics(case: Path) -> Once:
    from pictologics import Image, RadiomicsPipeline

    image, mask, spacing = arrays(case)
    volume, label = (
        Image(array=np.ascontiguousarray(each.T), spacing=spacing, origin=(0.0, 0.0, 0.0))
        for each in (image.astype(np.float64), mask.astype(np.float64))
    )
    families = ["intensity", "morphology", "texture", "histogram", "ivh"]
    options = {
        "include_spatial_intensity": True,
        "include_local_intensity": True,
    }
    steps = [
        {"step": "discretise", "params": {"method": "FBS", "bin_width": WIDTH, "min_val": LOWEST}},
        {"step": "extract_features", "params": {"families": families, **options}},
    ]
    pipeline = RadiomicsPipeline(deduplicate=False, load_standard=False)
    pipeline.add_config("all", steps)
    return lambda: pipeline.run(volume, label, config_names=["all"])


WAYS: dict[str, tuple[str, Callable[[Path], Once]]] = {
    "lesionary, all families": ("lesionary", all_families),
    "MIRP, all families": ("mirp", mirp),
    "pictologics, all families": ("pictologics", pictologics),
    "lesionary as PyRadiomics": ("lesionary", as_pyradiomics),
    "PyRadiomics": ("pyradiomics", pyradiomics),
    "lesionary as PyRadiomics, 14 images": (
        "lesionary",
        lambda case: as_pyradiomics(case, imageType=FILTERED),
    ),
    "PyRadiomics, 14 images": ("pyradiomics", lambda case: pyradiomics(case, imageType=FILTERED)),
}


def arrays(case: Path) -> tuple[Any, Any, tuple[float, float, float]]:
    found = np.load(case / "case.npz")
    x, y, z = found["spacing"].tolist()
    return found["image"], found["mask"], (x, y, z)


def peak_mb() -> float:
    """Most memory this process had (Linux); getrusage counts the parent before the start, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    way, case, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    once = WAYS[way][1](case)
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        once()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    print(json.dumps({"wall": min(walls), "cpu": min(cpus), "peak": peak_mb()}))


if __name__ == "__main__":
    main()
