"""Views: the same patch seen differently, drawn in batches on the device that trains.

What happens to a patch is a list in YAML (:func:`load_views`); :func:`make_view` does it to a
batch, all of its randomness from one generator.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.train.views.draw import draw_views
    from lesionary.train.views.make import make_view
    from lesionary.train.views.recipe import ViewRecipe, load_views, view_names

__all__ = ["ViewRecipe", "draw_views", "load_views", "make_view", "view_names"]

# All of it needs torch and pydantic, so each name loads on first use.
_MODULE_OF = {
    "draw_views": "draw",
    "make_view": "make",
    **dict.fromkeys(("ViewRecipe", "load_views", "view_names"), "recipe"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.train.views.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.train.views' has no attribute {name!r}")
