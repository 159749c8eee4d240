"""What is paid for the months before signing, worked by hand, without a solve: prices, periods, payment, people."""

import numpy as np
import pytest

from deal_solve import InputError, scenarios_of
from deal_solve.settlement.in_force.before import before_signing, paid_before
from deal_solve.settlement.lines import LINES
from tests.support.builders import APP, NEXT, RATES, bands, deal_of, held, only

NAMES = {line.title: line.name for line in LINES.values()}


def paid(deal):
    """Return {line: {time of payment, months from the start: USD}} of the first month of signing, 0 left out."""
    month = deal.signing_months[0]
    signed = deal.signed_in(month)
    found = {}
    for row in before_signing(signed, scenarios_of(signed)).rows:
        if np.any(row.amount):
            at = found.setdefault(NAMES[row.item], {})
            at[row.paid + month] = round(at.get(row.paid + month, 0.0) + float(np.ravel(row.amount)[0]), 2)
    return found


# --- the API agreement in force ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protection", "base", "first", "seventh"),
    [
        ("none", 1, 72, 180),
        ("locked", 1, 90, 90),
        ("locked", 1.5, 135, 135),
        ("pass_through", 1, 72, 90),
        ("pass_through", 0.5, 45, 45),
        ({"capped": 0.21}, 1, 72, 99),
        ({"capped": 0.21}, 2, 72, 180),
    ],
)
def test_prices_in_force_follow_list_as_the_offer_protects_them(protection, base, first, seventh):
    """100 at today's list in months 0 and 6, 10 % off. List is 0.8, then 2 from month 6 on.

    Locked they cost 90 times the base; passed through at most that; capped at 21 % a year, after half a year at most
    1.1 of the base, 99; from a base of 2 that is 2.2, above list.
    """
    usage = [100.0 * (t in (0, 6)) for t in range(24)]
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0.1)), "price_protection": protection}
    own = {"band_usd_per_year": 0, "commitment_usd": 0, "drawn_usd": 0}
    deal = held(
        usage, in_force=own, ends="2028-01", offers={"current": current, "next": NEXT}, index=[0.8] * 6 + [2] * 18
    )
    deal = deal.model_copy(update={"in_force": deal.in_force.model_copy(update={"index": {"opus": base}})})
    assert paid(deal) == {"usage": {1: first, 7: seventh}}


def test_one_commitment_period_for_the_whole_term_in_force():
    """18 months from 2026-07 at 1,200 a year: 1,800 in one period. 1,500 are drawn; 12 months use 1,080 and pay for
    them in arrears: 780 are above, at list 866.67, so 86.67 more.
    """
    deal = held(api={"period": "term", "payment": "arrears"}, in_force={"drawn_usd": 1_500}, ends="2028-01")
    assert paid(deal) == {"usage": dict.fromkeys(range(1, 13), 90), "overage": {12: 86.67}}


def test_half_years_prepaid_by_the_year():
    """Three half-years of 600 to the end of June 2028, so a year begins in month 6 and its 1,200 are due then.

    400 of the first are drawn: 540 use the other 200, and 340 above cost 377.78 at list. Then 540 of 600 each.
    """
    own = {"drawn_usd": 400, "period_started": "2027-01"}
    deal = held(api={"period": "half", "payment": "prepaid_yearly"}, in_force=own, ends="2028-07")
    assert paid(deal) == {"commitment": {6: 1_200}, "overage": {6: 377.78}}


@pytest.mark.parametrize(("cap", "lost"), [(1, {3: 96, 6: 288}), (0.2, {3: 132, 6: 252})])
def test_what_is_undrawn_rolls_over_into_the_next_period_in_force(cap, lost):
    """Arrears, quarters of 300 from 2027-01, to the end of June; 40 a month at list are 36 billed: 108 a quarter.

    Undrawn 192 of the first: half of it, 96, rolls over and 96 are lost; or at most 0.2 · 300 = 60, and 132 are lost.
    The second uses the 96 first and 12 of its own, so 288 are lost; or 60 and 48 of its own, so 252. Nothing rolls
    over at the end.
    """
    api = {"period": "quarter", "payment": "arrears", "unused": {"rollover": 0.5, "cap": cap}}
    found = paid(held(40, api=api, in_force={"period_started": "2027-01", "drawn_usd": 0}))
    assert found == {"usage": dict.fromkeys(range(1, 7), 36), "shortfall": lost}


def test_before_a_deal_that_is_signed_at_once_nothing_is_paid():
    deal = deal_of(workloads={"app": APP}, scenarios=only(requests_per_month={"app": 100}))
    assert paid_before(deal, scenarios_of(deal)) == {}


