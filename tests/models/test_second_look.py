"""What a solver takes for the optimum and is not.

HiGHS 1.16 with presolve and tolerances of 1e-9 lost a bundle; the preprocessing of CBC 2.10 called an offer infeasible.
"""

import pytest

from deal_solve import loads, solve
from deal_solve.errors import Disagreement
from deal_solve.optimise import solve as module

STEPS_AND_BUNDLE = """
start: 2027-01
workloads:
  app:
    {requests_per_month: 0.8M, input_tokens: 6000, output_tokens: 50, quality: {scores: {sonnet: 0.93}}}
cohorts:
  staff:
    headcount: 20
    tracks: [enterprise]
    use: {requests_per_user_month: 4167, input_tokens: 1500, output_tokens: 300, models: [sonnet]}
offers:
  quote:
    api: {bands: [{commit_usd_per_year: 64k, discount: 24%}], step_usd: 78k}
    seats: {enterprise: {}}
    bundle: [{combined_usd_per_year: 40100, api: 2%}]
"""
CREDIT_IN_ARREARS = """
start: 2027-11
workloads:
  app:
    requests_per_month: 210000
    input_tokens: [{share: 0.7, tokens: 5000}, {share: 0.3, tokens: 90000}]
    output_tokens: 1200
    batchable: 30%
    shares: {opus: {minimum: 50%}}
cost_of_capital_per_year: 8%
offers:
  quote:
    api:
      bands: [{commit_usd_per_year: 39k, discount: 18%}]
      payment: arrears
      credit: {usd: 22k, pays: charges, within_months: 20}
risk: {weight: 0.3}
"""
LOST = "optimiser and settlement disagree"


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_bundle_beside_commitments_in_steps_is_not_lost(method):
    """Commitments of one step, 78,000, reach the tier of 40,100: 2 % less on all usage, by both methods."""
    solution = solve(loads(STEPS_AND_BUNDLE), method=method)
    assert solution.objective_usd == pytest.approx(312_223.14)


def test_an_offer_that_cbc_calls_infeasible_is_not_lost():
    """The credit and 18 % less are better than list, which is what CBC was left with; HiGHS finds the same plan."""
    deal = loads(CREDIT_IN_ARREARS)
    by_highs, by_cbc = solve(deal, method="extensive"), solve(deal, method="extensive", solver="cbc")
    assert by_cbc.objective_usd == pytest.approx(by_highs.objective_usd)
    assert by_cbc.plan.api.offer == "quote"


def test_where_settlement_finds_another_objective_the_solver_looks_again_without_presolve(monkeypatch):
    seen, settled = [], module._settled

    def first_in_doubt(found, *rest):
        seen.append(found.search.settings.presolves)
        if len(seen) == 1:
            raise Disagreement(LOST)
        return settled(found, *rest)

    monkeypatch.setattr(module, "_settled", first_in_doubt)
    assert solve(loads(STEPS_AND_BUNDLE)).status == "optimal"
    assert seen == [True, False]


def test_a_second_disagreement_is_an_error(monkeypatch):
    def in_doubt(*_):
        raise Disagreement(LOST)

    monkeypatch.setattr(module, "_settled", in_doubt)
    with pytest.raises(Disagreement, match=LOST):
        solve(loads(STEPS_AND_BUNDLE))
