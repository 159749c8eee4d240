"""Health of commitment and seats, sides, savings rates and calendar, worked by hand."""

import numpy as np
import pytest

from deal_solve import loads, sample, settle, solve
from deal_solve.facts.calendar import calendar
from deal_solve.facts.cost_split import cost_split, crossover_month
from deal_solve.facts.health import commitment_health, seat_health
from deal_solve.facts.notes import chronological_usd
from deal_solve.facts.savings import savings, valued
from deal_solve.facts.years import years
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.lines import LINES
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.builders import seat_deal
from tests.support.deals import BY_QUARTER, SMALL
from tests.support.paths import EXAMPLES
from tests.support.solved import loaded, solved


@pytest.fixture(scope="module")
def settled():
    """Commit to 10 months of the mean of 900,000 requests: usage is 7.2 or 14.4 million, the balance 9 million."""
    deal = loads(SMALL)
    one = solve(deal).settlement
    per_request = 0.8 * float(one.weights @ list_value(one)) / (12 * 900_000)
    fix = Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 9_000_000 * per_request}})
    return solve(deal, fix=fix).settlement, per_request


def list_value(settlement):
    found = savings(settlement)
    return np.full(2, found.list_usd)


def test_commitment_health(settled):
    """Low: 7.2 of 9 million used; high: 9 of 14.4 covered, gone in month 8 (7.5 months of 1.2 million).

    Utilisation (7.2 + 9) / 2 / 9 = 0.9; coverage 16.2 / 21.6 = 0.75; burn rate 10.8 / 9 = 1.2; left 1.8 / 2 = 0.9.
    """
    settlement, usd = settled
    (year,) = commitment_health(settlement)
    assert year.utilisation == pytest.approx(0.9)
    assert year.coverage == pytest.approx(0.75)
    assert year.burn_rate == pytest.approx(1.2)
    assert year.remaining_usd == pytest.approx(900_000 * usd)
    assert year.forfeited_usd == pytest.approx(900_000 * usd)
    assert (year.overage_probability, year.shortfall_probability) == (0.5, 0.5)
    assert year.exhausted_month == 7


def test_a_savings_rate_of_nothing_is_0():
    """At list both amounts are the same but for the order in which they are summed: 1 - their ratio is not 0."""
    bot = "{requests_per_month: {p10: 3M, p50: 5M, p90: 8M}, input_tokens: 6000, output_tokens: 500, models: [sonnet]}"
    settlement = solve(loads(f"start: 2027-01\nworkloads: {{bot: {bot}}}\n")).settlement
    at_list, contracted = map(float, valued(settlement))
    assert 1 - contracted / at_list == pytest.approx(0, abs=1e-12)
    assert savings(settlement).theoretical == savings(settlement).effective == 0.0


def test_savings_rates(settled):
    """At list 10.8 / 0.8 = 13.5. Paid: 9 committed, and 5.4 / 0.8 = 6.75 over list in one of two: 12.375.

    Theoretical 20 %, effective 1 - 12.375 / 13.5 = 8.33 %, return (13.5 - 12.375) / 9 = 12.5 %.
    """
    found = savings(settled[0])
    assert found.theoretical == pytest.approx(0.2)
    assert found.effective == pytest.approx(1 - 12.375 / 13.5)
    assert found.return_on_commitment == pytest.approx(0.125)


