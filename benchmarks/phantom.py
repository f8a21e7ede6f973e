"""How long does a synthetic patient take on one core, from nothing to files?

    python benchmarks/phantom.py [--patients 12]

Prints the median and the best seconds a patient (CT, masks and tables written, NIfTI) for each
slice thickness that was drawn. The target is one second a scan.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {0})

from lesionary.phantom import make_cohort


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=12)
    patients = parser.parse_args().patients
    seconds = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        make_cohort(Path(folder) / "warm", 1, seed=0)
        for seed in range(1, patients + 1):
            start = time.perf_counter()
            truth = make_cohort(Path(folder) / str(seed), 1, seed=seed)
            took = time.perf_counter() - start
            seconds[truth["slice_thickness_mm"].iloc[0]].append(took)
    print(f"load {os.getloadavg()[0]:.1f}")
    for thickness, all_of_it in sorted(seconds.items()):
        median, best = statistics.median(all_of_it), min(all_of_it)
        print(f"{thickness:g} mm: median {median:.2f} s, best {best:.2f} s, n = {len(all_of_it)}")


if __name__ == "__main__":
    main()
