"""Models on disk: JSON and plain arrays in one file, and nothing that runs when it is read."""

from __future__ import annotations

from lesionary.adapt.saving.door import SavedModel, load_model, save_model
from lesionary.adapt.saving.origin import features_origin
from lesionary.adapt.saving.parts import Parts, Savable

__all__ = ["Parts", "Savable", "SavedModel", "features_origin", "load_model", "save_model"]
