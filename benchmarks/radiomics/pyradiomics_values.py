"""Measure an image with PyRadiomics, and print the values as JSON.

    python pyradiomics_values.py IMAGE MASK PARAMS

PARAMS is a JSON text. Run by the Python that has PyRadiomics.
"""

from __future__ import annotations

import json
import logging
import sys

from radiomics import featureextractor


def main() -> None:
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    extractor = featureextractor.RadiomicsFeatureExtractor(json.loads(sys.argv[3]))
    found = extractor.execute(sys.argv[1], sys.argv[2])
    values = {name: float(value) for name, value in found.items() if "diagnostics" not in name}
    print(json.dumps(values))


if __name__ == "__main__":
    main()
