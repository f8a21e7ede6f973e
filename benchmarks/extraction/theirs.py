"""The published ``get_features`` on a table, as its own command. Runs in the peer's environment."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fmcib"))
import published  # noqa: F401  (declares what its torchvision lacks)
from fmcib.run import get_features

if __name__ == "__main__":
    table, weights, out = sys.argv[1:]
    # No workers: on two cores its default of four is slower, and takes three times the memory.
    get_features(table, weights_path=weights, num_workers=0).to_csv(out, index=False)
