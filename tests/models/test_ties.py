"""Ties: of plans that cost the same the one that the deal model prefers, whatever was solved before (model §7)."""

import numpy as np
import pytest

from deal_solve import Infeasible, Proposal, SolveCache, load, scenarios_of, solve, varied
from deal_solve.errors import Disagreement
from deal_solve.formulation.build import formulate
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.read import value_of
from deal_solve.formulation.tie_stages import choice_stages
from deal_solve.optimise.search import polish, tie_breaking
from tests.support.builders import APP, bands, deal_of, only, seat_deal
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS
from tests.support.samples import in_every_run

FREE = {"initial_order": "free"}
HAIKU_OR_OPUS = {
    **APP,
    "models": ["haiku", "opus"],
    "quality": {"mean_floor": 0.5, "scores": {"opus": 0.97, "haiku": 0.9}},
}
"""A mean floor keeps options that are dearer and better."""


def cheap_haiku(**sections):
    """Return a deal in which a request costs 1 USD on Opus and 0.25 on Haiku."""
    deal = deal_of(**sections)
    models = {"claude-haiku-5-5": {"input_usd_per_mtok": 250_000, "output_usd_per_mtok": 0}}
    return varied(deal, {f"rates.models.{name}": rate for name, rate in models.items()})


def test_people_are_served_rather_than_left_unserved():
    """A seat at 20 a month or 20 for a user who has none: both cost 100 · 20 · 12; all are served."""
    deal = seat_deal([100.0] * 12, cohorts={"staff": _staff(20)})
    assert solve(deal).plan.tracks["staff"] == ("seat",)


def test_people_above_a_hard_cap_count_as_unserved_whatever_they_cost():
    """Under a hard cap a seat costs 20 a month and a user without one 20: 100 seats, on every method."""
    for method in ("decomposition", "extensive"):
        deal = seat_deal([100.0] * 12, {"true_up": "hard_cap"}, cohorts={"staff": _staff(20, tracks=["seat"])})
        found = solve(deal, method=method, fix=Proposal.model_validate({"seats": {"seat": {"offer": "quote"}}}))
        assert found.plan.seats["seat"].contracted == (100,)


def test_tied_agreements_are_compared_where_people_are_left_unserved():
    """70 users under a hard cap cost 10 a month unserved, half of a seat: 70 · 10 · 36, whatever is signed."""
    api = {"bands": [{"commit_usd_per_year": 0, "discount": 0.02}]}
    staff = {"headcount": 70, "tracks": ["team-standard"], "unserved_usd_per_user_month": 10}
    free = {"true_up": "hard_cap", "minimum": 0}
    rates = {"card": "claude@2026-11-23", "plans": {"team": {"seats": ["team-standard"], "minimum": 0}}}
    offers = {"rival": {"api": api, "seats": {"team-standard": free}}}
    found = solve(deal_of(36, rates=rates, cohorts={"staff": staff}, offers=offers))
    assert found.objective_usd == pytest.approx(70 * 10 * 36)


def test_seats_are_contracted_rather_than_added():
    """100 people for certain, any number may be ordered at first: 24,000 a year at any; no seat is added."""
    deal = seat_deal([100.0] * 24, FREE, horizon=24, cohorts={"staff": _staff(1000)})
    found = solve(deal)
    assert found.plan.seats["seat"].contracted == (100, 100)
    assert found.settlement.by_line["true_up"][0] == 0


@pytest.mark.parametrize("payment", ["prepaid", "arrears"])
def test_no_plan_goes_back_to_a_dearer_model_because_a_balance_is_left(payment):
    """800 requests a month are 9,600 USD a year on Opus and 2,400 on Haiku at list. 10,000 have to be committed in each
    of both years, so either model is paid already: 20,000 whatever is used; Haiku answers everything.
    """
    api = {**bands((10_000, 0.0)), "payment": payment}
    deal = cheap_haiku(
        horizon=24,
        workloads={"app": HAIKU_OR_OPUS},
        offers={"quote": {"terms": [24], "api": api}},
        scenarios=only(requests_per_month={"app": [800.0] * 24}),
    )
    fixed = Proposal.model_validate({"api": {"offer": "quote"}})
    for method in ("decomposition", "extensive"):
        found = solve(deal, fix=fixed, method=method)
        assert found.objective_usd == pytest.approx(20_000)
        assert [dict(route.shares) for route in found.plan.routing["app"]] == [{"haiku": 1.0}] * 2


def test_calls_stay_cached_although_a_balance_is_left():
    """Cached calls cost a tenth for nine tenths of the input; the balance would pay for uncached ones as well."""
    work = {**HAIKU_OR_OPUS, "cache": {"share": 0.9, "hit_rate": 1}, "input_tokens": 4096}
    deal = deal_of(
        24,
        rates={"card": "claude@2026-11-23"},
        workloads={"app": {**work, "requests_per_month": 1_000_000}},
        offers={"quote": {"terms": [24], "api": bands((10_000_000, 0.0))}},
    )
    plan = solve(deal, fix=Proposal.model_validate({"api": {"offer": "quote"}})).plan
    assert {key for route in plan.routing["app"] for key in route.shares} == {"haiku+cache"}


