"""The picture of views: a row a patch, a column a view."""

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from lesionary.errors import TrainingError
from lesionary.scan.recipe import Intensity
from lesionary.train.views import draw_views, load_views, make_view

MAPPING = Intensity(low=-1024, high=2048)


def drawn(name="swav", path=None, n=3, **more):
    patches = torch.randn(n, 1, 14, 14, 14, generator=torch.Generator().manual_seed(0)) * 50 + 40
    return patches, draw_views(
        load_views(name), patches, path, mapping=MAPPING, size_vox=12, views=2, **more
    )


def test_a_row_a_patch_and_a_column_a_view(tmp_path):
    patches, figure = drawn(path=tmp_path / "views.png", names=["A", "B", "C"])
    assert imread(tmp_path / "views.png").std() > 0
    assert len(figure.axes) == 3 * 5
    titles = [axes.get_title() for axes in figure.axes[:5]]
    assert titles == ["patch", "view 1", "view 2", "small view 1", "small view 2"]
    assert [figure.axes[5 * row].get_ylabel() for row in range(3)] == ["A", "B", "C"]
    generator = torch.Generator().manual_seed(0)
    recipe = load_views("swav")
    view = make_view(recipe, patches, generator, mapping=MAPPING, size_vox=12)
    shown = figure.axes[6].images[0].get_array()
    np.testing.assert_array_equal(shown, view[1, 0, 6])


def test_the_window_fits_the_tissue():
    patches = torch.full((2, 1, 12, 12, 12), 40.0)
    patches[1] = -800
    figure = draw_views(load_views("none"), patches, mapping=MAPPING, size_vox=12, views=1)
    soft, lung = (figure.axes[place].images[0].get_clim() for place in (0, 2))
    assert soft == pytest.approx([(-160 + 1024) / 3072, (240 + 1024) / 3072])
    assert lung == pytest.approx([(-1350 + 1024) / 3072, (150 + 1024) / 3072])


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"not as views\.txt"):
        drawn("none", tmp_path / "views.txt", n=1)
    assert not list(tmp_path.iterdir())
