"""Signing before the end of the agreement in force: what is undrawn, by hand, below, at and above what is drawn."""

import pytest

from deal_solve import InputError, scenarios_of, settle, solve
from tests.support.builders import NEXT, bands, before, held


def early(month=3, clause="forfeited", **rest):
    """Return the deal of `held`, signed in month 3 of the six that are left."""
    return held(signing={"months": [month], "early": clause}, **rest)


def test_undrawn_prepaid_balance_is_lost_without_a_payment():
    """3 months use 270 of the 500 that are left; the other 230 were paid before the horizon."""
    assert before(solve(early(in_force={"drawn_usd": 700}))) == {}


def test_under_arrears_what_is_undrawn_is_charged_at_signing():
    """1,200 less 700 and 270: 230, beside the usage of 3 months at 90."""
    solution = solve(early(api={"payment": "arrears"}, in_force={"drawn_usd": 700}))
    assert before(solution) == {"usage": 270, "shortfall": 230}
    assert solution.objective_usd == pytest.approx(500 + 21 * 80)


def test_under_arrears_carried_balance_is_charged_too():
    """300 carried in, 200 drawn of it: 270 more use it up; nothing of the own 1,200 but 170: 1,030."""
    found = early(api={"payment": "arrears"}, in_force={"drawn_usd": 200, "carried_in_usd": 300})
    assert before(solve(found)) == {"usage": 270, "shortfall": 1_030}


def test_all_is_drawn_already():
    """Nothing is undrawn: the 3 months are overage at list, 300; arrears bills 270 of it as usage."""
    assert before(solve(early(in_force={"drawn_usd": 1_200}))) == {"overage": 300}
    found = early(api={"payment": "arrears"}, in_force={"drawn_usd": 1_200})
    assert before(solve(found)) == {"usage": 270, "overage": 30}


def test_just_what_is_left_is_used():
    """930 are drawn: the 3 months use the 270 that are left."""
    assert before(solve(early(api={"payment": "arrears"}, in_force={"drawn_usd": 930}))) == {"usage": 270}


def test_signing_at_once():
    """Month 0: nothing was used yet, 500 are undrawn and charged at once."""
    solution = solve(early(0, api={"payment": "arrears"}, in_force={"drawn_usd": 700}))
    assert before(solution) == {"shortfall": 500}
    assert solution.objective_usd == pytest.approx(500 + 24 * 80)


def test_signing_as_the_last_period_begins():
    """Quarters of 300 under a locked price: the first uses 270, and nothing of the one that begins then is used."""
    api = {**bands((1_200, 0.1)), "period": "quarter", "payment": "arrears"}
    current = {"on_the_table": False, "terms": [12], "api": api, "price_protection": "locked"}
    own = {"period_started": "2027-01", "drawn_usd": 0}
    deal = early(offers={"current": current, "next": NEXT}, in_force=own)
    assert before(solve(deal)) == {"usage": 270, "shortfall": 30 + 300}


def test_the_best_month_weighs_what_is_lost_against_better_rates():
    """100 a month: in month 3 230 are lost under arrears; to month 6 40 of 540 are above, 4.44 more at list."""
    months = {"months": [3, 6], "early": "forfeited"}
    deal = held(api={"payment": "arrears"}, in_force={"drawn_usd": 700}, signing=months)
    solution = solve(deal)
    assert solution.plan.signing_month == 6
    other = solve(deal.signed_in(3)).objective_usd
    assert other - solution.objective_usd == pytest.approx((500 + 21 * 80) - (540 + 40 / 0.9 - 40 + 18 * 80))


def refused(match, **rest):
    with pytest.raises(InputError, match=match):
        held(**rest)


def test_what_cannot_be_decided_is_refused_by_name():
    refused(
        r"signing.months: month 3 \(2027-04\) is before 2027-07, .*; state signing.early: forfeited or credited",
        signing={"months": [3]},
    )
    refused(r"signing.months: expected at least 1", signing={"months": []})
    refused(
        r"last commitment period",
        api={"period": "quarter"},
        in_force={"period_started": "2027-01", "drawn_usd": 0},
        signing={"months": [2], "early": "forfeited"},
    )
    refused(r"counts_next of current cannot stand together", api={"excess": "counts_next", "payment": "arrears"})
    over = (
        "is the first month after the agreement, so it is over when the deal starts in 2027-01; leave in_force out, or"
    )
    refused(f"in_force.ends: 2027-01 {over} state a month of 2027-02 to 2028-12", ends="2027-01")
    refused(f"in_force.ends: 2026-11 {over}", ends="2026-11")
    outside = "is outside the horizon, so nothing would be left to decide; expected a month of 2027-02 to 2028-12"
    refused(f"in_force.ends: 2029-01 {outside}", ends="2029-01")
    refused(r"period_started: a commitment period of 12 months", in_force={"period_started": "2025-01"})
    refused(r"drawn_usd: 1300 is more than the balance", in_force={"drawn_usd": 1_300})
    refused(r"period_started: .* do not end before 2027-06; .* is 2027-07 meant", ends="2027-06")
    refused(r"band_usd_per_year: is missing; state the band of current", in_force={"band_usd_per_year": 0})
    refused(r"band_usd_per_year: 7 is no band of current", in_force={"band_usd_per_year": 7})


def test_a_plan_of_a_month_that_is_not_open_is_refused():
    deal = held(signing={"months": [6, 8]})
    plan = solve(deal.signed_in(6)).plan.model_copy(update={"signing_month": 7})
    with pytest.raises(
        InputError, match=r"signing_month is 7 \(2027-08\); the deal may be signed in month 6 \(2027-07\), 8"
    ):
        settle(deal, plan, scenarios_of(deal))
