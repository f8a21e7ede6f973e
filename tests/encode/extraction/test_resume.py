"""A run that was cut off goes on where it stopped, and never mixes what differs."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.encode import extract, read_features, run_extraction
from lesionary.encode.choice import choose
from lesionary.encode.engines import Job, start
from lesionary.encode.plan import group_by_scan, plan_shards
from lesionary.encode.rows import read_lesions
from lesionary.encode.shards import ShardFolder
from lesionary.errors import LesionaryError

HERE = Path(__file__).parent


class StoppedError(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture
def stopping(tiny):
    """Make an encoder that ends the run at its n-th batch."""

    def make(at: int):
        class Stopping(tiny):
            batches = 0

            def forward(self, patches):
                self.batches += 1
                if self.batches == at:
                    raise StoppedError
                return super().forward(patches)

        return Stopping()

    return make


@pytest.fixture
def run(cohort_csv, tmp_path):
    """Extract with batches of three: the scans, of 4, 3, 2 and 2 lesions, are a shard each."""

    def run(encoder, **options):
        options = {"workers": 0, "batch_size": 3, **options}
        return run_extraction(cohort_csv, encoder, tmp_path / "f.parquet", **options)

    return run


@pytest.fixture
def expected(cohort_csv, tiny, tmp_path):
    out = tmp_path / "expected" / "f.parquet"
    run_extraction(cohort_csv, tiny(), out, workers=0, batch_size=3)
    return read_features(out)


def same(path: Path, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        read_features(path), expected, check_exact=True, check_flags=False
    )


@pytest.mark.parametrize("at", [1, 2, 4, 5])
def test_a_run_goes_on_where_it_stopped(run, stopping, tiny, expected, tmp_path, at):
    with pytest.raises(StoppedError):
        run(stopping(at))
    assert not (tmp_path / "f.parquet").exists()
    encoder = stopping(100)
    done = run(encoder)
    assert done.lesions == 11
    same(tmp_path / "f.parquet", expected)
    # The scan of four lesions comes first and takes two batches, of which both are lost or none.
    assert encoder.batches == {1: 5, 2: 5, 4: 2, 5: 1}[at]
    assert not ShardFolder(tmp_path / "f.parquet").path.exists()


def test_kill_9(cohort_csv, tiny, expected, tmp_path):
    script = (
        f"import os, signal, sys\nsys.path.insert(0, {str(HERE)!r})\n"
        "from conftest import Tiny\nfrom lesionary.encode import run_extraction\n"
        "class Killed(Tiny):\n"
        "    n = 0\n"
        "    def forward(self, patches):\n"
        "        self.n += 1\n"
        "        if self.n == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().forward(patches)\n"
        "run_extraction(sys.argv[1], Killed(), sys.argv[2], workers=1, batch_size=3)\n"
    )
    out = tmp_path / "f.parquet"
    killed = subprocess.run(
        [sys.executable, "-c", script, cohort_csv, out],
        env={**os.environ, "LESIONARY_TEST_RUN": str(tmp_path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    done = run_extraction(cohort_csv, tiny(), out, batch_size=3)
    assert 0 < done.computed < 11
    same(out, expected)
    # The killed process could not end its workers: they see for themselves that it is gone.
    deadline = time.monotonic() + 10
    while left := processes_with(f"LESIONARY_TEST_RUN={tmp_path}"):
        assert time.monotonic() < deadline, f"{left} outlived the process that started them"
        time.sleep(0.1)


def processes_with(variable: str) -> list[Path]:
    """List the processes that have a variable in their environment, where the system tells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = path.read_bytes()
        except OSError:  # it ended meanwhile, or is not ours
            continue
        if variable.encode() in environment:
            found.append(path.parent)
    return found


