"""Settings in YAML: a file that comes with the package, or one's own; checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lesionary.errors import LesionaryError
from lesionary.spelling import hint

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")


@dataclass(frozen=True)
class SettingsFiles:
    """One kind of settings file.

    Parameters
    ----------
    what
        The kind, as a person says it: ``training file``.
    folder
        Where those are that come with the package.
    error
        What is raised.
    """

    what: str
    folder: Traversable
    error: type[LesionaryError]

    def names(self) -> list[str]:
        """Return the names of the files that come with the package."""
        names = (item.name for item in self.folder.iterdir())
        return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))

    def read(self, source: str | Path) -> dict[str, Any]:
        """Return what a file says, by its name or path."""
        import yaml

        if str(source) in self.names():
            text = self.folder.joinpath(f"{source}.yaml").read_text(encoding="utf-8")
        elif Path(source).suffix in (".yaml", ".yml"):
            try:
                text = Path(source).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise self.error(f"The {self.what} {source} cannot be read: {error}") from error
        else:
            raise self.error(
                f"There is no {self.what} {str(source)!r}{hint(str(source), self.names())}; "
                "or give the path of a .yaml file."
            )
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise self.error(f"The {self.what} {source} is not YAML: {error}") from error
        if not isinstance(values, dict):
            raise self.error(f"The {self.what} {source} is empty or no table of names and values.")
        return {str(key): value for key, value in values.items()}

    def checked(
        self,
        kind: type[Model],
        values: Mapping[str, Any],
        place: str,
        *,
        missing: str = "write it in the file",
    ) -> Model:
        """Return values as the kind of settings they are to be.

        Parameters
        ----------
        kind
        values
        place
            Where they come from, as the message begins.
        missing
            What to do about a key that is not there; ``{}`` stands for it.

        Raises
        ------
        LesionaryError
            With everything that is wrong; an unknown key with the nearest there is.
        """
        from pydantic import ValidationError

        problems = list(_unknown_keys(kind, values))
        if not problems:
            try:
                return kind.model_validate(values)
            except ValidationError as error:
                problems = [_said(each, missing) for each in error.errors()]
        raise self.error(f"{place} is not a valid {self.what}: {'; '.join(problems)}.")


def _said(error: Mapping[str, Any], missing: str) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{place} is missing: {missing.format(place)}"
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def _unknown_keys(kind: type[BaseModel], values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    if kind.model_config.get("extra") == "allow":
        return
    for key, value in values.items():
        field = kind.model_fields.get(str(key))
        if field is None:
            yield f"there is no key {at}{key}{hint(str(key), kind.model_fields)}"
        elif isinstance(value, Mapping) and (part := _part_of(field.annotation)):
            yield from _unknown_keys(part, value, f"{at}{key}.")


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """Return the part that a field holds (``Part`` or ``Part | None``), if it holds one."""
    from pydantic import BaseModel

    for one in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None
