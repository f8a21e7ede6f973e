"""How often does a 95 % interval hold the truth?

    python benchmarks/coverage.py [--trials 1000] [--sizes 100 300 1000] [--out coverage.csv]

Draws tables from populations whose metrics are known, computes the intervals that users get, and
counts. Prints one line a kind of interval and size; exits 1 where coverage is not 95 % +- 2, which
`docs/explanation/intervals.md` explains.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from lesionary.evaluate.inputs import labelled
from lesionary.evaluate.metrics import auc, average_precision, balanced_accuracy, metric_value
from lesionary.evaluate.survival import c_index

APART = 1.0  # what a positive row's score has more, in standard deviations
PREVALENCE = 0.3
SHARES = np.array([0.4, 0.3, 0.2, 0.1])  # of four classes
APART_OF_CLASSES = 1.5
ALIKE = 0.5  # share of the variance that a patient's rows have in common
NOT_CLUSTERED = "rows"
CLUSTERED = "patients of 1 to 3 rows"


def patients_of(n, clustered, rng):
    """Which patient each of n rows has: its own, or patients of one to three rows."""
    if not clustered:
        return np.arange(n)
    return np.repeat(np.arange(n), rng.integers(1, 4, size=n))[:n]


def alike(patient, rng, columns=None):
    """Draw normal deviates of which a patient's have half the variance in common."""
    size = (len(patient),) if columns is None else (len(patient), columns)
    if (np.diff(patient) > 0).all():
        return rng.normal(size=size)
    common = rng.normal(size=(patient[-1] + 1, *size[1:]))[patient]
    return np.sqrt(ALIKE) * common + np.sqrt(1 - ALIKE) * rng.normal(size=size)


def binary(patient, rng):
    y = (alike(patient, rng) > norm.isf(PREVALENCE)).astype(int)
    return y, APART * y + alike(patient, rng)


def classes(patient, rng):
    y = np.searchsorted(norm.ppf(np.cumsum(SHARES)[:-1]), alike(patient, rng))
    return y, APART_OF_CLASSES * np.eye(len(SHARES))[y] + alike(patient, rng, len(SHARES))


def survival(patient, rng):
    risk = alike(patient, rng)
    time_to_event = -np.log(norm.cdf(alike(patient, rng))) / np.exp(0.7 * risk)
    censored = rng.exponential(1.5, size=len(patient))
    return np.minimum(time_to_event, censored), time_to_event <= censored, risk


def truths():
    """Each metric in an endless population."""
    rng = np.random.default_rng(1)
    alone = np.arange(2_000_000)
    right = quad(lambda x: norm.cdf(x) ** 3 * norm.pdf(x - APART_OF_CLASSES), -10, 12)[0]
    y, score = classes(alone, rng)
    when, event, risk = survival(alone, rng)
    first, second = alone[: len(alone) // 2], alone[len(alone) // 2 :]
    earlier = np.where(when[first] < when[second], first, second)
    later = np.where(when[first] < when[second], second, first)
    return {
        "AUC": norm.cdf(APART / np.sqrt(2)),
        "balanced accuracy, 4 classes": right,
        "average precision": metric_value("average_precision", labelled(*binary(alone, rng))),
        "mAP, 4 classes": metric_value("average_precision", labelled(y, score)),
        "C-index": (risk[earlier] > risk[later])[event[earlier]].mean(),
    }


def intervals(n, clustered, rng, seed):
    """Draw one table of each kind and yield (metric, method, low, high)."""
    patient = patients_of(n, clustered, rng)
    groups = patient if clustered else None
    y, score = binary(patient, rng)
    for method in ("delong", "percentile", "bca"):
        yield "AUC", method, auc(y, score, groups, interval=method, seed=seed)
    if clustered:
        yield "AUC", "percentile, patients ignored", auc(y, score, seed=seed)
    for method in ("percentile", "bca"):
        found = average_precision(y, score, groups, interval=method, seed=seed)
        yield "average precision", method, found
    y, score = classes(patient, rng)
    for metric, judge in (
        ("balanced accuracy, 4 classes", balanced_accuracy),
        ("mAP, 4 classes", average_precision),
    ):
        for method in ("percentile", "bca"):
            yield (
                metric,
                method,
                judge(y, score, groups, interval=method, seed=seed, classes=range(4)),
            )
    when, event, risk = survival(patient, rng)
    if n <= 300:
        yield "C-index", "percentile", c_index(when, event, risk, groups, seed=seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    truth = truths()
    print(", ".join(f"{name} {value:.4f}" for name, value in truth.items()))
    lines = []
    for n in given.sizes:
        for clustered in (False, True):
            lines += covered(n, clustered, given.trials, truth)
    if given.out:
        with given.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, lines[0].keys())
            writer.writeheader()
            writer.writerows(lines)
    judged = [line for line in lines if "ignored" not in line["interval"]]
    missed = [line for line in judged if abs(line["coverage"] - 0.95) > 0.02]
    print(f"{len(missed)} of {len(judged)} are not within 95 % +- 2")
    return 1 if missed else 0


def covered(n, clustered, trials, truth):
    """Count the trials whose interval holds the truth; one without an interval does not."""
    start = time.perf_counter()
    held: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for trial in range(trials):
        rng = np.random.default_rng([n, clustered, trial])
        for metric, method, found in intervals(n, clustered, rng, trial):
            low, high = (np.nan, np.nan) if found.low is None else (found.low, found.high)
            held.setdefault((metric, method), []).append((low <= truth[metric] <= high, high - low))
    rows = CLUSTERED if clustered else NOT_CLUSTERED
    lines = []
    for (metric, method), hits in held.items():
        share, width = np.nanmean(np.array(hits, dtype=float), axis=0)
        print(f"n = {n:>5,} {rows:<24} {metric:<29} {method:<29} {share:.3f}  width {width:.3f}")
        lines.append(
            {"n": n, "drawn": rows, "metric": metric, "interval": method}
            | {"coverage": round(share, 4), "width": round(width, 4), "trials": trials}
        )
    print(f"  {time.perf_counter() - start:.0f} s", flush=True)
    return lines


if __name__ == "__main__":
    sys.exit(main())
