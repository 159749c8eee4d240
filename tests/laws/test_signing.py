"""Generated deals that are signed later: optimiser = settlement, the least of all months, and what is paid before."""

from dataclasses import replace

import numpy as np
import pytest

from deal_solve.deal.load import loads
from deal_solve.errors import Infeasible
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.search.candidate_solver import CandidateSolver
from deal_solve.optimise.search.settings import Beaten
from deal_solve.optimise.signing import months_solved
from deal_solve.optimise.signing import solve as signed_best
from deal_solve.optimise.solve import solve
from deal_solve.settlement.in_force.before import before_signing
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.agreement import contradiction
from tests.support.generators import random_deal
from tests.support.generators.before import api_before
from tests.support.generators.draw import RandomDraw
from tests.support.generators.estimate import read
from tests.support.generators.signing import sign_later
from tests.support.hand_deals import newsvendor
from tests.support.oracle import CENT
from tests.support.samples import sizes


def drawn(part, number):
    """Return a generated deal that is signed later, most often after an agreement in force."""
    rng = np.random.default_rng([2027, part, number])
    data = random_deal(rng)
    start = tuple(map(int, data["start"].split("-")))
    sign_later(RandomDraw(rng), data, (start[0], start[1]))
    return read(data)


@pytest.mark.parametrize("count", sizes(5, 150))
def test_the_best_month_is_the_least_of_all_and_its_plan_settles_to_its_objective(count):
    kinds = {"solved": 0, "infeasible": 0}
    for number in range(count):
        deal = drawn(1, number)
        try:
            best, _ = months_solved(deal, None, SolveOptions())
            every, solved = months_solved(deal, None, SolveOptions(), prunes=False)
        except Infeasible:
            kinds["infeasible"] += 1
            continue
        kinds["solved"] += 1
        room = max(2 * CENT, 2e-6 * abs(best.objective_usd))
        assert contradiction(best.settlement.deal, best) == ""
        assert abs(best.objective_usd - every.objective_usd) <= room
        for month in best.months:
            if month.month in solved:
                assert solved[month.month].objective_usd >= month.bound_usd - room
    assert kinds["infeasible"] <= 0.3 * count


def test_a_plan_that_a_solver_finds_above_its_cutoff_is_none_that_is_as_good(monkeypatch):
    """CBC hands over such plans now and then: the month is beaten, and is no error."""
    found = CandidateSolver.solve
    monkeypatch.setattr(
        CandidateSolver, "solve", lambda own, candidate, incumbent: found(own, candidate, replace(incumbent, usd=1e9))
    )
    deal = newsvendor()
    best = solve(deal).objective_usd
    with pytest.raises(Beaten) as beaten:
        solve(deal, better_than=best - 1, method="extensive", solver="cbc")
    assert beaten.value.bound_usd == pytest.approx(best, abs=CENT)


def test_regret_is_against_the_best_month_whatever_it_is_solved_with():
    """To sign later is to regret the months at list; a solution that is handed over does not change that."""
    deal = loads(newsvendor(risk={"criterion": "regret"}).model_dump_json()[:-1] + ',"signing":{"months":[0,6]}}')
    first = signed_best(deal)
    again = signed_best(deal, baseline=first)
    assert (again.objective_usd, again.plan) == (pytest.approx(first.objective_usd, abs=CENT), first.plan)
    assert [month.bound_usd for month in again.months] == pytest.approx([m.bound_usd for m in first.months], abs=CENT)


@pytest.mark.parametrize("count", sizes(12, 150))
def test_the_api_agreement_in_force_is_charged_as_a_loop_over_months_says(count):
    """Month by month and scenario by scenario, in plain arithmetic that shares nothing with the settlement."""
    checked = 0
    for number in range(count):
        deal = drawn(2, number)
        if deal.in_force is None or deal.in_force.api is None:
            continue
        for month in deal.signing_months:
            signed = deal.signed_in(month)
            scenarios = scenarios_of(signed)
            rows = before_signing(signed, scenarios).rows
            titles = ("API commitment", "API usage billed at contracted rates", "API usage above commitment")
            own = [row for row in rows if row.item in (*titles, "unused API commitment")]
            found = sum((np.zeros(scenarios.size) + row.amount for row in own), np.zeros(scenarios.size))
            np.testing.assert_allclose(found, api_before(signed, scenarios), rtol=1e-9, atol=0.01)
            checked += 1
    assert checked > count / 3
