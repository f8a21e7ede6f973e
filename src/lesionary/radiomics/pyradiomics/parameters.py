"""PyRadiomics' parameter file, read as it is."""

# ruff: noqa: N815  (the names are PyRadiomics')

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lesionary.errors import RadiomicsError
from lesionary.radiomics.pyradiomics.names import CLASSES, LEFT_OUT, ON_REQUEST
from lesionary.spelling import hint

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
IMAGE_TYPES = (
    "Original",
    "LoG",
    "Wavelet",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
    "Gradient",
)
_NOT_SUPPORTED = {
    "LBP2D": "local binary patterns",
    "LBP3D": "local binary patterns",
    "label_channel": "masks of several channels",
}
_INTERPOLATORS = (
    "sitkNearestNeighbor",
    "sitkLinear",
    "sitkBSpline",
    "sitkGaussian",
    "sitkLabelGaussian",
    "sitkHammingWindowedSinc",
    "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc",
    "sitkLanczosWindowedSinc",
    "sitkBlackmanWindowedSinc",
)


# 3 and 3.0 are the same filter, but the image of one is log-sigma-3-mm-3D, of the other -3-0-mm-3D.
Sigma = Annotated[int | float, Field(gt=0, allow_inf_nan=False)]


class Setting(BaseModel):
    """The settings of an image type, named and defaulted as by PyRadiomics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    normalize: bool = False
    normalizeScale: Positive = 1.0
    removeOutliers: Positive | None = None
    resampledPixelSpacing: tuple[float, float, float] | None = None
    interpolator: str | int | None = "sitkBSpline"
    padDistance: Annotated[int, Field(ge=0)] = 5
    preCrop: bool = False
    resegmentRange: tuple[float, ...] | None = None
    resegmentMode: Literal["absolute", "relative", "sigma"] = "absolute"
    resegmentShape: bool = False
    minimumROIDimensions: Annotated[int, Field(ge=1, le=3)] = 2
    minimumROISize: Count | None = None
    label: int = 1
    binWidth: Positive = 25.0
    binCount: Count | None = None
    voxelArrayShift: float = 0.0
    symmetricalGLCM: bool = True
    weightingNorm: Literal["no_weighting", "manhattan", "euclidean", "infinity"] | None = None
    distances: tuple[Count, ...] = (1,)
    gldm_a: Annotated[int, Field(ge=0)] = 0
    force2D: bool = False
    force2Ddimension: Literal[0, 1, 2] = 0
    sigma: tuple[Sigma, ...] = ()
    gradientUseSpacing: bool = True
    wavelet: Literal["haar", "db2", "db3", "coif1"] = "coif1"
    level: Literal[1] = 1
    start_level: Literal[0] = 0
    correctMask: bool = False
    # These change no value: what they guard or print has another form here.
    geometryTolerance: float | None = None
    additionalInfo: bool = True
    enableCExtensions: bool = True

    @field_validator("symmetricalGLCM")
    @classmethod
    def _symmetrical(cls, value: bool) -> bool:
        if not value:
            raise ValueError("asymmetric co-occurrence is not supported; leave it out")
        return value

    @field_validator("interpolator")
    @classmethod
    def _known(cls, value: str | int | None) -> str | int | None:
        if isinstance(value, int):
            # SimpleITK's numbers, which PyRadiomics accepts too.
            if 1 <= value <= len(_INTERPOLATORS):
                return _INTERPOLATORS[value - 1]
            raise ValueError(f"there is no interpolator {value}")
        if value is not None and value not in _INTERPOLATORS:
            raise ValueError(f"there is no interpolator {value!r}{hint(value, _INTERPOLATORS)}")
        return value

    @field_validator("resegmentRange")
    @classmethod
    def _range(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and (len(value) > 2 or sorted(value) != list(value)):
            raise ValueError("give the lowest, or the lowest and the highest intensity")
        return value or None

    @field_validator("resampledPixelSpacing")
    @classmethod
    def _spacing(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and min(value) < 0:
            raise ValueError("spacing is positive, or 0 for an axis that keeps its own")
        return value

    @model_validator(mode="before")
    @classmethod
    def _nothing_given(cls, values: Any) -> Any:
        # PyRadiomics' files leave a setting empty to say that it is off.
        if not isinstance(values, Mapping):
            return values
        return {
            name: value
            for name, value in values.items()
            if value is not None or name == "interpolator"
        }


class Parameters(BaseModel):
    """What is measured of which images, and how.

    Attributes
    ----------
    imageType : dict
        Filtered images by PyRadiomics' name, each with the settings that differ for it.
    featureClass : dict
        Features of each class.
    setting : Setting
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    imageType: dict[str, dict[str, Any]]
    featureClass: dict[str, tuple[str, ...]]
    setting: Setting = Setting()

    def of_image(self, image_type: str) -> Setting:
        """Return the settings that hold for an image type."""
        own = self.imageType[image_type]
        given = self.setting.model_dump(exclude_unset=True)
        return Setting.model_validate({**given, **own}) if own else self.setting


