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

_BUILDERS = {
    "autoencoder": "autoencoder:build_autoencoder",
    "convolutions": "convolutions:build_convolutions",
    "ct_clip": "packages:build_ct_clip",
    "medimageinsight": "packages:build_medimageinsight",
    "merlin": "packages:build_merlin",
    "resnet": "resnet:build_resnet",
    "segresnet": "segresnet:build_segresnet",
    "swin": "swin:build_swin",
}


def build_network(card: ModelCard, *, fill: bool = True) -> nn.Module:
    """Build the network of a card, with random weights, or (``fill=False``) with no matter what.

    Drawing the random numbers takes seconds, which are lost where a file brings all weights.
    """
    kind = card.network.kind
    build = _find_builder(kind)
    try:
        if fill:
            network: nn.Module = build(**card.network.arguments)
        else:
            from lesionary.encode.networks.unfilled import Unfilled

            with Unfilled():
                network = build(**card.network.arguments)
    except ImportError as error:
        if not card.requires:
            raise
        raise EncoderError(
            f"{card.name} needs a package that is not installed ({error}). "
            f"To get it: {card.requires}."
        ) from error
    except (TypeError, ValueError) as error:
        raise EncoderError(
            f"The card {card.name} gives the network {kind!r} arguments it cannot take: {error}"
        ) from error
    return network


def _find_builder(kind: str) -> Callable[..., Any]:
    if kind in _BUILDERS:
        module, function = _BUILDERS[kind].split(":")
        builder: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), function)
        return builder
    found = tuple(entry_points(group=ENTRY_POINTS, name=kind))
    if not found:
        raise EncoderError(
            f"There is no network of kind {kind!r}. There are {', '.join(_BUILDERS)}, "
            f"and those that installed packages add (entry points {ENTRY_POINTS!r})."
        )
    loaded: Callable[..., Any] = found[0].load()
    return loaded
