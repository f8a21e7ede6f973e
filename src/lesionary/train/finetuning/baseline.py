"""What fine-tuning is measured against: a linear probe on the features as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lesionary.encode.encoder import Encoder
from lesionary.errors import TrainingError
from lesionary.train.finetuning.efficiency import metered
from lesionary.train.finetuning.labels import Labelled
from lesionary.train.finetuning.probe import Probe, fit_probe
from lesionary.train.finetuning.target import Metric
from lesionary.train.plain import run_network
from lesionary.train.store import PatchStore


def probe_encoder(
    encoder: Encoder,
    store: PatchStore,
    labelled: Labelled,
    metric: Metric,
    weights: np.ndarray[Any, np.dtype[np.float64]] | None,
    device: torch.device,
) -> tuple[Probe, dict[str, Any]]:
    """Extract features, fit a probe, and record what both cost and reach.

    Parameters
    ----------
    encoder : Encoder
        Left on the CPU.
    store, labelled
        Where the lesions are, and their targets.
    metric : str
        Of the tune split, to choose the penalty by.
    weights : ndarray (classes,) or None
        How much a lesion of each class counts.
    device : torch.device
        Where features are computed.
    """
    rows = {split: labelled.known(split) for split in ("train", "tune")}
    count = sum(len(of_split) for of_split in rows.values())
    with metered(device) as extraction:
        encoder.to(device)
        features = {
            split: run_network(encoder, store, of_split, encoder.card.input, device)
            for split, of_split in rows.items()
        }
        encoder.to("cpu")
    if not all(np.isfinite(values).all() for values in features.values()):
        raise TrainingError(
            f"{encoder.card.name} gives features that are not finite numbers before any training: "
            "its weights do not fit its network, or these patches."
        )
    labels = {split: labelled.labels.take(of_split) for split, of_split in rows.items()}
    with metered(device) as fitting:
        probe = fit_probe(
            (features["train"], labels["train"]),
            (features["tune"], labels["tune"]),
            labelled.outputs,
            metric,
            weights,
        )
    record = {
        "device": device.type,
        "memory": "allocated on the GPU" if device.type == "cuda" else "resident, of the process",
        "features": {"lesions": count, **extraction},
        "probe": {"penalty_inverse": probe.strength, "tune": probe.tune, **fitting},
    }
    return probe, record
