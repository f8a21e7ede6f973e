"""Measure the IBSI CT phantom with MIRP in configurations C, D and E, and print the values as JSON.

    python mirp_values.py IMAGE MASK

Run by the Python that has MIRP.
"""

from __future__ import annotations

import json
import numbers
import re
import sys
import warnings
from typing import Any

from mirp import extract_features

# The end of a name that says how grey levels were made, which differs between the configurations.
DISCRETISED = re.compile(r"_fb[sn]_[wn][0-9.]+$")
RANGE = {"resegmentation_intensity_range": [-1000.0, 400.0]}
WITHIN = {"resegmentation_sigma": 3.0}
BINS = {"base_discretisation_method": "fixed_bin_number", "base_discretisation_n_bins": 32}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "c": {
        **RANGE,
        "spline_order": 1,
        "base_discretisation_method": "fixed_bin_size",
        "base_discretisation_bin_width": 25.0,
        "ivh_discretisation_method": "fixed_bin_size",
        "ivh_discretisation_bin_width": 2.5,
    },
    "d": {**WITHIN, **BINS, "spline_order": 1, "resegmentation_method": "sigma"},
    "e": {
        **RANGE,
        **WITHIN,
        **BINS,
        "spline_order": 3,
        "resegmentation_method": ["range", "sigma"],
        "ivh_discretisation_method": "fixed_bin_number",
        "ivh_discretisation_n_bins": 1000,
    },
}


def main() -> None:
    warnings.simplefilter("ignore")
    values = {}
    for name, how in CONFIGURATIONS.items():
        (table,) = extract_features(
            image=sys.argv[1],
            mask=sys.argv[2],
            image_modality="ct",
            by_slice=False,
            anti_aliasing=False,
            new_spacing=2.0,
            base_feature_families="all",
            **how,
        )
        row = table.iloc[0]
        values[name] = {
            DISCRETISED.sub("", column): float(row[column])
            for column in table.columns
            if isinstance(row[column], numbers.Real) and not column.startswith("image_")
        }
    print(json.dumps(values))


if __name__ == "__main__":
    main()
