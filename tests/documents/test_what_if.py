"""What if another commitment is signed, or other seats: what is worked out beside the settlement comes to the same."""

import numpy as np
import pytest

from deal_solve.analysis.document.what_if.api import NotWorkedOut, api_what_if
from deal_solve.analysis.document.what_if.seats import seats_what_if
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import settle
from tests.support.documents.what_if import committed
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.generators.heuristics import heuristic_plans
from tests.support.samples import sizes

API = ("commitment", "usage", "overage", "shortfall")
FACTORS = (0.5, 0.9, 1.0, 1.3, 3.0)


def settled(deal, plan, scenarios):
    return settle(deal, plan, scenarios, keep_rows=True)


def of_lines(settlement, lines, is_own):
    """Return what some lines come to, not discounted, expected."""
    rows = [row for row in settlement.rows if row.line in lines and is_own(row)]
    return sum(float(settlement.weights @ np.broadcast_to(row.amount, settlement.weights.shape)) for row in rows)


def check_commitments(deal, plan, scenarios):
    """Return how many other commitments were compared with their settlement."""
    api = api_what_if(settled(deal, plan, scenarios), scenarios)
    compared = 0
    for factor in FACTORS:
        try:
            tried, other = committed(plan, api, {year: factor * usd for year, usd in api.planned_usd.items()})
        except NotWorkedOut:
            continue
        if bundle_tiers(deal, other) != bundle_tiers(deal, plan) or not all(tried.band(term) for term in tried.terms):
            continue
        wanted = of_lines(settled(deal, other, scenarios), API, lambda row: row.year in api.planned_usd)
        assert float(scenarios.weights @ tried.cost()) == pytest.approx(wanted, abs=0.01, rel=1e-9)
        compared += 1
    return compared


def check_seats(deal, plan, scenarios):
    """Return how many other numbers of seats were compared with their settlement."""
    compared = 0
    for more in (-7, 0, 1, 12):
        others = {
            name: each.model_copy(update={"contracted": tuple(max(n + more, 0) if n else 0 for n in each.contracted)})
            for name, each in plan.seats.items()
        }
        other = plan.model_copy(update={"seats": others})
        if bundle_tiers(deal, other) != bundle_tiers(deal, plan):
            continue
        seats = seats_what_if(settled(deal, plan, scenarios), scenarios)
        own = {(each.seat_type, each.contract_year) for each in seats}
        rows = settled(deal, other, scenarios)
        wanted = of_lines(rows, ("seats", "true_up"), lambda row, own=own: (row.item, row.year) in own)
        found = 0.0
        for each in seats:
            count = others[each.seat_type].contracted[each.contract_year]
            found += float(scenarios.weights @ (each.fee_usd(count) + each.added_usd(count)))
        assert found == pytest.approx(wanted, abs=0.01, rel=1e-9)
        compared += 1
    return compared


@pytest.mark.parametrize("count", sizes(6, 120))
def test_other_commitments_and_seats_cost_what_settlement_says(count):
    """On generated deals, with plans that no solver made."""
    rng, compared = np.random.default_rng(1), {check_commitments: 0, check_seats: 0}
    for _ in range(count):
        deal = read(random_deal(rng))
        for settlement in heuristic_plans(deal)[:1]:
            scenarios = settlement.scenarios.in_memory()
            for check in compared:
                try:
                    compared[check] += check(deal, settlement.plan, scenarios)
                except NotWorkedOut:
                    continue
    assert min(compared.values()) >= count // 2
