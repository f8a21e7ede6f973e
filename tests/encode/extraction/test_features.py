"""Feature tables: read, join, project, draw."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from lesionary.encode import (
    FeaturesWarning,
    draw_projection,
    extract,
    join_features,
    project_features,
    projection_figure,
    read_features,
    read_provenance,
)
from lesionary.encode.inputs import content_hash, files_of, stamp
from lesionary.encode.provenance import differences
from lesionary.encode.scatter import color_by
from lesionary.errors import LesionaryError


@pytest.fixture
def made(cohort_csv, tiny):
    def make(encoder=None, **options):
        return extract(cohort_csv, encoder or tiny(), workers=0, **options)

    return make


def test_a_table_without_provenance_is_read_as_it_is(tmp_path):
    pd.DataFrame({"lesion_id": ["007", "8"], "x": [1.5, 2.0]}).to_csv(
        tmp_path / "f.csv", index=False
    )
    table = read_features(tmp_path / "f.csv")
    assert table["lesion_id"].tolist() == ["007", "8"]
    assert table.attrs["provenance"] is None
    assert read_provenance(tmp_path / "f.csv") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [("a,b\n1,2\n", "no column 'lesion_id'"), ("lesion_id,x\na,1\na,2\n", "more than one row")],
)
def test_what_is_no_feature_table_is_said(tmp_path, content, message):
    (tmp_path / "f.csv").write_text(content)
    with pytest.raises(LesionaryError, match=message):
        read_features(tmp_path / "f.csv")
    (tmp_path / "f.parquet").write_text(content)
    with pytest.raises(LesionaryError, match="not a readable Parquet"):
        read_features(tmp_path / "f.parquet")
    with pytest.raises(LesionaryError, match="no table"):
        read_provenance(tmp_path / "absent.csv")


def test_joining_different_encoders_of_the_same_scans_is_silent(made, tiny):
    one, other = made(tiny("one")), made(tiny("two", seed=1))
    joined = join_features(one, other.sample(frac=1, random_state=0))
    assert joined["lesion_id"].tolist() == one["lesion_id"].tolist()
    pd.testing.assert_frame_equal(joined[other.columns], other, check_flags=False)
    with pytest.raises(LesionaryError, match="Both tables have"):
        join_features(one, one)


def test_tables_that_fit_can_be_joined_one_after_the_other(made, tiny):
    one, two, three = (made(tiny(name, seed=i)) for i, name in enumerate(("one", "two", "three")))
    joined = join_features(join_features(one, two), three)
    assert joined.shape == (11, 1 + 3 * 6)
    names = [encoder["name"] for encoder in joined.attrs["provenance"]["encoders"]]
    assert names == ["one", "three", "two"]


def test_joining_what_was_made_otherwise_warns(made, tiny, cohort_csv, tmp_path):
    one = made(tiny("one"))
    with pytest.warns(FeaturesWarning, match="precision was fp32, is bf16"):
        join_features(one, made(tiny("two"), precision="bf16"))
    with pytest.warns(FeaturesWarning, match="recipe was lesion, is fmcib"):
        join_features(one, made(tiny("two", recipe="fmcib")))
    with pytest.warns(FeaturesWarning, match="does not say how it was made"):
        join_features(one, pd.DataFrame({"lesion_id": one["lesion_id"], "x": 1.0}))
    other = made(tiny("two"))
    with pytest.warns(FeaturesWarning, match="1 lesions are in one table only"):
        assert len(join_features(one, other.iloc[1:])) == 10
    (tmp_path / "a.nii.gz").write_bytes((tmp_path / "b.nii.gz").read_bytes())
    with pytest.warns(FeaturesWarning, match="hash of the scans was"):
        join_features(one, made(tiny("two")))


def test_differences_are_said_by_name():
    one = {"encoders": [{"name": "a", "recipe": {"size_vox": [50, 50, 50]}}], "device": "cpu"}
    other = {"encoders": [{"name": "a", "recipe": {"size_vox": [48, 48, 48]}}], "device": "cpu"}
    assert differences(one, other) == ["a recipe size_vox was [50, 50, 50], is [48, 48, 48]"]
    assert differences({"encoders": [{"name": "a"}]}, {"encoders": [{"name": "b"}]}) == [
        "encoders was a, is b"
    ]


def test_of_an_encoder_that_is_new_nothing_is_said_but_its_name():
    a, b = ({"name": name, "weights_hash": name, "recipe": {"grid": "seed"}} for name in "ab")
    assert differences({"encoders": [a]}, {"encoders": [a, b]}) == ["encoders was a, is a, b"]


def test_a_series_is_known_by_its_content_and_a_file_by_its_state(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / "one" / "a.dcm").write_bytes(b"first")
    (tmp_path / "one" / "deep" / "b.dcm").write_bytes(b"second")
    (tmp_path / "two" / "z.dcm").write_bytes(b"first")
    (tmp_path / "two" / "y.dcm").write_bytes(b"second")
    one, two = (content_hash(files_of(tmp_path / name)) for name in ("one", "two"))
    assert one == two
    before = stamp([f"{tmp_path / 'one'}#1.2.3"])
    (tmp_path / "one" / "deep" / "b.dcm").write_bytes(b"another")
    assert stamp([f"{tmp_path / 'one'}#1.2.3"]) != before
    assert content_hash(files_of(tmp_path / "one")) != one

    (tmp_path / "scan.mhd").write_text("ElementDataFile = scan.zraw")
    (tmp_path / "scan.zraw").write_bytes(b"voxels")
    (tmp_path / "other.zraw").write_bytes(b"voxels")
    assert [path.name for path in files_of(tmp_path / "scan.mhd")] == ["scan.mhd", "scan.zraw"]
    assert files_of(tmp_path / "absent.nii") == []


@pytest.fixture
def clusters():
    """Three classes of 20 lesions, far apart in 30 features."""
    random = np.random.default_rng(0)
    group = np.repeat(["bone", "liver", "<lung>"], 20)
    centers = {name: random.normal(0, 10, 30) for name in np.unique(group)}
    table = pd.DataFrame([centers[name] + random.normal(size=30) for name in group])
    table = table.add_prefix("x_").astype(np.float32)
    table.insert(0, "lesion_id", [f"L{i}" for i in range(60)])
    return table, pd.Series(group, name="site")


def test_projections_show_what_there_is_and_repeat(clusters):
    features, site = clusters
    projection = project_features(features)
    pd.testing.assert_frame_equal(projection, project_features(features))
    assert projection["lesion_id"].tolist() == features["lesion_id"].tolist()
    assert 0.5 < sum(projection.attrs["explained"]) <= 1
    for method in ("pca", "tsne"):
        places = projection[[f"{method}_1", f"{method}_2"]].to_numpy()
        distance = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag([np.inf] * 60)
        assert (site.to_numpy()[distance.argmin(axis=1)] == site.to_numpy()).all()
    with pytest.raises(LesionaryError, match="at least 4 lesions"):
        project_features(features.iloc[:3])
    with pytest.raises(LesionaryError, match=r"\['L5'\] are missing"):
        project_features(
            features.mask(features["lesion_id"] == "L5").assign(lesion_id=features["lesion_id"])
        )


def test_the_figure_needs_nothing_from_elsewhere_and_escapes(clusters):
    features, site = clusters
    facts = pd.DataFrame({"note": ["</script><b>"] * 60, "age": [np.nan] * 60})
    html = projection_figure(project_features(features), site, facts, {"L3": "views/L3.png"})
    assert html.count("<circle") == 120
    assert html.count("</script>") == 2
    assert "&lt;lung&gt;" in html
    assert not re.search(r"https?://", html)
    data = re.search(r'application/json">(.*?)</script>', html)
    points = json.loads(data[1])
    assert points[3]["picture"] == "views/L3.png"
    assert points[3]["facts"] == {
        "site": "bone",
        "note": "</script><b>",
        "age": "missing",
    }
    assert html.count('data-i="3" ') == 2


def test_colours_of_classes_numbers_and_what_is_missing():
    classes = color_by(pd.Series(["a", "b", None, "a"], name="c"), 4)
    assert classes.of_lesion[0] == classes.of_lesion[3] != classes.of_lesion[1]
    assert list(classes.legend) == ["a", "b", "other or missing"]
    numbers = color_by(pd.Series([*range(30), np.inf], dtype=float), 31)
    assert (numbers.ends, numbers.text[-1]) == ((0, 29), "missing")
    numbers = color_by(pd.Series([*range(30), None], dtype=float), 31)
    assert list(numbers.legend) == ["0", "29"]
    assert len(set(numbers.of_lesion)) == 31
    assert color_by(pd.Series([0.5, 1.25]), 2).ends == (0.5, 1.25)
    assert list(color_by(pd.Series([10, 9, 9]), 3).legend) == ["9", "10"]
    many = color_by(pd.Series([f"c{i}" for i in range(20)]), 20)
    assert many.of_lesion.count(many.legend["other or missing"]) == 11
    assert len(set(color_by(None, 3).of_lesion)) == 1


def test_a_drawing(clusters, tmp_path):
    features, site = clusters
    draw_projection(project_features(features), tmp_path / "map.png", site)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_numbers_have_a_scale(clusters, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    scales = []
    monkeypatch.setattr(Figure, "colorbar", lambda _, ramp, **how: scales.append((ramp, how)))
    features, _ = clusters
    ages = pd.Series(np.arange(30.0, 90.0), name="age")
    draw_projection(project_features(features), tmp_path / "map.png", ages)
    ((ramp, how),) = scales
    assert ramp.get_clim() == (30, 89)
    assert how["label"] == "age"