def read_params(source: str | Path | Mapping[str, Any]) -> Parameters:
    """Read a parameter file of PyRadiomics, YAML or JSON.

    Features that PyRadiomics knows by name and no longer measures (``Homogeneity1`` of GLCM, ...)
    are left out, as it leaves them out.

    Raises
    ------
    RadiomicsError
        With everything that is unknown (and the nearest that there is), or not supported.

    Examples
    --------
    >>> found = read_params({"setting": {"binWidth": 10}, "featureClass": {"firstorder": ["Mean"]}})
    >>> found.setting.binWidth, found.featureClass, list(found.imageType)
    (10.0, {'firstorder': ('Mean',)}, ['Original'])
    """
    place = "The parameters" if isinstance(source, Mapping) else f"The parameters {source}"
    values = source if isinstance(source, Mapping) else _read(Path(source))
    problems = list(_problems(values))
    if not problems:
        images = values.get("imageType") or {"Original": {}}
        classes = values.get("featureClass") or {
            name: None for name in CLASSES if name != "shape2D"
        }
        try:
            found = Parameters(
                imageType={name: dict(own or {}) for name, own in images.items()},
                featureClass={name: _measured(name, own) for name, own in classes.items()},
                setting=Setting.model_validate(values.get("setting") or {}),
            )
            for image_type in found.imageType:
                found.of_image(image_type)
        except ValidationError as error:
            problems = [
                f"{'.'.join(str(part) for part in each['loc'])}: "
                f"{each['msg'].removeprefix('Value error, ')}"
                for each in error.errors()
            ]
        else:
            problems = list(_contradictions(found))
            if not problems:
                return found
    raise RadiomicsError(f"{place}: {'; '.join(problems)}.")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RadiomicsError(f"The parameters {path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise RadiomicsError(f"The parameters {path} are empty, or not a table of names.")
    return values


def _problems(values: Mapping[str, Any]) -> Iterator[str]:
    sections = ("imageType", "featureClass", "setting", "voxelSetting")
    yield from _unknown("section", values, sections)
    for section in sections:
        if not isinstance(values.get(section) or {}, Mapping):
            yield f"{section} is a table of names and values"
            return
    yield from _unknown("setting", values.get("setting") or {}, Setting.model_fields)
    images = values.get("imageType") or {}
    yield from _unknown("image type", images, IMAGE_TYPES)
    for name, own in images.items():
        yield from _unknown(f"setting of {name}", own or {}, Setting.model_fields)
    classes = values.get("featureClass") or {}
    yield from _unknown("feature class", classes, CLASSES)
    for name, features in classes.items():
        if name in CLASSES:
            if isinstance(features or [], str):
                yield f"the features of {name} are a list, such as [{features}]"
                return
            known = (*CLASSES[name], *ON_REQUEST.get(name, ()), *LEFT_OUT.get(name, ()))
            yield from _unknown(f"feature of {name}", features or (), known)


def _measured(name: str, features: Iterable[str] | None) -> tuple[str, ...]:
    """Return the features of a class that are measured; without names those that it has."""
    if not features:
        return CLASSES[name]
    gone = LEFT_OUT.get(name, ())
    return tuple(feature for feature in features if feature not in gone)


def _unknown(what: str, names: Iterable[Any], known: Iterable[str]) -> Iterator[str]:
    known = list(known)
    for name in map(str, names):
        if name in _NOT_SUPPORTED:
            yield f"{name} ({_NOT_SUPPORTED[name]}) is not supported"
        elif name not in known:
            yield f"there is no {what} {name!r}{hint(name, known)}"


def _contradictions(found: Parameters) -> Iterator[str]:
    for image_type in found.imageType:
        setting = found.of_image(image_type)
        if image_type == "LoG" and not setting.sigma:
            yield "imageType LoG needs sigma, a list of millimetres"
        if image_type == "Wavelet" and setting.force2D and setting.force2Ddimension:
            yield "imageType Wavelet with force2D is supported in the plane of x and y only"
        distances = sorted(set(setting.distances))
        near = distances == list(range(1, len(distances) + 1))
        if not near and {"gldm", "ngtdm"} & set(found.featureClass):
            yield (
                f"distances {distances} of gldm and ngtdm are not supported: neighbours are all "
                "voxels up to a distance, such as [1, 2]"
            )
    if "shape2D" in found.featureClass and not found.setting.force2D:
        yield "featureClass shape2D needs setting force2D: true"
