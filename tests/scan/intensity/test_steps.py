import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage, stats

from lesionary.scan import Geometry
from lesionary.scan.intensity import (
    IntensityError,
    Volume,
    bin_by_count,
    bin_by_width,
    correct_bias,
    equalise,
    find_white_stripe,
    fit_steps,
    match_histogram,
    percentile_scale,
    quantiles,
    scale_range,
    scale_to_fat,
    window,
    z_score,
)
from lesionary.scan.intensity.volume import foreground

FINITE = arrays(
    np.float32, (3, 4, 5), elements=st.floats(-1000, 1000, width=32, allow_subnormal=False)
)


def volume(voxels, region=None, spacing=(1.0, 1.0, 1.0)) -> Volume:
    voxels = np.asarray(voxels, np.float32)
    return Volume(voxels, Geometry(voxels.shape, np.diag([*spacing, 1])), region)


def image(seed: int = 0, shape=(6, 20, 20)) -> np.ndarray:
    return np.random.default_rng(seed).gamma(3, 100, shape).astype(np.float32)


def apply(step, voxels, region=None) -> np.ndarray:
    return fit_steps([step], list).apply(volume(voxels, region)).voxels


def test_window_is_itks_clamp():
    voxels = image()
    ours = apply({"window": {"level": 300, "width": 200}}, voxels)
    theirs = sitk.GetArrayFromImage(
        sitk.Clamp(sitk.GetImageFromArray(voxels), sitk.sitkFloat32, 200, 400)
    )
    assert np.array_equal(ours, theirs)
    assert window(np.array([0]), 40, 400).dtype == np.float32


@given(FINITE)
@settings(max_examples=50, deadline=None)
def test_z_score_is_that_of_scipy(voxels):
    if voxels.std() < 1e-2:
        return
    expected = stats.zscore(voxels.astype(np.float64), axis=None)
    assert apply("z_score", voxels) == pytest.approx(expected, abs=1e-4, rel=1e-4)


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1e-3, 0), (50, -700)])
def test_the_foreground_is_all_of_the_body_where_fat_outshines_it(scale, shift):
    rng = np.random.default_rng(2)
    body = np.zeros((8, 40, 40), bool)
    body[:, 6:, 6:34] = True
    fat = np.zeros_like(body)
    fat[:, 6:12, 6:34] = True
    mean = np.where(fat, 950, np.where(body, 350, 0))
    voxels = np.hypot(mean + rng.normal(0, 12, body.shape), rng.normal(0, 12, body.shape))
    found = foreground((voxels * scale + shift).astype(np.float32))
    assert np.mean(found == body) > 0.999


def test_the_foreground_is_more_than_what_is_hot():
    rng = np.random.default_rng(3)
    voxels = rng.uniform(0, 0.05, (8, 30, 30))
    voxels[:, 5:25, 5:25] = rng.normal(0.8, 0.1, (8, 20, 20))
    voxels[3:5, 10:13, 10:13] = 15
    assert 0.95 < foreground(voxels.astype(np.float32)).sum() / (8 * 20 * 20) < 1.05


def test_a_few_bright_voxels_among_zeros_are_the_foreground():
    voxels = np.zeros((10, 20, 20), np.float32)
    voxels[5, 5, 5:9] = 7
    assert np.array_equal(foreground(voxels), voxels > 0)


def test_z_score_of_a_foreground_and_of_a_region():
    voxels = image()
    voxels[:, :8] = 0
    inside = np.zeros(voxels.shape, bool)
    inside[2:4, 10:15, 3:9] = True
    regional = apply({"z_score": {"within": "region"}}, voxels, inside)
    assert regional[inside].mean() == pytest.approx(0, abs=1e-5)
    assert regional[inside].std() == pytest.approx(1, abs=1e-5)
    above = foreground(voxels)
    front = apply({"z_score": {"within": "foreground"}}, voxels)
    assert not above[:, :8].any()
    assert front[above].mean() == pytest.approx(0, abs=1e-5)


def test_given_mean_and_deviation_are_used_as_they_are():
    voxels = image()
    ours = apply({"z_score": {"mean": 0.19, "std": 0.23}}, voxels)
    assert ours == pytest.approx((voxels - 0.19) / 0.23, rel=1e-6)
    assert z_score(voxels, 0.19, 0.23) == pytest.approx(ours)


def test_min_max_is_itks_rescale():
    voxels = image()
    ours = apply({"min_max": {"to": [-1, 255]}}, voxels)
    theirs = sitk.GetArrayFromImage(sitk.RescaleIntensity(sitk.GetImageFromArray(voxels), -1, 255))
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_ranges_may_run_backwards_and_be_clipped():
    assert scale_range(np.array([0, 5, 20]), 0, 10, (1, 0)).tolist() == [1, 0.5, -1]
    assert scale_range(np.array([0, 5, 20]), 0, 10, (1, 0), clip=True).tolist() == [1, 0.5, 0]


