"""An API agreement in force at the start: invoices worked by hand until it ends, then an ordinary deal."""

import numpy as np
import pytest

from deal_solve import scenarios_of, settle, solve
from deal_solve.errors import InputError
from deal_solve.settlement.lines import LINES
from tests.support.builders import NEXT, api_deal, bands, held

NAMES = {line.title: line.name for line in LINES.values()}


def before(deal, month=None):
    """Return the lines that are paid for the months before signing, and their sum."""
    signed = deal.signed_in(deal.signing_months[0] if month is None else month)
    plan = solve(signed).plan
    rows = settle(signed, plan, scenarios_of(signed), keep_rows=True).rows
    found = {}
    for row in rows:
        if row.last < 0 and np.any(row.amount):
            name = NAMES[row.item]
            found[name] = round(found.get(name, 0.0) + float(np.ravel(row.amount)[0]), 2)
    return found


def test_what_is_left_of_a_prepaid_balance_runs_out_and_the_rest_is_overage():
    """Left 300 of 1,200; six months use 90 each: 240 above it, at list 240 / 0.9 = 266.67. The commitment is sunk."""
    assert before(held()) == {"overage": 266.67}


def test_what_is_left_is_just_enough():
    """660 drawn: 540 are left, six months use 540."""
    assert before(held(in_force={"drawn_usd": 660})) == {}


def test_more_is_left_than_is_used():
    """Nothing was drawn: 660 are forfeited, and were prepaid."""
    assert before(held(in_force={"drawn_usd": 0})) == {}


def test_arrears_charges_usage_and_then_what_is_undrawn():
    """Usage 6·90 = 540; 600 were drawn before, so 1,200 - 600 - 540 = 60 are undrawn at the end."""
    found = before(held(api={"payment": "arrears"}, in_force={"drawn_usd": 600}))
    assert found == {"usage": 540, "shortfall": 60}


@pytest.mark.parametrize(
    ("drawn", "shortfall_at", "due"), [(600, "list", 0), (500, "list", 100), (500, "contracted", 90)]
)
def test_a_commitment_in_force_that_is_measured_at_list(drawn, shortfall_at, due):
    """Six months use 100 each at list, billed 90: of 1,200 less what was drawn at list before, 0 or 100 are undrawn."""
    at_list = {"measured_at": "list", "payment": "arrears", "overage": "contracted", "shortfall_at": shortfall_at}
    found = before(held(api=at_list, in_force={"drawn_usd": drawn}))
    assert found == {"usage": 540} | ({"shortfall": due} if due else {})


def test_what_is_credited_early_is_no_balance_at_list():
    at_list = {"measured_at": "list", "payment": "arrears", "overage": "contracted"}
    with pytest.raises(InputError, match="credited and measured_at: list of current cannot stand together"):
        held(api=at_list, signing={"months": [3, 6], "early": "credited"})


def test_from_the_end_on_it_is_an_ordinary_deal_with_a_cut_last_year():
    """From month 6 to 24 are 18 months at 20 % off: 80 each, 1,440; before them 266.67. It is signed in month 6."""
    solution = solve(held())
    assert solution.objective_usd == pytest.approx(1_706.67, abs=0.01)
    assert solution.plan.signing_month == 6
    assert solution.settlement.deal.start.isoformat() == "2027-07-01"
    assert [each.outcome for each in solution.months] == ["solved"]
    assert solution.gap < 1e-6


def test_a_balance_carried_in_is_used_first_and_expires():
    """Arrears, 100 carried in, 0 drawn: 540 used, the 100 first; undrawn 1,200 - 440 = 760."""
    found = before(held(api={"payment": "arrears"}, in_force={"drawn_usd": 0, "carried_in_usd": 100}))
    assert found == {"usage": 540, "shortfall": 760}


def test_a_carried_in_balance_above_usage_is_charged_when_it_expires():
    """Arrears, 600 carried in: 540 used of it; 60 of it expire, and 1,200 are undrawn."""
    found = before(held(api={"payment": "arrears"}, in_force={"drawn_usd": 0, "carried_in_usd": 600}))
    assert found == {"usage": 540, "shortfall": 1_260}


