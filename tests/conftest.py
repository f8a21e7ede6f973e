"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lesionary import progress

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _progress_as_at_first() -> None:
    """Whatever a test's command said of progress is of that test only."""
    progress.set_quiet(False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real test data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LESIONARY_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set LESIONARY_TEST_DATA)")
    return folder
