"""Whose definitions measure: what is given, and what is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from lesionary.errors import RadiomicsError
from lesionary.radiomics import load_settings, measure, measure_pyradiomics, read_params
from lesionary.radiomics.run import choose_method, voxel_map

ONE_MM = {"spacing_mm": (1, 1, 1)}
PARAMS = {"setting": {"binWidth": 10}, "featureClass": {"firstorder": None, "glcm": ["Contrast"]}}


def test_without_settings_the_profile_has_pyradiomics_defaults(blob):
    found = measure(*blob, profile="pyradiomics", **ONE_MM)
    pd.testing.assert_series_equal(found, measure_pyradiomics(*blob, {}, **ONE_MM))
    assert len(found) == 107
    assert found.attrs["reasons"] == {}
    assert choose_method(None, "pyradiomics").columns == found.index.tolist()
    assert measure(*blob, **ONE_MM).equals(measure(*blob, "ct", **ONE_MM))


@pytest.mark.parametrize("profile", ["names", "pyradiomics"])
def test_parameters_are_known_whatever_they_come_as(blob, tmp_path, profile):
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(PARAMS))
    expected = measure_pyradiomics(*blob, PARAMS, **ONE_MM)
    assert expected.index[0] == "original_firstorder_10Percentile"
    for source in (PARAMS, file, str(file), read_params(PARAMS)):
        found = measure(*blob, source, profile=profile, **ONE_MM)
        pd.testing.assert_series_equal(found, expected)
        assert choose_method(source, profile).columns == expected.index.tolist()


def test_a_label_of_the_parameters_chooses_the_region(blob):
    image, mask = blob
    labels = np.where(mask, 2, 0).astype(np.uint8)
    labels[:2, :2, :2] = 1
    params = {"setting": {"label": 2}, "featureClass": {"firstorder": ["Mean"]}}
    assert measure(image, labels, params, **ONE_MM).item() == pytest.approx(image[mask].mean())
    one = measure(image, labels, params, label=1, **ONE_MM).item()
    assert one == pytest.approx(image[:2, :2, :2].mean())


def test_what_does_not_go_together_is_said(blob, tmp_path):
    (tmp_path / "ours.yaml").write_text("discretisation: {bin_width: 10}\n")
    for ours in ("ct", load_settings("ct"), {"families": ["glcm"]}, tmp_path / "ours.yaml"):
        with pytest.raises(RadiomicsError, match=r"settings of Lesionary.*parameter file of PyRad"):
            measure(*blob, ours, profile="pyradiomics", **ONE_MM)
    with pytest.raises(RadiomicsError, match="no IBSI codes"):
        measure(*blob, PARAMS, profile="ibsi", **ONE_MM)
    with pytest.raises(RadiomicsError, match="did you mean 'pyradiomics'"):
        measure(*blob, PARAMS, profile="pyradiomic", **ONE_MM)
    with pytest.raises(RadiomicsError, match=r"no section 'settings' .did you mean 'setting'"):
        measure(*blob, {"settings": {}}, profile="pyradiomics", **ONE_MM)
    with pytest.raises(RadiomicsError, match=r"gone\.yaml cannot be read"):
        measure(*blob, tmp_path / "gone.yaml", profile="pyradiomics", **ONE_MM)
    with pytest.raises(RadiomicsError, match="Maps are measured by settings of Lesionary"):
        voxel_map(*blob, "stat_mean", settings=PARAMS, **ONE_MM)
