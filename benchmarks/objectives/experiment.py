"""What is compared: the cohort, the network, the budget and the methods."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lesionary import load_encoder
from lesionary.cohort import read_cohort, split_cohort, training_subsets
from lesionary.phantom import PhantomConfig, make_cohort
from lesionary.train import finetune, pretrain
from lesionary.train.store import PatchStore, build_store
from lesionary.train.views import load_views, make_view

ENCODER = "random:phantom_tiny"
LABEL = "site"
SHARES = (100, 50, 20, 10)
RANDOM, SUPERVISED = "random", "supervised"
LONGER, TUNED = "supervised, as many steps", "simclr, fine-tuned, as many steps"
"""The untrained network; learning from the labels alone, as in the paper for as many epochs with
few labels as with all; for as many steps, which the paper did not try; and the same, but for
weights that are simclr's at the start."""
MARGIN_VOX, BACKGROUNDS = 8, 4
LABELLED_PATIENTS = 400

# The published presets, whose settings fit any size of patch. The mined objective has views of
# its own, the other published ones share theirs.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "mined_simclr": {"views": "fmcib"},
    "simclr": {"views": "swav"},
    "nnclr": {"views": "swav", "objective": {"bank": 1024}},
    "swav": {"views": "swav", "objective": {"prototypes": 256, "queue": 512}},
    "vicreg": {"views": "swav", "objective": {"hidden": 512, "projection": 512}},
    "barlow_twins": {"views": "swav", "objective": {"hidden": 512, "projection": 512}},
    # 5 crops of each of 6 scans, about as many a step as the others have lesions.
    "intra_scan_simclr": {"views": "swav", "objective": {"crops": 5}, "batch_size": 6},
    "autoencoder": {"views": "swav", "objective": {"width": 32}},
}
METHODS = (*OBJECTIVES, RANDOM, SUPERVISED, LONGER, TUNED)


def make_data(folder: Path, patients: int = 1400, seeds: int = 3) -> None:
    """Make phantoms, label a part of them, name nested parts of the labels, cut all patches.

    As in the paper, most lesions to pre-train on have no label.
    """
    if (folder / "finetuning" / "store.json").exists():
        return
    make_cohort(folder / "cohort", patients, 0, PhantomConfig(size="small"), workers=2)
    table = pd.read_csv(folder / "cohort" / "cohort.csv").assign(split="train")
    labelled = table["patient_id"].isin(table["patient_id"].unique()[:LABELLED_PATIENTS])
    cohort = split_cohort(
        read_cohort(table[labelled].drop(columns="split"), root=folder / "cohort"),
        {"train": 0.6, "tune": 0.1, "test": 0.3},
        stratify=LABEL,
    )
    table.loc[labelled, "split"] = cohort.table["split"].to_numpy()
    for seed in range(seeds):
        parts = training_subsets(cohort, [s / 100 for s in SHARES[1:]], stratify=LABEL, seed=seed)
        for share in SHARES:
            seen = cohort.table["split"] != "train"
            seen |= parts.table[f"train_{share}"] if share < 100 else True
            known = cohort.table[LABEL].where(seen)
            table[column(share, seed)] = table["lesion_id"].map(
                dict(zip(cohort.table["lesion_id"], known, strict=True))
            )
    table.to_csv(folder / "cohort" / "split.csv", index=False)
    for name, backgrounds in (("pretraining", BACKGROUNDS), ("finetuning", 0)):
        build_store(
            folder / "cohort" / "split.csv",
            folder / name,
            recipe=load_encoder(ENCODER).card.input,
            margin_vox=MARGIN_VOX,
            backgrounds=backgrounds,
        )


def column(share: int, seed: int) -> str:
    """Name the column with the labels that may be seen with a share of the training lesions."""
    return f"{LABEL}_{share}_{seed}"


def learn(method: str, seed: int, epochs: int, folder: Path) -> None:
    """Run a method; write scores of the test lesions for each share of the labels."""
    started = time.perf_counter()
    if method in (SUPERVISED, LONGER, TUNED):
        scores = {
            share: _supervised(method, share, seed, epochs, folder)
            for share in (SHARES if method == SUPERVISED else SHARES[2:])
        }
    else:
        encoder = folder / "runs" / f"{method}-{seed}" / "encoder"
        if method != RANDOM:
            pretrain(pretraining(method, seed, epochs, folder), resume=True)
        features = embed(encoder if method != RANDOM else ENCODER, seed, folder)
        scores = {share: probe(features, share, seed, folder) for share in SHARES}
    table = pd.concat(scores, names=["share"]).reset_index("share")
    table.to_parquet(folder / f"{method}-{seed}.parquet", index=False)
    seconds = time.perf_counter() - started
    (folder / f"{method}-{seed}.json").write_text(json.dumps({"seconds": seconds}))


