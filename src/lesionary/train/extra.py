"""What training needs beyond the package's main job."""

from __future__ import annotations

from importlib.util import find_spec

from lesionary.errors import TrainingError


def need_lightning() -> None:
    """Raise, with what to do, where lightning is not installed."""
    if find_spec("lightning") is None:
        raise TrainingError("Training needs lightning: pip install 'lesionary[train]'.")
