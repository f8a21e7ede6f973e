"""From scores to the table and the picture: balanced accuracy and mAP, bootstrapped by patient."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from experiment import LONGER, METHODS, OBJECTIVES, RANDOM, SHARES, SUPERVISED, TUNED

RESAMPLES = 500
METRICS = {"balanced_accuracy": "Balanced accuracy", "map": "Mean average precision"}
COLOURS = ["#0072b2", "#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#8c6d31", "#d55e00", "#999999"]


Samples = dict[tuple[str, int, str], np.ndarray]
"""By method, share and metric: of all lesions first, then of resampled patients."""


def judge(folder: Path, seeds: int) -> tuple[pd.DataFrame, Samples]:
    """Return one row a method, share and metric: mean over the seeds, and its interval."""
    table = pd.read_csv(folder / "cohort" / "split.csv")
    patient_of = table.set_index("lesion_id")["patient_id"]
    rows, samples = [], {}
    for method in METHODS:
        results = [pd.read_parquet(folder / f"{method}-{seed}.parquet") for seed in range(seeds)]
        about = [
            json.loads((folder / f"{method}-{seed}.json").read_text()) for seed in range(seeds)
        ]
        seconds = float(np.mean([each["seconds"] for each in about]))
        for share in SHARES:
            if not (results[0]["share"] == share).any():
                continue
            runs = [one[one["share"] == share].sort_values("lesion_id") for one in results]
            patients = patient_of[runs[0]["lesion_id"]].to_numpy()
            for metric, values in _bootstrap(runs, patients).items():
                samples[method, share, metric] = values
                low, high = np.percentile(values[1:], [2.5, 97.5])
                rows.append(
                    {
                        "method": method,
                        "share": share,
                        "metric": metric,
                        "value": values[0],
                        "low": low,
                        "high": high,
                        "lesions": len(patients),
                        "seconds": seconds,
                    }
                )
    return pd.DataFrame(rows), samples


def difference(samples: Samples, one: str, other: str, share: int) -> tuple[float, float, float]:
    """Return by how much balanced accuracy differs, and the interval over the same patients."""
    first, second = (samples[method, share, "balanced_accuracy"] for method in (one, other))
    low, high = np.percentile((first - second)[1:], [2.5, 97.5])
    return float(first[0] - second[0]), float(low), float(high)


def _bootstrap(runs: list[pd.DataFrame], patients: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics averaged over the runs: of all lesions first, then of resampled patients."""
    random = np.random.default_rng(0)
    names, number = np.unique(patients, return_inverse=True)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    weights = np.concatenate([np.ones((1, len(patients))), drawn[:, number]])
    found: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    for run in runs:
        target = run["target"].astype(str).to_numpy()
        classes = np.unique(target)
        scores = run.reindex(columns=[f"score_{one}" for one in classes]).fillna(0.0).to_numpy()
        is_class = target[:, None] == classes
        right = is_class[np.arange(len(target)), scores.argmax(axis=1)]
        with np.errstate(invalid="ignore"):  # a class that is in no resampled patient
            recall = (weights * right) @ is_class / (weights @ is_class)
        precision = [_precision(weights, is_class[:, c], scores[:, c]) for c in range(len(classes))]
        found["balanced_accuracy"].append(np.nanmean(recall, axis=1))
        found["map"].append(np.nanmean(precision, axis=0))
    return {name: np.mean(values, axis=0) for name, values in found.items()}


def _precision(weights: np.ndarray, positive: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Average precision for each row of weights, as scikit-learn's of one."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))  # of lesions with equal scores
    some = weights[:, order]
    found = np.cumsum(some * positive[order], axis=1)[:, last]
    with np.errstate(invalid="ignore"):
        share = found / np.cumsum(some, axis=1)[:, last]
        steps = np.diff(found, axis=1, prepend=0)
        return np.nansum(steps * share, axis=1) / found[:, -1]


def as_markdown(table: pd.DataFrame, metric: str) -> str:
    """Return the table of a metric, best method first."""
    some = table[table["metric"] == metric]
    order = some.groupby("method")["value"].mean().sort_values(ascending=False).index
    lines = [
        "| Method | " + " | ".join(f"{share} %" for share in SHARES) + " | s a run |",
        "|---|" + "---:|" * (len(SHARES) + 1),
    ]
    for method in order:
        cells = some[some["method"] == method].set_index("share")
        texts = [
            f"{c.value:.3f} ({c.low:.3f} to {c.high:.3f})" if c.value == c.value else "–"
            for c in cells.reindex(list(SHARES)).itertuples()
        ]
        lines.append(f"| {method} | {' | '.join(texts)} | {cells['seconds'].iloc[0]:.0f} |")
    return "\n".join(lines)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw both metrics over the share of the labels."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 5), sharex=True, layout="constrained")
    for axis, (metric, title) in zip(axes, METRICS.items(), strict=True):
        for method, some in table[table["metric"] == metric].groupby("method", sort=False):
            own = method in OBJECTIVES
            colour = COLOURS[METHODS.index(method)] if own else "black"
            style = {RANDOM: ":", SUPERVISED: "--", LONGER: "-."}.get(method, "-")
            colour = COLOURS[METHODS.index("simclr")] if method == TUNED else colour
            style = "-." if method == TUNED else style
            axis.plot(
                some["share"], some["value"], style, color=colour, marker="o", ms=4, label=method
            )
            if method in ("mined_simclr", SUPERVISED, RANDOM):
                axis.fill_between(
                    some["share"], some["low"], some["high"], color=colour, alpha=0.12
                )
        axis.set(title=title, xlabel="Labels used (% of the training lesions)", xscale="log")
        axis.set_xticks(SHARES, [str(share) for share in SHARES])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    lines, names = axes[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