def test_what_is_paid_before_by_time_of_payment_from_the_signing_month():
    """Pay as you go at 5 % off: 95 at the end of each of six months."""
    deal = held(api=bands((0, 0.05)), in_force={"band_usd_per_year": 0, "commitment_usd": 0, "drawn_usd": 0})
    signed = deal.signed_in(6)
    found = paid_before(signed, scenarios_of(signed))
    assert {time: usd.tolist() for time, usd in found.items()} == {t: pytest.approx([95]) for t in range(-5, 1)}


# --- people -----------------------------------------------------------------------------------------------------------

USE = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}


def staffed(tracks, seats=None, in_force=None, signing=2, offer=None, **cohort):
    """Return a deal of 24 months with ten people on these tracks; 10 list dollars of usage each a month."""
    card = RATES | {"seats": {"seat": {"usd_per_user_month": 20, **(seats or {})}}}
    staff = {"headcount": 10, "tracks": tracks, "use": USE, **cohort}
    current = {"on_the_table": False, "terms": [12], **(offer or {"seats": {"seat": {"usd_per_user_month": 18}}})}
    rest = {"in_force": {"offer": "current", "ends": "2027-07", **in_force}} if in_force else {}
    return deal_of(
        24,
        rates=card,
        cohorts={"staff": staff},
        offers={"current": current} if in_force else {},
        scenarios=only(active_users={"staff": 10}),
        **({"signing": {"months": [signing]}} | rest),
    )


def test_without_an_agreement_people_are_on_the_cheapest_track():
    """A seat with half of the usage covered costs 20 + 5 metered. Unserved at 24: 240 a month, else 200 and 50."""
    half = {"covered_share": 0.5}
    assert paid(staffed(["seat", "none"], half, unserved_usd_per_user_month=24)) == {"unserved": {1: 240, 2: 240}}
    found = paid(staffed(["seat", "none"], half, unserved_usd_per_user_month=26))
    assert found == {"seats": {0: 200, 1: 200}, "uncounted_usage": {1: 50, 2: 50}}


def test_a_user_without_a_track_may_cost_nothing():
    assert paid(staffed(["seat", "none"], {"covered_share": 1}, unserved_usd_per_user_month=0)) == {}


def test_a_cohort_on_an_internal_tool_alone_has_no_track_before_signing():
    deal = deal_of(
        24,
        cohorts={"staff": {"headcount": 10, "tracks": ["chat"], "use": USE}},
        internal_tools={"chat": {"run_usd_per_month": 5}},
        signing={"months": [2]},
    )
    with pytest.raises(
        InputError, match=r"cohorts.staff.tracks: before the month of signing no seat type of it is in force"
    ):
        paid(deal)


@pytest.mark.parametrize(("counts", "counted", "uncounted"), [(True, 45, 0), (False, 0, 50), (0.4, 18, 30)])
def test_metered_usage_of_seats_in_force_counts_as_the_offer_says(counts, counted, uncounted):
    """Seats in force at 18 with half of the usage covered: ten people have 50 metered a month, at 10 % off where it
    counts. Yearly seats of the year before are paid; after the end, a month at list: 200 and 50.
    """
    offer = {
        "api": bands((0, 0.1)),
        "seats": {"seat": {"usd_per_user_month": 18, "counts_toward_commitment": counts}},
    }
    own = {"api": {}, "seats": {"seat": {"contracted": 10}}}
    found = paid(staffed(["seat"], {"covered_share": 0.5}, own, 7, offer))
    expected = {"seats": {6: 200}, "usage": dict.fromkeys(range(1, 7), counted)}
    expected["uncounted_usage"] = dict.fromkeys(range(1, 7), uncounted) | {7: 50}
    if not counted:
        del expected["usage"]
    if not uncounted:
        expected["uncounted_usage"] = {7: 50}
    assert found == expected


def test_other_charges_of_the_months_before_signing():
    """0.25 a request beside the model: 100 requests a month at list, and 25."""
    deal = deal_of(
        24,
        workloads={"app": APP | {"other_usd_per_request": 0.25}},
        scenarios=only(requests_per_month={"app": 100}),
        signing={"months": [1]},
    )
    assert paid(deal) == {"uncounted_usage": {1: 100}, "other_charges": {1: 25}}


def test_a_workload_or_cohort_for_which_nothing_is_open_is_refused_by_its_name():
    """The only model is below the floor of quality."""
    low = {"models": ["opus"], "quality": {"floor": 0.9, "scores": {"opus": 0.5}}}
    deal = deal_of(24, workloads={"app": APP | low}, signing={"months": [1]})
    with pytest.raises(InputError, match=r"workloads.app: nothing is open without a project before the month of"):
        paid(deal)
    with pytest.raises(InputError, match=r"cohorts.staff: nothing is open without a project before the month of"):
        paid(staffed(["seat"], {"covered_share": 0.5}, use=USE | low))


def test_a_cohort_without_use_costs_its_seat_alone_before_signing():
    deal = deal_of(24, cohorts={"staff": {"headcount": 10, "tracks": ["seat"]}}, signing={"months": [1]})
    assert paid(deal) == {"seats": {0: 200}}
