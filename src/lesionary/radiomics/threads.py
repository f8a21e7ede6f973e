"""One region, one core: many regions are measured at once, and small matrices gain nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_core() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread; others would spin while they wait for the next product."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    # Looked up once: finding what is loaded takes longer than many a feature.
    return ThreadpoolController()
