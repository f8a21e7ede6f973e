"""Changes of grey values against numpy, scipy and MONAI."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from monai.transforms import AdjustContrast, RandHistogramShift, ThresholdIntensity
from monai.transforms import GaussianSmooth as MonaiSmooth
from scipy import ndimage, special

from lesionary.scan.recipe import Intensity
from lesionary.train.views.grey import (
    Contrast,
    CutOut,
    GaussianNoise,
    HistogramShift,
    Threshold,
    bend,
    normalise,
)
from lesionary.train.views.smooth import GaussianSmooth, smooth

SIZE = (8, 9, 10)


def patches_of(n, size=SIZE, seed=0):
    drawn = np.random.default_rng(seed).normal(-200, 400, (n, 1, *size))
    return torch.from_numpy(drawn.astype(np.float32))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("points", [3, 10])
def test_the_histogram_shift_is_monais(points):
    patches = patches_of(4)
    monai = RandHistogramShift(num_control_points=points, prob=1)
    monai.set_random_state(0)
    for patch in patches:
        expected = monai(patch)
        moved = torch.as_tensor(np.array(monai.floating_control_points))[None]
        ours = bend(patch[None], moved.double())
        torch.testing.assert_close(ours[0], torch.as_tensor(expected), rtol=0, atol=2e-3)


def test_the_histogram_shift_is_numpys_interpolation_and_keeps_order_and_ends():
    patches = patches_of(3)
    views = HistogramShift(probability=1, control_points=5).change(patches, seeded(4)).numpy()
    for patch, view in zip(patches.numpy(), views, strict=True):
        order = np.argsort(patch, axis=None)
        bent = view.flat[order]
        assert (np.diff(bent) >= -1e-3).all()
        assert bent[[0, -1]] == pytest.approx(patch.flat[order][[0, -1]], abs=1e-3)
        # Between its points, the scale is straight: numpy gets all from the values there.
        span = patch.max() - patch.min()
        share = (patch - patch.min()) / span
        knots = np.linspace(0, 1, 5)
        at_knots = [0.0]
        for low, high in pairwise(knots):
            piece = (share >= low) & (share <= high)
            slope, start = np.polyfit(share[piece], (view[piece] - patch.min()) / span, 1)
            at_knots.append(slope * high + start)
        expected = np.interp(share, knots, at_knots) * span + patch.min()
        np.testing.assert_allclose(view, expected, atol=0.1)
        assert (np.diff(at_knots) >= -1e-4).all()
    assert not np.allclose(views, patches)


def test_contrast_is_monais():
    patches = patches_of(5)
    views = Contrast(gamma=(0.5, 2.0)).change(patches, seeded(1))
    drawn = 0.5 + 1.5 * torch.rand((5,), generator=seeded(1), dtype=torch.float64)
    for patch, view, gamma in zip(patches, views, drawn.tolist(), strict=True):
        expected = torch.as_tensor(AdjustContrast(gamma)(patch))
        torch.testing.assert_close(view, expected, rtol=1e-5, atol=1e-2)


def test_the_threshold_is_monais():
    patches = patches_of(2)
    view = Threshold(low=-300)(patches, seeded())
    assert torch.equal(
        view, torch.as_tensor(ThresholdIntensity(-300, above=True, cval=-300)(patches))
    )
    both = Threshold(low=-300, high=50)(patches, seeded())
    assert (both.min(), both.max()) == (-300, 50)


def test_smoothing_with_zeros_outside_is_monais():
    patches = patches_of(3, (20, 18, 16))
    sigma = torch.tensor([[0.25, 0.7, 1.5], [1.1, 0.3, 0.6], [1.5, 1.5, 1.5]], dtype=torch.float64)
    views = smooth(patches, sigma, "zero")
    for patch, view, widths in zip(patches, views, sigma.tolist(), strict=True):
        expected = torch.as_tensor(MonaiSmooth(widths)(patch))
        # MONAI's kernel lacks the 0.006 % beyond four standard deviations; ours sums to 1.
        torch.testing.assert_close(view, expected, rtol=1e-3, atol=0.1)


def test_smoothing_with_edges_repeated_is_scipys():
    patches = patches_of(2, (9, 8, 7))
    sigma = torch.tensor([[0.4, 1.3, 0.25], [1.0, 0.5, 0.9]], dtype=torch.float64)
    views = smooth(patches, sigma, "edge").numpy()
    for patch, view, widths in zip(patches.numpy(), views, sigma.numpy(), strict=True):
        expected = patch[0].astype(np.float64)
        for axis, width in enumerate(widths):
            reach = max(int(4 * width + 0.5), 1)
            faces = (np.arange(-reach, reach + 2) - 0.5) / (width * 2**0.5)
            kernel = np.diff(special.erf(faces))
            expected = ndimage.correlate1d(expected, kernel / kernel.sum(), axis, mode="nearest")
        np.testing.assert_allclose(view[0], expected, rtol=1e-5, atol=1e-3)


def test_smoothing_draws_a_width_for_each_axis_within_bounds():
    impulse = torch.zeros(40, 1, 15, 15, 15)
    impulse[:, :, 7, 7, 7] = 1
    views = GaussianSmooth(sigma_vox=(0.5, 1.2)).change(impulse, seeded())
    place = torch.arange(15.0) - 7
    for axis in range(3):
        profile = views[:, 0].sum(dim=[1 + other for other in range(3) if other != axis])
        # A voxel's own width adds a twelfth to the variance.
        width = ((profile * place**2).sum(dim=1) - 1 / 12).sqrt()
        assert width.min() > 0.48
        assert width.max() < 1.21
        assert width.std() > 0.1
    assert views.sum(dim=(1, 2, 3, 4)) == pytest.approx(torch.ones(40), abs=1e-5)


def test_a_smoothed_patch_does_not_depend_on_its_batch():
    patches = patches_of(2)
    sigma = torch.tensor([[0.3] * 3, [1.5] * 3], dtype=torch.float64)
    together = smooth(patches, sigma, "edge")
    assert torch.equal(together[:1], smooth(patches[:1], sigma[:1], "edge"))


def test_noise_is_white_and_as_strong_as_drawn():
    patches = patches_of(50, (16, 16, 16))
    noise = (GaussianNoise(std=(10, 30)).change(patches, seeded()) - patches)[:, 0]
    drawn = 10 + 20 * torch.rand(50, generator=seeded(), dtype=torch.float64)
    assert noise.std(dim=(1, 2, 3)) == pytest.approx(drawn.float(), rel=0.06)
    assert abs(noise.mean()) < 0.3
    for dim in (1, 2, 3):
        shifted = noise.roll(1, dim)
        assert abs((noise * shifted).mean() / noise.square().mean()) < 0.01
    assert not torch.equal(noise[0] / noise[0].std(), noise[1] / noise[1].std())


@pytest.mark.parametrize("fill", [-1024.0, "mean"])
def test_cut_out_fills_a_box_of_the_size_asked_for(fill):
    patches = patches_of(100, (10, 20, 30))
    views = CutOut(size=(0.2, 0.4), fill=fill).change(patches, seeded())
    sides = []
    for patch, view in zip(patches, views, strict=True):
        changed = (view != patch)[0].numpy()
        (box,) = ndimage.find_objects(changed.astype(int))
        assert changed[box].all()
        assert changed.sum() == changed[box].size
        expected = fill if fill != "mean" else patch.mean().item()
        assert view[0].numpy()[box] == pytest.approx(expected, abs=1e-3)
        sides.append(changed[box].shape)
    sides = np.array(sides)
    assert (sides.min(axis=0) == [2, 4, 6]).all()
    assert (sides.max(axis=0) == [4, 8, 12]).all()


def test_cut_out_reaches_every_corner_and_takes_several_boxes():
    ones = torch.ones(400, 1, 4, 4, 4)
    one = CutOut(size=(0.25, 0.25), fill=0).change(ones, seeded()) == 0
    assert one.sum(dim=(1, 2, 3, 4)).unique().tolist() == [1]
    assert one.any(dim=0).all()
    several = CutOut(boxes=3, size=(0.25, 0.25), fill=0).change(ones, seeded()) == 0
    assert several.sum(dim=(1, 2, 3, 4)).max() == 3


@pytest.mark.parametrize("clip", [False, True])
def test_the_mapping_is_that_of_the_scan_room(clip):
    patches = patches_of(2) * 5
    mapped = normalise(patches, Intensity(low=-1024, high=2048, to=(-1, 1), clip=clip))
    plain = (patches.numpy().astype(np.float64) + 1024) / 3072 * 2 - 1
    if clip:
        plain = np.clip(plain, -1, 1)
    np.testing.assert_allclose(mapped, plain, atol=1e-5)
    assert normalise(patches, None) is patches
