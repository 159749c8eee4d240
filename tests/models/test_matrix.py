"""The program that other tools get in the benchmarks is the one that is exported, and has its optimum."""

import highspy
import numpy as np
import pytest

from deal_solve import export, load, solve
from deal_solve.uncertainty.sampling import sample
from tests.benchmarks.matrix import matrix_of, neutral
from tests.support.paths import SCENARIOS


@pytest.fixture(scope="module", params=["three-quotes", "seat-heavy"])
def small(request):
    """A deal at its expected cost, seven scenarios, and the program over them."""
    deal = neutral(load(SCENARIOS / f"{request.param}.yaml"))
    scenarios = sample(deal, 7, seed=1).in_memory()
    return deal, scenarios, matrix_of(deal, scenarios)


def test_it_is_the_exported_program(small, tmp_path):
    deal, scenarios, program = small
    size = export(deal, scenarios, tmp_path / "deal.mps")
    assert program.coefficients.shape == (size.rows, size.columns)
    assert (program.coefficients.nnz, program.whole.sum()) == (size.nonzeros, size.integers)


def optimum(program):
    """What HiGHS says of the matrix alone, in dollars."""
    matrix, highs = program.coefficients, highspy.Highs()
    highs.silent()
    columns = (program.cost, program.low, program.high)
    rows = (program.row_low, program.row_high)
    inside = (matrix.indptr, matrix.indices, matrix.data)
    kinds = (highspy.MatrixFormat.kRowwise.value, highspy.ObjSense.kMinimize.value)
    sizes = (*reversed(matrix.shape), matrix.nnz)
    highs.passModel(*sizes, *kinds, 0.0, *columns, *rows, *inside, program.whole.astype(np.int32))
    highs.setOptionValue("mip_rel_gap", 1e-7)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value * program.unit_usd


def test_it_has_the_optimum_of_the_extensive_form(small):
    deal, scenarios, program = small
    ours = solve(deal, scenarios, method="extensive", gap=1e-7)
    assert optimum(program) == pytest.approx(ours.objective_usd, rel=3e-7)


def test_parts_share_nothing_but_what_is_decided_before_the_future(small):
    """A row has columns of its own part or shared ones; what is shared stands in rows of more than one part."""
    _, scenarios, program = small
    rows, columns = program.coefficients.nonzero()
    parts = program.row_owner[rows]
    assert np.all((program.owner[columns] == parts) | program.shared[columns])
    assert set(program.owner) == set(range(scenarios.size))
    assert np.all(program.owner[program.shared] == 0)
