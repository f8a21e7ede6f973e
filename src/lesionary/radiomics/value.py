"""A family's values: a number, or the reason why there is none."""

from __future__ import annotations

Values = dict[str, "float | str"]
