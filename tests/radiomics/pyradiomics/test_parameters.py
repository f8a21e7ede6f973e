"""PyRadiomics' parameter files, and what they are refused for."""

from __future__ import annotations

import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics.pyradiomics import feature_names, read_params

FILE = """
imageType:
  Original: {}
  LoG:
    sigma: [1, 3.0]
    binWidth: 10
  Wavelet:
featureClass:
  shape:
  firstorder: []
  glcm:
    - 'JointEntropy'
    - 'Idm'
setting:
  binWidth: 25
  interpolator: 'sitkBSpline'
  resampledPixelSpacing:
  weightingNorm:
  label: 1
  resegmentRange: [-3, 3]
  resegmentMode: sigma
  geometryTolerance: 0.01
  additionalInfo: true
"""


def test_a_file_is_read_as_it_is(tmp_path):
    (tmp_path / "params.yaml").write_text(FILE)
    found = read_params(tmp_path / "params.yaml")
    assert found.setting.resegmentMode == "sigma"
    assert found.setting.resampledPixelSpacing is None
    assert found.of_image("LoG").binWidth == 10
    assert found.of_image("LoG").resegmentRange == (-3, 3)
    assert found.of_image("Original").binWidth == 25
    names = feature_names(found)
    assert len(names) == 14 + (1 + 2 + 8) * (18 + 2)
    assert names[:2] == ["original_shape_Elongation", "original_shape_Flatness"]
    assert "original_glcm_JointEntropy" in names
    assert "log-sigma-3-0-mm-3D_firstorder_Mean" in names
    assert "log-sigma-1-mm-3D_firstorder_Mean" in names  # as PyRadiomics names a whole number
    assert "wavelet-LLH_glcm_Idm" in names
    assert len(set(names)) == len(names)


def test_without_classes_all_but_shape_2d_are_measured():
    assert len(feature_names(read_params({"setting": {}}))) == 14 + 18 + 24 + 14 + 16 + 16 + 5


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"setting": {"binwidth": 5}}, "no setting 'binwidth' .did you mean 'binWidth'"),
        ({"settings": {}}, "no section 'settings' .did you mean 'setting'"),
        ({"imageType": {"Log": {"sigma": [1]}}}, "no image type 'Log' .did you mean 'LoG'"),
        ({"imageType": {"LoG": {"sgma": [1]}}}, "no setting of LoG 'sgma' .did you mean 'sigma'"),
        ({"imageType": {"LoG": {}}}, "LoG needs sigma"),
        ({"imageType": {"LBP3D": {}}}, "LBP3D .local binary patterns. is not supported"),
        ({"setting": {"label_channel": 1}}, "label_channel .* is not supported"),
        ({"featureClass": {"glrm": None}}, "no feature class 'glrm' .did you mean 'glrlm'"),
        ({"featureClass": {"glcm": ["Entropy"]}}, "no feature of glcm 'Entropy'"),
        (
            {"featureClass": {"glcm": "Contrast"}},
            r"features of glcm are a list, such as \[Contrast",
        ),
        ({"featureClass": {"shape2D": None}}, "shape2D needs setting force2D"),
        ({"setting": {"symmetricalGLCM": False}}, "symmetricalGLCM: asymmetric .* not supported"),
        ({"setting": {"distances": [2]}}, "distances .* not supported"),
        ({"setting": {"interpolator": "sitkBspline"}}, "did you mean 'sitkBSpline'"),
        ({"setting": {"resegmentRange": [3, -3]}}, "resegmentRange: give the lowest"),
        ({"setting": {"binWidth": -1, "binCount": 0}}, "binWidth: .*; binCount: "),
        (
            {"setting": {"force2D": True, "force2Ddimension": 1}, "imageType": {"Wavelet": {}}},
            "plane",
        ),
        ({"setting": [1]}, "setting is a table"),
    ],
)
def test_what_is_wrong_is_named(params, message):
    with pytest.raises(RadiomicsError, match=message):
        read_params(params)


def test_what_is_no_file_of_parameters(tmp_path):
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "torn.yaml").write_text("setting: {")
    for name in ("empty.yaml", "torn.yaml", "gone.yaml"):
        with pytest.raises(RadiomicsError, match=name):
            read_params(tmp_path / name)


def test_what_pyradiomics_no_longer_measures_is_left_out():
    classes = {"glcm": ["SumVariance", "Contrast", "Homogeneity1"], "gldm": None}
    names = feature_names(read_params({"featureClass": classes}))
    assert names[0] == "original_glcm_Contrast"
    assert len(names) == 1 + 14
