"""Whole plans settled by hand: what is refused, the invoice, many scenarios at once (model §9)."""

import re

import numpy as np
import pytest

from deal_solve import load, sample
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import ApiTerm, RenewalRow, RenewalTable, SeatTerm
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import cost_of, settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.scenario_set import BLOCK, first_block
from tests.support.builders import (
    APP,
    api_deal,
    api_plan,
    deal_of,
    lines,
    months,
    only,
    routes,
    seat_deal,
    seat_plan,
    settled,
)
from tests.support.paths import SCENARIOS


def test_a_plan_that_does_not_fit_is_refused():
    deal = api_deal(100)
    for plan, words in (
        (api_plan((1, (1,)), routing=routes({"gpt": 1})), "not open in months 0 to 11"),
        (api_plan((1, (1,)), routing=routes({"opus": 0.5})), "add up to 0.5"),
        (api_plan((1, (1,)), routing={}), "no route from month 0"),
        (api_plan((1, (1, 1))), "expected \\[1\\]"),
        (api_plan((1, (1,)), first=24), "offers 12"),
        (api_plan((1, (1,)), offer="nobody"), "expected one of list, quote"),
        (seat_plan((1,), offer="quote", tracks={}, api=api_plan((1, (1,))).api), "does not have this seat type"),
    ):
        with pytest.raises(InputError, match=words):
            settled(deal, plan)


def with_both(**seats):
    """Return a plan of 24 months with 100 seats and all of `app`, both from `quote`, changed so."""
    plan = api_plan((1, (1,)), (1, (1,)), **seat_plan((100, 100)).model_dump(exclude={"api", "routing"}))
    agreement = plan.seats["seat"].model_copy(update=seats)
    return plan.model_copy(update={"seats": {"seat": agreement}})


def with_api(*terms, **how):
    """Return that plan with these (band, commitments) per API term."""
    return with_both().model_copy(update={"api": api_plan(*terms, **how).api})


def with_row(month=12, **row):
    """Return that plan with a table of one row, for the second year if nothing else is said."""
    table = RenewalTable(month=month, rows=(RenewalRow(probability=1, **row),))
    return with_both().model_copy(update={"later": (table,)})


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (with_api((0, (1,)), (1, (1,))), "plan: api.terms[0] commits in the band from 0"),
        (with_api((1, (1,)), (1, (1,)), offer="nobody"), "plan: api.offer is 'nobody'; expected one of list, {offers}"),
        (with_both(offer="nobody"), "plan: seats.seat.offer is 'nobody'; expected one of list, {offers}"),
        (
            with_row(api=ApiTerm(band_usd_per_year=1, commitment_usd=(1,))).model_copy(
                update={"api": api_plan((1, (1,)), offer="nobody").api}
            ),
            "plan: api.offer is 'nobody'; expected one of list, {offers}",
        ),
        (
            with_both(terms=(SeatTerm(years=1), SeatTerm(years=1, offer="list-monthly"))),
            "plan: seats.seat.offer is 'list-monthly'; expected one of list, {offers}",
        ),
        (with_api((1, (1,)), (1, (1,)), first=36), "plan: api.term_months is 36; quote offers 12, 24, 36"),
        (with_both(offer="people", term_months=24), "plan: seats.seat.term_months is 24; people offers 12"),
        (with_api((1, (1, 1))), "plan: the contract years of api.terms are [2]; expected [1, 1]"),
        (
            with_row(api=ApiTerm(band_usd_per_year=1, commitment_usd=(1, 1))),
            "later[0].rows[0].api.commitment_usd: 2 given; expected 1, one per contract year",
        ),
        (with_both(term_months=24), "plan: seats.seat has another term than the API part of the same offer"),
        (with_both(contracted=(100,)), "plan: seats.seat.contracted has 1 year, not 2"),
        (
            with_both().model_copy(update={"tracks": {"staff": ("seat",)}}),
            "plan: tracks.staff has 1 contract year; expected 2",
        ),
        (with_both().model_copy(update={"tracks": {}}), "plan: tracks.staff has 0 contract years; expected 2"),
        (
            with_both().model_copy(update={"seats": {}}),
            "plan: tracks.staff takes 'seat', but there is no seat agreement",
        ),
        (
            with_row(tracks={"staff": ("chair",)}),
            "later[0].rows[0].tracks.staff: chair given; expected one of seat, the same for all its years",
        ),
        (with_row(13), "later: tables of months 13 (2028-02); expected some of 12 (2028-01), in order"),
        (with_both().model_copy(update={"projects": {"app": ("cache",)}}), "projects.app has 'cache'"),
        (api_plan((1, (1,)), (1, (1,)), offer="people"), "'people', which has no api part"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(plan, words):
    """Terms of 12, 24 and 36 months are on offer, but the horizon has 24."""
    bands = [{"commit_usd_per_year": usd, "discount": 0.1} for usd in (0, 1)]
    seats = {"seat": {"counts_toward_commitment": False}}
    deal = deal_of(
        24,
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 100, "tracks": ["seat"]}},
        offers={
            "quote": {"terms": [12, 24, 36], "api": {"bands": bands}, "seats": seats},
            "people": {"terms": [12], "seats": seats},
        },
        scenarios=only(requests_per_month={"app": 100}),
    )
    with pytest.raises(InputError, match=re.escape(words.format(offers="quote, people"))):
        settled(deal, plan)


