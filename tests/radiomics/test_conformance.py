"""Every reference value of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.radiomics.compute import measure

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "radiomics" / "conformance.py"


def test_every_value_of_the_digital_phantom(
    digital_phantom: tuple[np.ndarray, np.ndarray],
) -> None:
    """Texture is compared in tests/radiomics/texture."""
    table = pd.read_csv(
        Path(__file__).with_name("ibsi_digital_phantom.csv"), comment="#", index_col="key"
    )
    settings = {"discretisation": {"bin_width": 1}}
    found = measure(*digital_phantom, settings, spacing_mm=(2, 2, 2), profile="ibsi")
    assert found.attrs["reasons"] == {}
    digits = 10 ** (np.floor(np.log10(table["value"].abs())) - 2)
    allowed = np.maximum(table["tolerance"], 0.5 * digits) * (1 + 1e-9)
    error = (found.reindex(table.index) - table["value"]).abs()
    assert len(table) == 74
    assert (error <= allowed).all(), table[~(error <= allowed)].assign(found=found)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("data_set", "count"),
    [("dig. phantom", 482), ("config. A", 346), ("config. B", 346), ("config. C", 209)],
)
def test_every_value_within_its_tolerance(real_data: Path, data_set: str, count: int) -> None:
    table = runpy.run_path(str(BENCHMARK))["compare"](real_data, data_set)
    assert len(table) == count
    assert table["passed"].all(), table[~table["passed"]]


@pytest.mark.real_data
def test_outliers_and_cubic_splines(real_data: Path) -> None:
    """Configurations D and E differ from C where they should, and in nothing else."""
    run = runpy.run_path(str(BENCHMARK))
    c, d, e = (run["measured"](real_data, f"config. {name}") for name in "CDE")
    shape = ["RNU0", "C0JK", "L0JK", "TDIC"]
    assert c[shape].equals(d[shape])
    assert c[shape].equals(e[shape])
    # A linear interpolation, without the spline's contrast, has the smaller variance.
    assert d["ECT3"] < e["ECT3"] < c["ECT3"]
    assert d["3NCY"] == e["3NCY"] == 32
    assert 1 <= e["GBPN_90"] < e["GBPN_10"] <= 1000
    assert e["84IY"] <= 400 < d["84IY"]
