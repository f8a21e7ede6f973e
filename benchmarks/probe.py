"""The linear probe's fast search against the published one.

    python benchmarks/probe.py [--rows 2610] [--features 4096] [--classes 8] [--trials 300]

Both choose by a metric of tune rows (half as many as for training), on the same made features:
their variance falls off as that of a network's features does, and classes lie in its larger
directions. Prints the tune score and the processor's time of either (which other work on the
machine changes little); exits 1 unless the fast search takes a tenth and is no worse. The
defaults are the published size and take an hour; --rows 300 takes some minutes.
"""

import argparse
import sys
import time

import numpy as np

from lesionary.adapt.probes import LinearProbe

NEEDED = 10


def made(rows: int, features: int, classes: int, seed: int, signal: float = 0.12):
    rng = np.random.default_rng(seed)
    count = rows + rows // 2
    label = rng.choice(classes, size=count, p=(w := 1 / np.arange(2, classes + 2)) / w.sum())
    size = np.arange(1, features + 1) ** -0.6
    hidden = rng.normal(size=(count, features)) * size
    centre = rng.normal(size=(classes, features)) * size * (np.arange(features) < 300)
    mix = rng.normal(size=(features, features)) / np.sqrt(features)
    values = (hidden + signal * centre[label]) @ mix
    # Features follow a ReLU and a mean over a map: positive, and skewed.
    values = np.log1p(np.exp(4 * values / values.std()))
    split = np.repeat(["train", "tune"], [rows, rows // 2])
    return values.astype(np.float32), label, split


arguments = argparse.ArgumentParser()
arguments.add_argument("--rows", type=int, default=2610)
arguments.add_argument("--features", type=int, default=4096)
arguments.add_argument("--classes", type=int, default=8)
arguments.add_argument("--trials", type=int, default=300)
arguments.add_argument("--metric", default="balanced_accuracy")
given = arguments.parse_args()

values, label, split = made(given.rows, given.features, given.classes, seed=0)
print(f"{given.rows:,} training rows, {given.features:,} features, {given.classes} classes")
seconds, scores = {}, {}
for search in ("path", "optuna"):
    trials = None if search == "path" else given.trials
    probe = LinearProbe(search=search, metric=given.metric, trials=trials)
    start = time.process_time()
    probe.fit(values, label, split=split)
    seconds[search] = time.process_time() - start
    scores[search] = probe.found_.score
    print(
        f"{search:7} {seconds[search]:8.1f} s  {given.metric} {scores[search]:.4f}  "
        f"C = {probe.found_.setting['C']:.3g}  ({len(probe.found_.tried)} fits)",
        flush=True,
    )
ratio = seconds["optuna"] / seconds["path"]
print(f"{ratio:.0f} times as fast")
sys.exit(ratio < NEEDED or scores["path"] < scores["optuna"])
