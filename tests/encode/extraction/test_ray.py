"""The engine of a cluster: two nodes on this machine, and workers that are killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

from lesionary.encode import read_features, run_extraction
from lesionary.encode.shards import ExtractionError, ShardFolder

if sys.version_info >= (3, 14):
    pytest.skip("There is no Ray for this Python.", allow_module_level=True)
import ray


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one processor each, so two workers, found by RAY_ADDRESS."""
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80 << 20}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        try:
            nodes = Cluster(
                initialize_head=True, head_node_args=small | {"include_dashboard": False}
            )
            nodes.add_node(**small)
        except Exception as error:  # a machine without free ports or shared memory
            if "CI" in os.environ:
                raise
            pytest.skip(f"Ray cannot start here: {error}")
        patched.setenv("RAY_ADDRESS", nodes.address)
        ray.init(log_to_driver=False, logging_level="error")  # once: runs share it
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture
def marked(tiny, tmp_path):
    """An encoder that notes each batch's process, and may end it."""
    notes = tmp_path / "notes"
    notes.mkdir()

    class Marked(tiny):
        def __init__(self, deaths: int = 0) -> None:
            super().__init__()
            self.deaths = deaths
            self.notes = notes

        def forward(self, patches):
            process = self.notes / str(os.getpid())
            if process.exists() and len(list(self.notes.glob("*.dead"))) < self.deaths:
                process.with_suffix(".dead").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            process.touch()
            return super().forward(patches)

    # Workers cannot import the tests: the classes travel by value.
    module = sys.modules[tiny.__module__]
    ray.cloudpickle.register_pickle_by_value(module)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield Marked
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.cloudpickle.unregister_pickle_by_value(module)


def same(path: Path, expected: Path) -> None:
    pd.testing.assert_frame_equal(
        read_features(path), read_features(expected), check_exact=True, check_flags=False
    )


def test_a_run_in_which_workers_readers_and_scans_fail(
    cluster, cohort_csv, marked, tiny, tmp_path, monkeypatch
):
    """One worker is killed, one scan ends whoever reads it, one is damaged; paths are relative."""
    from lesionary.encode.engines import ray as engine

    def read(scan, *rest):
        if scan.image_path.endswith("b.nii.gz"):
            os._exit(3)
        return prepare(scan, *rest)

    prepare = engine._prepare
    (tmp_path / "d.nii.gz").write_bytes(b"no scan")
    monkeypatch.chdir(tmp_path)
    out, local = Path("ray", "f.parquet"), Path("local", "f.parquet")
    with monkeypatch.context() as patched:
        patched.setattr(engine, "_prepare", read)
        encoder = marked(deaths=1)
        done = run_extraction(cohort_csv.name, encoder, out, engine="ray", batch_size=3)
    assert (done.computed, done.lesions) == (7, 7)
    assert len(list(encoder.notes.glob("*.dead"))) == 1
    assert {one.reason for one in done.set_aside if one.lesion_id[0] == "b"} == {
        "Reading b.nii.gz ended its process: too little memory, or a file that its reader "
        "cannot stand."
    }
    # The same command, without the engine, goes on: it computes what was set aside.
    assert run_extraction(cohort_csv.name, tiny(), out).computed == 2
    run_extraction(cohort_csv.name, tiny(), local, batch_size=3, workers=0)
    same(out, local)
    errors = [(path.parent / "errors.csv").read_text() for path in (out, local)]
    assert errors[0] == errors[1]
    assert {one.lesion_id for one in done.set_aside} == {"b0", "b1", "d0", "d1"}


def test_a_shard_that_kills_every_worker_ends_the_run(
    cluster, cohort_csv, marked, tiny, tmp_path, monkeypatch
):
    from lesionary.encode.engines import ray as engine

    monkeypatch.setattr(engine, "_TRIES", 2)
    out, local = tmp_path / "ray" / "f.parquet", tmp_path / "local" / "f.parquet"
    with pytest.raises(ExtractionError, match=r"2 workers died over the lesions of .*nii\.gz"):
        run_extraction(cohort_csv, marked(deaths=99), out, engine="ray", batch_size=3)
    assert not out.exists()
    assert any(ShardFolder(out).path.glob("*.parquet"))
    assert 0 < run_extraction(cohort_csv, tiny(), out, workers=0).computed < 11
    run_extraction(cohort_csv, tiny(), local, workers=0, batch_size=3)
    same(out, local)


def test_what_a_worker_raises_is_raised_here(cluster):
    from lesionary.encode.engines.ray import _result

    def wrong():
        raise ExtractionError("This is wrong.")

    with pytest.raises(ExtractionError, match=r"^This is wrong\.$"):
        _result(ray.remote(wrong).options(num_cpus=0).remote())


def test_what_the_engine_does_not_take(cohort_csv, tiny, tmp_path, monkeypatch):
    out = tmp_path / "f.parquet"
    with pytest.raises(ExtractionError, match="leave out their number"):
        run_extraction(cohort_csv, tiny(), out, engine="ray", workers=2)
    with pytest.raises(ExtractionError, match="There is no engine 'dask'"):
        run_extraction(cohort_csv, tiny(), out, engine="dask")
    monkeypatch.delitem(sys.modules, "lesionary.encode.engines.ray", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExtractionError, match=r"pip install 'lesionary\[ray\]'"):
        run_extraction(cohort_csv, tiny(), out, engine="ray")
