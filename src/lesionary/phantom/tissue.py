"""What tissues measure in HU, in each contrast phase."""

from __future__ import annotations

from typing import Literal, get_args

from lesionary.phantom.config import Phase

Tissue = Literal[
    "air", "gas", "lung", "fat", "mediastinal fat", "skin", "muscle", "fluid", "bowel wall",
    "liver", "spleen", "pancreas", "renal cortex", "renal medulla", "heart", "artery",
    "lung vessel", "vein", "airway wall", "cortical bone", "marrow", "spongiosa", "disc",
    "cartilage", "canal", "atelectasis", "stool", "table", "foam",
]  # fmt: skip

_PHASES: dict[Tissue, tuple[float, float, float]] = {
    # tissue: (none, arterial, venous)
    "air": (-1000, -1000, -1000),
    "gas": (-980, -980, -980),
    "lung": (-860, -855, -855),
    "fat": (-105, -105, -105),
    "mediastinal fat": (-85, -85, -80),
    "skin": (10, 10, 15),
    "muscle": (52, 58, 64),
    "fluid": (8, 8, 8),
    "bowel wall": (38, 62, 72),
    "liver": (57, 72, 112),
    "spleen": (48, 125, 118),
    "pancreas": (40, 100, 82),
    "renal cortex": (33, 185, 185),
    "renal medulla": (31, 75, 165),
    "heart": (42, 110, 110),
    "artery": (42, 310, 150),
    "lung vessel": (40, 180, 110),
    "vein": (42, 70, 150),
    "airway wall": (0, 5, 5),
    "cortical bone": (620, 620, 620),
    "marrow": (120, 120, 125),
    "spongiosa": (190, 190, 195),
    "disc": (85, 85, 85),
    "cartilage": (105, 105, 105),
    "canal": (25, 25, 28),
    "atelectasis": (38, 95, 90),
    "stool": (-320, -320, -320),  # water, fat and gas
    "foam": (-930, -930, -930),
    "table": (-550, -550, -550),
}


def attenuation(tissue: Tissue, phase: Phase) -> float:
    """Return the mean attenuation of a tissue in a contrast phase, HU."""
    return _PHASES[tissue][get_args(Phase).index(phase)]
