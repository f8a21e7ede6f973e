"""Does it learn? The published experiment in miniature, on phantoms.

    python benchmarks/objectives/run.py FOLDER [--epochs 3] [--seeds 3] [--jobs 2]

Every objective trains the same network on the same unlabelled lesions with the same budget; a
linear probe then tells the site of a lesion with 100, 50, 20 and 10 % of the labels. Beside
them: the untrained network, the same network learning from the labels alone, and a pre-trained
one that goes on learning from the labels. Prints two tables, draws FOLDER/objectives.png, and
exits 1 unless the best pre-training beats random features, and supervised learning at 10 % of
the labels, fine-tuned also in as many steps: the interval of the difference in balanced accuracy
over the same patients is above zero. What was finished is kept: the same command goes on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from experiment import (
    LONGER,
    METHODS,
    OBJECTIVES,
    RANDOM,
    SUPERVISED,
    TUNED,
    learn,
    make_data,
)


def run_job(method: str, seed: int, options: argparse.Namespace) -> None:
    """Run one method with one seed in a process of its own, on one thread."""
    if (options.folder / f"{method}-{seed}.json").exists():
        return
    command = [sys.executable, __file__, str(options.folder), "--epochs", str(options.epochs)]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--only", method, str(seed)],
        env={**os.environ, "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // options.jobs))},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    print(f"{method} {seed}: {time.perf_counter() - started:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=1400)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs=2, metavar=("METHOD", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        learn(options.only[0], int(options.only[1]), options.epochs, options.folder)
        return
    started = time.perf_counter()
    make_data(options.folder, options.patients, options.seeds)
    print(f"data: {time.perf_counter() - started:.0f} s", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        jobs = [
            pool.submit(run_job, method, seed, options)
            for seed, method in product(range(options.seeds), METHODS)
        ]
        for job in jobs:
            job.result()

    from judge import METRICS, as_markdown, difference, draw, judge

    table, samples = judge(options.folder, options.seeds)
    table.to_csv(options.folder / "objectives.csv", index=False)
    for metric, title in METRICS.items():
        print(f"\n{title}\n\n{as_markdown(table, metric)}")
    draw(table, options.folder / "objectives.png")
    print(f"\n{time.perf_counter() - started:.0f} s in all; {options.folder / 'objectives.png'}")

    of = table[table["metric"] == "balanced_accuracy"].set_index(["method", "share"])["value"]
    best = max(OBJECTIVES, key=lambda name: of[name, 100])
    missed = False
    for one, other, share in ((best, RANDOM, 100), (best, SUPERVISED, 10), (TUNED, LONGER, 10)):
        value, low, high = difference(samples, one, other, share)
        print(f"{one} - {other}, {share} % of the labels: {value:+.3f} ({low:+.3f} to {high:+.3f})")
        missed |= low <= 0
    sys.exit(missed)


if __name__ == "__main__":
    main()
