"""What the page of an exploration draws from: names, numbers, values, packed small."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.evaluate.explore import Exploration
from lesionary.evaluate.explore.correlation import POSSESSIVE

COLORS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#882255",
    "#999933", "#44AA99",
)  # fmt: skip
"""Of classes: Okabe and Ito's first, which the colour-blind tell apart."""

MOST_VALUES = 2_000_000
"""Values of features that a page holds, as 4 bytes each: some 10 MB."""

MOST_IN_MAP = 2_000
"""Features of the heat map; of more, those that represent the largest clusters."""

_DIGITS = 5


def page_data(found: Exploration) -> dict[str, Any]:
    """Pack an exploration for its page.

    Returns
    -------
    dict
        ``features``: names. ``groups``: of columns, each name to ``[key, title, kind]``.
        ``areas``: keys of AUCs and their bounds, and titles. ``columns``: key to numbers.
        ``classes``, ``colors``, ``label`` and ``values``: what distributions and curves are drawn
        from (base64; ``at`` says at which place of ``values`` a feature is). ``map``: kind of
        correlation, order of features, and the hundredths of the upper triangle row by row.
        ``volume``: values and the threshold.
    """
    rows = found.rows
    groups = column_groups(found)
    keys = [key for columns in groups.values() for key, _, _ in columns]
    drawn, mapped = _drawn(found), _mapped(found)
    correlation = found.correlation[np.ix_(mapped, mapped)]
    hundredths = np.round(np.nan_to_num(correlation) * 100).astype(np.int8)
    values = rows.features.to_numpy()[:, drawn].T
    at = {int(column): place for place, column in enumerate(drawn)}
    return {
        "features": [str(name) for name in rows.features.columns],
        "groups": groups,
        "areas": _areas(found),
        "columns": {key: [_plain(one) for one in found.statistics[key]] for key in keys},
        "classes": list(rows.classes),
        "colors": list(COLORS[: max(len(rows.classes), 1)]),
        "label": _packed(np.zeros(len(rows)) if rows.label is None else rows.label, np.uint8),
        "rows": len(rows),
        "values": _packed(values, np.float32),
        "at": [at.get(column, -1) for column in range(rows.features.shape[1])],
        "map": {
            "kind": POSSESSIVE[found.kind],
            "order": mapped.tolist(),
            "rho": _packed(hundredths[np.triu_indices(len(mapped))], np.int8),
        },
        "volume": None
        if rows.volume is None
        else {
            "name": rows.volume_name,
            "values": _packed(rows.volume, np.float32),
            "threshold": found.stands_for_volume,
        },
    }


def column_groups(found: Exploration) -> dict[str, list[tuple[str, str, str]]]:
    """Name the columns that are shown together: key, title, and whether a p-value or a number."""
    groups = {}
    if found.rows.label is not None:
        columns = []
        for area, low, high, title in _areas(found):
            columns += [(area, title, "number"), (low, "low", "number"), (high, "high", "number")]
        groups["Classes"] = [
            *columns,
            ("p", "p", "p"),
            ("p_fdr", "p, FDR", "p"),
            ("p_bonferroni", "p, Bonferroni", "p"),
        ]
    groups["Description"] = [
        *((name, name, "number") for name in ("n", "missing", "mean", "std", "min")),
        *((name, name, "number") for name in ("median", "max", "skewness")),
        ("shapiro_p", "p, normality", "p"),
    ]
    groups["Volume and clusters" if found.rows.volume is not None else "Clusters"] = [
        *(
            [
                ("volume_spearman", "ρ with volume", "number"),
                ("volume_low", "low", "number"),
                ("volume_high", "high", "number"),
                ("volume_p_fdr", "p, FDR", "p"),
            ]
            if found.rows.volume is not None
            else []
        ),
        ("cluster", "cluster", "number"),
        ("cluster_size", "features in it", "number"),
    ]
    return groups


def _areas(found: Exploration) -> list[tuple[str, str, str, str]]:
    """Name the columns of each AUC and its interval, and say of which class it is."""
    classes = found.rows.classes
    title = {of: f"AUC of {class_words(found, of)}" for of in classes}
    if len(classes) == 2:
        return [("auc", "auc_low", "auc_high", title[classes[1]])]
    return [(f"auc:{of}", f"auc_low:{of}", f"auc_high:{of}", title[of]) for of in classes]


def class_words(found: Exploration, name: str) -> str:
    """Name a class so that it is not taken for a value: ``late 1``, but ``malignant``."""
    return f"{found.rows.label_name} {name}" if name.replace(".", "").isdecimal() else name


def _drawn(found: Exploration) -> NDArray[np.intp]:
    """Features whose values the page holds: as many as it can, with the smallest p first."""
    count = max(1, MOST_VALUES // len(found.rows))
    statistics = found.statistics
    key = statistics["p"] if "p" in statistics else ~statistics["representative"]
    order = np.argsort(key.to_numpy(dtype=np.float64), kind="stable")
    extent = statistics[["min", "max"]].abs().max(axis=1).to_numpy()[order]
    return np.sort(order[~(extent > np.finfo(np.float32).max)][:count])


def _mapped(found: Exploration) -> NDArray[np.int64]:
    order, clusters = found.clusters.order, found.clusters
    if len(order) > MOST_IN_MAP:
        order = order[clusters.representative[order] & (clusters.number[order] <= MOST_IN_MAP)]
    return order


def _packed(values: NDArray[Any], kind: type[np.generic]) -> str:
    small = np.ascontiguousarray(values, dtype=np.dtype(kind).newbyteorder("<"))
    return base64.b64encode(small.tobytes()).decode("ascii")


def _plain(value: Any) -> float | int | None:
    """Make a number one of JSON, with as many digits as are looked at."""
    if pd.isna(value) or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