def test_stopped_while_the_table_is_put_together(run, tiny, expected, tmp_path, monkeypatch):
    from lesionary.encode import finish

    def stop(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(finish, "write_parquet", stop)
        with pytest.raises(StoppedError):
            run(tiny())
    assert run(tiny()).computed == 0
    same(tmp_path / "f.parquet", expected)


def test_a_full_disk(run, tiny, expected, tmp_path):
    """A limit on the size of files stands for the disk: the write itself fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1200, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            run(tiny())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "f.parquet").exists()
    assert run(tiny()).lesions == 11
    same(tmp_path / "f.parquet", expected)


@pytest.mark.parametrize(
    ("seed", "options", "message"),
    [
        (1, {}, "tiny weights_hash was 000000000000..., is 000000000000..."),
        (0, {"precision": "bf16"}, "precision was fp32, is bf16"),
        (0, {"batch_size": 5}, "batch_size was 3, is 5"),
        (0, {"recipe": "lesion"}, "tiny recipe size_vox was [20, 20, 20], is [50, 50, 50]"),
    ],
)
def test_other_settings_are_noticed_and_not_mixed(
    run, stopping, tiny, tmp_path, seed, options, message
):
    with pytest.raises(StoppedError):
        run(stopping(3))
    with pytest.raises(LesionaryError) as error:
        run(tiny(seed=seed), **options)
    assert message in str(error.value)
    assert "--overwrite" in str(error.value)
    assert run(tiny(seed=seed), overwrite=True, **options).computed == 11


def test_the_batch_size_of_a_begun_run_is_kept(run, stopping, expected, tmp_path):
    with pytest.raises(StoppedError):
        run(stopping(3))
    encoder = stopping(100)
    run(encoder, batch_size=None)
    assert encoder.batches == 3
    same(tmp_path / "f.parquet", expected)


def test_a_changed_scan_or_row_is_computed_again(run, stopping, tiny, cohort_csv, tmp_path):
    with pytest.raises(StoppedError):
        run(stopping(5))
    table = pd.read_csv(cohort_csv, float_precision="round_trip")
    first = table["image_path"].drop_duplicates().tolist()
    (tmp_path / first[0]).write_bytes((tmp_path / first[3]).read_bytes())
    table.loc[table["image_path"] == first[1], "coordX"] += 2
    table.to_csv(cohort_csv, index=False)
    done = run(tiny())
    unchanged = table["image_path"] == first[2]
    assert done.computed == 11 - unchanged.sum()
    direct = tmp_path / "direct.parquet"
    run_extraction(cohort_csv, tiny(), direct, workers=0, batch_size=3)
    same(tmp_path / "f.parquet", read_features(direct))


def test_a_complete_table_is_left_alone_and_another_not_replaced(run, tiny, cohort_csv, tmp_path):
    run(tiny())
    out = tmp_path / "f.parquet"
    before = out.stat().st_mtime_ns, out.stat().st_ino
    again = run(tiny())
    assert (again.computed, again.lesions) == (0, 11)
    assert (out.stat().st_mtime_ns, out.stat().st_ino) == before
    with pytest.raises(LesionaryError, match="made otherwise: tiny weights_hash"):
        run(tiny(seed=1))
    scan = tmp_path / "a.nii.gz"
    content = scan.read_bytes()
    scan.write_bytes(content[:-1])
    with pytest.raises(LesionaryError, match="made otherwise: rows of the cohort, or files"):
        run(tiny())
    scan.write_bytes(content)
    assert run(tiny(seed=1), overwrite=True).computed == 11
    pd.DataFrame({"lesion_id": ["a"]}).to_parquet(out)
    with pytest.raises(LesionaryError, match="does not say how it was made"):
        run(tiny())


def test_an_interrupted_replacement_goes_on(run, stopping, tiny, tmp_path):
    run(tiny())
    with pytest.raises(StoppedError):
        run(stopping(3), overwrite=True)
    encoder = stopping(100)
    run(encoder, overwrite=True)
    assert encoder.batches == 3


class Fatal:
    """Ends the process that unpickles it, as a damaged file may end its reader's."""

    def __reduce__(self):
        import os

        return os._exit, (3,)

    def __str__(self) -> str:
        return "fatal.nii"


def test_a_scan_that_ends_its_worker_is_set_aside_alone(tiny, cohort_csv):
    recipes = [tiny().card.input]
    scans = group_by_scan(read_lesions(cohort_csv).usable, recipes)
    shards = plan_shards([scans[0], replace(scans[1], image_path=Fatal()), *scans[2:]], 3)
    with start("local", Job(choose(tiny()), "cpu", "fp32", precropped=False), workers=1) as engine:
        engine.place()
        engine.load(3, shards)
        contents = [content for _, content in engine.compute(shards)]
    bad = contents.pop(1)
    assert {one.lesion_id for one in bad.set_aside} == {x.lesion_id for x in scans[1].lesions}
    assert {one.reason for one in bad.set_aside} == {
        "Reading fatal.nii ended its process: too little memory, or a file that its reader "
        "cannot stand."
    }
    expected = extract(cohort_csv, tiny(), workers=0, batch_size=3).set_index("lesion_id")
    for content in contents:
        assert not content.set_aside
        np.testing.assert_array_equal(content.features["tiny"], expected.loc[list(content.hashes)])
