"""Metalogs: the three quantiles of a band exactly, inside its bounds, and never falling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from deal_solve.deal.numbers import Band
from deal_solve.uncertainty.metalog import BOUNDS, MIN_PROBABILITY, STEEPEST, Metalog, fit, values

AT_QUANTILES = ndtri(np.array([[0.1, 0.5, 0.9]]))
GRID = ndtri(np.linspace(1e-9, 1 - 1e-9, 20_001))[None, :]
BANDS = {
    "volume": ("usage", 9e6, 14e6, 23e6),
    "wide volume": ("usage", 1.5e6, 3e6, 8e6),
    "volume that may be none": ("usage", 0.0, 3e5, 8e5),
    "growth": ("growth", 0.1, 0.6, 1.5),
    "price change": ("price", -0.45, -0.2, 0.03),
    "share": ("adoption", 0.35, 0.55, 0.8),
    "share up to all": ("adoption", 0.6, 0.8, 1.0),
    "share from none to all": ("cache", 0.0, 0.45, 1.0),
    "skewed hit rate": ("cache", 0.55, 0.8, 0.92),
}


def metalog(group: str, p10: float, p50: float, p90: float) -> Metalog:
    return fit(Band(p10=p10, p50=p50, p90=p90), *BOUNDS[group])


@pytest.mark.parametrize("name", BANDS)
def test_the_three_quantiles_are_exact_and_the_bounds_hold(name):
    group, *quantiles = BANDS[name]
    found = metalog(group, *quantiles)
    np.testing.assert_allclose(values([found], AT_QUANTILES)[0], quantiles, rtol=1e-9, atol=1e-9)
    everywhere = values([found], GRID)[0]
    low, high = BOUNDS[group]
    assert low <= everywhere.min() and everywhere.max() <= high
    assert np.all(np.diff(everywhere) >= 0)


@given(st.sampled_from(["usage", "growth", "adoption"]), st.floats(MIN_PROBABILITY, 1 - MIN_PROBABILITY), st.data())
def test_any_band_that_can_be_is_reproduced(group, index, data):
    """P10 and P90 anywhere, P50 at `place` between them on the scale of ln(x - low) or of the logit."""
    low = BOUNDS[group][0]
    tops = (0.0, 0.999) if group == "adoption" else (low, low + 1e7)
    p10 = data.draw(st.floats(tops[0] + 1e-3, tops[1] - 1e-3))
    p90 = data.draw(st.floats(p10 + (tops[1] - p10) * 1e-3, tops[1]))
    forward = (lambda x: math.log(x / (1 - x))) if group == "adoption" else (lambda x: math.log(x - low))
    back = (lambda m: 1 / (1 + math.exp(-m))) if group == "adoption" else (lambda m: low + math.exp(m))
    inside = min(max(index, MIN_PROBABILITY + 1e-9), 1 - MIN_PROBABILITY - 1e-9)
    p50 = back(forward(p10) + inside * (forward(p90) - forward(p10)))
    found = values([metalog(group, p10, p50, p90)], AT_QUANTILES)[0]
    np.testing.assert_allclose(found, (p10, p50, p90), rtol=1e-9, atol=1e-9)


def test_a_quantile_on_its_bound_has_a_tenth_of_the_probability_there():
    """P10 = 0 of a volume says that in a tenth of the scenarios, and no fewer, there is none of it."""
    grid = ndtri((np.arange(100_000) + 0.5) / 100_000)[None, :]
    found = values([metalog(*BANDS["volume that may be none"])], grid)[0]
    assert np.mean(found == 0) == pytest.approx(0.1, abs=1e-4)


def test_the_steepest_slope_is_where_its_derivative_is_zero():
    """h(y) = (y - 0.5) + y(1-y)L has h' = 2 + (1 - 2y)L; its largest value is STEEPEST."""
    y = np.linspace(0.5, 1, 2_000_001)[1:-1]
    logit = np.log(y / (1 - y))
    assert np.max((y - 0.5) + y * (1 - y) * logit) == pytest.approx(STEEPEST, abs=1e-12)


@pytest.mark.parametrize(("beyond", "falls"), [(1.0, False), (1.01, True)])
def test_the_limit_is_tight(beyond, falls):
    """At a3 = a2 / STEEPEST a metalog stops rising at one point; 1 % more, and it falls there."""
    found = values([Metalog("cut", -math.inf, math.inf, 0.0, 1.0, beyond / STEEPEST)], GRID)[0]
    assert np.any(np.diff(found) < -1e-12) == falls


@pytest.mark.parametrize(
    ("group", "band", "nearest"),
    [
        ("usage", (500e3, 510e3, 1.5e6), 500e3 * 3**MIN_PROBABILITY),  # ln-scale: 500k·3^0.16658 = 600,405
        ("usage", (500e3, 1.49e6, 1.5e6), 500e3 * 3 ** (1 - MIN_PROBABILITY)),
        ("growth", (0.0, 0.0, 0.5), 1.5**MIN_PROBABILITY - 1),
        ("cache", (0.0, 0.0, 0.5), 0.5 * MIN_PROBABILITY),  # P10 on its bound: the plain scale
    ],
)
def test_a_band_that_cannot_be_names_the_nearest_p50_which_can(group, band, nearest):
    with pytest.raises(ValueError, match="the nearest that can be is ") as error:
        metalog(group, *band)
    named = float(str(error.value).rsplit(" ", 1)[1])
    assert named == pytest.approx(nearest, rel=2e-3)
    metalog(group, band[0], named, band[2])


def test_many_metalogs_at_once_are_each_alone():
    rng = np.random.default_rng(1)
    several = [metalog(*band) for band in BANDS.values()]
    normals = rng.standard_normal((len(several), 100))
    together = values(several, normals)
    for row, each in enumerate(several):
        np.testing.assert_array_equal(together[row], values([each], normals[row : row + 1])[0])


def test_a_narrow_band_is_not_refused_for_rounding():
    """Three parts in ten million: logarithms of so near numbers hold the place of the P50 to nine digits only."""
    quantiles = 9999997.0, 9999997.49973206, 1e7
    found = values([metalog("usage", *quantiles)], AT_QUANTILES)[0]
    np.testing.assert_allclose(found, quantiles, rtol=1e-9)
