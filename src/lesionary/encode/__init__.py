"""Embed: a patch goes in, a feature vector comes out, and a card says all about how.

An *encoder* is a network, how its input is prepared, how its output is pooled, where its
weights come from and under which licence. All of that is data: a model card.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.encode.card import Layout, ModelCard, Network, WeightsFile
    from lesionary.encode.encoder import Encoder, load_encoder
    from lesionary.encode.extraction import ExtractionWarning, extract
    from lesionary.encode.features import (
        FeaturesWarning,
        feature_columns,
        join_features,
        read_features,
        read_provenance,
    )
    from lesionary.encode.projection import project_features
    from lesionary.encode.registry import card_names, load_card
    from lesionary.encode.run import Extraction, run_extraction
    from lesionary.encode.scatter import draw_projection, projection_figure

__all__ = [
    "Encoder",
    "Extraction",
    "ExtractionWarning",
    "FeaturesWarning",
    "Layout",
    "ModelCard",
    "Network",
    "WeightsFile",
    "card_names",
    "draw_projection",
    "extract",
    "feature_columns",
    "join_features",
    "load_card",
    "load_encoder",
    "project_features",
    "projection_figure",
    "read_features",
    "read_provenance",
    "run_extraction",
]

# All of it needs pydantic and the encoders need torch, so each loads on first use.
_MODULE_OF = {
    **dict.fromkeys(("Layout", "ModelCard", "Network", "WeightsFile"), "card"),
    **dict.fromkeys(("Encoder", "load_encoder"), "encoder"),
    **dict.fromkeys(("ExtractionWarning", "extract"), "extraction"),
    **dict.fromkeys(
        ("FeaturesWarning", "feature_columns", "join_features", "read_features", "read_provenance"),
        "features",
    ),
    **dict.fromkeys(("card_names", "load_card"), "registry"),
    "project_features": "projection",
    **dict.fromkeys(("Extraction", "run_extraction"), "run"),
    **dict.fromkeys(("draw_projection", "projection_figure"), "scatter"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.encode.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.encode' has no attribute {name!r}")
