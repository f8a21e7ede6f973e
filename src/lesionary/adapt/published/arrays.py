"""Arrays as pickles and joblib describe them, made from their bytes without NumPy's unpickling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Dtype:
    """A type of number, as ``f8`` or ``U5``; or of objects, of which only text is taken."""

    code: str
    order: str = "="

    def build(self, state: tuple[Any, ...]) -> None:
        """Take the byte order; fields and other structure are refused."""
        _, self.order, *rest = state
        if any(one not in (None, -1, 0) for one in rest[:3]):
            raise ValueError("an array has fields")

    @property
    def objects(self) -> bool:
        """Whether the array holds Python objects."""
        return self.code[:1] == "O"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The type as NumPy has it."""
        if self.code[:1] not in "biufU":
            raise ValueError(f"an array is of the type {self.code!r}")
        return np.dtype((">" if self.order == ">" else "<") + self.code)


@dataclass
class Array:
    """An array; its values come after it."""

    content: NDArray[Any] | None = None

    def build(self, state: tuple[Any, ...]) -> None:
        """Make the values of version, shape, type, order and bytes."""
        _, shape, dtype, by_columns, data = state
        if dtype.objects:
            if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
                raise ValueError("an array holds objects that are no text")
            self.content = np.array(data, dtype=object).reshape(shape)
        else:
            data = data.encode("latin1") if isinstance(data, str) else data
            self.content = _from_bytes(data, dtype, shape, "F" if by_columns else "C")


@dataclass
class Joblib:
    """joblib's description of an array, whose bytes follow in the file."""

    def read(self, state: dict[str, Any], file: BytesIO) -> Array:
        """Read the array at this place of the file."""
        dtype, shape = state["dtype"], state["shape"]
        if state.get("numpy_array_alignment_bytes") is not None:
            file.read(file.read(1)[0])
        data = file.read(prod(shape) * dtype.numpy.itemsize)
        return Array(_from_bytes(data, dtype, shape, state["order"]))


def _from_bytes(data: bytes, dtype: Dtype, shape: tuple[int, ...], order: Any) -> NDArray[Any]:
    return np.frombuffer(data, dtype.numpy).reshape(shape, order=order)


def _reconstruct(_of: Any, _shape: Any, _code: Any) -> Array:
    return Array()


def _dtype(code: str, *_: Any) -> Dtype:
    if not isinstance(code, str):
        raise ValueError("an array's type is no text")
    return Dtype(code)


def _frombuffer(data: bytes, dtype: Dtype, shape: tuple[int, ...], order: str, *_: Any) -> Array:
    return Array(_from_bytes(data, dtype, shape, order))


def _scalar(dtype: Dtype, data: bytes | str) -> Any:
    data = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(data, dtype.numpy)[0].item()


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError(f"bytes are written as {encoding!r}")
    return text.encode("latin1")


CALLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): Joblib,
    ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"): Joblib,
}
for _core in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
    CALLS[f"{_core}.multiarray", "_reconstruct"] = _reconstruct
    CALLS[f"{_core}.multiarray", "scalar"] = _scalar
    CALLS[f"{_core}.numeric", "_frombuffer"] = _frombuffer

NAMES = {*CALLS, ("numpy", "ndarray")}
"""Names that the description of an array may have."""
