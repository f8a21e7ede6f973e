from __future__ import annotations

import pytest

from lesionary.cohort.curate.identity import identity_words, without_identity


@pytest.mark.parametrize(
    ("name", "text", "rest"),
    [
        ("Doe^Jane", "Thorax of Jane DOE", "Thorax of"),
        ("Doe^Jane", "JaneDoe thorax doejane", "thorax"),
        ("Doe^Jane", "Doe2 thorax", "2 thorax"),
        ("Doe^Jane", "Doesn't matter, janet", "Doesn't matter, janet"),
        ("Li^Xu", "Thorax Xu li", "Thorax"),
        ("Li^Xu", "GTV linac XuLi", "GTV linac"),
        ("Li-Smythe^Ann", "GTV Smythe LiSmythe AnnSmythe 1", "GTV 1"),
        ("van der Berg^Jan", "GTV JanBerg vander", "GTV vander"),
        ("Müller^Zoë", "Thorax Muller MUELLER zoe Müller", "Thorax"),
        ("Wang^Xiaoming=王^小明", "GTV王小明 小明胸部", "GTV 胸部"),
        ("Doe^Jane^^Mr", "MR thorax", "MR thorax"),
        ("Doe^J", "J thorax", "J thorax"),
        ("", "thorax", "thorax"),
    ],
)
def test_names_are_taken_out_however_they_are_written(name, text, rest):
    assert without_identity(text, identity_words([name])) == rest


@pytest.mark.parametrize(
    ("number", "text", "rest"),
    [
        ("4711-0815", "GTV 4711-0815", "GTV"),
        ("0815", "GTV 10815", "GTV 10815"),
        ("7", "GTV 7", "GTV 7"),
        ("A 123", "id A 123 GTV", "id GTV"),
    ],
)
def test_numbers_stand_alone(number, text, rest):
    assert without_identity(text, identity_words([], [number])) == rest


@pytest.mark.parametrize(
    "written",
    [
        "20190312", "2019-03-12", "2019_03_12", "2019.03.12", "12.03.2019", "12.3.2019",
        "3/12/2019", "12-03-2019", "19500102",
    ],
)  # fmt: skip
def test_dates_are_taken_out(written):
    assert without_identity(f"Thorax {written} venous", frozenset()) == "Thorax venous"
    assert without_identity(f"GTV_{written}", frozenset()) == "GTV"


def test_short_years_are_taken_out_where_the_header_has_the_date():
    assert without_identity("GTV 190312 12.03.19", frozenset(), frozenset(["20190312"])) == "GTV"
    assert without_identity("GTV 190312", frozenset(), frozenset(["20200101", "?"])) == "GTV 190312"


@pytest.mark.parametrize(
    "text", ["B30f", "5.0 x 5.0", "1.2.840.10008.1", "3.0.1", "120190312", "T 1.5 20991", "  two "]
)
def test_what_is_no_date_stays(text):
    assert without_identity(text, frozenset(["doe"])) == text
