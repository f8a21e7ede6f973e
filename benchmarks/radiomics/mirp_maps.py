"""Filter the IBSI 2 phantoms with MIRP, and save the responses.

    python mirp_maps.py PHANTOMS OUT

Run by the Python that has MIRP; also the list of what is compared: of each filter its phantom, our
spec, and MIRP's options.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

Pair = tuple[str, dict[str, Any], dict[str, Any]]


def laws(ours: dict[str, Any], **theirs: Any) -> Pair:
    options = {"laws_kernel": "l5s5", "laws_compute_energy": False, **theirs, "by_slice": True}
    spec = {"kernels": "L5S5", "dimension": 2, **ours}
    return "checkerboard", {"laws": spec}, {"filter_kernels": "laws", **options}


def gabor(phantom: str, boundary: tuple[str, str], sigma: int, length: int, **how: float) -> Pair:
    step = how.get("theta_step_deg")
    theirs: dict[str, Any] = {
        "filter_kernels": "gabor",
        "gabor_sigma": float(sigma),
        "gabor_lambda": float(length),
        "gabor_gamma": how["gamma"],
        "gabor_theta": how.get("theta_deg", 0.0),
        "gabor_boundary_condition": boundary[1],
        "by_slice": step is None,
    }
    if step is not None:
        theirs |= {"gabor_theta_step": step, "gabor_rotation_invariance": True}
        theirs |= {"gabor_pooling_method": "mean"}
    spec = {"sigma_mm": sigma, "wavelength_mm": length, "boundary": boundary[0], **how}
    return phantom, {"gabor": {**spec, "dimension": 2 if step is None else 3}}, theirs


def wavelet(phantom: str, family: str, bands: str, level: int, invariant: bool) -> Pair:
    spec = {"family": family, "bands": bands, "level": level, "rotation_invariant": invariant}
    theirs = {
        "filter_kernels": "separable_wavelet",
        "separable_wavelet_families": family,
        "separable_wavelet_set": bands.lower(),
        "separable_wavelet_decomposition_level": level,
        "separable_wavelet_rotation_invariance": invariant,
        "separable_wavelet_pooling_method": "mean",
    }
    return phantom, {"wavelet": spec}, theirs


def simoncelli(level: int) -> Pair:
    theirs = {
        "filter_kernels": "nonseparable_wavelet",
        "nonseparable_wavelet_families": "simoncelli",
        "nonseparable_wavelet_decomposition_level": level,
        "nonseparable_wavelet_boundary_condition": "wrap",
    }
    return "checkerboard", {"simoncelli": {"level": level}}, theirs


ZERO, MIRROR = ("zero", "constant"), ("mirror", "reflect")
PAIRS: dict[str, Pair] = {
    "LoG, in slices": (
        "checkerboard",
        {"log": {"sigma_mm": 5, "dimension": 2}},
        {
            "filter_kernels": "laplacian_of_gaussian",
            "laplacian_of_gaussian_sigma": 5.0,
            "laplacian_of_gaussian_kernel_truncate": 4.0,
            "by_slice": True,
        },
    ),
    "Laws, in slices": laws({}, laws_rotation_invariance=False),
    "Laws, in slices, every way round": laws({"rotation_invariant": True}),
    "Laws, in slices, energy": laws(
        {"rotation_invariant": True, "energy_vox": 7}, laws_compute_energy=True, laws_delta=7
    ),
    "Gabor of an impulse": gabor("impulse", ZERO, 10, 4, gamma=0.5, theta_deg=60.0),
    "Gabor of an impulse, every way": gabor("impulse", ZERO, 10, 4, gamma=0.5, theta_step_deg=45.0),
    "Gabor of a sphere": gabor("sphere", MIRROR, 20, 8, gamma=2.5, theta_deg=225.0),
    "Gabor of a sphere, every way": gabor("sphere", MIRROR, 20, 8, gamma=2.5, theta_step_deg=22.5),
    "Coiflet 1": wavelet("sphere", "coif1", "HHL", 1, False),
    "Coiflet 1, every way round": wavelet("sphere", "coif1", "HHL", 1, True),
    "Haar, level 2": wavelet("checkerboard", "haar", "LLL", 2, True),
    "Haar, level 2, high": wavelet("checkerboard", "haar", "HHH", 2, True),
    "Daubechies 3, level 2": wavelet("sphere", "db3", "LHL", 2, False),
    **{f"Simoncelli, level {level}": simoncelli(level) for level in (1, 2, 3)},
}


def main() -> None:
    from mirp import extract_images

    phantoms, out = Path(sys.argv[1]), Path(sys.argv[2])
    warnings.simplefilter("ignore")
    found = {}
    for name, (phantom, _, options) in PAIRS.items():
        boundaries = {
            f"{kind}_boundary_condition": "reflect"
            for kind in ("laplacian_of_gaussian", "laws", "separable_wavelet")
            if options["filter_kernels"] == kind
        }
        result = extract_images(
            image=str(phantoms / phantom / "image" / f"{phantom}.nii.gz"),
            mask=str(phantoms / "checkerboard" / "mask" / "mask.nii.gz"),
            image_export_format="numpy",
            write_images=False,
            export_images=True,
            **boundaries,
            **options,
        )
        found[name] = np.asarray(result[0][0][-1], dtype=np.float64)
    np.savez(out, **found)


if __name__ == "__main__":
    main()
