"""Does our ComBat give what neuroCombat gives, and how fast?

    python benchmarks/combat.py [--update]

neuroCombat 0.2.12 is installed in an environment of its own the first time (set
LESIONARY_PEER_COMBAT to the Python of one that exists), and stores nothing else. Both harmonise
the same made data in the same run, in every mode that both have. Prints the largest difference,
relative to the largest value, and the seconds of 300 rows of 4,096 features; exits 1 if a
difference is above 1e-6. With --update it also writes tests/adapt/harmonise/published.npz, which
the test suite compares with.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".combat-env"
FIXTURE = HERE.parent / "tests" / "adapt" / "harmonise" / "published.npz"
TOLERANCE = 1e-6

# Of each mode our settings, theirs, and whether covariates are kept.
MODES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "parametric": ({}, {}, False),
    "covariates": ({}, {}, True),
    "reference": ({"reference_batch": "B"}, {"ref_batch": "B"}, False),
    "reference_covariates": ({"reference_batch": "B"}, {"ref_batch": "B"}, True),
    "nonparametric": ({"parametric": False}, {"parametric": False}, False),
    "no_shrinkage": ({"shrink": False}, {"eb": False}, False),
    "mean_only": ({"mean_only": True}, {"mean_only": True}, False),
    "nonparametric_mean_only": (
        {"parametric": False, "mean_only": True},
        {"parametric": False, "mean_only": True},
        False,
    ),
}


def made(rows: int, features: int) -> dict[str, np.ndarray]:
    """Make features of three scanners that shift and stretch, of patients with age and sex."""
    rng = np.random.default_rng(2)
    batch = np.array(["A", "B", "C"])[np.arange(rows) * 7 // (2 * rows) % 3]
    age, sex = np.round(rng.normal(62, 9, rows)), rng.integers(0, 2, rows)
    values = rng.normal(size=(rows, features)) * rng.gamma(3, 1, features) + 10
    values += 0.05 * age[:, None] * rng.normal(size=features)
    for name, shift, stretch in (("B", 2.0, 1.5), ("C", -1.0, 0.7)):
        where = batch == name
        values[where] = values[where] * stretch + rng.normal(shift, 1, features)
    return {"values": values, "batch": batch, "age": age, "sex": sex}


def theirs(folder: Path) -> None:
    """Run neuroCombat, in its environment."""
    vars(np)["int"] = int  # the reference batch needs it, and NumPy has it no more
    from neuroCombat import neuroCombat

    for path in folder.glob("given-*.npz"):
        given = dict(np.load(path))
        table = pd.DataFrame({name: given[name] for name in ("batch", "age", "sex")})
        found: dict[str, Any] = {}
        for mode, (_, settings, covariates) in MODES.items():
            kept = {"categorical_cols": ["sex"], "continuous_cols": ["age"]} if covariates else {}
            if mode.startswith("nonparametric") and given["values"].shape[1] > 500:
                continue  # minutes
            start = time.perf_counter()
            done = neuroCombat(given["values"].T.copy(), table, "batch", **settings, **kept)
            found[f"{mode}_s"] = time.perf_counter() - start
            found[mode] = done["data"].T
        np.savez(folder / path.name.replace("given", "theirs"), **found)


def ours(given: dict[str, np.ndarray], mode: str) -> tuple[np.ndarray, float]:
    from lesionary.adapt.harmonise import ComBat

    settings, _, covariates = MODES[mode]
    kept = pd.DataFrame({"age": given["age"], "sex": given["sex"].astype(str)})
    start = time.perf_counter()
    found = ComBat(**settings, outcome="death").fit_transform(
        given["values"], given["batch"], kept if covariates else None
    )
    return found, time.perf_counter() - start


def peer_python() -> Path:
    """Return the Python that can import neuroCombat; install it (a minute) the first time."""
    given = os.environ.get("LESIONARY_PEER_COMBAT")
    if given:
        return Path(given)
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".installed").exists():
        print(f"Installing neuroCombat into {ENVIRONMENT} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        wanted = ["neuroCombat==0.2.12", "numpy<3", "pandas<3"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        (ENVIRONMENT / ".installed").touch()
        (ENVIRONMENT / ".gitignore").write_text("*\n")
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="rewrite the test suite's fixture")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        theirs(options.peer)
        return
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cases = {"small": made(28, 7), "large": made(300, 4096)}
        for name, given in cases.items():
            np.savez(folder / f"given-{name}.npz", **given)
        command = [str(peer_python()), str(Path(__file__).resolve()), "--peer", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"neuroCombat failed:\n{done.stderr[-3000:]}")
        print(f"{'data':<8}{'mode':<26}{'difference':>12}{'neuroCombat':>14}{'ours':>10}")
        for name, given in cases.items():
            published = dict(np.load(folder / f"theirs-{name}.npz"))
            for mode in MODES:
                if mode not in published:
                    continue
                found, seconds = ours(given, mode)
                difference = float(np.abs(found - published[mode]).max() / np.abs(found).max())
                worst = max(worst, difference)
                print(
                    f"{name:<8}{mode:<26}{difference:>12.1e}{published[f'{mode}_s']:>13.3f}s"
                    f"{seconds:>9.3f}s"
                )
            if options.update and name == "small":
                kept = {mode: published[mode] for mode in MODES}
                np.savez_compressed(FIXTURE, **given, **kept)
                print(f"Wrote {FIXTURE.name}.")
    sys.exit(int(worst > TOLERANCE))


if __name__ == "__main__":
    main()
