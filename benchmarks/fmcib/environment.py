"""The published FMCIB package in an environment of its own, apart from ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".env"


def peer_python() -> Path:
    """Return the Python that can import ``fmcib``; install it (4 GB, minutes) the first time.

    Set ``LESIONARY_PEER_FMCIB`` to the Python of an environment that has it already.
    Needs Python 3.10 or 3.11: the package cannot be installed on 3.12.
    """
    given = os.environ.get("LESIONARY_PEER_FMCIB")
    if given:
        return Path(given)
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".installed").exists():
        print(f"Installing the published package into {ENVIRONMENT} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "torch==2.13.0"], check=True)
        requirement = "foundation-cancer-image-biomarker==1.0.1a8"
        pin = ENVIRONMENT / "constraints.txt"
        pin.write_text("torch==2.13.0\n")
        subprocess.run([*pip, "--constraint", pin, "--pre", requirement], check=True)
        (ENVIRONMENT / ".installed").touch()
    return python


def run_peer(script: Path, *arguments: str | Path) -> None:
    """Run a script with the peer's Python, its chatter kept back unless it fails."""
    command = [str(peer_python()), str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script.name} failed in the peer's environment:\n{done.stderr[-3000:]}")
    print(done.stdout, end="")
