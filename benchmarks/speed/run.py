"""How much faster are our patches than the published package's, on the same files?

    python benchmarks/speed/run.py [--repeat 3]

Each measurement is a process of its own, imports not counted, the best of --repeat runs; the
published package's runs and ours take turns. The files are warm in the system's cache.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fmcib"))
from environment import peer_python

from scan import make_image, seeds, write

CASES = [
    # (format, seeds, times faster that we want)
    (".nii.gz", 8, 150),
    (".nii.gz", 1, 10),
    (".nii", 1, 150),
    (".nrrd", 1, 150),
    (".mha", 1, 150),
    ("DICOM folder", 1, 20),
]
MEMORY_MB = 400


def measure(python: Path, script: str, path: Path, count: int) -> tuple[float, float]:
    command = [str(python), str(HERE / script), str(path), json.dumps(seeds(count))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(
        f"{'format':<14}{'seeds':>6}{'published':>11}{'ours':>10}{'ratio':>8}{'wanted':>8}"
        f"{'published MB':>14}{'our MB':>8}"
    )
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        paths = write(make_image(), Path(temporary))
        for name, count, wanted in CASES:
            theirs, ours = [], []
            for _ in range(repeat):
                theirs.append(measure(peer_python(), "theirs.py", paths[name], count))
                ours.append(measure(Path(sys.executable), "ours.py", paths[name], count))
            (their_s, their_mb), (our_s, our_mb) = min(theirs), min(ours)
            ratio = their_s / our_s
            missed += ratio < wanted or our_mb > MEMORY_MB
            print(
                f"{name:<14}{count:>6}{their_s:>10.2f}s{our_s * 1000:>8.1f}ms{ratio:>8.0f}"
                f"{wanted:>8}{their_mb:>14.0f}{our_mb:>8.0f}",
                flush=True,
            )
    sys.exit(int(missed > 0))


if __name__ == "__main__":
    main()