def test_a_plan_is_signed_in_a_month_in_which_the_deal_may_be():
    """100 a month at list: before signing and after it 1,200 in all; in months 0 and 6 alone it may be signed."""
    deal = api_deal(100, signing={"months": [6, 0]})
    plan = api_plan((0, (0,)), offer="list")
    for month in (0, 6):
        result = settle(deal, plan.model_copy(update={"signing_month": month}), scenarios_of(deal))
        assert (result.deal.signing_month, result.cost[0]) == (month, pytest.approx(1200))
        assert (result.before[0], result.undiscounted[0]) == pytest.approx((100 * month, 1200))
        assert not result.deal.is_open
        again = settle(deal.signed_first, result.plan, scenarios_of(deal))
        assert (again.deal.signing_month, again.before[0]) == (month, result.before[0])
    words = "plan: signing_month is 3 (2027-04); the deal may be signed in month 0 (2027-01), 6 (2027-07)"
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        settle(deal, plan.model_copy(update={"signing_month": 3}), scenarios_of(deal))
    always = api_deal(100)
    assert settle(always, plan, scenarios_of(always)).deal is always


def test_a_plan_with_a_month_of_signing_does_not_fit_a_deal_that_is_signed_at_its_start():
    """It was made in another deal, which may be signed in its fourth month."""
    deal, plan = api_deal(100), api_plan((0, (0,)), offer="list").model_copy(update={"signing_month": 3})
    words = "plan: signing_month is 3 (2027-04), but the deal is signed at its start, in 2027-01; leave it out of"
    for price in (settle, cost_of):
        with pytest.raises(InputError, match=f"^{re.escape(words)}"):
            price(deal, plan, scenarios_of(deal))


def all_together(order="highest_ratio"):
    """Section 9.9 in one deal."""
    true_up = {"check": 1, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "term"}
    users = [100.0] * 24
    users[3], users[15] = 110.0, 120.0
    path = only(
        requests_per_month={"app": months(7000, 14_000)},
        active_users={"staff": users},
        list_price_index={"opus": [1.0] * 18 + [1.25] * 6},
    )
    offer = {
        "terms": [24],
        "price_protection": "locked",
        "api": {
            "bands": [{"commit_usd_per_year": 90_000, "discount": 0.1}],
            "unused": {"rollover": 0.5, "cap": 0.25},
        },
        "seats": {"seat": {"true_up": true_up}},
    }
    staff = {"headcount": 100, "tracks": ["seat"]}
    deal = deal_of(24, workloads={"app": APP}, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=path)
    api = api_plan((90_000, (90_000, 90_000)), first=24)
    plan = seat_plan((100, 100), first=24, api=api.api, routing=api.routing)
    return settled(deal, plan, order=order)


