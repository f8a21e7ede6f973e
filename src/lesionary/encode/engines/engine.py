"""What an engine is given, and what it has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from lesionary.encode.choice import Choice
from lesionary.encode.plan import Shard
from lesionary.encode.shards import Content

if TYPE_CHECKING:
    from lesionary.encode.forward import Precision

EngineName = Literal["local", "ray"]


@dataclass(frozen=True)
class Job:
    """What is to be computed of every shard, and how."""

    choice: Choice
    device: str
    precision: Precision
    precropped: bool


@dataclass(frozen=True)
class Place:
    """The kind of device that encoders run on, and how many patches it takes at once."""

    device: str
    batch_size: int


class Engine(Protocol):
    """Computes shards; its three methods are called once each, in this order.

    What a shard holds must not depend on the engine, on other shards, or on their order.
    """

    def place(self) -> Place:
        """Say where the encoders will run."""
        ...

    def load(self, batch_size: int, expected: Sequence[Shard]) -> list[str]:
        """Load the encoders; return the hash of each one's weights.

        The scans of shards that are expected to come may be read meanwhile.
        """
        ...

    def compute(self, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Content]]:
        """Yield each shard once, in any order, with what it holds."""
        ...
