"""What is spent month by month, by hand: the deals of model §9, whose amounts are 12 times those of the text."""

import pytest

from deal_solve import complete, settle
from deal_solve.facts.spending.spending import cash_months, cost_levels, drawn_months, drivers
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.hand_deals import KEPT, YEAR, newsvendor, read


def settled(deal, committed):
    asked = Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": committed}})
    plan, _ = complete(deal, asked, scenarios_of(deal))
    return settle(deal, plan, scenarios_of(deal))


@pytest.fixture(scope="module")
def plan():
    """100 a month of list value committed at 20 % off, used 60, 100 or 160 (0.3, 0.5, 0.2), overage at list."""
    return settled(newsvendor(), 100 * KEPT * YEAR)


def test_cash_of_the_newsvendor(plan):
    """960 in advance; at the end of the year 60 a month above it, at list, with probability 0.2."""
    cash = cash_months(plan)
    assert cash[0].cash.expected_usd == pytest.approx(960)
    assert cash[5].cash.expected_usd == 0
    assert cash[11].cash.expected_usd == pytest.approx(0.2 * 60 * 12)
    assert (cash[11].cash.p10_usd, cash[11].cash.p90_usd) == (0, pytest.approx(720))
    assert sum(row.cash.expected_usd for row in cash) == pytest.approx(plan.mean(plan.undiscounted))


def test_the_commitment_of_the_newsvendor_is_drawn_down(plan):
    """80 a month expected at contracted rates in the middle scenario; used up in month 7 of 12 in the highest."""
    rows = drawn_months(plan)
    assert [row.is_first for row in rows] == [True] + [False] * 11
    used = 0.8 * (0.3 * 60 + 0.5 * 100 + 0.2 * 160)
    assert rows[0].drawn.expected_usd == pytest.approx(used)
    assert rows[0].balance_usd == pytest.approx(960)
    assert rows[0].left_usd == pytest.approx(960 - used)
    assert (rows[6].used_up, rows[7].used_up) == (0, pytest.approx(0.2))  # 8 · 0.8 · 160 = 1024 above 960
    assert rows[11].left_usd == pytest.approx(0.3 * (960 - 12 * 48))


def test_the_cost_of_the_newsvendor_spreads(plan):
    levels = {row.level: row.undiscounted_usd for row in cost_levels(plan)}
    assert (levels[0.1], levels[0.9]) == (pytest.approx(960), pytest.approx(960 + 720))


def test_a_forecast_moves_what_it_is_worth():
    """A workload at list of 50, 100 or 200 requests a month at 1 USD: 600 less, 1,200 more than the 1,200 at P50."""
    app = {"requests_per_month": {"p10": 50, "p50": 100, "p90": 200}, "input_tokens": 1, "output_tokens": 0}
    deal = read(workloads={"app": {**app, "models": ["opus"]}}, offers={})
    plan, _ = complete(deal, Proposal(), scenarios_of(deal))
    (row,) = drivers(deal, plan)
    assert (row.path, row.low, row.high) == ("workloads.app.requests_per_month", 50, 200)
    assert (row.low_usd, row.middle_usd, row.high_usd) == pytest.approx((600, 1200, 2400))
