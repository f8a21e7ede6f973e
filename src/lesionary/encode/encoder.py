"""An encoder, ready to run: patches in, features out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor, nn

from lesionary.encode.cache import find_weights
from lesionary.encode.card import ModelCard
from lesionary.encode.networks import build_network
from lesionary.encode.pooling import build_pooling
from lesionary.encode.registry import load_card
from lesionary.encode.weights import hash_parameters, load_weights
from lesionary.errors import EncoderError, WeightsError
from lesionary.files import sha256


class Encoder(nn.Module):
    """A network with its pooling, its card and the hash of its weights.

    Attributes
    ----------
    card : ModelCard
    weights_hash : str
        SHA-256 of the weights file, or of the parameters where there is no file.
    network, pooling : nn.Module
    """

    def __init__(self, card: ModelCard, network: nn.Module, weights_hash: str) -> None:
        super().__init__()
        self.card = card
        self.weights_hash = weights_hash
        self.network = network
        self.pooling = build_pooling(card.pooling)

    def forward(self, patches: Tensor) -> Tensor:
        """Return features ``(n, dimension)`` of patches ``(n, 1, z, y, x)``, cut as on the card."""
        if patches.ndim != 5 or patches.shape[1] != 1:
            raise EncoderError(
                f"{self.card.name} takes patches of shape (n, 1, z, y, x), not "
                f"{tuple(patches.shape)}."
            )
        features: Tensor = self.pooling(self.network(patches))
        if features.shape[1:] != (self.card.dimension,):
            raise EncoderError(
                f"{self.card.name} is to give {self.card.dimension} features a patch, and gave "
                f"{tuple(features.shape[1:])} for patches of {tuple(patches.shape[2:])} voxels. "
                f"Its patches have {self.card.input.size_vox} voxels."
            )
        return features


def load_encoder(
    encoder: str | Path | ModelCard, weights: str | Path | None = None, *, seed: int = 0
) -> Encoder:
    """Return an encoder with its weights, in evaluation mode, on the CPU.

    Parameters
    ----------
    encoder : str, Path or ModelCard
        As :func:`lesionary.encode.load_card` takes it: ``fmcib``, ``random:med3d``,
        ``my_card.yaml``, ...
    weights : path, optional
        A file to use instead of the one that was fetched. It is loaded strictly, by the
        card's layout.
    seed : int
        Of the random weights, where the card has no others.

    Examples
    --------
    >>> import torch
    >>> encoder = load_encoder("phantom_tiny")
    >>> encoder(torch.zeros(2, 1, 50, 50, 50)).shape
    torch.Size([2, 128])
    """
    card = load_card(encoder)
    if card.weights is None and weights is None:
        # From the seed, unless the network's own package brings weights.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_network(card)
        return Encoder(card, network, hash_parameters(network)).eval()
    if card.weights is None and card.requires:
        raise WeightsError(f"{card.name} brings its own weights; leave out the file {weights}.")
    with ThreadPoolExecutor(1) as beside:  # hashing takes as long as importing the network
        hashing = beside.submit(_find_and_hash, card, weights)
        network = build_network(card, fill=False)
        path, digest = hashing.result()
    stated = card.weights.sha256 if card.weights and weights is None else None
    if stated and digest != stated:
        raise WeightsError(
            f"{path} is damaged: its SHA-256 is {digest}, and the card says {stated}. "
            f"Delete it and run `lesionary encoders fetch {card.name}`."
        )
    load_weights(network, path, card)
    return Encoder(card, network, digest).eval()


def _find_and_hash(card: ModelCard, weights: str | Path | None) -> tuple[Path, str]:
    path = Path(weights) if weights is not None else find_weights(card)
    if not path.is_file():
        raise WeightsError(f"There is no file {path} to take the weights of {card.name} from.")
    return path, sha256(path)