def test_percentiles_go_to_0_and_1():
    voxels = np.arange(101, dtype=np.float32).reshape(1, 1, 101)
    ours = apply({"percentile": {"low": 5, "high": 95}}, voxels)
    assert ours.ravel() == pytest.approx((np.arange(101) - 5) / 90, abs=1e-6)
    clipped = apply({"percentile": {"low": 5, "high": 95, "clip": True}}, voxels)
    assert (clipped.min(), clipped.max()) == (0, 1)
    # The toolbox's "95th percentile scaling" divides by it alone.
    alone = apply({"percentile": {"low": None, "high": 95}}, voxels)
    assert alone.ravel() == pytest.approx(np.arange(101) / 95, abs=1e-6)
    assert percentile_scale(np.array([5.0]), 0, 10).tolist() == [0.5]


@pytest.mark.parametrize("distort", [np.sqrt, lambda x: 3 * x + 7, lambda x: x**2 / 500])
def test_matching_undoes_any_monotone_distortion(distort):
    voxels = image(shape=(8, 40, 40))
    bent = distort(voxels)
    matched = match_histogram(bent, quantiles(bent, 500), quantiles(voxels, 500))
    assert np.abs(matched - voxels).max() < 0.02 * np.ptp(voxels)
    assert np.abs(matched - voxels).mean() < 0.002 * np.ptp(voxels)


def test_matching_is_near_itks():
    ours_from, to = image(1, (8, 40, 40)) * 2 + 50, image(2, (8, 40, 40))
    ours = match_histogram(ours_from, quantiles(ours_from), quantiles(to))
    theirs = sitk.GetArrayFromImage(
        sitk.HistogramMatching(
            sitk.GetImageFromArray(ours_from), sitk.GetImageFromArray(to), 1024, 99, False
        )
    )
    assert np.quantile(ours, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(theirs, [0.1, 0.5, 0.9]), rel=0.02
    )
    assert np.abs(ours - theirs).mean() < 0.01 * np.ptp(to)


def test_matching_keeps_the_order_of_values_also_where_many_are_the_same():
    voxels = image()
    voxels[:, :12] = 0
    matched = match_histogram(voxels, quantiles(voxels), quantiles(image(3)))
    order = np.argsort(voxels, axis=None, kind="stable")
    assert (np.diff(matched.ravel()[order]) >= 0).all()


def test_equalised_values_are_even():
    levels = apply({"equalise": {"levels": 512}}, image(shape=(10, 50, 50)))
    counts, _ = np.histogram(levels, bins=10, range=(0, 1))
    assert counts == pytest.approx(levels.size / 10, rel=0.02)
    assert (levels.min(), levels.max()) == (0, 1)
    assert equalise(np.array([5.0]), [0, 10], [0, 1]).tolist() == [0.5]


@given(FINITE, st.integers(1, 64))
@settings(max_examples=50, deadline=None)
def test_bins_by_count_are_numpys_histogram(voxels, count):
    x = voxels.astype(np.float64)
    if np.ptp(x) < 1:
        return
    levels = bin_by_count(voxels, count, x.min(), x.max())
    # Ties at an edge are decided by the last bit of the edge, which numpy computes otherwise.
    edges = np.linspace(x.min(), x.max(), count + 1)
    clear = np.abs(x[..., None] - edges[1:-1]).min(-1, initial=np.inf) > 1e-6
    expected = np.clip(np.digitize(x, edges), 1, count)
    assert np.array_equal(levels[clear], expected[clear])


def test_bins_by_width_begin_where_they_are_told_or_at_the_lowest():
    voxels = np.array([[[-1000, -975, -974.9, 400]]])
    assert bin_by_width(voxels, 25, -1000).ravel().tolist() == [1, 2, 2, 57]
    assert apply({"binning": {"width": 25, "origin": -1000}}, voxels).ravel()[3] == 57
    assert apply({"binning": {"width": 10}}, voxels + 3).ravel().tolist() == [1, 3, 3, 141]
    assert apply({"binning": {"count": 2}}, voxels).ravel().tolist() == [1, 1, 1, 2]


def test_fat_becomes_the_target():
    voxels = image()
    fat = np.zeros(voxels.shape, bool)
    fat[0, :3] = True
    scaled = apply({"fat_reference": {"target": 1000}}, voxels, fat)
    assert np.median(scaled[fat]) == pytest.approx(1000, rel=1e-6)
    assert scaled / voxels == pytest.approx(np.full(voxels.shape, (scaled / voxels).flat[0]))
    known = apply({"fat_reference": {"fat": 774, "target": 1000}}, voxels)
    assert known == pytest.approx(scale_to_fat(voxels, 774), rel=1e-6)


