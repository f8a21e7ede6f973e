"""Reads a pickle as the list of instructions that it is, and follows only harmless ones.

Python's own unpickler calls whatever the file names. This one calls nothing: it knows the
instructions that build numbers, text, lists and mappings, and treats the few names that arrays and
a logistic regression are made of itself. Any other name, and any other instruction, ends it.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from lesionary.adapt.published import arrays
from lesionary.errors import ModelError

ESTIMATORS = {
    ("sklearn.linear_model._logistic", "LogisticRegression"),
    ("sklearn.linear_model.logistic", "LogisticRegression"),  # before scikit-learn 0.22
}

_MARK = object()
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"STRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_BYTES = {
    *("BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_NOTHING = frozenset({"PROTO", "FRAME"})


@dataclass(frozen=True)
class Name:
    """A name in the file: never looked up, only compared."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass
class Instance:
    """An object of an allowed class: its class and its attributes, and no behaviour."""

    of: Name
    attributes: dict[str, Any] = field(default_factory=dict)


class RefusedError(ModelError):
    """A pickle names or does something that no linear model needs."""


def follow(data: bytes) -> Any:
    """Return what a pickle describes, with an :class:`Instance` for the estimator.

    Raises
    ------
    RefusedError
        At the first name or instruction that is not on the list.
    """
    try:
        return _follow(BytesIO(data))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelError(f"It is a damaged pickle, or none ({error}).") from error


def _follow(file: BytesIO) -> Any:
    machine = _Machine(file)
    for instruction, value, _ in pickletools.genops(file):
        if instruction.name == "STOP":
            return machine.stack.pop()
        machine.step(instruction.name, value)
    raise ValueError("it does not end")


class _Machine:
    """A stack, a memory, and what each instruction does to them."""

    def __init__(self, file: BytesIO) -> None:
        self.file = file
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def step(self, name: str, value: Any) -> None:
        """Follow one instruction."""
        if name in _NOTHING:
            return
        if name in _NUMBERS or name in _TEXTS or name in _BYTES:
            self.stack.append(value)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _STEPS:
            _STEPS[name](self, value)
        else:
            raise RefusedError(f"The file has the instruction {name}, which no linear model needs.")

    def take(self, count: int) -> list[Any]:
        """Take the last entries off the stack."""
        taken = self.stack[len(self.stack) - count :]
        if len(taken) < count:
            raise IndexError("the stack is empty")
        del self.stack[len(self.stack) - count :]
        return taken

    def since_mark(self) -> list[Any]:
        """Take everything since the last mark, and the mark, off the stack."""
        where = max(i for i, one in enumerate(self.stack) if one is _MARK)
        taken = self.stack[where + 1 :]
        del self.stack[where:]
        return taken

    def append(self, value: Any) -> None:
        """Put one entry onto the stack."""
        self.stack.append(value)

    def remember(self, place: int | None) -> None:
        """Keep the last entry, under the next number if none is given."""
        self.memory[len(self.memory) if place is None else place] = self.stack[-1]

    def name(self, module: str, name: str) -> None:
        """Put a name onto the stack, if it is on the list."""
        found = Name(module, name)
        if (module, name) not in ESTIMATORS and (module, name) not in arrays.NAMES:
            raise RefusedError(
                f"The file names {found}, which no linear model needs: it was not read."
            )
        self.append(found)

    def call(self, called: Any, given: Any) -> None:
        """Put onto the stack what an allowed call would have made."""
        if not isinstance(called, Name) or not isinstance(given, tuple):
            raise RefusedError("The file calls something that is no function.")
        key = (called.module, called.name)
        if key in ESTIMATORS and not given:
            self.append(Instance(called))
        elif key in arrays.CALLS:
            self.append(arrays.CALLS[key](*given))
        else:
            raise RefusedError(f"The file calls {called}, which no linear model needs.")

    def build(self) -> None:
        """Give the last but one entry its state; joblib's arrays follow their description."""
        target, state = self.take(2)
        if isinstance(target, Instance) and isinstance(state, dict):
            target.attributes.update(state)
            self.append(target)
        elif isinstance(target, arrays.Joblib):
            # Numbers follow as they are, objects as a pickle of their own.
            found = _follow(self.file) if state["dtype"].objects else target.read(state, self.file)
            self.append(found)
            self.memory = {
                key: found if value is target else value for key, value in self.memory.items()
            }
        elif isinstance(target, arrays.Dtype | arrays.Array):
            target.build(state)
            self.append(target)
        else:
            raise RefusedError(f"The file gives a state to {type(target).__name__}.")


def _into_list(machine: _Machine, values: list[Any]) -> None:
    if not isinstance(machine.stack[-1], list):
        raise ValueError("there is no list to append to")
    machine.stack[-1].extend(values)


def _into_mapping(machine: _Machine, values: list[Any]) -> None:
    if not isinstance(machine.stack[-1], dict):
        raise ValueError("there is no mapping to put values into")
    machine.stack[-1].update(zip(values[::2], values[1::2], strict=True))


_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "MARK": lambda m, _: m.append(_MARK),
    "POP": lambda m, _: m.take(1),
    "PUT": lambda m, v: m.remember(v),
    "BINPUT": lambda m, v: m.remember(v),
    "LONG_BINPUT": lambda m, v: m.remember(v),
    "MEMOIZE": lambda m, _: m.remember(None),
    "GET": lambda m, v: m.append(m.memory[v]),
    "BINGET": lambda m, v: m.append(m.memory[v]),
    "LONG_BINGET": lambda m, v: m.append(m.memory[v]),
    "EMPTY_TUPLE": lambda m, _: m.append(()),
    "TUPLE1": lambda m, _: m.append(tuple(m.take(1))),
    "TUPLE2": lambda m, _: m.append(tuple(m.take(2))),
    "TUPLE3": lambda m, _: m.append(tuple(m.take(3))),
    "TUPLE": lambda m, _: m.append(tuple(m.since_mark())),
    "EMPTY_LIST": lambda m, _: m.append([]),
    "APPEND": lambda m, _: _into_list(m, m.take(1)),
    "APPENDS": lambda m, _: _into_list(m, m.since_mark()),
    "EMPTY_DICT": lambda m, _: m.append({}),
    "SETITEM": lambda m, _: _into_mapping(m, m.take(2)),
    "SETITEMS": lambda m, _: _into_mapping(m, m.since_mark()),
    "GLOBAL": lambda m, v: m.name(*v.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.name(*m.take(2)),
    "REDUCE": lambda m, _: m.call(*m.take(2)),
    "NEWOBJ": lambda m, _: m.call(*m.take(2)),
    "BUILD": lambda m, _: m.build(),
}
