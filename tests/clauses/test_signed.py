"""Dollars signed now and over the horizon as planned, and growth that is certain, by hand (model §7)."""

import pytest

from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.facts.summary import CertainCharge, summarise
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, Route, SeatAgreement
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import APP, bands, deal_of, settled
from tests.support.hand_deals import APP as ONE_MODEL
from tests.support.hand_deals import YEAR, explicit, quote, read


def both(users: tuple[float, float], requests: tuple[float, float] = (1000, 2000)) -> Settlement:
    """Settle 9 000 a year committed for 12 months and renewed, and 100 seats at 20 for 24 months, in two scenarios."""
    scenarios = {
        name: {"weight": 1, "requests_per_month": {"app": own}, "active_users": {"staff": count}}
        for name, own, count in zip(("low", "high"), requests, users, strict=True)
    }
    deal = deal_of(
        24,
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        scenarios=scenarios,
        offers={
            "quote": {"terms": [12], "api": bands((9000, 0.1))},
            "office": {"terms": [24], "seats": {"seat": {"initial_order": "free"}}},
        },
    )
    terms = tuple(ApiTerm(band_usd_per_year=9000, commitment_usd=(9000,)) for _ in range(2))
    plan = Plan(
        api=ApiAgreement(offer="quote", term_months=12, terms=terms),
        seats={"seat": SeatAgreement(offer="office", term_months=24, contracted=(100, 100))},
        tracks={"staff": ("seat", "seat")},
        routing={"app": (Route(from_month=0, shares={"opus": 1}),)},
    )
    return settled(deal, plan)


def test_signed_now_is_the_first_term_of_each_part() -> None:
    """9 000 of the first year and 24 · 100 · 20 = 48 000 of the seats; as planned another 9 000 for the renewal."""
    result = both((80, 100))
    assert (result.signed_usd, result.committed_usd) == (57_000, 66_000)


def test_growth_that_falls_due_in_every_scenario_is_certain() -> None:
    """9 000 cover 10 000 of list. Usage of 12 000 a year: 2 000 over, in both years, in the better scenario.

    110 users at the least: 10 · 20 · 12 = 2 400 a year, 4 800 in the first term of 24 months, which is the horizon.
    """
    result = both((110, 130))
    found = summarise(result.deal, result, result.scenarios).certain_growth
    assert found == (
        CertainCharge("overage", pytest.approx(2000), pytest.approx(4000)),
        CertainCharge("true_up", pytest.approx(4800), pytest.approx(4800)),
    )


def test_growth_that_one_scenario_escapes_is_not_certain() -> None:
    assert summarise((low := both((80, 130), (800, 2000))).deal, low, low.scenarios).certain_growth == ()


USAGE = {"workloads": {"app": ONE_MODEL}, "scenarios": explicit({"only": [100, 100]})}


def with_limit(of: str, usd: float) -> dict[str, object]:
    return {
        **USAGE,
        "offers": {"quote": quote((0.01, 0.2))},
        "limits": [{"measure": "worst", "of": of, "at_most": usd}],
    }


def test_a_limit_on_signed_bounds_the_first_term_and_no_renewal() -> None:
    """100 a month at 20 % off are best covered by 80 a month; 40 may be signed now, and 80 for the renewal stay.

    Year 1: 40 cover 50, and 50 are at list: 90. Year 2: 80. A limit of 120 on both years costs as much.
    """
    for of, usd, signed in (("signed", 40, 40), ("committed", 120, None)):
        deal = read(24, **with_limit(of, usd * YEAR))
        found = solve(deal)
        assert found.objective_usd == pytest.approx(170 * YEAR)
        assert found.settlement.committed_usd == pytest.approx(120 * YEAR)
        (check,) = limit_checks(deal, found.settlement)
        assert (check.limit, check.is_kept, check.achieved_usd) == (of, True, pytest.approx(usd * YEAR))
        if signed:
            assert found.settlement.signed_usd == pytest.approx(signed * YEAR)


def test_the_extensive_form_keeps_the_limit_too() -> None:
    found = solve(read(24, **with_limit("signed", 40 * YEAR)), method="extensive")
    assert found.objective_usd == pytest.approx(170 * YEAR)


def test_signed_dollars_are_certain_so_no_probability_is_bounded() -> None:
    text = "start: 2027-01\nworkloads: {app: {requests_per_month: 1, input_tokens: 1, output_tokens: 1}}\n"
    with pytest.raises(InputError, match="of: signed dollars are certain and not discounted"):
        loads(text + "limits: [{probability_within: 0.9, of: signed, at_most: 1}]\n")
    with pytest.raises(InputError, match="expected total, committed, signed, or 'contract year 1'"):
        loads(text + "limits: [{measure: worst, of: sigend, at_most: 1}]\n")


def test_list_billed_yearly_counts_in_both_numbers() -> None:
    """Ten Team seats at list for a year are 10 · 20 · 12 signed now; the second year adds what is contracted in it."""
    text = """
start: 2027-01
horizon_months: 24
cohorts: {staff: {headcount: 10, tracks: [team-standard], use: {requests_per_user_month: 0, input_tokens: 1,
  output_tokens: 1, models: [sonnet]}}}
"""
    found = solve(loads(text), scenarios_of(loads(text)))
    seat = found.settlement
    assert found.plan.seats["team-standard"].offer == "list"
    assert seat.signed_usd == 2400
    assert seat.committed_usd == 2400 + 240 * found.plan.seats["team-standard"].contracted[1] > 2400
