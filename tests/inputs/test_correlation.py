"""The copula: groups share one factor, a matrix names pairs, and what is no correlation matrix is repaired."""

import numpy as np
import pytest

from deal_solve.errors import InputError
from deal_solve.uncertainty.correlation import copula_of, nearest
from deal_solve.uncertainty.paths import bands_of
from tests.support.builders import deal_of

BAND = {"p10": 100, "p50": 200, "p90": 400}
GROWTH = {"p10": 0, "p50": 0.2, "p90": 0.5}
WORK = {
    "requests_per_month": BAND,
    "growth_per_year": GROWTH,
    "input_tokens": 1,
    "output_tokens": 0,
    "models": ["opus"],
}
A, B, C = (f"workloads.{name}.growth_per_year" for name in "abc")


def copula(**correlation):
    deal = deal_of(workloads=dict.fromkeys("abc", WORK), uncertainty={"correlation": correlation})
    bands = [(group, path) for group, path, band in bands_of(deal) if not band.is_certain]
    return *copula_of(deal, bands), [path for _, path in bands]


def empirical(found, size=200_000):
    joined = found.join(np.random.default_rng(5).standard_normal((found.dimensions, size)))
    return np.corrcoef(joined), joined


def test_bands_of_a_group_move_together_and_groups_do_not():
    """√0.6·F + √0.4·e: correlation 0.6 within usage, 0.25 within growth, 0 between them; every row standard normal."""
    found, notes, paths = copula(usage=0.6, growth=0.25)
    seen, joined = empirical(found)
    assert notes == ()
    for row, one in enumerate(paths):
        for column, other in enumerate(paths):
            same = one.rsplit(".", 1)[1] == other.rsplit(".", 1)[1]
            expected = 1 if row == column else (0.25 if "growth" in one else 0.6) if same else 0
            assert seen[row, column] == pytest.approx(expected, abs=0.01)
    np.testing.assert_allclose(joined.std(axis=1), 1, atol=0.01)


def test_a_group_at_one_moves_as_one():
    found, _, paths = copula(usage=1)
    joined = found.join(np.random.default_rng(5).standard_normal((found.dimensions, 50)))
    usage = [row for row, path in enumerate(paths) if path.endswith("requests_per_month")]
    np.testing.assert_array_equal(joined[usage[0]], joined[usage[1]])


def test_a_matrix_says_its_pairs_and_the_groups_say_the_rest():
    found, notes, paths = copula(growth=0.3, matrix={A: {B: -0.2}, "workloads.a.requests_per_month": {A: 0.5}})
    seen, _ = empirical(found)
    index = paths.index
    assert notes == ()
    assert seen[index(A), index(B)] == pytest.approx(-0.2, abs=0.01)
    assert seen[index(B), index(C)] == pytest.approx(0.3, abs=0.01)
    assert seen[index("workloads.a.requests_per_month"), index(A)] == pytest.approx(0.5, abs=0.01)
    assert seen[index("workloads.b.requests_per_month"), index(B)] == pytest.approx(0, abs=0.01)


def test_a_matrix_that_cannot_be_is_repaired_and_said():
    """Two pairs at 1 and the third at -1: the nearest has ±1/2 (by symmetry x, x, -x with 1 - x·2 ≥ 0)."""
    found, notes, paths = copula(matrix={A: {B: 1, C: 1}, B: {C: -1}})
    seen, _ = empirical(found)
    assert len(notes) == 1
    assert notes[0].startswith("uncertainty.correlation.matrix is no correlation matrix, so the nearest one is used")
    assert "to 0.5" in notes[0] or "to -0.5" in notes[0]
    assert seen[paths.index(A), paths.index(B)] == pytest.approx(0.5, abs=0.01)
    assert seen[paths.index(B), paths.index(C)] == pytest.approx(-0.5, abs=0.01)


def test_the_nearest_matrix_is_highams():
    """The example of Higham (2002), section 5: off-diagonal 0.7607 and 0.1573."""
    found = nearest(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    np.testing.assert_allclose(found, [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]], atol=5e-5)
    assert np.linalg.eigvalsh(found)[0] > -1e-9


def test_a_correlation_matrix_is_left_alone():
    given = np.array([[1.0, 0.9, 0.7], [0.9, 1, 0.4], [0.7, 0.4, 1]])
    assert nearest(given) is given


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ({"workloads.a.growth": {B: 0.1}}, "there is no band 'workloads.a.growth'; did you mean"),
        ({A: {A: 0.1}}, "a band moves with itself"),
        ({A: {B: 0.1}, B: {A: 0.2}}, "the pair stands twice, with 0.1 as well"),
    ],
)
def test_a_matrix_of_what_is_no_pair_is_refused(matrix, message):
    with pytest.raises(InputError, match=message):
        copula(matrix=matrix)


def test_a_pair_with_a_number_that_is_certain_is_harmless():
    deal = deal_of(
        workloads={"a": WORK, "b": {**WORK, "growth_per_year": 0.1}},
        uncertainty={"correlation": {"matrix": {A: {B: 0.3}}}},
    )
    bands = [(group, path) for group, path, band in bands_of(deal) if not band.is_certain]
    found, notes = copula_of(deal, bands)
    np.testing.assert_array_equal(found.root, np.eye(len(bands)))
    assert notes == ()
