"""Several kinds of features, several lesions: put together into one answer a patient.

Blocks (deep features, radiomics, clinical data) are fused before or after the classifier, with
what is fitted learnt on training rows only; lesions become patients.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.fusion.ablation import Ablation, ablate
    from lesionary.adapt.fusion.attention import AttentionMIL
    from lesionary.adapt.fusion.attention_files import load_attention, save_attention
    from lesionary.adapt.fusion.blocks import Blocks, join_blocks
    from lesionary.adapt.fusion.clinical import ClinicalEncoder, UnknownLevelWarning
    from lesionary.adapt.fusion.early import BlockScaler, EarlyFusion
    from lesionary.adapt.fusion.imputation import make_imputer
    from lesionary.adapt.fusion.late import LateFusion
    from lesionary.adapt.fusion.patient import patient_labels, patient_scores
    from lesionary.adapt.fusion.saved import FusedModel

__all__ = [
    "Ablation",
    "AttentionMIL",
    "BlockScaler",
    "Blocks",
    "ClinicalEncoder",
    "EarlyFusion",
    "FusedModel",
    "LateFusion",
    "UnknownLevelWarning",
    "ablate",
    "join_blocks",
    "load_attention",
    "make_imputer",
    "patient_labels",
    "patient_scores",
    "save_attention",
]

# Attention needs torch, and nothing else here does: each loads on first use.
_MODULE_OF = {
    "AttentionMIL": "attention",
    "FusedModel": "saved",
    "LateFusion": "late",
    "make_imputer": "imputation",
    **dict.fromkeys(("Ablation", "ablate"), "ablation"),
    **dict.fromkeys(("BlockScaler", "EarlyFusion"), "early"),
    **dict.fromkeys(("Blocks", "join_blocks"), "blocks"),
    **dict.fromkeys(("ClinicalEncoder", "UnknownLevelWarning"), "clinical"),
    **dict.fromkeys(("load_attention", "save_attention"), "attention_files"),
    **dict.fromkeys(("patient_labels", "patient_scores"), "patient"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.adapt.fusion.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.adapt.fusion' has no attribute {name!r}")
