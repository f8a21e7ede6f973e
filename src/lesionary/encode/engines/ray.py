"""A network on every GPU or node of a Ray cluster, and scans read wherever a processor is free."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lesionary.encode.compute import compute
from lesionary.encode.engines.engine import Job, Place
from lesionary.encode.plan import ScanLesions, Shard
from lesionary.encode.prepare import Prepared, prepare, unreadable
from lesionary.encode.shards import Content, ExtractionError
from lesionary.scan.recipe import Recipe

_TRIES = 3
_LOADING = "loading the encoders"


class Ray:
    """The engine of a cluster.

    This process plans, hands out shards and writes them; what is lost with a worker is
    computed again. A worker has one shard at a time, so it is known which one it died over.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._deaths: Counter[str] = Counter()
        self._seat_of: dict[Any, dict[str, Any]] = {}
        self._loading: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._found: tuple[Place, list[str]] | None = None

    def __enter__(self) -> Ray:
        self._ours = not ray.is_initialized()
        if self._ours:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells nobody, unless asked to
            try:
                ray.init(log_to_driver=False, logging_level="error")
            except ConnectionError as error:
                raise ExtractionError(
                    f"No Ray cluster answers at {os.environ.get('RAY_ADDRESS')}: start one with "
                    "`ray start --head`, or unset RAY_ADDRESS to use this machine alone. If it "
                    "asks for a token (~/.ray/auth_token), set RAY_AUTH_MODE=token."
                ) from error
        self._handed = ray.put(self._job)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._seat_of:
            ray.kill(worker)
        if self._ours:
            ray.shutdown()

    def place(self) -> Place:
        """Start the workers and wait for the first; the others join when they are ready."""
        nodes = [
            node["Resources"] | {"id": node["NodeID"]} for node in ray.nodes() if node["Alive"]
        ]
        gpus = 0 if self._job.device == "cpu" else int(sum(one.get("GPU", 0) for one in nodes))
        processors = int(sum(one.get("CPU", 0) for one in nodes))
        if gpus:
            seats = [{"num_gpus": 1, "num_cpus": 0}] * gpus
        else:
            # As many threads as the local engine has there: on a CPU, the last bits depend on it.
            seats = [
                {
                    "num_cpus": int(one["CPU"]),
                    "scheduling_strategy": NodeAffinitySchedulingStrategy(one["id"], soft=True),
                }
                for one in nodes
                if one.get("CPU", 0) >= 1
            ]
        if not seats:
            raise ExtractionError(
                "The Ray cluster has neither a GPU nor a processor to compute on."
            )
        self._ahead = len(seats) + processors
        # Workers hold all processors or none, so that reading is never left without.
        self._read = ray.remote(_prepare).options(
            num_cpus=1 if gpus else 0, max_retries=_TRIES - 1, scheduling_strategy="SPREAD"
        )
        for seat in seats:
            self._hire(seat)
        while self._found is None:
            self._welcome(_first([*self._loading]))
        return self._found[0]

    def load(self, batch_size: int, expected: Sequence[Shard]) -> list[str]:  # noqa: ARG002
        """Return the hashes of the weights, which the workers have loaded already."""
        assert self._found is not None
        self._batch_size = batch_size
        return self._found[1]

    def compute(self, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Content]]:
        """Yield shards as they are finished; a bounded number is read ahead."""
        rest = iter(shards)
        read: deque[tuple[Shard, list[Any]]] = deque()
        busy: dict[Any, tuple[Any, tuple[Shard, list[Any]]]] = {}
        left = len(shards)
        while left:
            while len(read) < self._ahead and (shard := next(rest, None)):
                read.append((shard, [self._start_reading(scan) for scan in shard.scans]))
            while self._idle and read:
                worker, task = self._idle.pop(), read.popleft()
                busy[worker.compute.remote(*task, self._batch_size)] = worker, task
            done = _first([*busy, *self._loading])
            if done in self._loading:
                self._welcome(done)
                continue
            worker, task = busy.pop(done)
            try:
                content = _result(done)
            except RayActorError as error:
                scans = ", ".join(scan.image_path for scan in task[0].scans)
                self._replace(worker, f"the lesions of {scans}", error)
                read.appendleft(task)
                continue
            self._idle.append(worker)
            left -= 1
            yield task[0], content

    def _start_reading(self, scan: ScanLesions) -> Any:
        choice, precropped = self._job.choice, self._job.precropped
        return self._read.remote(scan, choice.distinct, precropped, str(Path.cwd()))

    def _hire(self, seat: dict[str, Any]) -> None:
        worker = ray.remote(_Worker).options(**seat).remote()
        self._seat_of[worker] = seat
        self._loading[worker.load.remote(self._handed, str(Path.cwd()))] = worker

    def _welcome(self, loaded: Any) -> None:
        """Let a worker take part that has loaded the same as the others."""
        worker = self._loading.pop(loaded)
        try:
            place, hashes = _result(loaded)
        except RayActorError as error:
            self._replace(worker, _LOADING, error)
            return
        self._deaths.pop(_LOADING, None)
        self._found = self._found or (place, hashes)
        if (place.device, hashes) != (self._found[0].device, self._found[1]):
            raise ExtractionError(
                f"The nodes of the cluster differ: one has {self._found[0].device} and weights "
                f"{self._found[1]}, another {place.device} and {hashes}."
            )
        self._idle.append(worker)

    def _replace(self, worker: Any, over: str, error: RayActorError) -> None:
        seat = self._seat_of.pop(worker)
        ray.kill(worker)  # where it only cannot be reached, it still holds its GPU
        self._deaths[over] += 1
        if self._deaths[over] == _TRIES:
            raise ExtractionError(
                f"{_TRIES} workers died over {over}: too little memory, or a fault of their node, "
                "of which Ray's logs tell more. What is finished is kept; the same command goes on."
            ) from error
        self._hire(seat)


class _Worker:
    """A process of the cluster with every encoder in memory."""

    def load(self, job: Job, folder: str) -> tuple[Place, list[str]]:
        from lesionary.encode.forward import choose_batch_size, choose_device

        _go_to(folder)
        self._job = job
        self._device = choose_device(job.device)
        self._encoders = job.choice.load(self._device)
        place = Place(self._device.type, choose_batch_size(self._device, job.choice.recipes))
        return place, [encoder.weights_hash for encoder in self._encoders]

    def compute(self, shard: Shard, reading: Sequence[Any], batch_size: int) -> Content:
        from lesionary.encode.forward import embed

        scans = [_patches(*pair) for pair in zip(shard.scans, reading, strict=True)]
        on = partial(
            embed, device=self._device, precision=self._job.precision, batch_size=batch_size
        )
        return compute(scans, self._job.choice, self._encoders, on)


def _patches(scan: ScanLesions, reading: Any) -> Prepared:
    try:
        prepared: Prepared = ray.get(reading)
    except (WorkerCrashedError, OutOfMemoryError):
        return unreadable(scan)
    return prepared


def _prepare(
    scan: ScanLesions, recipes: Sequence[Recipe], precropped: bool, folder: str
) -> Prepared:
    _go_to(folder)
    return prepare(scan, recipes, precropped)


def _go_to(folder: str) -> None:
    """Let relative paths mean what they do where the command was given, if that is shared."""
    if Path(folder).is_dir():
        os.chdir(folder)


def _first(under_way: list[Any]) -> Any:
    return ray.wait(under_way, num_returns=1)[0][0]


def _result(done: Any) -> Any:
    """Return what a worker did, or raise what it raised, as if it had been done here."""
    try:
        return ray.get(done)
    except RayTaskError as error:
        raise error.cause from error