@pytest.mark.parametrize(("contrast", "expected"), [("T1", 110.0), ("T2", 70.0)])
def test_white_stripe_finds_the_peak_of_white_matter(contrast, expected):
    rng = np.random.default_rng(0)
    tissue = [rng.normal(20, 5, 20_000), rng.normal(70, 6, 60_000), rng.normal(110, 5, 40_000)]
    rare = rng.normal(180, 4, 1_000)  # contrast agent is brighter, but no tissue
    values = np.concatenate([*tissue, rare])
    mode, std = find_white_stripe(values, contrast)
    assert mode == pytest.approx(expected, abs=1)
    at = (values < mode).mean()
    low, high = np.quantile(values, [at - 0.05, at + 0.05])
    assert std == pytest.approx(values[(values >= low) & (values <= high)].std())


def test_white_stripe_gives_the_same_units_whatever_the_scanners_scale():
    rng = np.random.default_rng(0)
    voxels = np.concatenate([rng.normal(70, 6, 6_000), rng.normal(110, 5, 4_000)])
    voxels = voxels.astype(np.float32).reshape(10, 25, 40)
    brain = np.ones(voxels.shape, bool)
    one = apply({"white_stripe": {}}, voxels, brain)
    other = apply({"white_stripe": {}}, voxels * 3.5 + 40, brain)
    assert one == pytest.approx(other, abs=0.02)


def smooth_field(shape):
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    return np.exp(0.35 * grid[1] + 0.25 * grid[2] ** 2 - 0.2 * grid[0])


def test_n4_takes_out_a_known_field():
    shape = (16, 48, 48)
    distance = np.linalg.norm(
        (np.indices(shape).T - (np.array(shape) - 1) / 2) / (np.array(shape) / 2), axis=-1
    ).T
    tissue = np.where(distance < 0.5, 200.0, 100.0)
    tissue[distance > 0.9] = 0
    noisy = ndimage.gaussian_filter(tissue, 0.7) + np.random.default_rng(0).normal(0, 1, shape)
    seen = (np.clip(noisy, 0, None) * smooth_field(shape)).astype(np.float32)
    inside = distance < 0.85
    corrected = correct_bias(seen, inside, (1, 1, 3), shrink=2)

    def spread(voxels):
        rim = (distance > 0.62) & (distance < 0.82)
        return voxels[rim].std() / voxels[rim].mean()

    assert spread(seen) > 0.15
    assert spread(corrected) < 0.35 * spread(seen)


def test_n4_is_itks_where_nothing_is_shrunk():
    voxels = image(shape=(8, 16, 16)) * smooth_field((8, 16, 16)).astype(np.float32)
    ours = correct_bias(
        voxels, np.ones(voxels.shape, bool), (1, 1, 1), levels=2, iterations=10, shrink=1
    )
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([10, 10])
    whole = sitk.GetImageFromArray(np.ones(voxels.shape, np.uint8))
    theirs = sitk.GetArrayFromImage(n4.Execute(sitk.GetImageFromArray(voxels), whole))
    assert ours == pytest.approx(theirs, rel=1e-3)


CONSTANT = np.full((3, 4, 5), 7.0)


@pytest.mark.parametrize(
    "step",
    [
        "z_score",
        "min_max",
        "percentile",
        "equalise",
        {"binning": {"count": 8}},
        {"z_score": {"within": "foreground"}},
        {"white_stripe": {"within": "image"}},
    ],
)
def test_a_constant_image_has_no_scale(step):
    with pytest.raises(IntensityError, match="constant"):
        apply(step, CONSTANT)


@pytest.mark.parametrize(
    ("step", "voxels", "message"),
    [
        ("n4", image() - 500, "not for CT"),
        ("n4", image() * 0, "constant"),
        ({"fat_reference": {"target": 100}}, image(), "has no region"),
        (
            {"percentile": {"low": 1, "high": 50}},
            np.r_[np.zeros(99), 1].reshape(1, 10, 10),
            "no scale",
        ),
    ],
)
def test_images_that_a_step_is_not_for(step, voxels, message):
    with pytest.raises(IntensityError, match=message):
        apply(step, voxels)


def test_fat_of_a_ct_is_negative():
    with pytest.raises(IntensityError, match="not for HU"):
        apply("fat_reference", np.full((2, 2, 2), -100), np.ones((2, 2, 2), bool))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_broken_voxels_are_counted(bad):
    voxels = image()
    voxels[0, 0, :3] = bad
    with pytest.raises(IntensityError, match=r"3 voxel\(s\)"):
        volume(voxels)


def test_an_empty_region_and_one_of_another_shape():
    with pytest.raises(IntensityError, match="region is empty"):
        apply({"z_score": {"within": "region"}}, image(), np.zeros((6, 20, 20), bool))
    with pytest.raises(IntensityError, match="shape"):
        Volume(np.zeros((2, 2, 2)), Geometry((2, 2, 3), np.eye(4)))


def test_one_voxel():
    assert apply({"binning": {"width": 25, "origin": 0}}, [[[30.0]]]).item() == 2
    with pytest.raises(IntensityError, match="constant"):
        apply("z_score", [[[30.0]]])
