"""View recipes: read, refused with the nearest spelling, written and read back."""

import pytest
import yaml

from lesionary.errors import TrainingError
from lesionary.train.views import ViewRecipe, load_views, view_names
from lesionary.train.views.recipe import STEPS
from lesionary.train.views.spatial import Flip


def test_the_presets_are_those_of_the_published_runs():
    assert view_names() == ["ct_fm", "finetune", "fmcib", "none", "swav"]
    fmcib = load_views("fmcib").model_dump()["view"]
    assert [step if isinstance(step, str) else next(iter(step)) for step in fmcib] == [
        "random_resized_crop",
        "flip",
        "histogram_shift",
        "gaussian_smooth",
        "threshold",
        "normalise",
    ]
    assert load_views("swav").small_view[1].scale == (0.3, 0.5)
    assert load_views("none").view == ()


@pytest.mark.parametrize("name", ["ct_fm", "finetune", "fmcib", "none", "swav"])
def test_a_recipe_written_as_yaml_reads_the_same(name, tmp_path):
    recipe = load_views(name)
    path = tmp_path / "views.yaml"
    path.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    assert load_views(path) == recipe
    assert load_views(recipe.model_dump()) == recipe
    assert load_views(recipe) is recipe


def test_a_step_may_be_a_name_or_have_arguments():
    views = load_views({"view": ["flip", {"flip": None}, {"flip": {}}, {"flip": {"axes": ["z"]}}]})
    assert views.view == (Flip(), Flip(), Flip(), Flip(axes=("z",)))
    assert ViewRecipe(view=(Flip(),)).view == (Flip(),)


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ({"view": ["flipp"]}, r"view\.0: there is no step 'flipp' \(did you mean 'flip'\?"),
        ({"view": [{"rotate90": {}}]}, "did you mean 'rotate_90'"),
        (
            {"view": [{"flip": {"probabilty": 1}}]},
            r"flip: there is no 'probabilty' \(did you mean 'prob",
        ),
        ({"view": [{"flip": {"probability": 2}}]}, "flip: probability: .*less than or equal to 1"),
        ({"view": [{"flip": {"axes": ["w"]}}]}, "flip: axes.0"),
        ({"view": [{"flip": {"axes": []}}]}, "flip: axes"),
        ({"view": [{"flip": 3}]}, "flip: .*"),
        ({"view": [{"random_resized_crop": {"scale": [1, 0.5]}}]}, "first must not be above"),
        ({"view": [{"random_resized_crop": {"scale": [0, 0.5]}}]}, "scale.0: .*greater than 0"),
        ({"view": [{"gaussian_smooth": {"sigma_vox": [1, float("inf")]}}]}, "finite"),
        ({"view": [{"gaussian_smooth": {"border": "air"}}]}, "border: .*'edge' or 'zero'"),
        ({"view": [{"threshold": {"low": 5, "high": 3}}]}, "low must not be above high"),
        ({"view": ["threshold"]}, "threshold: give low, high or both"),
        ({"view": ["gaussian_noise"]}, "gaussian_noise: std: Field required"),
        ({"view": [3]}, "so not 3"),
        ({"view": [{"flip": {}, "shift": {}}]}, "a step is a name"),
        ({"view": ["normalise", "normalise"]}, "once only"),
        ({"veiw": []}, r"no 'veiw' \(did you mean 'view'"),
        ({"view": [], "small_size": 0}, "small_size"),
        ("fmcb", r"no views file 'fmcb' \(did you mean 'fmcib'"),
        ("nowhere.yaml", "nowhere.yaml cannot be read"),
    ],
    ids=str,
)
def test_mistakes_are_named(views, message):
    with pytest.raises(TrainingError, match=message):
        load_views(views)


@pytest.mark.parametrize("text", ["view: [", "3", "- flip", "", "view: !!python/name:os.system"])
def test_files_that_are_no_recipe(text, tmp_path):
    path = tmp_path / "views.yaml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=r"views\.yaml is (not YAML|empty or no table)"):
        load_views(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "views.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingError, match="cannot be read"):
        load_views(path)


def test_each_step_is_in_the_reference(request):
    page = request.config.rootpath / "docs" / "reference" / "views.md"
    text = page.read_text(encoding="utf-8")
    for name, kind in STEPS.items():
        assert f"`{name}`" in text
        for argument in kind.model_fields:
            assert f"`{argument}`" in text
    for name in view_names():
        assert f"`{name}`" in text
