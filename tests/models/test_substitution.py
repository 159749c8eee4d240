"""What the solver sees of a program: sums of shares in the place of what they define."""

import numpy as np
import pytest

from deal_solve import load, solve
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.solver.highs_session import session_of
from deal_solve.optimise.solver.solvers import Clock, RunSettings, minimise, run
from deal_solve.optimise.solver.substitution import Reduced
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.paths import SCENARIOS

DEAL = load(SCENARIOS / "three-quotes.yaml")


def program_of(by_cuts: bool) -> Program:
    """Usage u = 3x + 2y with x + y >= 1, u >= 2.5, at costs 1 a unit of u and 0.1 of y."""
    program = Program(ScenarioSums(DEAL, scenarios_of(DEAL)), 1.0, by_cuts)
    x, y = program.variable("x", 0, 1), program.variable("y", 0, 1)
    usage = program.variable("usage", 0, 5)
    program.define("usage_of_model", usage, 3.0 * x + 2.0 * y)
    program.add("enough", x + y >= 1)
    program.add("much", usage >= 2.5)
    minimise(program, usage + 0.1 * y)
    return program


@pytest.mark.parametrize("by_cuts", [True, False])
def test_a_defined_variable_has_the_value_of_its_sum(by_cuts: bool) -> None:
    program = program_of(by_cuts)
    answer = run(program, RunSettings("highs", relax=True), Clock(None))
    x, y, usage = (variable.varValue for variable in program.variables)
    assert answer.objective == pytest.approx(2.55)
    assert (x, y, usage) == pytest.approx((0.5, 0.5, 2.5))
    session = session_of(program)
    assert session.highs.getNumCol() == (2 if by_cuts else 3)
    assert session.highs.getNumRow() == (2 if by_cuts else 3)
    prices = session.row_prices()
    assert len(prices) == 3
    assert prices[1:] == pytest.approx((0.3, 0.9))


def test_rows_are_added_up_by_column() -> None:
    program = program_of(True)
    view = Reduced(program)
    counts, columns, factors = view.rows([2, 1], np.array([0, 2, 1]), np.array([4.0, 10.0, 7.0]))
    assert counts.tolist() == [2, 1]
    assert columns.tolist() == [0, 1, 1]
    assert factors.tolist() == [34.0, 20.0, 7.0]
    assert view.values(np.array([0.25, 0.5])).tolist() == [0.25, 0.5, 1.75]
    assert view.costs(np.array([1.0, 1.0, 2.0])).tolist() == [7.0, 5.0]


def test_a_row_that_was_taken_back_stays_the_right_one() -> None:
    program = program_of(True)
    most = program.add("most", program.variables[0] <= 0.25)
    assert run(program, RunSettings("highs", relax=True), Clock(None)).objective == pytest.approx(2.5875)
    program.relax(most)
    assert run(program, RunSettings("highs", relax=True), Clock(None)).objective == pytest.approx(2.55)


def test_both_methods_find_the_same_deal() -> None:
    assert solve(DEAL).objective_usd == pytest.approx(solve(DEAL, method="extensive").objective_usd, rel=2e-6)
