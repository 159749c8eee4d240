"""Parts of a settlement on their own: rows, lines, blocks of scenarios, paths through tables, invoices."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from deal_solve import scenarios_of, settle, solve
from deal_solve.deal.offers.channel import Channel
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, RenewalRow, RenewalTable
from deal_solve.settlement.blocks import joined
from deal_solve.settlement.ledger import Ledger, Row
from deal_solve.settlement.lines import LINES, SIDES, is_billed, lines_by_cause, lines_of
from deal_solve.settlement.renewal import spread_rows
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.builders import (
    RATES,
    api_deal,
    api_plan,
    count,
    deal_of,
    months,
    only,
    routes,
    seat_deal,
    seat_plan,
    settled,
)
from tests.support.hand_deals import APP, YEAR, explicit, quote, read


def row(quantity, amount):
    return Row("seats", "seat", quantity, amount, paid=0, first=0, last=11)


def test_a_row_gives_quantity_and_rate_of_a_scenario():
    """Two for 8 are 4 each; what has no quantity is one of its amount."""
    both = row(np.array([2.0, 0.0]), np.array([8.0, 3.0]))
    assert (both.of(0), both.of(1)) == ((2, 4, 8), (1, 3, 3))
    assert row(0, 5).of(7) == (1, 5, 5)
    assert row(5, 10).of(7) == (5, 2, 10)


def test_a_payment_belongs_to_the_contract_year_of_its_last_month_or_to_none():
    """Twelve months that end with month 11 or 12; what is paid before signing is of no contract year."""
    paid = row(1, 5)
    assert [replace(paid, last=last).year for last in (11, 12, 24)] == [0, 1, 2]
    assert replace(paid, line="before").year == -1


def test_growth_of_a_contract_year_is_all_that_is_added_in_it():
    """10 seats for the six months from July on, 5 more for the three from October on, at 20: 1,200 + 300. One more seat
    of another type, in December: 20. In the second year, of the renewal, one more in its last month: 20.
    """
    seat = RATES["seats"]["seat"]
    part = {"true_up": {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"}}
    staff = count(10, 24, m6=20, m7=20, m8=20, m9=25, m10=25, m11=25, m23=11)
    users = {"staff": staff, "guests": count(10, 24, m11=11)}
    deal = deal_of(
        24,
        rates={**RATES, "seats": {"seat": seat, "chair": seat}},
        cohorts={name: {"headcount": 0, "tracks": ["seat", "chair"]} for name in users},
        offers={"quote": {"terms": [12], "seats": {"seat": part, "chair": part}}},
        scenarios=only(active_users=users),
    )
    plan = seat_plan((10, 10), tracks={"staff": ("seat",) * 2, "guests": ("chair",) * 2})
    result = settled(deal, plan.model_copy(update={"seats": dict.fromkeys(("seat", "chair"), plan.seats["seat"])}))
    assert (result.growth["true_up"].tolist(), result.growth_signed["true_up"].tolist()) == ([1540], [1520])
    assert result.growth["overage"].tolist() == [0]


@pytest.mark.parametrize(("paid", "first", "years"), [(0, 0, [5, 0]), (0, 11, [0, 5]), (12, 0, [0, 5]), (6, 0, [0, 5])])
def test_what_is_paid_in_advance_retires_the_year_of_its_first_month_and_else_of_its_last(paid, first, years):
    """Signed in July, so month 0 lies in the first year of the cloud commitment and month 11 in the second."""
    cloud = {"usd_per_year": [100, 100], "other_spend_usd_per_year": 0}
    deal = seat_deal(10, horizon=24, cloud_commitments={"aws": cloud}, signing={"months": [6]}).signed_first
    ledger = Ledger(1, deal, keep_rows=False).through(Channel(through="aws", counts=0.5))
    ledger.post(Row("seats", "seat", 1.0, 10.0, paid, first, last=11))
    assert ledger.retiring["aws"][:, 0].tolist() == years
    assert ledger.rows == []


def test_the_rows_of_a_path_keep_quantity_and_amount_in_its_scenarios():
    """Of four scenarios the path has the last and the second."""
    (own,) = spread_rows([row(np.array([2.0, 3.0]), np.array([20.0, 60.0]))], np.array([3, 1]), 4)
    assert own.quantity.tolist() == [0, 3, 0, 2]
    assert own.amount.tolist() == [0, 60, 0, 20]
    (alike,) = spread_rows([row(5, 50)], np.array([0, 2]), 3)
    assert (alike.quantity.tolist(), alike.amount.tolist()) == ([5, 0, 5], [50, 0, 50])


def test_every_line_is_on_one_side():
    assert lines_of("cloud") == ("fee", "cloud_shortfall")
    assert lines_of("before signing") == ("before",)
    assert lines_of("seats") == ("seats", "true_up", "extra_usage", "refused_usage", "unserved")
    assert sorted(name for side in SIDES for name in lines_of(side)) == sorted(LINES)
    by_cause = lines_by_cause()
    assert (by_cause["tools"], by_cause["fee"], by_cause["rate"]) == (("build", "run"), ("fee",), ())


def test_what_users_who_go_without_cost_is_on_no_invoice_before_signing_either():
    assert [is_billed(line, "seats") for line in ("seats", "unserved", "before")] == [True, False, True]
    assert not is_billed("before", "users left unserved")
    assert is_billed("seats", "users left unserved")


@dataclass(frozen=True)
class Facts:
    usd: np.ndarray
    name: str


def test_blocks_are_laid_end_to_end_in_the_order_that_is_given():
    """Scenarios 0, 1 and 2 are the second, third and first of what is laid end to end, in dicts and all they hold."""
    parts = [
        {"a": np.array([1.0, 2.0]), "b": (Facts(np.array([[1.0, 2.0], [3.0, 4.0]]), "x"), 7)},
        {"a": np.array([3.0]), "b": (Facts(np.array([[5.0], [6.0]]), "y"), 8)},
    ]
    found = joined(parts, np.array([1, 2, 0]))
    assert found["a"].tolist() == [2, 3, 1]
    facts, number = found["b"]
    assert (facts.usd.tolist(), facts.name, number) == ([[2, 5, 1], [4, 6, 3]], "x", 7)
    assert joined(parts)["a"].tolist() == [1, 2, 3]


def test_a_table_of_a_settlement_has_a_row_for_each_scenario():
    """At list, n a month in year 1 and 2n in year 2; at 50 % a year a payment after t months counts 1.5^(-t/12)."""
    paths = {f"s{n}": {"weight": n, "requests_per_month": {"app": months(n, 2 * n)}} for n in range(1, 22)}
    deal = api_deal(0, horizon=24, scenarios=paths, cost_of_capital_per_year=0.5)
    result = settle(deal, api_plan((0, (0,)), (0, (0,)), offer="list"), scenarios_of(deal))
    assert result.order == "highest_ratio"
    by_line, by_year = result.to_frame(), result.to_frame("year")
    assert list(by_line.columns) == ["scenario", "probability", "usage", "total"]
    assert list(by_year.columns) == ["scenario", "probability", "year 1", "year 2", "total"]
    paid = sum((2 if t <= 12 else 4) * 1.5 ** (-t / 12) for t in range(1, 25))
    assert (by_line.iloc[1, 0], by_year.iloc[20, 0]) == ("s2", "s21")
    assert by_line.iloc[1, 1:].tolist() == pytest.approx([2 / 231, paid, paid])
    assert by_year.iloc[1, 1:].tolist() == pytest.approx([2 / 231, 24, 48, 72])
    squares = sum(n * n for n in range(1, 22))
    assert result.mean(result.undiscounted) == pytest.approx(36 * squares / 231)
    assert result.mean(3.0) == 3
    html = result._repr_html_()
    assert "<td>...</td>" in html
    assert "<th></th>" not in html


def test_invoices_of_a_settlement_in_chronological_order():
    """Locked at 0.9 for a dollar of list, 54 committed. List doubles in month 6; from month 12 on nothing is used.

    10 a month are 9 billed: the first 54 cover months 0 to 5, so months 6 to 11 are overage at list, 2 · 60 = 120, in
    all 174; the dearest first leaves 60 and 114. 20 a month are 18 billed: 3 months covered, 60 + 240 = 300 and 54; or
    120 + 120 = 240 and 54. A table that decides nothing later changes nothing.
    """
    index = {"opus": [1] * 6 + [2] * 18}
    futures = {
        name: {"weight": 1, "requests_per_month": {"app": months(usd, 0)}, "list_price_index": index}
        for name, usd in (("low", 10), ("high", 20))
    }
    offer = {"price_protection": "locked", "terms": [24]}
    deal = api_deal(0, {"overage": "list"}, horizon=24, offer=offer, scenarios=futures)
    table = RenewalTable(month=12, rows=(RenewalRow(probability=1),))
    for later in ((), (table,)):
        plan = api_plan((1, (54, 0)), first=24, later=later)
        for order, costs in (("chronological", [174, 354]), ("highest_ratio", [114, 294])):
            result = settled(deal, plan, order=order)
            assert result.rows is None
            assert result.cost == pytest.approx(costs)
            assert [result.invoice(i)["amount_usd"].sum() for i in (0, 1)] == pytest.approx(costs)


APART = {"a": (100, 160), "b": (60, 40), "c": (100, 100), "d": (60, 80)}


def test_paths_through_tables_that_take_turns_among_the_scenarios():
    """20 % off what is committed, overage at list. Year 1 covers 60 of list value a month; after 60 year 2 covers 40,
    after 100 it covers 100. Paid for commitments: 48 + 80 or 48 + 32; overage 40 + 60, 0, 40 and 40.
    """
    deal = read(
        24,
        workloads={"app": APP},
        offers={"quote": quote((0.01, 0.2))},
        scenarios=explicit(APART),
        renewal_decisions="observed",
    )
    settlement = settle(deal, solve(deal).plan, scenarios_of(deal), keep_rows=True)
    assert settlement.by_line["commitment"] == pytest.approx([YEAR * usd for usd in (128, 80, 128, 80)])
    assert settlement.by_line["overage"] == pytest.approx([YEAR * usd for usd in (100, 0, 40, 40)])
    assert settlement.growth["overage"] == pytest.approx([YEAR * usd for usd in (100, 0, 40, 40)])
    assert settlement.committed_usd == pytest.approx(YEAR * 128)
    assert settlement.signed_usd == pytest.approx(YEAR * 48)
    bill = settlement.invoice(3)
    paid = bill[bill["line"] == "commitment"]
    assert sorted(paid["amount_usd"]) == pytest.approx([YEAR * 32, YEAR * 48])
    assert sorted(paid["quantity"] * paid["rate_usd"]) == pytest.approx(sorted(paid["amount_usd"]))


def test_blocks_of_scenarios_that_take_other_rows():
    """Year 1 covers 60 of list value a month at 20 % off. After 60 nothing is committed for year 2, after 100 100 are.

    The first 4,096 scenarios have 60 and 40: 48 + 40 = 88. One more has 100 and 160: 48 + 40, and 80 + 60: 228.
    """
    steps = quote((0, 0), (0.01, 0.2))
    deal = read(
        24,
        workloads={"app": APP},
        offers={"quote": steps},
        scenarios=explicit({"low": (60, 40), "high": (100, 160)}),
        renewal_decisions="observed",
    )
    term = ApiTerm(band_usd_per_year=0.01, commitment_usd=(YEAR * 48,))
    nothing = ApiTerm(band_usd_per_year=0, commitment_usd=(0,))
    covered = ApiTerm(band_usd_per_year=0.01, commitment_usd=(YEAR * 80,))
    table = RenewalTable(
        month=12,
        usage_edges_usd=(YEAR * 80,),
        rows=tuple(RenewalRow(probability=0.5, api=own) for own in (nothing, covered)),
    )
    api = ApiAgreement(offer="quote", term_months=12, terms=(term, nothing))
    plan = Plan(api=api, routing=routes({"opus": 1}), later=(table,))
    two = scenarios_of(deal)
    both = settle(deal, plan, two, keep_rows=True)
    assert both.cost.tolist() == pytest.approx([YEAR * 88, YEAR * 228])
    assert both.rows is not None
    assert [both.invoice(i)["amount_usd"].sum() for i in (0, 1)] == pytest.approx([YEAR * 88, YEAR * 228])
    assert settle(deal, plan, two).rows is None
    many = two.rows(np.array([0] * BLOCK + [1]))
    found = settle(deal, plan, many, keep_rows=True)
    assert found.rows is None
    assert (found.scenarios, found.plan, found.deal) == (many, plan, deal)
    assert found.cost[[0, BLOCK]].tolist() == pytest.approx([YEAR * 88, YEAR * 228])
    assert found.usage_by_year[:, [0, BLOCK]].tolist() == [
        pytest.approx([YEAR * 48, YEAR * 80]),
        pytest.approx([YEAR * 40, YEAR * 128]),
    ]
    assert (found.signed_usd, found.committed_usd) == pytest.approx((YEAR * 48, YEAR * 128))
    assert [record.commitment_usd[[0, BLOCK]].tolist() for record in found.drawdown] == [
        pytest.approx([YEAR * 48] * 2),
        pytest.approx([0, YEAR * 80]),
    ]
    assert found.invoice(BLOCK)["amount_usd"].sum() == pytest.approx(YEAR * 228)


def test_users_above_a_plan_on_paths_that_take_turns_among_the_scenarios():
    """A plan of at most 100 people; without a seat one costs 30 a month. Year 2 has 90, 130, 120 and 80 people, so
    0, 30, 20 and 0 are unserved: 30 · 12 for each. Seats follow in two tables, 60 or 90 users of year 1.
    """
    counts = {"a": (60, 90), "b": (90, 130), "c": (60, 120), "d": (90, 80)}
    deal = deal_of(
        24,
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"], "unserved_usd_per_user_month": 30}},
        rates={**RATES, "plans": {"team": {"seats": ["seat"], "maximum": 100}}},
        offers={"quote": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16}}}},
        scenarios={name: {"weight": 1, "active_users": {"staff": list(path)}} for name, path in counts.items()},
        renewal_decisions={"users": 2},
    )
    settlement = settled(deal, solve(deal).plan)
    assert settlement.by_line["unserved"] == pytest.approx([0, 30 * 12 * 30, 20 * 12 * 30, 0])
    assert settlement.seats["seat"].count[[0, 12]].tolist() == [[60, 90, 60, 90], [90, 100, 100, 80]]
    below, above = (row.seats["seat"][0] for row in settlement.plan.later[0].rows)
    assert settlement.seats["seat"].contracted[1].tolist() == [below, above, below, above]
