"""Which encoders there are: ours, those of installed packages, and any card file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import yaml
from pydantic import ValidationError

from lesionary.encode.card import ModelCard
from lesionary.errors import EncoderError
from lesionary.scan import load_recipe
from lesionary.spelling import hint

ENTRY_POINTS = "lesionary.encoders"
RANDOM = "random"
CARD_FILE = "card.yaml"
_OURS = Path(__file__).parent / "cards"


def card_names() -> list[str]:
    """Return the names of all known encoders, in alphabetical order.

    Examples
    --------
    >>> "fmcib" in card_names()
    True
    """
    return sorted({*_card_files(), RANDOM})


def load_card(name_or_path: str | Path | ModelCard) -> ModelCard:
    """Return the card of an encoder.

    Parameters
    ----------
    name_or_path : str, Path or ModelCard
        A name from :func:`card_names`; the path of a ``.yaml`` file, or of a folder that has one
        named ``card.yaml``, as a training run leaves it; ``random:`` before any of these, the
        untrained control of that network (``random`` alone: of ``fmcib``'s); or a card.

    Examples
    --------
    >>> load_card("fmcib").dimension
    4096
    >>> load_card("random:med3d").name
    'random_med3d'
    """
    if isinstance(name_or_path, ModelCard):
        return name_or_path
    text = str(name_or_path)
    if text.startswith(f"{RANDOM}:"):
        card = load_card(text.removeprefix(f"{RANDOM}:"))
        return untrained(card, f"{RANDOM}_{card.name}")
    if Path(text).suffix in (".yaml", ".yml"):
        return _read_card(Path(text))
    if (Path(text) / CARD_FILE).is_file():
        return _read_card(Path(text) / CARD_FILE)
    if text == RANDOM:
        return untrained(load_card("fmcib"), RANDOM)
    files = _card_files()
    if text not in files:
        raise EncoderError(
            f"There is no encoder {text!r}{hint(text, card_names())}. `lesionary encoders` lists "
            "them; or give the path of a card (.yaml), or of a folder with a card.yaml."
        )
    card = _read_card(files[text])
    if card.name != text:
        raise EncoderError(f"The card {files[text]} names itself {card.name!r}; call it {text!r}.")
    return card


def untrained(card: ModelCard, name: str) -> ModelCard:
    """Return the card of the same network and input with random weights."""
    if card.requires:
        raise EncoderError(
            f"The network of {card.name} comes with its own package and its own weights, so it "
            "has no untrained control. Take that of another encoder, as random:fmcib."
        )
    return card.model_copy(
        update={
            "name": name,
            "title": f"Untrained control: the network of {card.name} with random weights",
            "description": "What an encoder is worth must be seen against this one.",
            "weights": None,
            "weights_licence": "none needed",
            "non_commercial": False,
            "training_data": "none",
            "training": {},
            "limits": ("Untrained: its features are random projections of the patch.",),
            "bf16_cosine": None if card.bf16_own_weights else card.bf16_cosine,
            "bf16_own_weights": False,
        }
    )


@cache
def _card_files() -> dict[str, Path]:
    """Map the names to the card files: ours, then those of installed packages."""
    found = {file.stem: file for file in sorted(_OURS.glob("*.yaml"))}
    for entry in entry_points(group=ENTRY_POINTS):
        for file in _files_of(entry):
            if file.stem in found or file.stem == RANDOM:
                raise EncoderError(
                    f"The encoder {file.stem!r} of {_origin(entry)} has the name of another one; "
                    "its card needs a different name."
                )
            found[file.stem] = file
    return found


def _files_of(entry: EntryPoint) -> list[Path]:
    place = entry.load()
    path = Path(place() if callable(place) else place)
    if path.is_dir():
        return sorted(path.glob("*.yaml"))
    if path.is_file():
        return [path]
    raise EncoderError(
        f"{_origin(entry)} says that its model cards are at {path}, where nothing is. "
        "Install it anew, or tell its authors."
    )


def _origin(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else f"the entry point {entry.name}"


def _read_card(path: Path) -> ModelCard:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EncoderError(f"The card {path} cannot be read: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EncoderError(f"The card {path} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise EncoderError(f"The card {path} is empty or no table of names and values.")
    if isinstance(values.get("input"), str):
        values["input"] = load_recipe(values["input"])
    weights = values.get("weights")
    if isinstance(weights, dict) and weights.get("path"):
        weights["path"] = str(path.resolve().parent / weights["path"])
    try:
        return ModelCard.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise EncoderError(f"The card {path} is not valid: {problems}") from error
