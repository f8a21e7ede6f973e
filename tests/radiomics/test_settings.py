"""Settings: ready files, YAML, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics.settings import Settings, load_settings, settings_names


def test_ready_files_are_valid_and_say_their_name() -> None:
    names = settings_names()
    assert names == ["ct", "ibsi-a", "ibsi-b", "ibsi-c", "ibsi-d", "ibsi-e"]
    for name in names:
        assert load_settings(name).name == name


def test_a_file_equals_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("interpolation: {spacing_mm: [2, 2, null]}\ndistance: 2\n")
    found = load_settings(path)
    assert found == load_settings({"interpolation": {"spacing_mm": [2, 2, None]}, "distance": 2})
    assert found.interpolation is not None
    assert found.interpolation.spacing_mm == (2, 2, None)
    assert load_settings(found) is found
    assert load_settings({}) == Settings()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"discretization": {}}, "no key discretization (did you mean 'discretisation'?)"),
        (
            {"interpolation": {"spacing": [1, 1, 1]}},
            "no key interpolation.spacing (did you mean 'spacing_mm'?)",
        ),
        ({"families": ["glcn"]}, "no family 'glcn' (did you mean 'glcm'?)"),
        ({"families": []}, "name at least one"),
        ({"aggregations": ["3D_average"]}, "no aggregation '3D_average'"),
        ({"families": ["glszm"], "aggregations": ["3D_avg"]}, "glszm has none of the"),
        ({"discretisation": {}}, "give either bin_width or bin_number"),
        ({"discretisation": {"bin_width": 1, "bin_number": 2}}, "give either"),
        ({"discretisation": {"bin_number": 2, "origin": 0}}, "origin goes with bin_width"),
        ({"discretisation": {"bin_width": 0}}, "discretisation.bin_width"),
        ({"resegmentation": {"range": [5, 5]}}, "above the lowest"),
        ({"interpolation": {"spacing_mm": [1, 1]}}, "interpolation.spacing_mm"),
        ({"interpolation": {"spacing_mm": [1, 1, -1]}}, "interpolation.spacing_mm"),
    ],
)
def test_what_is_wrong_is_said(values: dict[str, object], said: str) -> None:
    with pytest.raises(RadiomicsError) as error:
        load_settings(values)
    assert said in str(error.value)


def test_a_name_or_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RadiomicsError, match="did you mean 'ibsi-a'"):
        load_settings("ibsi_a")
    with pytest.raises(RadiomicsError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml")
    for text, said in (("- 1", "no table"), ("a: [", "not YAML"), ("", "empty")):
        path = tmp_path / "bad.yaml"
        path.write_text(text)
        with pytest.raises(RadiomicsError, match=said):
            load_settings(path)
