"""How a lesion is measured: by our settings, or by a parameter file of PyRadiomics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from lesionary.encode.prepare import mask_of
from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.compute import Profile, measure
from lesionary.radiomics.filters import read_filters
from lesionary.radiomics.settings import Settings, load_settings
from lesionary.spelling import hint

if TYPE_CHECKING:
    import pandas as pd

    from lesionary.encode.lesion import Lesion
    from lesionary.radiomics.pyradiomics import Parameters
    from lesionary.scan import Scan
    from lesionary.scan.masks import Mask

PROFILES: tuple[Profile, ...] = ("names", "ibsi")
_PYRADIOMICS_KEYS = frozenset({"setting", "imageType", "featureClass", "voxelSetting"})


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
        return {"profile": self.profile, **self.settings.model_dump(mode="json")}

    def mask(self, lesion: Lesion, scan: Scan) -> Mask:
        return mask_of(lesion, scan)

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
    settings: str | Path | Mapping[str, Any] | Settings, profile: Profile = "names"
) -> Method:
    """Return the way to measure that settings describe.

    Parameters
    ----------
    settings : str, Path, mapping or Settings
        As for :func:`lesionary.radiomics.measure`, or the ``params.yaml`` of PyRadiomics, which is
        known by its keys (``setting``, ``imageType``, ``featureClass``).
    profile : {"names", "ibsi"}
        What features are called; a file of PyRadiomics has PyRadiomics' names.

    Examples
    --------
    >>> choose_method("ct").columns[0]
    'morph_volume'
    >>> choose_method({"featureClass": {"shape": ["MeshVolume"]}}).columns
    ['original_shape_MeshVolume']
    """
    if profile not in PROFILES:
        raise RadiomicsError(f"There is no profile {profile!r}{hint(profile, PROFILES)}.")
    if _is_pyradiomics(settings):
        from lesionary.radiomics.pyradiomics import read_params

        assert not isinstance(settings, Settings)
        return _PyRadiomics(read_params(settings))
    return _Standard(load_settings(settings), profile)


def _is_pyradiomics(source: str | Path | Mapping[str, Any] | Settings) -> bool:
    """Tell whose file it is by its first keys; what cannot be read is for its reader to say."""
    if isinstance(source, Settings):
        return False
    if not isinstance(source, Mapping):
        path = Path(source)
        if path.suffix.lower() not in (".yaml", ".yml", ".json") or not path.is_file():
            return False
        try:
            source = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            return False
    return isinstance(source, Mapping) and bool(_PYRADIOMICS_KEYS & set(source))
