"""What a survival model warns of."""

from __future__ import annotations


class SurvivalWarning(UserWarning):
    """A model was fitted, but on less than one would wish for, or on less than was given."""