def test_calendar_of_one_term(settled):
    settlement, _ = settled
    days = [(f"{event.day}", event.what) for event in calendar(settlement)]
    assert days == [
        ("2027-01-01", "quote starts for 12 months: API"),
        ("2027-01-01", "API commitment of contract year 1"),
        ("2027-07-01", "start negotiating what follows quote (ends 2027-12)"),
        ("2027-12-31", "API usage above commitment, 2027-01 to 2027-12 (expected)"),
        ("2028-01-01", "quote has ended"),
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_laws_on_the_examples(path):
    """Shares of the spread add up to 1, sides to the cost, the calendar to what is paid; ratios lie where they can."""
    settlement = solved(path.stem).settlement
    rows = cost_split(settlement)
    assert sum(row.spread_share for row in rows) == pytest.approx(1)
    assert sum(row.expected_usd for row in rows) == pytest.approx(float(settlement.weights @ settlement.cost))
    for row in commitment_health(settlement):
        assert 0 <= row.utilisation <= 1 + 1e-9
        assert 0 <= row.coverage <= 1 + 1e-9
        assert 0 <= row.overage_probability <= 1
    for row in seat_health(settlement):
        assert row.expected_active <= row.expected_peak + 1e-9
        assert row.expected_idle <= row.contracted
    found = savings(settlement)
    assert (found is None) == (not np.any(settlement.usage_by_year))  # seats that include usage have none that counts
    assert found is None or found.effective <= found.theoretical + 1e-9
    events = calendar(settlement)
    days = [event.day for event in events]
    assert days == sorted(days)
    unpaid = sum(settlement.mean(settlement.by_line[name]) for name, line in LINES.items() if not line.is_cash)
    assert unpaid == 0
    paid = settlement.mean(settlement.undiscounted)
    assert sum(event.usd or 0.0 for event in events) == pytest.approx(paid, abs=0.5 * len(events))


def test_api_overtakes_seats_in_the_month_it_says():
    """In hybrid the API costs some 80,000 a month and seats some 5,000: it is above from the start."""
    settlement = solved("hybrid").settlement
    month = crossover_month(settlement)
    assert month == 0


def test_over_more_futures_than_a_block_it_is_told_as_well():
    """Payments are kept of one block at a time; over several nothing overtook anything, once."""
    deal, plan = loaded("hybrid"), solved("hybrid").plan
    few, many = (settle(deal, plan, sample(deal, count, seed=2)) for count in (BLOCK, BLOCK + 64))
    assert crossover_month(few) == crossover_month(many) == 0
    assert savings(many).effective == pytest.approx(savings(few).effective, abs=1e-3)


def test_the_calendar_invoices_all_that_is_committed():
    """Hybrid prepays by the year: three commitments and three years of seats, at price index 1."""
    settlement = solved("hybrid").settlement
    events = calendar(settlement)
    invoiced = [event.usd for event in events if event.kind == "invoice"]
    assert len(invoiced) == 6
    assert sum(invoiced) == pytest.approx(settlement.committed_usd)


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ("prepaid", [("API usage above commitment", "2027-03-31", 15_000, 1)]),
        ("arrears", [("API usage", "2027-01-31", 288_000, 12), ("API overage surcharge", "2027-03-31", 3_000, 1)]),
    ],
)
def test_bills_for_use_are_in_the_calendar(payment, expected):
    """30,000 a month at list, 20 % off: 24,000; by quarter 72,000 beside a commitment of 60,000. 12,000 are above it,
    15,000 at list: all of it where the commitment is prepaid, 3,000 on top of monthly bills in arrears."""
    text = BY_QUARTER.replace("period: quarter", f"period: quarter, payment: {payment}")
    events = [event for event in calendar(solve(loads(f"start: 2027-01\n{text}")).settlement) if event.kind == "bill"]
    first = {event.item: (event.item, f"{event.day}", round(event.usd), event.invoices) for event in reversed(events)}
    assert sorted(first.values()) == sorted(expected)
    assert len(events) == (4 if payment == "prepaid" else 5)


def test_what_is_billed_before_signing_is_in_the_calendar():
    """Renewal signs in May what ends in July; the overage of the months until then is paid on that day."""
    settlement = solved("renewal").settlement
    (billed,) = [event for event in calendar(settlement) if "before signing" in event.what]
    assert (f"{billed.day}", billed.kind) == ("2027-04-30", "bill")
    assert billed.usd == pytest.approx(settlement.mean(settlement.before))


