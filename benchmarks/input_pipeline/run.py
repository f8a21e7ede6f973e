"""How many samples a second feed the training, against the published dataset class?

    python benchmarks/input_pipeline/run.py [--scans 6] [--samples 12]

Both get the same table of scans (512 x 512 x 120, .nii.gz, eight lesions each) and the same number
of worker processes. A sample is two patches of 50 x 50 x 50 voxels at 1 mm: one around the lesion,
one from elsewhere in its scan, before any augmentation. The published class reads scans as it
goes; ours reads the patch store, whose building is measured apart and then added to the time of
the 100 epochs that the published training runs for. All files are warm in the system's cache, but
for the column "cold", where ours were dropped from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import SimpleITK as sitk

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fmcib"), str(HERE.parent / "speed")]
from environment import peer_python

from scan import make_image, seeds

PER_SCAN = 8
EPOCHS = 100
WANTED = 50


def write_cohort(folder: Path, scans: int) -> Path:
    rows = []
    for number in range(scans):
        path = folder / f"scan{number}.nii.gz"
        sitk.WriteImage(make_image(number), str(path), True)
        rows += [
            (f"S{number}-L{lesion}", f"S{number}", str(path), *seed, lesion % 2)
            for lesion, seed in enumerate(seeds(PER_SCAN))
        ]
    table = folder / "cohort.csv"
    names = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ", "label"]
    pd.DataFrame(rows, columns=names).to_csv(table, index=False)
    return table


def measure(python: Path | str, script: str, *arguments: object) -> dict[str, float]:
    command = [str(python), str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=6)
    parser.add_argument("--samples", type=int, default=12, help="that the published class reads")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        table = write_cohort(Path(temporary), arguments.scans)
        lesions = arguments.scans * PER_SCAN
        store = Path(temporary) / "store"
        built = measure(sys.executable, "ours.py", "build", table, store, cores)
        each = built["seconds"] / lesions
        print(
            f"building the store: {built['seconds']:.1f} s for {arguments.scans} scans with "
            f"{lesions} lesions, {each:.2f} s and {built['bytes'] / lesions / 1e6:.2f} MB a lesion"
        )
        print(
            f"{'workers':<9}{'published/s':>12}{'ours/s':>9}{'ratio':>7}{'cold/s':>9}"
            f"{f'with building, {EPOCHS} epochs/s':>31}{'ratio':>7}{'wanted':>8}"
        )
        for workers in (0, cores):
            theirs = measure(peer_python(), "theirs.py", table, arguments.samples, workers)["rate"]
            ours = measure(sys.executable, "ours.py", "read", store, workers)
            warm, cold = ours["warm"], ours["cold"]
            amortised = 1 / (1 / warm + each / EPOCHS)
            missed |= warm < WANTED * theirs or amortised < WANTED * theirs
            print(
                f"{workers:<9}{theirs:>12.2f}{warm:>9.0f}{warm / theirs:>7.0f}{cold:>9.0f}"
                f"{amortised:>31.0f}{amortised / theirs:>7.0f}{WANTED:>8}",
                flush=True,
            )
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
