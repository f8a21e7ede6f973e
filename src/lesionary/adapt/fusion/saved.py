"""A fitted fusion as a model that can be saved, loaded and applied like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from lesionary.adapt.fusion.early import EarlyFusion
from lesionary.adapt.fusion.late import LateFusion
from lesionary.adapt.saving.parts import Parts


@dataclass(frozen=True)
class FusedModel:
    """A fitted fusion, to give to :func:`lesionary.adapt.save_model`.

    Attributes
    ----------
    fusion : EarlyFusion or LateFusion
        Fitted. Its classifiers are scikit-learn's, or pipelines of selectors and these.
    """

    kind: ClassVar[str] = "fusion"

    fusion: EarlyFusion | LateFusion

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of all blocks, one block after the other."""
        return tuple(name for columns in self.fusion.blocks.values() for name in columns)

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_<class>`` of rows that have ``columns``; NaN where a block is missing."""
        names = [f"score_{one}" for one in self.fusion.classes_.tolist()]
        return pd.DataFrame(
            self.fusion.predict_proba(features), columns=names, index=features.index
        )

    def parts(self) -> Parts:
        """Take the model apart (see :class:`~lesionary.adapt.saving.Savable`)."""
        return Parts({"columns": self.columns}, {}, self.fusion)

    @classmethod
    def of_parts(cls, parts: Parts) -> FusedModel:
        """Put a model together."""
        if not isinstance(parts.estimator, EarlyFusion | LateFusion):
            raise ValueError("the estimator is no fusion")
        model = cls(parts.estimator)
        if list(model.columns) != list(parts.facts["columns"]):
            raise ValueError("the fusion has other columns")
        return model