def _common(method: str, seed: int, folder: Path, store: str) -> dict[str, Any]:
    return {
        "run": folder / "runs" / f"{method}-{seed}",
        "encoder": ENCODER,
        "seed": seed,
        "data": {
            "cohort": folder / "cohort" / "split.csv",
            "store": folder / store,
            "margin_vox": MARGIN_VOX,
        },
        "machine": {"accelerator": "auto", "devices": 1, "workers": 0, "loggers": []},
        "optimizer": {"name": "adamw", "lr": 2e-3, "per_batch": None, "weight_decay": 1e-4},
        "schedule": {"warmup_epochs": 1},
    }


def pretraining(method: str, seed: int, epochs: int, folder: Path) -> dict[str, Any]:
    own = OBJECTIVES[method]
    config = _common(method, seed, folder, "pretraining")
    config["data"]["backgrounds"] = BACKGROUNDS
    batch_size = own.get("batch_size", 32)
    config["training"] = {"epochs": epochs, "batch_size": batch_size}
    if method == "intra_scan_simclr":
        store = PatchStore.open(folder / "pretraining").lesions
        train = store[store["split"] == "train"]
        steps = epochs * (len(train) // 32)
        config["training"]["epochs"] = round(steps / (train["scan"].nunique() // batch_size))
    return config | {
        "views": own["views"],
        "objective": {"name": method, **own.get("objective", {})},
    }


def _supervised(method: str, share: int, seed: int, epochs: int, folder: Path) -> pd.DataFrame:
    """Learn from the labels; with all of them, in as many steps as pre-training has."""
    lesions = PatchStore.open(folder / "pretraining").lesions
    train = lesions["split"] == "train"
    epochs = round(epochs * train.sum() / (train & lesions[column(100, seed)].notna()).sum())
    looks = epochs // 5
    if method != SUPERVISED:
        epochs, looks = epochs * 100 // share, looks * 100 // share
    config = _common(f"{method}-{share}", seed, folder, "finetuning")
    if method == TUNED:
        config["encoder"] = folder / "runs" / f"simclr-{seed}" / "encoder"
    config |= {
        "target": {"label": column(share, seed)},
        "head": {"hidden": []},
        "views": [
            {"flip": {"probability": 0.5}},
            {"rotate_90": {"probability": 0.5}},
            {"shift": {"probability": 0.5, "voxels": 5}},
            {"gaussian_smooth": {"probability": 0.5, "sigma_vox": [0.25, 1.5]}},
        ],
        "training": {
            "epochs": epochs,
            "batch_size": 32,
            "evaluate_every": looks,
        },
        "predictions": "parquet",
    }
    config["views"] = {"name": "supervised", "view": config["views"]}
    table = pd.read_parquet(finetune(config, resume=True).predictions)
    return table[table["split"] == "test"].drop(columns="split")


def embed(encoder: str | Path, seed: int, folder: Path) -> np.ndarray:
    """Embed the middle of every crop, as extraction would cut it."""
    network = load_encoder(encoder, seed=seed)
    store = PatchStore.open(folder / "pretraining")
    recipe = network.card.input
    parts = []
    with torch.inference_mode():
        for rows in np.array_split(np.arange(len(store)), 20):
            patches = make_view(
                load_views("none"),
                torch.from_numpy(store.cut(rows)),
                torch.Generator(),
                mapping=recipe.intensity,
                size_vox=recipe.size_vox,
            )
            parts.append(network(patches).numpy())
    return np.concatenate(parts)


def probe(features: np.ndarray, share: int, seed: int, folder: Path) -> pd.DataFrame:
    """Fit a logistic regression, its penalty chosen on the tune split; score the test split."""
    lesions = PatchStore.open(folder / "pretraining").lesions
    labels = lesions[column(share, seed)]
    rows = {
        split: np.flatnonzero((lesions["split"] == split) & labels.notna())
        for split in ("train", "tune", "test")
    }
    best, chosen = -1.0, None
    for strength in 10.0 ** np.arange(-4, 3):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
        model.fit(features[rows["train"]], labels.iloc[rows["train"]])
        found = model.predict(features[rows["tune"]])
        score = balanced_accuracy_score(labels.iloc[rows["tune"]], found)
        if score > best:
            best, chosen = score, model
    scores = pd.DataFrame(
        chosen.predict_proba(features[rows["test"]]),
        columns=[f"score_{name}" for name in chosen.classes_],
    )
    scores.insert(0, "lesion_id", lesions["lesion_id"].iloc[rows["test"]].to_numpy())
    scores.insert(1, "target", labels.iloc[rows["test"]].to_numpy())
    return scores
