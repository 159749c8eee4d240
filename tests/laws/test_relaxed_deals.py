"""Deals in which numbers of offers are moved towards the buyer: what bounds them bounds the deal as it is."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, InputError, SolveCache, scenarios_of, solve, varied
from deal_solve.analysis.breakeven.parametric import number_of
from deal_solve.analysis.sensitivity.dearer import is_dearer, is_lawful, is_of_price, relaxed_by
from deal_solve.analysis.sensitivity.moved import moved
from deal_solve.analysis.sensitivity.negotiable import negotiables
from deal_solve.deal.yaml_source import loc_of
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.relaxations import bounds_by_baseline, relaxed_bounds
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.optimise.solve import compared_with
from deal_solve.plan.plan import Route
from deal_solve.settlement.settle import cost_of
from deal_solve.uncertainty.measures import Against
from tests.support.builders import APP, api_plan, deal_of, months, only, settled
from tests.support.clauses import risk_of
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read
from tests.support.hand_deals import office
from tests.support.relaxations import lawful
from tests.support.samples import seeds

CENT = 0.01


def lawful_deal(rng: np.random.Generator) -> Deal:
    """Return a deal for which the laws hold, its risk measured on loss where it was drawn so."""
    data = drawn_deal(RandomDraw(rng), tiny=True)
    kept = risk_of(data["risk"])
    return read({**lawful(data), **({} if "criterion" in kept else {"risk": kept})})


def relaxed(deal: Deal, rng: np.random.Generator) -> Deal:
    """Return the deal with some numbers moved a step towards the buyer, and now and then with bundles for nothing."""
    changes = {}
    for each in negotiables(deal):
        more = relaxed_by(loc_of(each.path)[2:])
        if more and rng.random() < 0.6:
            changes[each.path] = number_of(each.high if more > 0 else each.low)
    for name, offer in deal.offers.items():
        if rng.random() < 0.5:
            for tier in range(len(offer.bundle)):
                changes[f"offers.{name}.bundle[{tier}].combined_usd_per_year"] = tier + 1.0
    return varied(deal, changes)


@pytest.mark.parametrize("number", seeds(6, 60))
def test_no_plan_costs_more_in_a_relaxed_deal_and_its_bounds_hold(number: int):
    """Of every API agreement, the best plan costs no less in any scenario, and no less than the relaxed deal bounds."""
    rng, found = np.random.default_rng([23, number]), None
    while found is None:
        deal = lawful_deal(rng)
        with suppress(Infeasible, InputError):
            cheaper = relaxed(deal, rng)
            found = solve(deal) if cheaper != deal and is_dearer(deal, cheaper) else None
            found = found if found is not None and is_lawful(found, deal) else None
    scenarios = scenarios_of(deal)
    first = solve(cheaper, scenarios)
    against = Against(baseline=found.baseline_cost)
    there = found.settlement.deal
    problem = SearchProblem(there, SolveCache().sums(there, scenarios), against=against)
    bounds = relaxed_bounds([first], problem)
    for offer, term in found.lower_bounds:
        bands = {
            each.band_usd_per_year: 0.0 for each in found.agreements if (each.offer, each.term_months) == (offer, term)
        }
        try:
            best = solve(deal, scenarios, bands={(offer, term): bands}, baseline=found)
        except Infeasible:
            continue
        room = max(2e-6 * abs(best.objective_usd), 2 * CENT)
        assert bounds[offer, term] <= best.objective_usd + room
        plan = moved(deal, cheaper, best.plan)
        assert (cost_of(cheaper, plan, scenarios) <= cost_of(deal, best.plan, scenarios) + CENT).all()
    among = solve(deal, scenarios, relaxations=[first])
    assert among.objective_usd == pytest.approx(found.objective_usd, rel=2e-6, abs=2 * CENT)


@pytest.mark.parametrize("number", seeds(8, 60))
def test_the_baseline_bounds_every_plan_without_a_commitment(number: int):
    """Of every agreement with nothing to commit, the best plan has no lower objective, whatever limits there are."""
    rng, found = np.random.default_rng([29, number]), None
    while found is None:
        deal = read(
            {**drawn_deal(RandomDraw(rng), tiny=True), "risk": {"weight": 0.4, "confidence": 0.8, "on": "loss"}}
        )
        with suppress(Infeasible, InputError):
            found = solve(deal)
    there, scenarios = found.settlement.deal, found.settlement.scenarios
    comparison = compared_with(there, scenarios, SolveOptions())
    problem = SearchProblem(there, SolveCache().sums(there, scenarios), against=comparison.against)
    bounds = bounds_by_baseline(problem, comparison)
    for agreement, bound in bounds.items():
        with suppress(Infeasible):
            best = solve(there, scenarios, bands={agreement: {0.0: 0.0}}, baseline=found)
            assert bound <= best.objective_usd + 1e-7 * abs(best.objective_usd)


def test_cheaper_seats_that_miss_a_bundle_are_no_relaxation():
    """A seat counts in a bundle by its price: one that is a twentieth cheaper reaches it at a twentieth less."""
    assert is_of_price(("seats", "seat", "tiers", "steps", 0, "discount"))
    bundle = {"bundle": [{"combined_usd_per_year": 20_000, "seats": 0.1, "api": 0.1}]}
    api = {"api": {"bands": [{"commit_usd_per_year": 10_000, "discount": 0.1}]}}
    written = office(minimum=10).written
    with_bundle = {**written, "offers": {"office": {**written["offers"]["office"], **api, **bundle}}}
    deal = read(with_bundle)
    price, reached = "offers.office.seats.seat.usd_per_user_month", "offers.office.bundle[0].combined_usd_per_year"
    usd = deal.offers["office"].seats["seat"].usd_per_user_month
    assert usd is not None
    cheaper = {price: 0.95 * usd}
    assert not is_dearer(deal, varied(deal, cheaper))
    assert not is_dearer(deal, varied(deal, {**cheaper, reached: 19_100}))
    assert is_dearer(deal, varied(deal, {**cheaper, reached: 18_900}))
    assert not is_dearer(varied(deal, cheaper), deal)
    alone = read(written)
    assert is_dearer(alone, varied(alone, cheaper))


def test_a_deeper_discount_may_cost_more_under_a_yearly_minimum() -> None:
    """What haiku costs in the first year is no shortfall, which leaves balance for opus, whose overage costs double.

    C = 200 over two years, 80 of it a year. Haiku uses 20 in the first year, opus 200 in the second: 60 are short and
    140 left for 220, and of the 80 beyond 60 are of opus: 220 + 60 + 60. With haiku at half its price, too, 70 are
    short and 130 left for 210, and the 80 beyond all cost double: 210 + 70 + 80.
    """
    works = {"app": {**APP, "models": ["opus"]}, "more": {**APP, "models": ["haiku"]}}
    path = {"app": months(0, 400 / 12), "more": months(20 / 12, 0)}
    routing = {name: (Route(from_month=0, shares={work["models"][0]: 1}),) for name, work in works.items()}
    costs = []
    for discount in ({"opus": 0.5, "haiku": 0}, {"opus": 0.5, "haiku": 0.5}):
        band = {"commit_usd_per_year": 1, "discount": discount}
        api = {"bands": [band], "payment": "arrears", "overage": "list", "period": "term", "yearly_minimum": 0.8}
        offers = {"quote": {"terms": [24], "api": api}}
        deal = deal_of(horizon=24, workloads=works, offers=offers, scenarios=only(requests_per_month=path))
        costs.append(settled(deal, api_plan((1, (100, 100)), first=24, routing=routing)).cost[0])
        assert not is_lawful(solve(deal), deal)
    assert costs == pytest.approx([340, 360])