def test_all_together_of_section_9_9():
    """90 000 + 90 000 + 60 000 + 54 000 = 294 000; in chronological order the overage is 75 000."""
    result = all_together()
    assert result.cost[0] == pytest.approx(294_000, abs=0.005)
    assert lines(result) == {"commitment": 180_000, "overage": 60_000, "seats": 48_000, "true_up": 6_000}
    assert result.committed_usd == 180_000 + 48_000
    assert lines(all_together("chronological"))["overage"] == 75_000


def test_invoice_rows_multiply_out():
    """Every row: quantity · rate = amount, on a known line, in the contract year of the month it is charged for."""
    frame = all_together().invoice()
    assert list(frame.columns) == [
        *("period", "line", "item", "quantity", "rate_usd", "amount_usd", "paid_month", "contract_year")
    ]
    np.testing.assert_allclose(frame["quantity"] * frame["rate_usd"], frame["amount_usd"])
    assert set(frame["line"]) <= set(LINES)
    true_ups = frame[frame["line"] == "true_up"]
    assert [tuple(row) for row in true_ups[["period", "quantity", "rate_usd", "paid_month"]].values.tolist()] == [
        ("2027-04", 90, 20, 4),
        ("2028-01/2028-12", 120, 20, 12),
        ("2028-04", 90, 20, 16),
    ]


def test_many_scenarios_cost_the_same_as_one_at_a_time():
    """The settlement of a set is that of its scenarios, and its invoices re-settle them one by one."""
    paths = {
        f"s{i}": {
            "weight": i + 1,
            "requests_per_month": {"app": [100.0 + 30 * i * (t % (i + 2)) for t in range(24)]},
            "list_price_index": {"opus": [1 + 0.1 * i * (t > 5) - 0.2 * (t > 15) for t in range(24)]},
        }
        for i in range(5)
    }
    api = {"unused": {"rollover": 0.5}, "period": "half"}
    deal = api_deal(0, api, horizon=24, offer={"terms": [24], "price_protection": "pass_through"}, scenarios=paths)
    plan = api_plan((1, (1200, 1500)), first=24)
    scenarios = scenarios_of(deal)
    together = settled(deal, plan)
    assert together.rows is None
    alone = [settle(deal, plan, scenarios.take(i)).cost[0] for i in range(5)]
    np.testing.assert_allclose(together.cost, alone, rtol=1e-12)
    kept = settle(deal, plan, scenarios, keep_rows=True)
    assert kept.rows is not None
    for i in range(5):
        assert kept.invoice(i).equals(together.invoice(i))


def test_scaling_every_dollar_scales_the_cost():
    """Twice the seat price and twice the usage is twice the cost (section 9.8)."""
    once = settled(seat_deal(130), seat_plan((100,))).cost[0]
    twice = settled(seat_deal(130, {"usd_per_user_month": 40}), seat_plan((100,))).cost[0]
    assert twice == pytest.approx(2 * once)


def test_costs_alone_are_those_of_the_whole_settlement_and_records_come_when_asked_for():
    deal = load(SCENARIOS / "three-quotes.yaml")
    scenarios = sample(deal, BLOCK + 10, seed=1)
    proposal = Proposal(api={"offer": "twelve", "commitment_usd": 300_000})
    plan = complete(deal, proposal, first_block(scenarios))[0]
    whole, alone = settle(deal, plan, scenarios), settle(deal, plan, scenarios, costs_alone=True)
    assert np.array_equal(whole.cost, alone.cost)
    assert whole.signed_usd == alone.signed_usd
    assert whole.drawdown
    assert alone.records is None
    assert np.array_equal(alone.drawdown[0].monthly_usd, whole.drawdown[0].monthly_usd)
    assert alone.records is not None


def test_a_line_that_costs_nothing_takes_no_memory_in_many_scenarios():
    """A view of one 0 for each line that the plan does not pay."""
    deal = load(SCENARIOS / "three-quotes.yaml")
    scenarios = sample(deal, BLOCK + 10, seed=1)
    plan = complete(deal, Proposal(api={"offer": "twelve"}), first_block(scenarios))[0]
    by_line = settle(deal, plan, scenarios).by_line
    assert {usd.shape for usd in by_line.values()} == {(BLOCK + 10,)}
    assert {(bool(usd.any()), usd.strides) for usd in by_line.values()} == {(False, (0,)), (True, (8,))}
