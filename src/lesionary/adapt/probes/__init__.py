"""Small classifiers on frozen features, fitted on the training rows and nothing else."""

from __future__ import annotations

from lesionary.adapt.probes.fitted import FittedClassifier
from lesionary.adapt.probes.fractions import fit_fractions
from lesionary.adapt.probes.named import (
    BoostingProbe,
    ElasticNetProbe,
    ForestProbe,
    KNNProbe,
    LinearProbe,
    SVMProbe,
    make_probe,
)
from lesionary.adapt.probes.probe import Probe

__all__ = [
    "BoostingProbe",
    "ElasticNetProbe",
    "FittedClassifier",
    "ForestProbe",
    "KNNProbe",
    "LinearProbe",
    "Probe",
    "SVMProbe",
    "fit_fractions",
    "make_probe",
]
