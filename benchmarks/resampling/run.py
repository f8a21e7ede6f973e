"""How long do 1,000 bootstraps and 1,000 permutations take, and how long in a plain loop?

    python benchmarks/resampling/run.py [--plain 20] [--models 12] [--rows 1221] [--classes 8]

AUC, mAP and balanced accuracy of 12 models: an interval of each model, and a permutation test of
each against the first. Ours is what users call, checks of the input included. The plain loop
over scikit-learn does the first `--plain` of the same resamples and permutations, and its time is
scaled to all; its numbers are compared with ours. Exits 1 where ours takes more than 10 s, is
less than 30 times as fast, or differs by more than 1e-12.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import numpy as np
import plain

from lesionary.evaluate.comparisons import compare
from lesionary.evaluate.comparisons.paired import paired
from lesionary.evaluate.comparisons.swaps import signs, swapped_differences
from lesionary.evaluate.inputs import labelled
from lesionary.evaluate.metrics import judge, weighted_values
from lesionary.evaluate.resample import draw

RESAMPLES = 1000
SECONDS, TIMES, SAME = 10.0, 30.0, 1e-12


def made(models, rows, classes):
    """Labels, and probabilities of models that differ in how much they know."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, rows)
    scores = {}
    for number in range(models):
        score = np.exp(rng.normal(size=(rows, classes)) + (0.5 + 0.1 * number) * np.eye(classes)[y])
        scores[f"model {number}"] = (score / score.sum(axis=1, keepdims=True)).astype(np.float64)
    return y, scores


def timed(what, *given, **more):
    start = time.perf_counter()
    out = what(*given, **more)
    return out, time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plain", type=int, default=20)
    parser.add_argument("--models", type=int, default=12)
    parser.add_argument("--rows", type=int, default=1221)
    parser.add_argument("--classes", type=int, default=8)
    given = parser.parse_args()
    y, scores = made(given.models, given.rows, given.classes)
    reference = next(iter(scores))
    share = RESAMPLES / given.plain
    models = paired(y, scores, None, None)
    rows = labelled(y, scores[reference])
    weights = draw(rows.group, rows.label, resamples=RESAMPLES)[: given.plain]
    swaps = signs(rows.n, RESAMPLES, 0)[: given.plain]
    ours, theirs, worst = 0.0, 0.0, 0.0
    print(f"{given.models} models, {given.rows:,} rows, {given.classes} classes")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; plain loop x {share:g}")
    for metric in plain.METRICS:
        intervals = timed(lambda name=metric: [judge(name, y, score) for score in scores.values()])
        tests = timed(compare, y, scores, metric, reference=reference)
        loop = timed(plain.bootstraps, metric, y, scores, weights)
        swapped = timed(plain.permutations, metric, y, scores, reference, swaps)
        found = np.array(
            [weighted_values(metric, each, weights) for each in models.models.values()]
        )
        differences = swapped_differences(metric, models, models.pairs(reference), swaps, 0.5)
        off = [np.abs(found - loop[0]).max(), np.abs(differences - swapped[0]).max()]
        for name, (_, we), (_, they), apart in (
            ("bootstraps", intervals, loop, off[0]),
            ("permutations", tests, swapped, off[1]),
        ):
            print(
                f"{metric:<18} {name:<13} ours {we:6.2f} s  plain {they * share:7.1f} s  "
                f"{they * share / we:5.0f} times  largest difference {apart:.0e}"
            )
            ours, theirs = ours + we, theirs + they * share
        worst = max(worst, *off)
    print(f"all: ours {ours:.2f} s, plain {theirs:.0f} s, {theirs / ours:.0f} times")
    return 0 if ours < SECONDS and theirs > TIMES * ours and worst <= SAME else 1


if __name__ == "__main__":
    sys.exit(main())
