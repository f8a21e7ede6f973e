"""The front door is light, and says what went wrong in one line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import lesionary
from lesionary import cli
from lesionary.errors import CohortError
from lesionary.scan import read_scan, write_scan

HEAVY = {
    "torch", "monai", "matplotlib", "numpy", "pandas", "pydicom", "pyarrow", "scipy",
    "SimpleITK", "sklearn",
}  # fmt: skip


def modules_loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import lesionary",
        "import lesionary.cli as c\ntry: c.app(['--help'])\nexcept SystemExit: pass",
        "import lesionary.cli as c\ntry: c.app(['scan', '--help'])\nexcept SystemExit: pass",
        "import lesionary.cli as c\ntry: c.app(['--version'])\nexcept SystemExit: pass",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    loaded = modules_loaded_by(code)
    assert "lesionary" in loaded
    assert not loaded & HEAVY
    # Python itself, typer and rich take about 400; a heavy library brings hundreds at once.
    assert len(loaded) < 600


@pytest.mark.parametrize("name", [n for n in lesionary.__all__ if n != "__version__"])
def test_every_public_name_is_there_and_explained(name):
    assert getattr(lesionary, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="read_scann"):
        _ = lesionary.read_scann


def test_every_room_exports_what_it_lists():
    for room in ("cohort", "phantom", "scan", "study"):
        module = __import__(f"lesionary.{room}", fromlist=["__all__"])
        assert module.__doc__
        assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_python_dash_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "lesionary", "--version"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == f"lesionary {lesionary.__version__}\n"


def run_main(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["lesionary", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], ["scan", "--help"]])
def test_help_and_version_exit_0(monkeypatch, capsys, words):
    code, out, err = run_main(monkeypatch, capsys, *words)
    assert code == 0
    assert "lesionary" in out
    assert err == ""


@pytest.mark.parametrize(
    "words",
    [["--no-such-option"], ["no-such-command"], ["scan", "info"], ["scan", "info", "absent.nii"]],
)
def test_a_users_error_exits_2_and_shows_no_traceback(monkeypatch, capsys, words):
    code, out, err = run_main(monkeypatch, capsys, *words)
    assert code == 2
    assert err
    assert "Traceback" not in out + err


def test_findings_in_the_data_exit_1(monkeypatch, capsys, tmp_path):
    (tmp_path / "cohort.csv").write_text("lesion_id,patient_id\na,p\n")
    code, out, _ = run_main(monkeypatch, capsys, "cohort", "check", str(tmp_path / "cohort.csv"))
    assert code == 1
    assert "image_path" in out


def test_rows_set_aside_exit_3(monkeypatch, capsys, tmp_path):
    grid = np.diag([2.0, 2.0, 4.0, 1.0])
    voxels = np.zeros((4, 8, 8), np.uint8)
    voxels[1:3, 2:4, 2:4] = 1
    for patient in ("p1", "p2"):
        write_scan(read_scan(voxels, affine=grid), tmp_path / patient / "ct.nii.gz")
        write_scan(read_scan(voxels, affine=grid), tmp_path / patient / "lesion_mask.nii.gz")
        voxels = np.zeros_like(voxels)  # the second mask is empty
    out = str(tmp_path / "out" / "cohort.csv")
    code, _, _ = run_main(monkeypatch, capsys, "cohort", "build", str(tmp_path), "--out", out)
    assert code == 3
    assert "p2" in (tmp_path / "out" / "errors.csv").read_text()


def test_the_error_is_one_line_that_names_the_file(monkeypatch, capsys):
    _, _, err = run_main(monkeypatch, capsys, "scan", "info", "absent.nii")
    assert err.count("\n") == 1
    assert "absent.nii" in err


@pytest.mark.parametrize(
    "words", [["--debug", "scan", "info", "x.nii"], ["scan", "info", "x.nii", "--debug"]]
)
def test_debug_shows_the_traceback_wherever_it_stands(words):
    done = subprocess.run(
        [sys.executable, "-m", "lesionary", *words],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "words", [["--quiet", "scan", "info", "x.nii"], ["scan", "info", "x.nii", "--quiet"]]
)
def test_quiet_works_wherever_it_stands(monkeypatch, capsys, words):
    asked = []
    monkeypatch.setattr(cli.progress, "set_quiet", asked.append)
    run_main(monkeypatch, capsys, *words)
    assert asked[:1] == [True]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (CohortError("Row 3: no seed."), "Error: Row 3: no seed.\n"),
        (PermissionError(13, "Permission denied", "out.csv"), "out.csv"),
        (OSError(28, "No space left on device", "out.csv"), "No space left on device"),
    ],
)
def test_errors_of_the_input_and_of_the_disk_exit_2(monkeypatch, capsys, error, shown):
    def app(words: list[str]) -> None:
        raise error

    monkeypatch.setattr(cli, "app", app)
    code, _, err = run_main(monkeypatch, capsys, "anything")
    assert code == 2
    assert shown in err


def test_a_bug_is_not_dressed_up_as_the_users_error(monkeypatch):
    def app(words: list[str]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(ZeroDivisionError):
        cli.main()
