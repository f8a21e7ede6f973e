"""The columns that mean something in a lesion table; all others pass through untouched."""

from __future__ import annotations

LESION = "lesion_id"
PATIENT = "patient_id"
IMAGE = "image_path"
MASK = "mask_path"
SPLIT = "split"
TIME = "time"
EVENT = "event"

SEED = ("coordX", "coordY", "coordZ")
"""The lesion's seed point, LPS mm."""

TEXT = (LESION, PATIENT, IMAGE, MASK, SPLIT)
"""Columns that are text whatever they look like: an identifier ``007`` is not the number 7."""

SPLITS = ("train", "tune", "test")
"""Names of a split: fit on ``train``, choose on ``tune``, report on ``test``."""

SPLIT_SYNONYMS = {
    "training": "train",
    "val": "tune",
    "valid": "tune",
    "validation": "tune",
    "tuning": "tune",
    "dev": "tune",
    "testing": "test",
}
