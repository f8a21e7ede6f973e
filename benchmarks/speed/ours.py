"""Time our patches of one file; prints seconds and the peak memory in MB."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fmcib"))
from memory import peak_mb

from lesionary.scan import dicom, itk, nifti, nrrd, patch, read_scan  # noqa: F401
from lesionary.scan.recipe import load_recipe

if __name__ == "__main__":
    path, seeds = sys.argv[1], json.loads(sys.argv[2])
    recipe = load_recipe("fmcib")
    start = time.perf_counter()
    read_scan(path).patches(seeds, recipe)
    seconds = time.perf_counter() - start
    print(seconds, peak_mb())
