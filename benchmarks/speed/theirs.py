"""Time the published package's patches of one file. Runs in the peer's environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fmcib"))
from memory import peak_mb
from published import get_features_patch

if __name__ == "__main__":
    path, seeds = sys.argv[1], json.loads(sys.argv[2])
    start = time.perf_counter()
    for seed in seeds:
        get_features_patch(path, tuple(seed))
    seconds = time.perf_counter() - start
    print(seconds, peak_mb())
