"""The one family of exceptions, each written for the person who has to act."""

from __future__ import annotations


class LesionaryError(Exception):
    """Something is wrong with the input; the message says what, where and what to do.

    The command line prints the message in one line and exits with status 2.
    """


class ScanError(LesionaryError):
    """A scan cannot be read, or cannot be read without guessing."""


class MaskError(LesionaryError):
    """A mask cannot be read, is empty, or does not fit its scan."""


class RecipeError(LesionaryError):
    """A patch recipe is unknown or contradicts itself."""


class CohortError(LesionaryError):
    """A lesion table cannot be used; ``lesionary cohort check`` lists every reason."""


class EncoderError(LesionaryError):
    """An encoder is unknown, its card is not valid, or it cannot be run."""


class WeightsError(EncoderError):
    """An encoder's weights are missing, damaged, or not those of its network."""


class TrainingError(LesionaryError):
    """A training run cannot start, or cannot go on without losing what it learnt."""


class EvaluationError(LesionaryError):
    """A number cannot be computed from these labels and scores, or would not mean anything."""


class ModelError(LesionaryError):
    """A model cannot be fitted to this table, read, or applied to these features."""


class RadiomicsError(LesionaryError):
    """A region cannot be measured, or its settings are unknown or contradict themselves."""
