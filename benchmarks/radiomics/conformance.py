"""How many of the IBSI reference values the package finds.

    python benchmarks/radiomics/conformance.py [--data FOLDER] [--write docs/explanation/ibsi.md]

The folder holds the phantoms and their reference values as CONTRIBUTING.md says. With --write, the
table in that page is replaced.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.compute import measure
from lesionary.radiomics.texture import AGGREGATIONS

SETTINGS = {
    "dig. phantom": {
        "discretisation": {"bin_width": 1},
        "aggregations": list(AGGREGATIONS),
    },
    "config. A": "ibsi-a",
    "config. B": "ibsi-b",
    "config. C": "ibsi-c",
    "config. D": "ibsi-d",
    "config. E": "ibsi-e",
}
AGGREGATION = {
    "2D, averaged": "2D_avg",
    "2D, slice-merged": "2D_s_mrg",
    "2.5D, direction-merged": "2.5D_d_mrg",
    "2.5D, merged": "2.5D_mrg",
    "3D, averaged": "3D_avg",
    "3D, merged": "3D_mrg",
}
# Codes that the manual's tables lack, or that they have of a neighbour.
CODE = {
    "Small zone emphasis": "5QRC",
    "10th discretised intensity percentile": "GPMT",
    "90th discretised intensity percentile": "OZ0C",
}
FRACTIONS = {"BC2M": ("10", "90"), "GBPN": ("10", "90"), "DDTU": ("10_90",), "CNV2": ("10_90",)}


def reference_values(data: Path) -> pd.DataFrame:
    """Read value and tolerance by data set and key."""
    table = pd.read_csv(data / "ibsi_1_reference_values" / "ibsi_1_reference_values.csv")
    table["feature"] = table["feature"].str.replace(r"\\ :sup:`th`", "th", regex=True)
    code = table["feature"].map(CODE).fillna(table["ibsi_code"])
    turn = table.groupby(["data_set", code, table["aggregation"].fillna("")]).cumcount()
    fraction = [
        f"_{FRACTIONS[c][i]}" if c in FRACTIONS else "" for c, i in zip(code, turn, strict=True)
    ]
    aggregation = table["aggregation"].replace(AGGREGATION)
    table["key"] = code + fraction + ("__" + aggregation).fillna("")
    return table.set_index(["data_set", "key"])[["feature", "value", "tolerance", "consensus"]]


def measured(data: Path, data_set: str) -> pd.Series:
    """Measure a phantom as its configuration says."""
    folder = (
        "ibsi_1_digital_phantom" if data_set == "dig. phantom" else "ibsi_1_ct_radiomics_phantom"
    )
    image, mask = (
        nib.load(data / folder / "nifti" / part)
        for part in ("image/phantom.nii.gz", "mask/mask.nii.gz")
    )
    voxels, region = (np.asarray(each.dataobj).T for each in (image, mask))
    return measure(
        voxels,
        np.rint(region).astype(np.uint8),
        SETTINGS[data_set],
        spacing_mm=image.header.get_zooms(),
        profile="ibsi",
    )


def compare(data: Path, data_set: str) -> pd.DataFrame:
    """Set reference values beside what is measured; ``passed`` says which are within tolerance.

    A value without a tolerance passes where rounding to its digits gives it.
    """
    table = reference_values(data).loc[data_set].dropna(subset="value")
    table["measured"] = measured(data, data_set).reindex(table.index)
    error = (table["measured"] - table["value"]).abs()
    digits = 2 - np.floor(np.log10(table["value"].abs().where(table["value"] != 0, 1.0)))
    allowed = table["tolerance"].fillna(0).clip(lower=0) + 0.5 * 10.0**-digits
    table["passed"] = error <= allowed * (1 + 1e-9)
    families = feature_catalogue().reset_index().set_index("key")["family"]
    table["family"] = families.reindex(table.index)
    return table


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=root.parent / "shared" / "data")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    known = reference_values(options.data).index.unique("data_set")
    compared = {name: compare(options.data, name) for name in SETTINGS if name in known}
    table = pd.DataFrame(
        {
            name: rows.groupby("family")["passed"]
            .agg(["sum", "size"])
            .agg("{0[sum]} / {0[size]}".format, axis=1)
            for name, rows in compared.items()
        }
    ).reindex(dict.fromkeys(feature_catalogue()["family"]))
    table.loc["all"] = [f"{rows['passed'].sum()} / {len(rows)}" for rows in compared.values()]
    print(table.to_string())
    for name, rows in compared.items():
        failed = rows[~rows["passed"]]
        if len(failed):
            print(f"\n{name}: outside the tolerance\n{failed.to_string()}")
    if options.write:
        _write(options.write, table)


def _write(page: Path, table: pd.DataFrame) -> None:
    head = ["family", *table.columns]
    lines = [
        head,
        ["---"] * len(head),
        *([str(i), *row] for i, row in zip(table.index, table.to_numpy(), strict=True)),
    ]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    marks = "<!-- conformance -->", "<!-- /conformance -->"
    old = page.read_text(encoding="utf-8")
    new = re.sub(
        f"{marks[0]}.*?{marks[1]}", f"{marks[0]}\n{text}\n{marks[1]}", old, flags=re.DOTALL
    )
    page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
