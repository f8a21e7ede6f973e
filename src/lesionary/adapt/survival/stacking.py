"""Cox models on the prognostic indices of other Cox models, in every combination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import pandas as pd
from numpy.typing import ArrayLike

from lesionary.adapt.saving.parts import Parts
from lesionary.adapt.survival.cox import CoxModel, fit_cox
from lesionary.adapt.survival.outcome import read_outcome
from lesionary.cohort.columns import PATIENT
from lesionary.errors import ModelError
from lesionary.evaluate.survival import c_index

_MOST = 6
"""Components; six make 63 models."""


@dataclass(frozen=True)
class StackedCox:
    """A Cox model whose covariates are the prognostic indices of others.

    Parameters
    ----------
    components : mapping of str to CoxModel
    top : CoxModel
        Its columns are the components' names.
    """

    kind: ClassVar[str] = "cox-stack"

    components: Mapping[str, CoxModel]
    top: CoxModel

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a table must have to be predicted: those of all components."""
        return tuple(dict.fromkeys(c for one in self.components.values() for c in one.columns))

    def indices(self, table: pd.DataFrame, patient: str | None = None) -> pd.DataFrame:
        """Return the components' prognostic indices, and ``table``'s outcome and patients.

        This is the table that ``top`` is fitted to, and can be validated on.
        """
        return _indices(self.components, table, self.top.time, self.top.event, patient)

    @property
    def followed(self) -> float:
        """Longest follow-up of a training row; survival beyond it is unknown."""
        return self.top.followed

    def predict_risk(self, table: pd.DataFrame) -> pd.Series[float]:
        """Return each row's log hazard against the training average, ``score_risk``."""
        return self.top.predict_risk(self.indices(table))

    def predict_survival(self, table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
        """Return the probability to be free of the event at times, a row a row, a column a time."""
        return self.top.predict_survival(self.indices(table), times)

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_risk`` as a table."""
        return self.predict_risk(features).to_frame()

    def parts(self) -> Parts:
        """Take all models apart."""
        taken = {name: one.parts() for name, one in [*self.components.items(), ("", self.top)]}
        return Parts(
            {"models": [{"name": name, **one.facts} for name, one in taken.items()]},
            {f"{name}/{key}": a for name, one in taken.items() for key, a in one.arrays.items()},
        )

    @classmethod
    def of_parts(cls, parts: Parts) -> StackedCox:
        """Put them together again."""
        models = {}
        for facts in parts.facts["models"]:
            begins = f"{facts['name']}/"
            mine = {
                key.removeprefix(begins): array
                for key, array in parts.arrays.items()
                if key.startswith(begins)
            }
            models[facts["name"]] = CoxModel.of_parts(Parts(facts, mine))
        top = models.pop("")
        if set(top.columns) != set(models):
            raise ValueError("the indices must be those of the components")
        return cls(models, top)

    def __str__(self) -> str:
        return f"Stack of {' + '.join(self.components)}\n{self.top}"


@dataclass(frozen=True)
class Stacks:
    """Every combination of components, each a Cox model on its indices.

    Parameters
    ----------
    models : mapping of str to StackedCox
        ``M1``, ``M2``, ...: each component alone, then pairs, and so on to all.
    """

    models: Mapping[str, StackedCox]

    def judge(
        self,
        table: pd.DataFrame,
        *,
        patient: str | None = None,
        resamples: int = 1000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return each model's C-index (Harrell) with its interval on a table, a row a model."""
        top = next(iter(self.models.values())).top
        outcome = read_outcome(table, top.time, top.event, patient)
        groups = outcome.patient if outcome.clustered else None
        rows = {}
        for name, model in self.models.items():
            found = c_index(
                outcome.time,
                outcome.event,
                model.predict_risk(table).to_numpy(),
                groups,
                resamples=resamples,
                seed=seed,
            )
            rows[name] = {
                "components": " + ".join(model.components),
                "c_index": found.value,
                "low": found.low,
                "high": found.high,
                "n": found.n,
                "events": found.events,
                "method": found.method,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")

    def __getitem__(self, name: str) -> StackedCox:
        return self.models[name]

    def __str__(self) -> str:
        lines = [f"{name}  {' + '.join(one.components)}" for name, one in self.models.items()]
        return "\n".join(lines)


def stack_indices(
    components: Mapping[str, CoxModel],
    table: pd.DataFrame,
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
) -> Stacks:
    """Fit a Cox model on the prognostic indices of every combination of components.

    Three components, say VASARI, radiomics and clinical, make seven models: each alone (M1 to
    M3), in pairs (M4 to M6) and together (M7).

    Parameters
    ----------
    components : mapping of str to CoxModel
    table : DataFrame
        Rows with the columns of all components. On the rows that the components were fitted to
        their indices look better than they are, the larger models' most; rows that chose
        nothing (``tune``) weigh them fairly.
    time, event, patient
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    """
    if not 1 <= len(components) <= _MOST:
        raise ModelError(
            f"There are {len(components)} components; from 1 to {_MOST} can be stacked."
        )
    if any(not name or "/" in name for name in components):
        raise ModelError("Names of components must not be empty, nor have a '/'.")
    for name, one in components.items():
        if not one.beta.any():
            raise ModelError(f"The component {name!r} gives every row the same risk: leave it out.")
    rows = _indices(components, table, time, event, patient)
    chosen = [
        part for size in range(1, len(components) + 1) for part in combinations(components, size)
    ]
    return Stacks(
        {
            f"M{number}": StackedCox(
                {name: components[name] for name in part},
                fit_cox(rows, part, time=time, event=event, patient=patient),
            )
            for number, part in enumerate(chosen, start=1)
        }
    )


def _indices(
    components: Mapping[str, CoxModel],
    table: pd.DataFrame,
    time: str,
    event: str,
    patient: str | None,
) -> pd.DataFrame:
    outcome = [name for name in (time, event, patient or PATIENT) if name in table.columns]
    clash = set(outcome) & set(components)
    if clash:
        raise ModelError(f"A component cannot be called {sorted(clash)[0]!r}, as a column is.")
    risks = {name: one.predict_risk(table) for name, one in components.items()}
    return pd.DataFrame({**risks, **table[outcome]}, index=table.index)
