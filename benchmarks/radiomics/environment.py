"""PyRadiomics, MIRP and pictologics, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = {
    "pyradiomics": (["numpy", "versioneer", "setuptools", "wheel"], ["pyradiomics==3.0.1"]),
    "mirp": ([], ["mirp==2.7.0"]),
    "pictologics": ([], ["pictologics==0.9.0"]),
}


def peer_python(name: str) -> Path | None:
    """Return the Python that can import a peer; install it the first time (a C compiler is needed).

    Set ``LESIONARY_PEER_PYRADIOMICS``, ``_MIRP`` or ``_PICTOLOGICS`` to the Python of an
    environment that has it. Pictologics needs a ``python3.12``; None where there is none.
    """
    given = os.environ.get(f"LESIONARY_PEER_{name.upper()}")
    if given:
        return Path(given)
    python = shutil.which("python3.12") if name == "pictologics" else sys.executable
    if python is None:
        return None
    folder = HERE / f".env-{name}"
    if not (folder / ".installed").exists():
        print(f"Installing {name} into {folder} ...", flush=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        first, then = REQUIREMENTS[name]
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet"]
        if first:
            subprocess.run([*pip, *first], check=True)
        subprocess.run([*pip, *(["--no-build-isolation"] if first else []), *then], check=True)
        (folder / ".installed").touch()
    return folder / "bin/python"
