"""Sources: a path of the deal file and what stands behind it."""

import pytest

from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.facts.sources import assumptions
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of

DEAL = """
start: 2027-01
horizon_months: 12
workloads:
  app:
    requests_per_month: {p10: 900k, p50: 1M, p90: 1.2M}
    input_tokens: 1000
    output_tokens: 200
    models: [sonnet]
  bot:
    requests_per_month: {p10: 100k, p50: 1M, p90: 3M}
    input_tokens: 1000
    output_tokens: 200
    models: [sonnet]
uncertainty: {list_price_change_per_year: {models: -10%}}
offers: {quote: {terms: {12: {}}, api: {bands: [{commit_usd_per_year: 1k, discount: 20%}]}}}
"""


def rows(more=""):
    deal = loads(DEAL + more)
    plan, _ = complete(deal, Proposal(), scenarios_of(deal))
    return list(assumptions(deal, plan))


def test_assumptions_stand_in_order_of_what_hangs_on_them():
    """A request costs the same in both: 2.9M against 0.3M requests a month between P10 and P90."""
    found = rows()
    assert [row.path for row in found] == [
        "workloads.bot.requests_per_month",
        "workloads.app.requests_per_month",
        "uncertainty.list_price_change_per_year.models",
        "offers.quote",
    ]
    assert found[0].swing_usd / found[1].swing_usd == pytest.approx(2.9 / 0.3)
    assert [row.swing_usd for row in found[2:]] == [0.0, 0.0]


def test_a_source_counts_for_all_inside_its_path_and_the_nearest_one_wins():
    found = rows("sources: {workloads: logs, workloads.bot.requests_per_month: a guess, offers: mail of 3 May}\n")
    assert {row.path: row.source for row in found} == {
        "workloads.bot.requests_per_month": "a guess",
        "workloads.app.requests_per_month": "logs",
        "uncertainty.list_price_change_per_year.models": None,
        "offers.quote": "mail of 3 May",
    }


def test_a_source_must_stand_on_a_part_of_the_file():
    with pytest.raises(InputError) as caught:
        loads(DEAL + "sources: {workloads.bott: logs}\n")
    assert [f"{problem}" for problem in caught.value.problems] == [
        "deal:17: sources.workloads.bott: there is no 'workloads.bott' in this file; did you mean 'workloads.bot'?"
    ]
