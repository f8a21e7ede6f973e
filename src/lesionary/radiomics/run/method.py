"""How a lesion is measured: by our settings, or by a parameter file of PyRadiomics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from lesionary.encode.prepare import mask_of
from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.compute import measure
from lesionary.radiomics.filters import read_filters
from lesionary.radiomics.profile import Profile, Source, load_method
from lesionary.radiomics.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from lesionary.encode.lesion import Lesion
    from lesionary.radiomics.pyradiomics import Parameters
    from lesionary.scan import Scan
    from lesionary.scan.masks import Mask


class Method(Protocol):
    """What a run needs to know of the way in which it measures."""

    @property
    def columns(self) -> list[str]:
        """Names of the features."""
        ...

    @property
    def about(self) -> dict[str, Any]:
        """Everything that the numbers depend on but the image, as plain data."""
        ...

    def mask(self, lesion: Lesion, scan: Scan) -> Mask:
        """Read a lesion's outline."""
        ...

    def measure(self, scan: Scan, mask: Mask) -> pd.Series[float]:
        """Measure one region, as :func:`lesionary.radiomics.measure` does."""
        ...


@dataclass(frozen=True)
class _Standard:
    settings: Settings
    profile: Profile
    resample: bool

    @property
    def columns(self) -> list[str]:
        filters = read_filters(self.settings.filters)
        return [
            *self._names(self.settings),
            *(
                f"{each.name}_{name}"
                for each in filters
                for name in self._names(self.settings.of_filtered)
            ),
        ]

    def _names(self, settings: Settings) -> list[str]:
        table = feature_catalogue(settings.families, settings.aggregations)
        return (table["key"] if self.profile == "ibsi" else table.index).tolist()

    @property
    def about(self) -> dict[str, Any]:
        resampled = {"resample_masks": True} if self.resample else {}
        return {"profile": self.profile, **resampled, **self.settings.model_dump(mode="json")}

    def mask(self, lesion: Lesion, scan: Scan) -> Mask:
        return mask_of(lesion, scan, resample=self.resample)

    def measure(self, scan: Scan, mask: Mask) -> pd.Series[float]:
        return measure(scan, mask, self.settings, profile=self.profile)


@dataclass(frozen=True)
class _PyRadiomics:
    parameters: Parameters

    @property
    def columns(self) -> list[str]:
        from lesionary.radiomics.pyradiomics import feature_names

        return feature_names(self.parameters)

    @property
    def about(self) -> dict[str, Any]:
        return {"profile": "pyradiomics", **self.parameters.model_dump(mode="json")}

    def mask(self, lesion: Lesion, scan: Scan) -> Mask:
        setting = self.parameters.setting
        # A label that the file names holds for rows that name none.
        if lesion.mask_label is None and "label" in setting.model_fields_set:
            lesion = replace(lesion, mask_label=str(setting.label))
        return mask_of(lesion, scan, resample=setting.correctMask)

    def measure(self, scan: Scan, mask: Mask) -> pd.Series[float]:
        from lesionary.radiomics.pyradiomics import measure_pyradiomics

        return measure_pyradiomics(scan, mask, self.parameters)


def choose_method(
    settings: Source, profile: Profile = "names", *, resample_masks: bool = False
) -> Method:
    """Return the way to measure that settings and profile describe.

    Parameters are those of :func:`lesionary.radiomics.measure` and
    :func:`lesionary.radiomics.run_radiomics`.

    Examples
    --------
    >>> choose_method("ct").columns[0]
    'morph_volume'
    >>> choose_method({"featureClass": {"shape": ["MeshVolume"]}}).columns
    ['original_shape_MeshVolume']
    """
    how = load_method(settings, profile)
    if isinstance(how, Settings):
        return _Standard(how, profile, resample_masks)
    if resample_masks:
        setting = how.setting.model_copy(update={"correctMask": True})
        how = how.model_copy(update={"setting": setting})
    return _PyRadiomics(how)
