"""One network in this process, fed by a pool of processes that read scans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING

from lesionary.encode.compute import compute
from lesionary.encode.engines.engine import Job, Place
from lesionary.encode.plan import Shard
from lesionary.encode.prepare import Prepared, prepare, unreadable
from lesionary.encode.shards import Content
from lesionary.processes import Processes, default_workers

if TYPE_CHECKING:
    from lesionary.encode.encoder import Encoder


class Local:
    """The engine of one machine.

    Parameters
    ----------
    job : Job
    workers : int, optional
        Processes that prepare patches.
    """

    def __init__(self, job: Job, workers: int | None) -> None:
        self._job = job
        count = default_workers() if workers is None else workers
        cut = partial(prepare, recipes=job.choice.distinct, precropped=job.precropped)
        self._pool = Processes(cut, count, lost=unreadable)
        self._prepared: Iterator[Prepared] | None = None
        self._encoders: list[Encoder] = []

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._encoders = []
        self._pool.__exit__(kind, error, trace)

    def place(self) -> Place:
        """Choose the device."""
        # torch takes about as long to import as the workers take to start.
        from lesionary.encode.forward import choose_batch_size, choose_device

        self._device = choose_device(self._job.device)
        batch_size = choose_batch_size(self._device, self._job.choice.recipes)
        return Place(self._device.type, batch_size)

    def load(self, batch_size: int, expected: Sequence[Shard]) -> list[str]:
        """Load the encoders while the first scans are read."""
        self._batch_size = batch_size
        self._prepared = self._prepare(expected) if expected else None
        self._encoders = self._job.choice.load(self._device)
        return [encoder.weights_hash for encoder in self._encoders]

    def compute(self, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Content]]:
        """Compute one shard after the other."""
        from lesionary.encode.forward import embed

        job = self._job
        on = partial(
            embed, device=self._device, precision=job.precision, batch_size=self._batch_size
        )
        prepared = self._prepared or self._prepare(shards)
        for shard in shards:
            scans = list(islice(prepared, len(shard.scans)))
            yield shard, compute(scans, job.choice, self._encoders, on)

    def _prepare(self, shards: Sequence[Shard]) -> Iterator[Prepared]:
        return self._pool.run(scan for shard in shards for scan in shard.scans)