def test_a_project_that_changes_nothing_is_not_bought():
    """Rerouting costs nothing, and so does staying on Opus: the same price, so no project."""
    work = {**APP, "today": {"model": "opus"}, "projects": {"rerouting": {"usd": 0}}}
    deal = deal_of(workloads={"app": {**work, "requests_per_month": 100}})
    plan = solve(deal).plan
    assert plan.projects == {"app": ()}
    assert plan.routing["app"][0].shares == {"opus": 1.0}


def test_the_lowest_band_of_equal_ones():
    """500 is committed in either band, at the same discount: usage beyond it is paid at twice the list."""
    api = {**bands((300, 0.1), (400, 0.1)), "overage": {"premium": 1}}
    path = only(requests_per_month={"app": [50.0] * 12})
    deal = deal_of(workloads={"app": APP}, offers={"quote": {"terms": [12], "api": api}}, scenarios=path)
    (term,) = solve(deal).plan.api.terms
    assert term.commitment_usd == pytest.approx((540,))
    assert term.band_usd_per_year == 300


def test_the_offer_that_stands_first_and_list_last():
    """Three ways to the same price: the first of the file; without it the second; list where nothing else is."""
    twin = {"terms": [12, 24], "api": bands((0, 0.0))}
    for offers, first in (({"zebra": twin, "ape": twin}, "zebra"), ({"ape": twin}, "ape"), ({}, "list")):
        deal = deal_of(24, workloads={"app": {**APP, "requests_per_month": 100}}, offers=offers)
        plan = solve(deal).plan
        assert (plan.api.offer, plan.api.term_months) == (first, 12)


def test_seats_too_come_from_the_first_offer_for_the_shortest_term():
    """The same seats from two offers for 12 or 24 months, and at list: the first offer, 12 months."""
    twin = {"terms": [12, 24], "seats": {"seat": {}}}
    deal = seat_deal([10.0] * 24, horizon=24, cohorts={"staff": _staff(1000)}, offers={"b": twin, "a": twin})
    seats = solve(deal).plan.seats["seat"]
    assert (seats.offer, seats.term_months) == ("b", 12)


def test_seats_left_for_a_list_and_those_of_that_list_from_the_start_have_other_places():
    """Of `start-up` the places are 0 growth-deal, 1 team, 2 list, 3 list-monthly. Team and two years at list-monthly
    are 1 + 2, list-monthly from the start is 3; the same sum, so team goes first.
    """
    deal = load(SCENARIOS / "start-up.yaml")
    program = formulate(deal, scenarios_of(deal), api_agreements(deal)[:1])
    measure = next(stage.measure for stage in choice_stages(program) if stage.name == "first offer")
    taken = program.paths[0].agreements
    (team, monthly) = (
        next(each for each in taken.seats if (each.seat_type, each.offer) == ("team-standard", offer))
        for offer in ("team", "list-monthly")
    )
    places = []
    for signed in (team, monthly):
        for variable in program.program.variables:
            variable.varValue = 0
        for (seats, span), held in taken.seat_terms.items():
            held.varValue = int(seats == (monthly if span.index else signed))
        places.append(value_of(measure))
    assert places[0] < places[1] - 0.999


@pytest.mark.parametrize("tracks", [["seat", "none"], ["none", "seat"]])
def test_a_year_without_users_has_the_first_track(tracks):
    """Nobody is there in the first year and 10 in the second, on 10 seats: the first year has what stands first."""
    staff = {**_staff(1000), "tracks": tracks}
    deal = seat_deal([0.0] * 12 + [10.0] * 12, horizon=24, cohorts={"staff": staff})
    plan = solve(deal).plan
    assert plan.tracks == {"staff": (tracks[0], "seat")}
    assert plan.seats["seat"].contracted == (0, 10)


def test_the_effort_is_bounded_and_said(monkeypatch):
    """A stage that is left after no branching is named, and the plan is as cheap as before."""
    first = seat_deal([100.5, 99.0] * 6, {**FREE, "reduction_right": 1}, cohorts={"staff": _staff(1000)})
    proven = solve(first)
    assert not any("not all compared" in note for note in proven.notes)
    monkeypatch.setattr(tie_breaking, "TIE_NODE_LIMIT", -1)
    monkeypatch.setattr(polish, "OPTIONS_NODE_LIMIT", 0)
    left = solve(first)
    assert left.objective_usd == pytest.approx(proven.objective_usd)
    assert left.status == "optimal"


def test_a_solver_that_contradicts_itself_in_a_tie_leaves_the_plan_and_says_so(monkeypatch):
    """CBC 2.10 called a program with a plan in hand infeasible; what a tie decides is never whether there is a plan."""
    deal = seat_deal([100.5, 99.0] * 6, {**FREE, "reduction_right": 1}, cohorts={"staff": _staff(1000)})
    proven = solve(deal)

    def contradicts(*_, **__):
        raise Disagreement("there is no plan, it says")

    monkeypatch.setattr(tie_breaking, "run", contradicts)
    left = solve(deal)
    assert (left.objective_usd, left.status) == (pytest.approx(proven.objective_usd), "optimal")
    assert any("not all compared" in note for note in left.notes)


