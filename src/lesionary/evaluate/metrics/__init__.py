"""Metrics of classification, each with its interval, and by name for whatever compares them."""

from __future__ import annotations

from lesionary.evaluate.metrics.judge import judge, per_class
from lesionary.evaluate.metrics.named import (
    accuracy,
    auc,
    average_precision,
    balanced_accuracy,
    brier,
    f1,
    log_loss,
    npv,
    ppv,
    sensitivity,
    specificity,
)
from lesionary.evaluate.metrics.registry import (
    METRICS,
    Metric,
    kernel_of,
    metric_value,
    weighted_values,
)

__all__ = [
    "METRICS",
    "Metric",
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "f1",
    "judge",
    "kernel_of",
    "log_loss",
    "metric_value",
    "npv",
    "per_class",
    "ppv",
    "sensitivity",
    "specificity",
    "weighted_values",
]
