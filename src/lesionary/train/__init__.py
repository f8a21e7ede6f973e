"""Learn: pre-train an encoder from unlabelled lesions, fine-tune it on few labelled ones.

What is trained, on what and how is a YAML file; ready ones come with the package. Needs
``lesionary[train]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.train.finetuning.config import (
        FinetuneConfig,
        load_finetuning,
        ready_finetunings,
    )
    from lesionary.train.finetuning.run import Finetuned, finetune
    from lesionary.train.pretraining.config import (
        PretrainConfig,
        load_pretraining,
        ready_pretrainings,
    )
    from lesionary.train.pretraining.run import Pretrained, pretrain, show_views

__all__ = [
    "FinetuneConfig",
    "Finetuned",
    "PretrainConfig",
    "Pretrained",
    "finetune",
    "load_finetuning",
    "load_pretraining",
    "pretrain",
    "ready_finetunings",
    "ready_pretrainings",
    "show_views",
]

# All of it needs pydantic, and the training itself torch and lightning.
_MODULE_OF = {
    **dict.fromkeys(
        ("FinetuneConfig", "load_finetuning", "ready_finetunings"), "finetuning.config"
    ),
    **dict.fromkeys(("Finetuned", "finetune"), "finetuning.run"),
    **dict.fromkeys(
        ("PretrainConfig", "load_pretraining", "ready_pretrainings"), "pretraining.config"
    ),
    **dict.fromkeys(("Pretrained", "pretrain", "show_views"), "pretraining.run"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.train.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.train' has no attribute {name!r}")
