"""Solves in several threads at once are the solves one after another."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from deal_solve import alternatives, from_json, load, solve, to_json, why_not
from tests.support.paths import EXAMPLES
from tests.support.samples import sizes
from tests.support.solved import solved


def timeless(solution):
    """Return all of a result but the seconds it took."""
    found = from_json(to_json(solution))
    solver = replace(found.solver, build_seconds=0.0, solve_seconds=0.0)
    return replace(found, solver=solver)


def result(deal):
    return timeless(solve(deal))


@pytest.mark.parametrize("count", sizes(3, 6))
def test_examples_at_the_same_time_give_the_same_results(count):
    paths = sorted(EXAMPLES, key=lambda path: path.stem in ("hybrid", "regulated", "start-up"))[:count]
    serial = [timeless(solved(path.stem)) for path in paths]
    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(result, [load(path) for path in paths])) == serial


def test_one_deal_may_be_shared_by_threads():
    """Nothing is known of a deal beforehand: every thread would work it out at the same time."""
    serial = timeless(solved(EXAMPLES[-1].stem))
    deal = load(EXAMPLES[-1])
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(result, [deal] * 4)) == [serial] * 4


def test_analyses_of_one_solution_may_run_at_the_same_time():
    solution = solved(EXAMPLES[-1].stem)
    asked = [f"offer={offer}" for offer in ("list", *solution.settlement.deal.offers)]
    with ThreadPoolExecutor(4) as pool:
        rows = pool.submit(alternatives, solution, every=True)
        found = list(pool.map(lambda choice: why_not(solution, choice), asked))
    for choice, answer in zip(asked, found, strict=True):
        again = why_not(solution, choice)
        assert (answer.outcome, answer.objective_usd, answer.plan) == (again.outcome, again.objective_usd, again.plan)
    assert [row.above_usd for row in rows.result()] == [row.above_usd for row in alternatives(solution, every=True)]
