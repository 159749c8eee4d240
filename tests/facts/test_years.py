"""Cost and cash of a year: cost in the months that a payment is for, cash when it is paid; worked by hand."""

import pytest

from deal_solve.deal.load import loads
from deal_solve.facts.years import year_ends, years
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of

DEAL = """
start: 2027-01
horizon_months: 24
workloads:
  bot:
    requests_per_month: 1M
    input_tokens: 1000
    output_tokens: 0
    today: {model: priced}
    quality: {scores: {priced: 1}, floor: 1}
rates: {models: {priced: {family: opus, input_usd_per_mtok: 10, output_usd_per_mtok: 0}}}
offers:
  paper:
    terms: [24]
    api:
      bands: [{commit_usd_per_year: 120k, discount: 0%}]
      payment: PAYMENT
"""


def settled(payment, commitment=(120_000, 60_000)):
    """10,000 of usage a month: 120,000 in each contract year."""
    deal = loads(DEAL.replace("PAYMENT", payment).replace("commit_usd_per_year: 120k", "commit_usd_per_year: 60k"))
    scenarios = scenarios_of(deal)
    proposal = {"api": {"offer": "paper", "commitment_usd": list(commitment)}}
    plan, _ = complete(deal, Proposal.model_validate(proposal), scenarios)
    return settle(deal, plan, scenarios)


def amounts(rows):
    return [(row.cost.expected_usd, row.cash.expected_usd) for row in rows]


def test_years_end_where_the_fiscal_year_starts():
    """From January 2027: contract years of 12 months; fiscal years from April are of 3, 12 and 9 months."""
    deal = settled("prepaid").deal
    assert year_ends(deal) == (12, 24)
    assert year_ends(deal, 4) == (3, 15, 24)
    assert year_ends(deal, 1) == (12, 24)
    assert year_ends(deal, 12) == (11, 23, 24)


def test_what_is_prepaid_for_a_year_is_cash_at_once_and_cost_month_by_month():
    """120,000 are paid in January 2027 and in January 2028; from April, a fiscal year costs 10,000 a month."""
    settlement = settled("prepaid", (120_000, 120_000))
    assert amounts(years(settlement)) == [(pytest.approx(120_000), pytest.approx(120_000))] * 2
    expected = [(30_000, 120_000), (120_000, 120_000), (90_000, 0)]
    assert amounts(years(settlement, 4)) == [pytest.approx(pair) for pair in expected]


def test_overage_is_paid_at_the_end_of_its_period_and_costs_in_all_its_months():
    """60,000 of the second year are not covered: charged in December 2028, for January to December 2028."""
    rows = years(settled("prepaid"), 4)
    expected = [(30_000, 120_000), (90_000 + 30_000, 60_000), (90_000, 60_000)]
    assert amounts(rows) == [pytest.approx(pair) for pair in expected]
    assert rows[2].cash_by_line == {"overage": pytest.approx(60_000)}
    assert rows[2].cost_by_line == {"commitment": pytest.approx(45_000), "overage": pytest.approx(45_000)}


def test_what_is_paid_at_the_end_of_a_month_falls_in_that_month():
    """Usage in arrears, 10,000 a month: December is paid at its end, in its year."""
    assert amounts(years(settled("arrears", (120_000, 120_000)))) == [(pytest.approx(120_000),) * 2] * 2