RUNNING = """
start: 2027-01
horizon_months: 24
cohorts:
  staff: {headcount: 50, headcount_growth_per_year: 40%, tracks: [enterprise], covered_share: {enterprise: 1}}
offers:
  old: {on_the_table: no, seats: {enterprise: {usd_per_user_month: 18}}}
  new: {terms: [24], seats: {enterprise: {usd_per_user_month: 15, true_up: {check: 12, count: peak, retroactive: true,
    ratchet: year}}}}
in_force: {offer: old, ends: 2027-07, seats: {enterprise: {contracted: 50}}}
signing: {months: [3], early: forfeited}
"""


def test_a_contract_year_that_seats_in_force_cut_is_counted_at_its_end():
    """Signed in April, seats from July: year 1 ends with March; year 2 with the horizon."""
    counts = [event for event in calendar(solve(loads(RUNNING)).settlement) if event.kind == "count"]
    assert [f"{event.day}" for event in counts] == ["2028-03-31", "2028-12-31"]


def test_what_seats_in_force_cost_after_signing_is_not_of_the_months_before_it():
    """Growth from 50 users is added each month until June, three months after signing."""
    events = [event.what for event in calendar(solve(loads(RUNNING)).settlement) if event.kind == "bill"]
    assert events[0] == "seats added (true-up), before signing and of seats in force, billed monthly (expected)"
    assert all("added by true-up of contract year" in each for each in events[1:])


def test_users_are_first_counted_in_the_first_year_with_contracted_seats():
    """Nobody is there in year 1; 30 seats of year 2 are counted at its quarters."""
    clause = {"check": 3, "count": "peak", "retroactive": True, "ratchet": "year"}
    part = {"initial_order": "free", "true_up": clause}
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1_000}
    offers = {"quote": {"terms": [24], "seats": {"seat": part}}}
    deal = seat_deal([0.0] * 12 + [30.0] * 12, horizon=24, cohorts={"staff": staff}, offers=offers)
    settlement = solve(deal).settlement
    counts = [event for event in calendar(settlement) if event.kind == "count"]
    assert [seats.contracted for seats in settlement.plan.seats.values()] == [(0, 30)]
    assert [(f"{event.day}", event.recurrence) for event in counts] == [("2028-03-31", (4, 3))]


def test_seats_have_one_price_in_the_calendar_and_in_the_cost_of_the_year():
    """100 seats at 20 USD, list prices of seats rise by 10 % in the middle of the first year: 24,000, then 26,400."""
    settlement = solve(
        loads("""
start: 2027-01
horizon_months: 24
rates: {card: claude@2026-11-23, seats: {seat: {usd_per_user_month: 20, covered_share: 1}}}
uncertainty: {list_price_change_per_year: {seats: 10%}}
cohorts: {b: {headcount: 100, tracks: [seat]}}
offers: {q: {terms: [24], seats: {seat: {usd_per_user_month: 20}}}}
""")
    ).settlement
    invoiced = [event.usd for event in calendar(settlement) if event.kind == "invoice"]
    assert invoiced == pytest.approx([24_000, 26_400])
    assert invoiced == pytest.approx([year.cost_by_line["seats"] for year in years(settlement)])


def test_what_is_not_bought_any_more_is_not_renewed():
    """The start-up pauses premium seats in 2028: the reseller's agreement is renewed for 2029 and not before."""
    settlement = solved("start-up").settlement
    terms = [
        f"{event.day} {event.what.partition(':')[0]}"
        for event in calendar(settlement)
        if "Team plan" in event.what and event.kind in ("start", "renewal", "end")
    ]
    assert terms == [
        '2027-01-01 "Team plan of a reseller, billed yearly" starts for 12 months',
        '2029-01-01 "Team plan of a reseller, billed yearly" is renewed for 12 months',
        '2030-01-01 "Team plan of a reseller, billed yearly" has ended',
    ]


@pytest.mark.parametrize("name", ["api-heavy", "seat-heavy", "three-quotes"])
def test_where_all_overage_has_one_ratio_the_order_is_not_settled_again(name, monkeypatch):
    settlement = solved(name).settlement
    said = chronological_usd(settlement)
    monkeypatch.setattr("deal_solve.facts.notes._has_one_ratio", lambda _: False)
    assert said == chronological_usd(settlement)
