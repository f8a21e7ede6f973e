"""Views of whole recipes: seeding, probability, margins, hard patches."""

import pytest
import torch

from lesionary.errors import TrainingError
from lesionary.scan.recipe import Intensity
from lesionary.train.views import load_views, make_view, view_names
from lesionary.train.views.recipe import STEPS

MAPPING = Intensity(low=-1024, high=2048)
NEEDED = {"gaussian_noise": {"std": [5, 10]}, "threshold": {"low": 0}}
EVERYTHING = [
    {name: {"probability": 1.0, **NEEDED.get(name, {})}} for name in STEPS if name != "normalise"
]


def patches_of(n, side=16, seed=0):
    return torch.randn(n, 1, side, side, side, generator=seeded(seed)) * 300 - 300


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def view_of(views, patches, seed=0, size=12, **more):
    recipe = load_views(views)
    return make_view(recipe, patches, seeded(seed), mapping=MAPPING, size_vox=size, **more)


@pytest.mark.parametrize("name", view_names())
def test_presets_make_views_of_the_size_asked_for(name):
    patches = patches_of(5)
    before = patches.clone()
    view = view_of(name, patches)
    assert view.shape == (5, 1, 12, 12, 12)
    assert view.dtype == torch.float32
    assert view.isfinite().all()
    assert torch.equal(patches, before)


@pytest.mark.parametrize("views", [*view_names(), {"view": EVERYTHING}], ids=str)
def test_a_seed_gives_the_same_bits_and_another_seed_others(views):
    patches = patches_of(6)
    first = view_of(views, patches, seed=1)
    assert torch.equal(first, view_of(views, patches, seed=1))
    if views != "none":
        assert not torch.equal(first, view_of(views, patches, seed=2))


@pytest.mark.parametrize("step", EVERYTHING, ids=lambda step: next(iter(step)))
def test_each_step_differs_between_the_samples_of_a_batch(step):
    if "threshold" in step:
        pytest.skip("draws nothing")
    same = patches_of(1).expand(30, -1, -1, -1, -1)
    views = view_of({"view": [step]}, same)
    assert len(views.flatten(1).unique(dim=0)) > (2 if "flip" in step else 5)


@pytest.mark.parametrize("step", EVERYTHING, ids=lambda step: next(iter(step)))
@pytest.mark.parametrize("probability", [0, 0.3, 1])
def test_each_step_acts_as_often_as_it_should(step, probability):
    ((name, arguments),) = step.items()
    arguments = arguments | {"probability": probability}
    patches = patches_of(400, 5)
    views = view_of({"view": [{name: arguments}]}, patches, size=5)
    plain = view_of("none", patches, size=5)
    acted = (views != plain).flatten(1).any(dim=1).float().mean()
    assert acted == pytest.approx(probability, abs=0.08 * (0 < probability < 1))


@pytest.mark.parametrize("value", [-1024.0, 0.0, 40.0])
@pytest.mark.parametrize(
    "views", ["fmcib", "swav", "ct_fm", "finetune", {"view": EVERYTHING}], ids=str
)
def test_constant_patches_give_no_nan(views, value):
    view = view_of(views, torch.full((8, 1, 12, 12, 12), value))
    assert view.isfinite().all()


@pytest.mark.parametrize("step", EVERYTHING, ids=lambda step: next(iter(step)))
def test_constant_patches_stay_constant(step):
    if "gaussian_noise" in step:
        pytest.skip("adds noise to anything")
    view = view_of({"view": [step]}, torch.full((8, 1, 12, 12, 12), 40.0))
    assert view == pytest.approx((40 + 1024) / 3072, abs=1e-5)


@pytest.mark.parametrize("views", ["fmcib", {"view": EVERYTHING}], ids=str)
def test_a_batch_of_one_and_patches_of_one_voxel(views):
    assert view_of(views, patches_of(1)).shape == (1, 1, 12, 12, 12)
    assert view_of(views, patches_of(1, 1), size=1).isfinite().all()


def test_small_views_are_a_share_of_a_view():
    patches = patches_of(4)
    assert view_of("swav", patches, small=True).shape == (4, 1, 6, 6, 6)
    with pytest.raises(TrainingError, match="fmcib have no small_view"):
        view_of("fmcib", patches, small=True)


def test_small_views_show_what_a_view_shows_with_fewer_voxels():
    ramp = torch.arange(12.0).expand(1, 1, 12, 12, 12)
    small = view_of({"view": [], "small_view": [], "small_size": 0.5}, ramp, small=True)
    halves = (torch.arange(0.5, 12, 2) + 1024) / 3072
    torch.testing.assert_close(small, halves.expand(1, 1, 6, 6, 6))


def test_without_moves_a_view_is_the_middle_of_the_patch():
    patches = patches_of(3, 16)
    plain = (patches[:, :, 2:14, 2:14, 2:14] + 1024) / 3072
    torch.testing.assert_close(view_of("none", patches), plain)


def test_crops_stay_within_the_middle_of_a_larger_patch():
    patches = torch.full((50, 1, 20, 20, 20), -1000.0)
    patches[:, :, 4:16, 4:16, 4:16] = 0
    view = view_of({"view": ["random_resized_crop"]}, patches)
    # Only within half a voxel of a crop's face is a neighbour outside it seen.
    assert (view[..., 1:-1, 1:-1, 1:-1] == 1024 / 3072).all()


def test_normalise_is_done_where_it_stands_else_last():
    patches = patches_of(2)
    first = view_of({"view": ["normalise", {"threshold": {"low": 0.3}}]}, patches)
    last = view_of({"view": [{"threshold": {"low": -500}}]}, patches)
    assert first.min() == pytest.approx(0.3)
    assert last.min() == pytest.approx(524 / 3072)
    assert torch.equal(
        last, view_of({"view": [{"threshold": {"low": -500}}, "normalise"]}, patches)
    )


def test_the_margin_is_there_until_the_last_move():
    # Smoothing before a shift sees the margin: no border is in the view.
    patches = torch.full((4, 1, 30, 30, 30), 100.0)
    smooth = {"gaussian_smooth": {"probability": 1, "border": "zero", "sigma_vox": [1, 1]}}
    shift = {"shift": {"probability": 1, "voxels": 4}}
    seen = (100 + 1024) / 3072
    assert view_of({"view": [smooth, shift]}, patches) == pytest.approx(seen)
    assert view_of({"view": [shift, smooth]}, patches).min() < seen - 0.01


def test_moves_apart_are_each_resampled():
    patches = patches_of(5, 12)
    flip = {"flip": {"probability": 1, "axes": ["z"]}}
    threshold = {"threshold": {"low": -5000}}
    assert torch.equal(
        view_of({"view": [flip, threshold, flip]}, patches), view_of("none", patches)
    )


def test_mixed_precision_around_it_changes_nothing():
    patches = patches_of(6)
    plain = view_of({"view": EVERYTHING}, patches)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(view_of({"view": EVERYTHING}, patches), plain)


def test_no_gradient_is_kept():
    assert not view_of("fmcib", patches_of(2).requires_grad_()).requires_grad


def test_patches_smaller_than_the_view_are_refused():
    with pytest.raises(TrainingError, match="too small for views of"):
        view_of("fmcib", patches_of(2, 8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", view_names())
def test_a_gpu_makes_the_same_views(name):
    patches = patches_of(6)
    on_gpu = view_of(name, patches.cuda())
    torch.testing.assert_close(on_gpu.cpu(), view_of(name, patches), rtol=0, atol=1e-5)
