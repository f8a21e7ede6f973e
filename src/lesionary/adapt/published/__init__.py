"""Models that others have published as pickles, read without executing anything in them."""

from __future__ import annotations

from lesionary.adapt.published.linear import PublishedLinear, read_published_linear

__all__ = ["PublishedLinear", "read_published_linear"]
