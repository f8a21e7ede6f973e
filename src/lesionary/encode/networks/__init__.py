"""Networks by kind, each a function of its card's arguments that returns a module.

A module takes patches ``(n, 1, z, y, x)`` and gives maps ``(n, c, z', y', x')``, or features
``(n, dimension)`` if its card says ``pooling: none``. An installed package adds kinds of its
own by the entry point group ``lesionary.networks``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from lesionary.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from lesionary.encode.card import ModelCard

ENTRY_POINTS = "lesionary.networks"

_BUILDER_OF = {
    "resnet": "resnet:build_resnet",
}


def build_network(card: ModelCard) -> nn.Module:
    """Build the network of a card, with weights as they come."""
    kind = card.network.kind
    try:
        network: nn.Module = _builder(kind)(**card.network.arguments)
    except (TypeError, ValueError, KeyError) as error:
        raise EncoderError(
            f"The card {card.name} gives the network {kind!r} arguments it cannot take: {error}"
        ) from error
    return network


def _builder(kind: str) -> Callable[..., Any]:
    if kind in _BUILDER_OF:
        module, function = _BUILDER_OF[kind].split(":")
        builder: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), function)
        return builder
    for entry in entry_points(group=ENTRY_POINTS, name=kind):
        builder = entry.load()
        return builder
    raise EncoderError(
        f"There is no network of kind {kind!r}. There are {', '.join(sorted(_BUILDER_OF))}, "
        f"and those of installed packages (entry points {ENTRY_POINTS!r})."
    )
