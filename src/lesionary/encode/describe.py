"""A model card as a person reads it."""

from __future__ import annotations

from typing import Any

import yaml

from lesionary.encode.cache import weights_state
from lesionary.encode.card import ModelCard
from lesionary.scan import Recipe

_AIMED_AT = 0.999
"""Least cosine of features in bfloat16 to those in float32 that goes without a warning."""


def describe_card(card: ModelCard) -> dict[str, str]:
    """Return what a card says, heading by heading, in words and units."""
    weights = {"weights": weights_state(card)}
    if card.weights:
        size = card.weights.size_bytes
        weights["  file"] = card.weights.file_name + (f", {size / 1e6:,.1f} MB" if size else "")
        weights["  from"] = card.weights.url or card.weights.page
        weights["  SHA-256"] = card.weights.sha256 or "not known"
    rows = {
        "title": card.title,
        "description": card.description,
        "features": f"{card.dimension:,}, columns {card.columns[0]} to {card.columns[-1]}",
        "network": f"{card.network.kind}, {card.parameters:,} parameters",
        **{f"  {key}": str(value) for key, value in card.network.arguments.items()},
        "pooling": _POOLING[card.pooling],
        "input": _describe_input(card.input),
        **weights,
        "requires": card.requires or "",
        "licence of the code": card.code_licence,
        "licence of the weights": card.weights_licence
        + (" (not for commercial use)" if card.non_commercial else ""),
        "training data": card.training_data,
        "training": _describe_record(card.training),
        "citation": card.citation,
        "known limits": "\n".join(f"- {limit.strip()}" for limit in card.limits),
        "bfloat16": _describe_bf16(card),
        "hash": card.hash,
    }
    return {heading: text.strip() for heading, text in rows.items() if text.strip()}


def warn_of_bf16(card: ModelCard) -> str | None:
    """Say that bfloat16 costs an encoder more than it may, or an unknown amount; else None."""
    if card.bf16_cosine is not None and card.bf16_cosine >= _AIMED_AT:
        return None
    cost = (
        "its card does not say how far they are from those in float32"
        if card.bf16_cosine is None
        else f"the cosine to those in float32 goes down to {card.bf16_cosine:.4f}, and "
        f"{_AIMED_AT} is aimed at"
    )
    return f"features of {card.name} in bf16: {cost}. Take --precision fp32 for numbers that count."


def warn_of_intensity(card: ModelCard, recipe: Recipe) -> str | None:
    """Say that a recipe scales intensities otherwise than an encoder's own; else None."""
    if recipe.intensity == card.input.intensity:
        return None
    return (
        f"the recipe {recipe.name} scales intensities otherwise than {card.name} is used to "
        f"(its card: {_describe_intensity(card.input)}). If only size or place were to change, "
        "give a recipe of your own with the card's intensity."
    )


def _describe_bf16(card: ModelCard) -> str:
    if card.bf16_cosine is None:
        return "not measured"
    weights = (
        "its own weights"
        if card.bf16_own_weights
        else "random weights"
        if card.weights is None
        else "random weights, not with its own"
    )
    return (
        f"cosine to the float32 features at least {card.bf16_cosine:.6f}, measured on phantoms "
        f"with {weights}"
    )


def _describe_record(record: dict[str, Any]) -> str:
    """Write a record of a training as YAML: a line a setting, the parts of each behind it."""
    if not record:
        return ""
    return yaml.safe_dump(
        record, sort_keys=False, default_flow_style=None, allow_unicode=True, width=10_000
    )


def _describe_input(recipe: Recipe) -> str:
    size = " x ".join(map(str, recipe.size_vox))
    spacing = (
        " x ".join(f"{one:g}" for one in recipe.spacing_mm) + " mm (x, y, z)"
        if recipe.spacing_mm
        else "the scan's own spacing"
    )
    words = [f"{size} voxels at {spacing}", f"axes to {recipe.orientation}"]
    if recipe.intensity:
        words.append(_describe_intensity(recipe))
    words.append(f"{recipe.padding:g} outside the scan")
    return ", ".join(words)


def _describe_intensity(recipe: Recipe) -> str:
    if recipe.intensity is None:
        return "intensities as they are"
    low, high = recipe.intensity.low, recipe.intensity.high
    first, last = recipe.intensity.to
    clipped = ", clipped" if recipe.intensity.clip else ""
    return f"{low:g} to {high:g} HU become {first:g} to {last:g}{clipped}"


_POOLING = {
    "global_average": "mean over all places",
    "average_3": "means over windows of 3 voxels at a stride of 3, flattened",
    "average_3_stride_2": "means over windows of 3 voxels at a stride of 2, flattened",
    "none": "done by the network itself",
}
