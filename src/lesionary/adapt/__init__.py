"""Fit: from a table of features to a small model, learnt on the training rows only.

Works on tables, of our features or of anybody's. What a model needs to be used again
(columns, scaling, encoder, versions) is saved with it, and no code runs when it is read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.fusion import (
        AttentionMIL,
        ClinicalEncoder,
        EarlyFusion,
        FusedModel,
        LateFusion,
        ablate,
        join_blocks,
        patient_labels,
        patient_scores,
    )
    from lesionary.adapt.harmonise import Centring, ComBat, MComBat, NestedComBat
    from lesionary.adapt.probes import (
        BoostingProbe,
        ElasticNetProbe,
        ForestProbe,
        KNNProbe,
        LinearProbe,
        SVMProbe,
        fit_fractions,
        make_probe,
    )
    from lesionary.adapt.published import PublishedLinear, read_published_linear
    from lesionary.adapt.robustness import CutOffs, assess_robustness
    from lesionary.adapt.saving import load_model, save_model
    from lesionary.adapt.selection import selector_chain, volume_confounding
    from lesionary.adapt.survival import (
        CoxModel,
        RandomSurvivalForest,
        fit_cox,
        fit_elastic_net_cox,
        fit_survival,
        stack_indices,
    )

__all__ = [
    "AttentionMIL",
    "BoostingProbe",
    "Centring",
    "ClinicalEncoder",
    "ComBat",
    "CoxModel",
    "CutOffs",
    "EarlyFusion",
    "ElasticNetProbe",
    "ForestProbe",
    "FusedModel",
    "KNNProbe",
    "LateFusion",
    "LinearProbe",
    "MComBat",
    "NestedComBat",
    "PublishedLinear",
    "RandomSurvivalForest",
    "SVMProbe",
    "ablate",
    "assess_robustness",
    "fit_cox",
    "fit_elastic_net_cox",
    "fit_fractions",
    "fit_survival",
    "join_blocks",
    "load_model",
    "make_probe",
    "patient_labels",
    "patient_scores",
    "read_published_linear",
    "save_model",
    "selector_chain",
    "stack_indices",
    "volume_confounding",
]

_MODULE_OF = {
    **dict.fromkeys(
        (
            "Centring",
            "ComBat",
            "MComBat",
            "NestedComBat",
        ),
        "harmonise",
    ),
    **dict.fromkeys(
        (
            "CutOffs",
            "assess_robustness",
        ),
        "robustness",
    ),
    **dict.fromkeys(
        (
            "AttentionMIL",
            "ClinicalEncoder",
            "EarlyFusion",
            "FusedModel",
            "LateFusion",
            "ablate",
            "join_blocks",
            "patient_labels",
            "patient_scores",
        ),
        "fusion",
    ),
    **dict.fromkeys(
        (
            "BoostingProbe",
            "ElasticNetProbe",
            "ForestProbe",
            "KNNProbe",
            "LinearProbe",
            "SVMProbe",
            "fit_fractions",
            "make_probe",
        ),
        "probes",
    ),
    **dict.fromkeys(
        (
            "PublishedLinear",
            "read_published_linear",
        ),
        "published",
    ),
    **dict.fromkeys(
        (
            "load_model",
            "save_model",
        ),
        "saving",
    ),
    **dict.fromkeys(
        (
            "selector_chain",
            "volume_confounding",
        ),
        "selection",
    ),
    **dict.fromkeys(
        (
            "CoxModel",
            "RandomSurvivalForest",
            "fit_cox",
            "fit_elastic_net_cox",
            "fit_survival",
            "stack_indices",
        ),
        "survival",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.adapt.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.adapt' has no attribute {name!r}")