def test_half_years_in_force_are_paid_when_they_begin():
    """A half-year period that began in 2026-10 and one of 2027-04 to 2027-10, ends month 9: 600 prepaid in month 3.

    Left of the first 600 - 500 = 100; three months use 270: 170 above, 188.89 at list. The second: 540 of 600 used.
    """
    deal = held(api={"period": "half"}, in_force={"period_started": "2026-10", "drawn_usd": 500}, ends="2027-10")
    assert before(deal) == {"commitment": 600, "overage": 188.89}


def test_pay_as_you_go_in_force():
    """A band from 0 at 5 % off: 95 a month."""
    deal = held(api=bands((0, 0.05)), in_force={"band_usd_per_year": 0, "commitment_usd": 0, "drawn_usd": 0})
    assert before(deal) == {"usage": 570}


def test_after_the_end_it_is_list_in_arrears():
    """Signed in month 8: two months at list, 100 each, after the 266.67."""
    deal = held(signing={"months": [8]})
    assert before(deal) == {"overage": 266.67, "uncounted_usage": 200}


def test_without_an_agreement_in_force_the_months_before_signing_are_at_list():
    deal = api_deal(100, horizon=24, offers={"next": NEXT}, signing={"months": [3]})
    assert before(deal) == {"uncounted_usage": 300}
    assert solve(deal).objective_usd == pytest.approx(300 + 21 * 80)


RISES = {"band_usd_per_year": 600, "commitment_usd": [800, 1_000], "drawn_usd": 500}


def test_a_year_in_force_begins_at_its_own_amount():
    """Years of 800 to month 6, then 1,000: 540 of 300 left, 240 above it; 1,000 prepaid, 1,080 used: 320 / 0.9 over."""
    api = {**bands((600, 0.1)), "ramp": "free"}
    assert before(held(api=api, in_force=RISES, ends="2028-07")) == {"commitment": 1_000, "overage": 355.56}


def test_a_year_in_force_is_prepaid_at_its_own_amount():
    """Halves of 400, 500 and 500 use 540 each: 140 + 40 + 40 above them; the year from month 6 is 1,000, paid once."""
    api = {**bands((600, 0.1)), "period": "half", "payment": "prepaid_yearly"}
    own = RISES | {"period_started": "2027-01", "drawn_usd": 0}
    assert before(held(api=api, in_force=own, ends="2028-07")) == {"commitment": 1_000, "overage": 244.44}


def test_arrears_charge_what_is_undrawn_of_each_year_in_force():
    """700 of 800 drawn before: 540 of 100 used, 440 above; then 1,500 - 1,080 are undrawn."""
    own = RISES | {"commitment_usd": [800, 1_500], "drawn_usd": 700}
    found = before(held(api={**bands((600, 0.1)), "payment": "arrears"}, in_force=own, ends="2028-07"))
    assert found == {"usage": 1_620, "overage": 48.89, "shortfall": 420}


@pytest.mark.parametrize(
    ("payment", "paid"),
    [
        ("prepaid", {"commitment": 2 * 400 + 4 * 200}),
        ("prepaid_yearly", {"commitment": 800}),
        ("arrears", {"usage": 1_620}),
    ],
)
def test_what_is_undrawn_rolls_into_a_year_that_commits_less(payment, paid):
    """Quarters of 400, 400, then of 200 use 270 each: 130, 260, 190, 120 and 50 roll on, and the last lacks 20."""
    api = {**bands((600, 0.1)), "period": "quarter", "payment": payment, "unused": {"rollover": 1}}
    own = RISES | {"commitment_usd": [1_600, 800], "period_started": "2027-01", "drawn_usd": 0}
    over = 20 / 0.9 - (20 if payment == "arrears" else 0)
    assert before(held(api=api, in_force=own, ends="2028-07")) == paid | {"overage": round(over, 2)}


@pytest.mark.parametrize(
    ("own", "api", "message"),
    [
        (
            {"commitment_usd": [800, 900, 1_000]},
            {},
            "3 amounts, but 2 contract years left until 2028-07; state one for",
        ),
        ({}, {"period": "term", "payment": "arrears"}, "a list and period: term of current cannot stand together"),
        ({"commitment_usd": [0, 0]}, {}, "there is a commitment in a band above 0, and only there"),
        ({"drawn_usd": 801}, {}, "801 is more than the balance of 800"),
    ],
)
def test_amounts_in_force_are_one_per_contract_year_left(own, api, message):
    with pytest.raises(InputError, match=message):
        held(api={**bands((600, 0.1)), **api}, in_force=RISES | own, ends="2028-07")
