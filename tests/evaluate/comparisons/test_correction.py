import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons import benjamini_hochberg, holm

RNG = np.random.default_rng(0)
FAMILIES = [
    [0.04],
    [0.01, 0.01, 0.5, 1.0, 0.0],
    *(RNG.random(size).round(2) ** 2 for size in (2, 7, 66)),
]


@pytest.mark.parametrize("p", FAMILIES)
def test_holm_is_that_of_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


@pytest.mark.parametrize("p", FAMILIES)
def test_benjamini_hochberg_is_that_of_statsmodels(p):
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


@pytest.mark.parametrize("p", [[0.1, np.nan], [1.2], [-0.1], [[0.1]]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(EvaluationError, match="from 0 to 1"):
        holm(p)
