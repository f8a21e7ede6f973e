"""What do the values mean? Steps that make intensities of different scans comparable.

Each step is a small function with its formula, and a line in a list that is read from YAML
(:func:`read_steps`). Where a step takes numbers from images (a mean, quantiles), they come from
the image itself or, with ``fit: train``, from the training images; :class:`Pipeline` keeps them,
is saved as JSON and applied to new scans unchanged.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.scan.intensity.bias import correct_bias
    from lesionary.scan.intensity.binning import bin_by_count, bin_by_width
    from lesionary.scan.intensity.fat import scale_to_fat
    from lesionary.scan.intensity.histogram import equalise, match_histogram, quantiles
    from lesionary.scan.intensity.pipeline import (
        Pipeline,
        fit_steps,
        load_pipeline,
        save_pipeline,
    )
    from lesionary.scan.intensity.resampling import isotropic_grid, resample, resample_mask
    from lesionary.scan.intensity.scaling import percentile_scale, scale_range, z_score
    from lesionary.scan.intensity.steps import read_steps, step_names
    from lesionary.scan.intensity.volume import IntensityError, Volume
    from lesionary.scan.intensity.white_stripe import find_white_stripe
    from lesionary.scan.intensity.windowing import window

__all__ = [
    "IntensityError",
    "Pipeline",
    "Volume",
    "bin_by_count",
    "bin_by_width",
    "correct_bias",
    "equalise",
    "find_white_stripe",
    "fit_steps",
    "isotropic_grid",
    "load_pipeline",
    "match_histogram",
    "percentile_scale",
    "quantiles",
    "read_steps",
    "resample",
    "resample_mask",
    "save_pipeline",
    "scale_range",
    "scale_to_fat",
    "step_names",
    "window",
    "z_score",
]

_MODULE_OF = {
    "correct_bias": "bias",
    **dict.fromkeys(("bin_by_count", "bin_by_width"), "binning"),
    "scale_to_fat": "fat",
    **dict.fromkeys(("equalise", "match_histogram", "quantiles"), "histogram"),
    **dict.fromkeys(("Pipeline", "fit_steps", "load_pipeline", "save_pipeline"), "pipeline"),
    **dict.fromkeys(("isotropic_grid", "resample", "resample_mask"), "resampling"),
    **dict.fromkeys(("percentile_scale", "scale_range", "z_score"), "scaling"),
    **dict.fromkeys(("read_steps", "step_names"), "steps"),
    **dict.fromkeys(("IntensityError", "Volume"), "volume"),
    "find_white_stripe": "white_stripe",
    "window": "windowing",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.scan.intensity.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.scan.intensity' has no attribute {name!r}")
