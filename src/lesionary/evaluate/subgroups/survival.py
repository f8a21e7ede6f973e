"""Whether risks order the events as well in one subgroup as in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lesionary.evaluate.metrics.kernel import Kernel
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups.interaction import Mask, by_columns
from lesionary.evaluate.subgroups.table import FEW, UNRELIABLE, Subgroups
from lesionary.evaluate.survival.concordance import Method, comparable
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.interval import result


def judge_survival_subgroups(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    columns: pd.DataFrame,
    groups: ArrayLike | None = None,
    *,
    method: Method = "harrell",
    edges: Mapping[str, Sequence[float]] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[Subgroups]:
    """Judge a risk in subgroups by its C-index, and test whether it is the same in all of them.

    The test is that of :func:`lesionary.evaluate.subgroups.judge_subgroups`. Subgroups with
    fewer than ten events are left out of it.

    Parameters
    ----------
    time, event, risk, groups, method, level, seed
        As of :func:`lesionary.evaluate.survival.c_index`.
    columns : DataFrame (n, columns)
        What to tell rows apart by: names, or numbers, which are cut.
    edges : mapping of str to sequence of float, optional
        Where a column of numbers is cut: each edge begins a subgroup. Columns of more than
        six different numbers are cut at their tertiles otherwise.
    resamples : int
        Of the bootstrap; of the test, too.

    Returns
    -------
    list of Subgroups
        One a column, with Holm's correction over them.

    Examples
    --------
    >>> time, event, risk = [1, 2, 3, 4] * 10, [1, 1, 1, 0] * 10, [4, 2, 3, 1] * 10
    >>> sex = pd.DataFrame({"sex": ["f"] * 20 + ["m"] * 20})
    >>> found = judge_survival_subgroups(time, event, risk, sex, resamples=100)[0]
    >>> {name: round(one.value, 3) for name, one in found.results.items()}
    {'f': 0.833, 'm': 0.833}
    """
    rows = survival(time, event, risk, groups)

    def judged(mask: Mask) -> Result:
        part = _part(rows, mask)
        pairs = comparable(part, method, None, None)
        few = (f"{UNRELIABLE}: fewer than {FEW} events",) if part.events < FEW else ()
        return result(
            pairs.title,
            pairs.kernel(part.risk),
            part,
            "percentile",
            resamples=resamples,
            level=level,
            seed=seed,
            notes=few,
        )

    def kernel(mask: Mask) -> Kernel:
        part = _part(rows, mask)
        return comparable(part, method, None, None).kernel(part.risk)

    weights = draw(rows.group, rows.event.astype(np.int64), resamples=resamples, seed=seed)
    return by_columns(columns, edges, weights, judged, kernel, f"{FEW} events")


def _part(rows: Survival, chosen: Mask) -> Survival:
    group = pd.factorize(rows.group[chosen])[0].astype(np.int64)
    return replace(
        rows,
        time=rows.time[chosen],
        event=rows.event[chosen],
        risk=rows.risk[chosen],
        group=group,
    )
