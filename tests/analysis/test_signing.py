"""Signing now or later: hand-worked costs over the same months, before and after the agreement at list."""

import dataclasses

import numpy as np
import pytest

from deal_solve import InputError, scenarios_of, signings, solve
from deal_solve.formulation.model import scenario_sums as columns
from deal_solve.settlement import settle as settled
from deal_solve.uncertainty import scenario_set as scenarios
from tests.support.hand_deals import APP, certainly, quote, read

FALLS = [1.0] * 3 + [0.5] * 21


def falling(protection="locked"):
    """Return 24 months of 100 list dollars a month whose list price halves from month 3 on; 20 % off, 12 months."""
    future = {"weight": 1, "requests_per_month": {"app": 100}, "list_price_index": {"opus": FALLS}}
    return read(
        24,
        workloads={"app": APP},
        offers={"quote": {**quote((0.01, 0.2), overage="contracted"), "price_protection": protection}},
        scenarios={"only": future},
    )


def test_waiting_for_a_price_to_fall():
    """12 months of agreement in 24. Now, locked at 1: 12·80 = 960, then 12 months at list: 12·50 = 600; 1,560 in all.

    But list alone costs 300 + 9·50 = 750 in these months, so nobody signs that: list it is, 1,350 in all. In month 3,
    locked at a half: 3·100 before, 12·40 = 480, then 9·50 = 450: 1,230.
    """
    now, later = signings(falling(), (0, 3), 12)
    assert (now.expected_usd, now.at_list_usd) == pytest.approx((1_350, 600))
    assert now.solution.plan.api.offer == "list"
    assert (later.expected_usd, later.at_list_usd) == pytest.approx((1_230, 750))
    assert later.solution.plan.api.offer == "quote"
    assert later.solution.settlement.deal.start.isoformat() == "2027-04-01"


def test_pass_through_need_not_wait():
    """Protection that follows list downwards: now 3·80 + 9·40 = 600 and 600 at list; in month 3 still 1,230."""
    now, later = signings(falling("pass_through"), (0, 3), 12)
    assert (now.expected_usd, later.expected_usd) == pytest.approx((1_200, 1_230))


def test_months_at_list_count_over_more_futures_than_a_block(monkeypatch):
    deal = falling()
    one = scenarios_of(deal)
    many = one.rows(np.zeros(5, dtype=np.int64))
    many = dataclasses.replace(many, weights=np.full(5, 0.2))
    for module in (scenarios, columns, settled):
        monkeypatch.setattr(module, "BLOCK", 2)
    assert many.block_count == 3
    now, later = signings(deal, (0, 3), 12, many)
    assert (now.at_list_usd, later.at_list_usd) == pytest.approx((600, 750))


def test_who_stays_at_list_pays_the_same_whenever():
    deal = falling().model_copy(update={"offers": {}, "cost_of_capital_per_year": 0.1})
    costs = [row.expected_usd for row in signings(deal, (0, 3, 7), 12)]
    assert costs == pytest.approx([float(solve(deal).settlement.cost[0])] * 3)


def test_what_cannot_be_compared_is_refused():
    people = {"staff": {"headcount": 1, "tracks": ["seat"]}}
    with pytest.raises(InputError, match="API deals only"):
        signings(read(24, workloads={"app": APP}, cohorts=people), (0,), 12)
    with pytest.raises(InputError, match="18 months"):
        signings(falling(), (0,), 18)
    with pytest.raises(InputError, match="month 13"):
        signings(falling(), (13,), 12)
    with pytest.raises(InputError, match="24 months of agreement"):
        signings(certainly(100), (0,), 24)