def test_an_everyday_deal_with_many_equal_plans_has_an_answer():
    """Seats for 90 people who come in over 20 months, as many of them contracted as one likes, beside a workload of
    16.7 million: a seat is nothing beside it, so thousands of plans are tied. The value is that of the extensive form.
    """
    deal = deal_of(
        36,
        rates={"card": "claude@2026-11-23"},
        workloads={"app": {"requests_per_month": 150_000_000, "input_tokens": 30000, "output_tokens": 200}},
        cohorts={
            "field": {
                "headcount": 90,
                "tracks": ["team-standard", "none"],
                "ramp": {"months": 20},
                "unserved_usd_per_user_month": 30,
            }
        },
        offers={
            "quote": {
                "terms": [12],
                "seats": {"team-standard": {"usd_per_user_month": 25, "billing": "monthly", **FREE}},
            }
        },
    )
    bought = Proposal.model_validate({"seats": {"team-standard": {"offer": "quote", "at_list": False}}})
    found = solve(deal, fix=bought)
    assert found.objective_usd == pytest.approx(16_797_425.00, abs=0.01)
    assert found.objective_usd == pytest.approx(solve(deal, fix=bought, method="extensive").objective_usd, abs=0.01)


TIED = {
    "staff": {"headcount": 300, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 20},
    "few": {"headcount": 7, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 20},
}


def test_what_was_solved_before_does_not_decide_a_tie():
    """Two offers alike, seats that cost as much as users who are left: with a cache of other deals, and without."""
    twin = {"terms": [12, 24], "api": bands((0, 0.0), (900, 0.1)), "seats": {"seat": {}}}
    deal = deal_of(
        24,
        workloads={"app": {**HAIKU_OR_OPUS, "requests_per_month": 100}},
        cohorts=TIED,
        offers={"one": twin, "two": twin},
        risk={"weight": 0.3, "confidence": 0.8},
    )
    alone = solve(deal).plan
    for discount in (0.0, 0.3):
        cache, scenarios = SolveCache(), scenarios_of(deal)
        for offer in ("two", "one"):
            other = varied(deal, {f"offers.{offer}.api.bands[1].discount": discount})
            solve(other, scenarios, cache=cache)
        assert solve(deal, scenarios, cache=cache).plan == alone


def _staff(unserved, tracks=("seat", "none")):
    return {"headcount": 0, "tracks": list(tracks), "unserved_usd_per_user_month": unserved}


@pytest.mark.parametrize("seed", in_every_run(range(24), slow={0, 2, *range(5, 24)}))
def test_no_tied_plan_is_outside_of_the_boxes_that_the_search_has_left(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = read(random_deal(np.random.default_rng([17, seed])))
    inside = _decided(deal)
    monkeypatch.setattr(tie_breaking.TiedSpace, "narrow", lambda *_: None)
    assert _decided(deal) == inside


def test_whether_other_choices_are_tied_is_asked_of_rows_too_and_decides_nothing(monkeypatch):
    """With a budget held in a share of the scenarios no cuts are enough: the program has all rows."""
    deal = load(SCENARIOS / "regulated.yaml")
    answers, is_alone = [], tie_breaking.TieBreaking._is_alone
    monkeypatch.setattr(
        tie_breaking.TieBreaking, "_is_alone", lambda *asked: answers.append(is_alone(*asked)) or answers[-1]
    )
    found = _decided(deal)
    assert answers == [True]
    monkeypatch.setattr(tie_breaking.TieBreaking, "_is_alone", lambda *_: False)
    assert _decided(deal) == found


def _decided(deal):
    """Return what the stages of the tie-breaking decide of the best plan; None without one."""
    try:
        plan = solve(deal).plan
    except Infeasible:
        return None
    terms = [(term.band_usd_per_year, *(round(usd, 2) for usd in term.commitment_usd)) for term in plan.api.terms]
    return plan.api.offer, plan.api.term_months, terms, plan.seats, plan.tracks, plan.projects


@pytest.mark.parametrize(("split", "solved"), [(False, 1), (True, 2)])
def test_the_linear_programs_are_solved_again_where_a_closed_option_is_used(monkeypatch, split, solved):
    """A plan that is found to use Opus beside Haiku is left with Haiku, a quarter of the cost; one without is done."""
    deal = cheap_haiku(workloads={"app": HAIKU_OR_OPUS}, scenarios=only(requests_per_month={"app": 100}))
    whole, count = polish._solve_stages, []

    def stages(formulation, clock):
        held = whole(formulation, clock)
        count.append(1)
        if split and len(count) == 1:
            shares = [share for _, share, activity in polish._shares(formulation) if activity.varValue > 0.5]
            for share in shares:
                share.varValue = 1 / len(shares)
        return held

    monkeypatch.setattr(polish, "_solve_stages", stages)
    found = solve(deal)
    assert sum(count) == solved
    assert [{*route.shares} for route in found.plan.routing["app"]] == [{"haiku"}]
