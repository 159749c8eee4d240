"""What stands beside each observed bucket: requests and billed dollars of the last twelve months (model §6)."""

import json

import pytest

from deal_solve.facts.baseline_usage import observed_buckets
from deal_solve.optimise.solve import solve
from deal_solve.outputs import to_json
from deal_solve.report.renewal import renewal_tables
from tests.support.hand_deals import APP, YEAR, explicit, quote, read

TREE = {"low-fall": (60, 40), "low-grow": (70, 80), "high-hold": (100, 100), "high-grow": (110, 160)}


def tree(**more):
    """Two years of one dollar a request, 20 % off from any commitment, later terms by a table of two buckets."""
    return read(
        24,
        workloads={"app": APP},
        offers={"quote": quote((0.01, 0.2))},
        renewal_decisions={"usage": 2},
        risk="neutral",
        **{"scenarios": explicit(TREE), **more},
    )


def test_billed_dollars_are_at_contracted_rates_and_separate_the_buckets() -> None:
    """Year 1: 60 and 70 a month, or 100 and 110, requests of 1 USD at list and of 0.80 contracted."""
    deal = tree()
    low, high = observed_buckets(deal, solve(deal).settlement)
    assert (low.month, low.bucket, high.bucket) == (12, 0, 1)
    assert low.requests == pytest.approx((60 * YEAR, 70 * YEAR))
    assert low.billed_usd == pytest.approx((48 * YEAR, 56 * YEAR))
    assert high.billed_usd == pytest.approx((80 * YEAR, 88 * YEAR))
    assert low.dollars_are_the_rule and high.dollars_are_the_rule


def test_buckets_and_the_date_of_every_month_stand_in_the_result_file() -> None:
    deal = tree()
    data = json.loads(to_json(solve(deal)))
    low, high = data["observed_buckets"]
    assert (low["month"], low["decided"], low["requests"]) == (12, "2028-01", [60 * YEAR, 70 * YEAR])
    assert high["billed_usd"] == pytest.approx([80 * YEAR, 88 * YEAR])
    assert data["calendar_months"][low["month"]] == low["decided"]
    assert len(data["calendar_months"]) == 25
    assert [year["months"] for year in data["cost"]["years"]] == ["2027-01 to 2027-12", "2028-01 to 2028-12"]
    for period in (*data["drawdown"], *data["commitment_health"]):
        month = period["exhausted_month"]
        assert period["exhausted"] == (None if month is None else data["calendar_months"][month])


def test_both_stand_below_the_table_in_print() -> None:
    deal = tree()
    best = solve(deal)
    (text,) = renewal_tables(deal, best.plan, best.settlement)
    assert "1,200 to 1,320 requests, 960 to 1,056 billed" in " ".join(text.split())
    assert text.endswith("- billed dollars are the rule")


def test_where_billed_dollars_overlap_requests_are_the_rule() -> None:
    """At half the list price 110 requests cost 44 contracted, less than 60 at the full price: the dollars overlap."""
    scenarios = explicit(TREE)
    scenarios["high-grow"]["list_price_index"] = {"opus": 0.5}
    deal = tree(scenarios=scenarios)
    low, high = observed_buckets(deal, solve(deal).settlement)
    assert high.billed_usd == pytest.approx((44 * YEAR, 80 * YEAR))
    assert not low.dollars_are_the_rule and not high.dollars_are_the_rule
    assert low.requests[1] < high.requests[0]
