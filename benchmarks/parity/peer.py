"""Cut every case with the published package. Runs in the peer's environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fmcib"))
from published import PIPELINES


def main(folder: Path) -> None:
    patches = {}
    for case in json.loads((folder / "cases.json").read_text()):
        for recipe, cut in PIPELINES.items():
            key = f"{case['scan']}/{case['seed']}/{recipe}"
            try:
                patches[key] = cut(case["path"], tuple(case["center_mm"]))
            except Exception as error:  # a refusal is a result too
                patches[key] = np.array(f"{type(error).__name__}: {error}"[:200])
    np.savez(folder / "published.npz", **patches)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
