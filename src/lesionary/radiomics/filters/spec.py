"""Specs: filters as they are written in a settings file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from lesionary.errors import RadiomicsError
from lesionary.radiomics.filters.filter import Filter
from lesionary.radiomics.filters.gabor import Gabor
from lesionary.radiomics.filters.laws import Laws
from lesionary.radiomics.filters.log import LaplacianOfGaussian
from lesionary.radiomics.filters.mean import Mean
from lesionary.radiomics.filters.nonseparable import Shannon, Simoncelli
from lesionary.radiomics.filters.wavelet import Wavelet
from lesionary.spelling import hint

FILTERS: dict[str, type[Filter]] = {
    each.kind: each
    for each in (Mean, LaplacianOfGaussian, Laws, Gabor, Wavelet, Simoncelli, Shannon)
}


def read_filter(spec: Mapping[str, Any] | Filter) -> Filter:
    """Return the filter that a spec describes.

    Parameters
    ----------
    spec : mapping or Filter
        The filter's kind, and its parameters: ``{"log": {"sigma_mm": 2}}``.

    Examples
    --------
    >>> read_filter({"log": {"sigma_mm": 2}}).name
    'log_2mm'
    """
    if isinstance(spec, Filter):
        return spec
    if not isinstance(spec, Mapping) or len(spec) != 1:
        raise RadiomicsError(
            "A filter is one kind and its parameters, such as {log: {sigma_mm: 2}}; "
            f"not {spec!r}."
        )
    ((kind, values),) = spec.items()
    known = FILTERS.get(str(kind))
    if known is None:
        raise RadiomicsError(f"There is no filter {str(kind)!r}{hint(str(kind), FILTERS)}.")
    if not isinstance(values, Mapping):
        raise RadiomicsError(
            f"The filter {kind} needs its parameters by name, such as "
            f"{{{kind}: {{{next(_own(known))}: ...}}}}; not {values!r}."
        )
    for name in values:
        if name not in known.model_fields:
            raise RadiomicsError(
                f"The filter {kind} has no parameter {str(name)!r}"
                f"{hint(str(name), known.model_fields)}."
            )
    try:
        return known.model_validate(dict(values))
    except ValidationError as error:
        said = "; ".join(_said(each) for each in error.errors())
        raise RadiomicsError(f"The filter {kind}: {said}.") from error


def read_filters(specs: Iterable[Mapping[str, Any] | Filter]) -> tuple[Filter, ...]:
    """Return the filters that a list of specs describes; no two give the same image.

    Examples
    --------
    >>> [each.name for each in read_filters([{"mean": {"size_vox": 5}}, {"simoncelli": {}}])]
    ['mean_5', 'simoncelli_1']
    """
    found = tuple(read_filter(spec) for spec in specs)
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise RadiomicsError(
                f"Two filters give an image of the same name, {name!r}: leave one of them out."
            )
    return found


def _own(known: type[Filter]) -> Iterator[str]:
    return (name for name in known.model_fields if name not in Filter.model_fields)


def _said(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
