from __future__ import annotations

import pytest
import yaml

from lesionary.errors import RadiomicsError
from lesionary.radiomics.filters import FILTERS, read_filter, read_filters

NAMES = {
    "{mean: {size_vox: 5}}": "mean_5",
    "{mean: {size_vox: 5, dimension: 2}}": "mean_5_2d",
    "{log: {sigma_mm: 1.5}}": "log_1.5mm",
    "{log: {sigma_mm: 3, convention: pyradiomics}}": "log-sigma-3-0-mm-3D",
    "{log: {sigma_mm: 3, riesz: [0, 2, 0]}}": "log_3mm_riesz020",
    "{laws: {kernels: L5E5E5, rotation_invariant: true, energy_vox: 7}}": "laws_l5e5e5_max_energy7",
    "{gabor: {sigma_mm: 5, wavelength_mm: 2, gamma: 1.5, theta_step_deg: 22.5}}": (
        "gabor_5mm_2mm_1.5_step22.5_mean"
    ),
    "{gabor: {sigma_mm: 5, wavelength_mm: 2, theta_deg: 60, dimension: 2}}": (
        "gabor_5mm_2mm_1_t60_2d"
    ),
    "{wavelet: {bands: LLH}}": "wavelet_coif1_1_llh",
    "{wavelet: {bands: LLH, convention: pyradiomics}}": "wavelet-LLH",
    "{wavelet: {bands: HH, family: db3, level: 2, dimension: 2, rotation_invariant: true}}": (
        "wavelet_db3_2_hh_mean_2d"
    ),
    "{simoncelli: {level: 2}}": "simoncelli_2",
    "{shannon: {dimension: 2}}": "shannon_1_2d",
}

WRONG = {
    "{lob: {sigma_mm: 1}}": "no filter 'lob' (did you mean 'log'?)",
    "{log: {sigma: 1}}": "no parameter 'sigma' (did you mean 'sigma_mm'?)",
    "{log: 3}": "needs its parameters by name, such as {log: {sigma_mm: ...}}",
    "log": "one kind and its parameters",
    "{log: {sigma_mm: 1}, mean: {size_vox: 3}}": "one kind and its parameters",
    "{log: {sigma_mm: -1}}": "sigma_mm: Input should be greater than 0",
    "{log: {}}": "sigma_mm: Field required",
    "{log: {sigma_mm: 1, riesz: [1, 0]}}": "riesz is 3 orders",
    "{simoncelli: {riesz: [0, 0, 0]}}": "not all zero",
    "{log: {sigma_mm: 1, convention: pyradiomics, boundary: zero}}": "has no boundary",
    "{wavelet: {bands: LLH, convention: pyradiomics, rotation_invariant: true}}": (
        "have no rotation_invariant"
    ),
    "{mean: {size_vox: 4}}": "the size is odd",
    "{laws: {kernels: L5E7S5}}": "no Laws kernel 'E7' (there are: L3, L5",
    "{laws: {kernels: L5E5}}": "name 3 kernels",
    "{laws: {kernels: L5E5S}}": "no Laws kernel 'S'",
    "{wavelet: {bands: LL}}": "name 3, one an axis",
    "{wavelet: {bands: LLX}}": "bands: String should match",
    "{gabor: {sigma_mm: 1, wavelength_mm: 2, theta_step_deg: 50}}": "no whole number of steps",
    "{mean: {size_vox: 3, boundary: reflect}}": "boundary: Input should be 'zero'",
}


@pytest.mark.parametrize("text", NAMES)
def test_a_spec_names_its_image(text):
    found = read_filter(yaml.safe_load(text))
    assert found.name == NAMES[text]
    assert read_filter(found) is found


@pytest.mark.parametrize("text", WRONG)
def test_wrong_specs_say_what_is_wrong(text):
    with pytest.raises(RadiomicsError) as caught:
        read_filter(yaml.safe_load(text))
    assert WRONG[text] in str(caught.value)


def test_two_images_of_one_name_are_refused():
    mean = {"mean": {"size_vox": 3}}
    assert [each.name for each in read_filters([mean, {"mean": {"size_vox": 5}}])] == [
        "mean_3",
        "mean_5",
    ]
    with pytest.raises(RadiomicsError, match="same name, 'mean_3'"):
        read_filters([mean, mean])


def test_every_kind_of_filter_has_a_test_of_its_name():
    assert set(FILTERS) == {next(iter(yaml.safe_load(text))) for text in NAMES}
