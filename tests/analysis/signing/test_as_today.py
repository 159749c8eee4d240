"""What nothing signed costs, as the page compares it: an agreement in force to its end, then API and seats at list."""

import pytest

from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.deal.load import loads
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.signing import solve
from deal_solve.plan.proposal import Proposal

IN_FORCE = """
start: 2027-01
horizon_months: 24
risk: {risk}
workloads:
  app: {{requests_per_month: 1M, input_tokens: 2000, output_tokens: 300, models: [sonnet]}}
offers:
  old: {{on_the_table: no, api: {{bands: [{{commit_usd_per_year: 40k, discount: 10%}}]}}}}
  new: {{api: {{bands: [{{commit_usd_per_year: 60k, discount: 50%}}]}}}}
in_force:
  offer: old
  ends: 2027-07
  api: {{band_usd_per_year: 40k, commitment_usd: 84k, period_started: 2026-07, drawn_usd: 42k}}
signing: {{months: {months}, early: forfeited}}
"""
SEATS = """
start: 2027-01
horizon_months: 24
workloads:
  app: {requests_per_month: 1M, input_tokens: 2000, output_tokens: 300, models: [sonnet]}
cohorts:
  staff: {headcount: 100, tracks: [enterprise], covered_share: {enterprise: 1}}
offers:
  new: {api: {bands: [{commit_usd_per_year: 60k, discount: 10%}]}, seats: {enterprise: {usd_per_user_month: 10}}}
"""


@pytest.mark.parametrize(
    ("risk", "months", "pins"),
    [("neutral", "[0]", {}), ("cautious", "[0]", {}), ("cautious", "[0, 6]", {"signing_month": 0})],
)
def test_nothing_signed_uses_up_what_is_in_force_whenever_the_deal_is_signed(risk, months, pins):
    """The 42,000 left pay for six months at 6,300; from July on list is 7,000 a month for 18 months, 126,000.

    In month 0 the 42,000 would be lost, and list cost 24 · 7,000 = 168,000. It is the same where a month is pinned.
    """
    options = SolveOptions(fix=Proposal.model_validate(pins) if pins else None)
    best = solve(loads(IN_FORCE.format(risk=risk, months=months)), options=options)
    assert best.plan.signing_month == 0 or not pins
    compared = comparisons(best, options)
    for other in (compared.as_today, compared.no_commitment):
        assert other.expected_usd == pytest.approx(126_000)
        assert other.plan.signing_month == 6
        assert not other.signed_usd
    text = " ".join(solution_report(subject_of(best, compared)).split())
    assert "No commitment 126,000 for the best plan without one: with nothing signed, as today" in text


def test_the_runner_up_at_list_says_that_what_is_in_force_is_given_up():
    best = solve(loads(IN_FORCE.format(risk="neutral", months="[0]")))
    text = " ".join(solution_report(subject_of(best, comparisons(best, SolveOptions()))).split())
    assert "Runner-up list prices from 2027-01, what is in force given up, nothing committed: costs 48,000 more" in text


def test_seats_are_at_list_where_nothing_is_signed():
    """84,000 a year of usage and 100 seats at the card's 20, 24,000 a year: 216,000; the quote asks 10 a seat."""
    best = solve(loads(SEATS))
    going_on = comparisons(best, None).as_today
    assert best.plan.seats["enterprise"].offer == "new"
    assert going_on.plan.seats["enterprise"].offer == "list"
    assert going_on.expected_usd == pytest.approx(216_000)


def test_nobody_goes_on_as_today_on_seats_that_no_list_sells():
    best = solve(
        loads(SEATS.replace("enterprise", "gold").replace("month: 10", "month: 10, list_usd_per_user_month: 15"))
    )
    assert comparisons(best, None).as_today is None
