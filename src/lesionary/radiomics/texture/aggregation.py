"""How matrices of slices and directions become one value of a feature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lesionary.errors import RadiomicsError

DIRECTIONAL = frozenset({"glcm", "glrlm"})


@dataclass(frozen=True)
class Aggregation:
    """Which matrices are added up before the features; what is left is averaged after.

    Parameters
    ----------
    in_plane
        Neighbours are sought within slices only, and each slice has matrices of its own.
    merge_slices, merge_directions
        Add up the matrices of all slices, of all directions.
    directional
        For families with a matrix for each direction (GLCM, GLRLM), or for the others.
    """

    in_plane: bool
    merge_slices: bool
    merge_directions: bool
    directional: bool


AGGREGATIONS: dict[str, Aggregation] = {
    "2D_avg": Aggregation(True, False, False, True),
    "2D_s_mrg": Aggregation(True, False, True, True),
    "2.5D_d_mrg": Aggregation(True, True, False, True),
    "2.5D_mrg": Aggregation(True, True, True, True),
    "3D_avg": Aggregation(False, False, False, True),
    "3D_mrg": Aggregation(False, False, True, True),
    "2D": Aggregation(True, False, False, False),
    "2.5D": Aggregation(True, True, False, False),
    "3D": Aggregation(False, False, False, False),
}


def aggregations_of(family: str, chosen: Iterable[str] | None = None) -> dict[str, Aggregation]:
    """Return those of the chosen aggregations (default: of all) that a family has.

    Examples
    --------
    >>> list(aggregations_of("glszm")), list(aggregations_of("glcm", ["3D", "3D_mrg"]))
    (['2D', '2.5D', '3D'], ['3D_mrg'])
    """
    names = list(AGGREGATIONS) if chosen is None else list(chosen)
    unknown = [name for name in names if name not in AGGREGATIONS]
    if unknown:
        raise RadiomicsError(
            f"Unknown aggregation {', '.join(map(repr, unknown))}: choose from "
            f"{', '.join(AGGREGATIONS)}."
        )
    those = {
        name: how
        for name, how in AGGREGATIONS.items()
        if how.directional == (family in DIRECTIONAL)
    }
    found = {name: those[name] for name in names if name in those}
    if not found:
        raise RadiomicsError(
            f"{family} has none of the aggregations {', '.join(names)}: name one of "
            f"{', '.join(those)} too, or leave {family} out of the families."
        )
    return found
