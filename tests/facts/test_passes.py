"""What the file says of a settled plan is read off in one pass: sampled scenarios are drawn once for it."""

import numpy as np
import pytest

from deal_solve.deal.load import loads
from deal_solve.facts.notes import may_differ_as_used, plan_notes
from deal_solve.outputs import to_json
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.settle import cost_of, settle
from deal_solve.uncertainty.measures import cvar, quantiles
from deal_solve.uncertainty.sampling import SampledSet, sample
from deal_solve.uncertainty.scenario_set import BLOCK

DEAL = """
start: 2027-01
horizon_months: 24
workloads:
  bot:
    requests_per_month: {p10: 1M, p50: 2M, p90: 4M}
    input_tokens: 1000
    output_tokens: 0
    today: {model: priced}
    quality: {scores: {priced: 1}, floor: 1}
rates: {models: {priced: {family: opus, input_usd_per_mtok: 10, output_usd_per_mtok: 0}}}
offers:
  paper: {terms: [24], api: {bands: [{commit_usd_per_year: 120k, discount: 5%}]}}
"""


LIMITED = (
    DEAL.replace("rates: {", "rates: {list_usd_per_month_limit: 20k, ")
    .replace("terms: [24]", "terms: [24], price_protection: locked")
    .replace("discount: 5%}]", "discount: 5%}], overage: list")
)
"""Where list prices may move and a card has a limit, notes look into every scenario too."""


@pytest.mark.parametrize("text", [DEAL, LIMITED])
def test_the_file_draws_each_block_of_scenarios_once(monkeypatch, text):
    deal = loads(text)
    scenarios = sample(deal, 2 * BLOCK)
    proposal = {"api": {"offer": "paper", "commitment_usd": [120_000, 120_000]}}
    plan, _ = complete(deal, Proposal.model_validate(proposal), scenarios)
    settlement = settle(deal, plan, scenarios)
    assert np.array_equal(cost_of(deal, plan, scenarios), settlement.cost)
    drawn, block = [], SampledSet.block
    monkeypatch.setattr(SampledSet, "block", lambda self, index: drawn.append(index) or block(self, index))
    first = to_json(settlement)
    assert sorted(drawn) == [0, 0, 1]  # once each, and the first one for the invoice of the likeliest scenario
    drawn.clear()
    assert to_json(settlement) == first
    assert drawn == [0]
    drawn.clear()
    notes = plan_notes(settlement)
    assert not drawn
    assert plan_notes(settle(deal, plan, scenarios)) == notes
    assert may_differ_as_used(settlement) == (text is LIMITED)


@pytest.mark.parametrize("seed", range(3))
def test_equal_weights_have_the_quantiles_and_tail_of_any_others(seed):
    """The last scenario is split into two of half its weight: the weights differ, the distribution does not."""
    values = np.random.default_rng(seed).choice([0.0, 1.5, 2.0, 7.25, 9.0], 16)
    split, halves = np.append(values, values[-1]), np.append(np.full(15, 1 / 16), [1 / 32, 1 / 32])
    levels = (0.0, 0.1, 0.5, 0.9, 1.0)
    assert quantiles(values, np.full(16, 1 / 16), levels).tolist() == quantiles(split, halves, levels).tolist()
    assert cvar(values, np.full(16, 1 / 16), 0.8) == pytest.approx(cvar(split, halves, 0.8), rel=1e-12)
