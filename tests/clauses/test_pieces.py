"""Parts of a settlement on their own: rows, lines, blocks of scenarios, paths through tables, invoices."""

from dataclasses import dataclass

import numpy as np
import pytest

from deal_solve import scenarios_of, settle, solve
from deal_solve.settlement.blocks import joined
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, SIDES, lines_of
from deal_solve.settlement.renewal import spread_rows
from tests.support.builders import RATES, api_deal, api_plan, deal_of, settled
from tests.support.hand_deals import APP, YEAR, explicit, quote, read


def row(quantity, amount):
    return Row("seats", "seat", quantity, amount, paid=0, first=0, last=11)


def test_a_row_gives_quantity_and_rate_of_a_scenario():
    """Two for 8 are 4 each; what has no quantity is one of its amount."""
    both = row(np.array([2.0, 0.0]), np.array([8.0, 3.0]))
    assert (both.of(0), both.of(1)) == ((2, 4, 8), (1, 3, 3))
    assert row(0, 5).of(7) == (1, 5, 5)
    assert row(5, 10).of(7) == (5, 2, 10)


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


def test_invoices_of_a_settlement_in_chronological_order():
    """Locked at 0.9 for a dollar of list, 54 committed. List doubles in month 6. 10 a month are 9 billed.

    The first 54 cover months 0 to 5, so months 6 to 11 are overage at list, 2 · 60 = 120, in all 174; the dearest first
    leaves 60 and 114. 20 a month are 18 billed: 3 months covered, 60 + 240 = 300 and 54; or 120 + 120 = 240 and 54.
    """
    futures = {
        name: {"weight": 1, "requests_per_month": {"app": usd}, "list_price_index": {"opus": [1] * 6 + [2] * 6}}
        for name, usd in (("low", 10), ("high", 20))
    }
    deal = api_deal(0, {"overage": "list"}, offer={"price_protection": "locked"}, scenarios=futures)
    for order, costs in (("chronological", [174, 354]), ("highest_ratio", [114, 294])):
        result = settled(deal, api_plan((1, (54,))), order=order)
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
