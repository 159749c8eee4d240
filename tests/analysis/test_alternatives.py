"""Every agreement at its own best: each row equals a solve with the choice forced, and its lines add up."""

import pytest

from deal_solve import SolveCache, loads, scenarios_of, solve
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.why_not import alternatives as alternatives_module
from deal_solve.analysis.why_not.alternatives import alternatives
from deal_solve.analysis.why_not.alternatives_text import alternatives_report
from deal_solve.optimise import neighbours
from deal_solve.optimise.options import SolveOptions
from deal_solve.plan.proposal import Proposal
from tests.support.deals import APP
from tests.support.paths import EXAMPLES
from tests.support.samples import in_every_run
from tests.support.solved import every_alternative, loaded, solved

TWO_BANDS = f"""
{APP}
offers:
  quote:
    terms: {{12: {{}}}}
    api:
      bands:
        - {{commit_usd_per_year: 30k, discount: 10%}}
        - {{commit_usd_per_year: 120k, discount: 30%}}
"""


def test_a_band_above_the_usage_costs_its_forfeiture_less_its_rate():
    """Usage at list: 1M · (1000·2 + 200·10)/1M USD = 4,000 a month at Sonnet's price of the card, 48,000 a year.

    10 % off costs 43,200, all of it used; list costs 4,800 more; the band from 120,000 costs 120,000: its rate saves
    another 9,600 against the first band, and 120,000 - 33,600 = 86,400 are forfeited.
    """
    deal = loads(TWO_BANDS)
    best = solve(deal)
    monthly = best.settlement.cost[0] / 0.9 / 12
    rows = {(row.offer, row.band_usd_per_year): row for row in alternatives(best, every=True)}
    year = 12 * monthly
    assert rows["quote", 30_000].is_recommended
    assert rows["list", 0].above_usd == pytest.approx(0.1 * year)
    assert rows["list", 0].difference.of("rate") == pytest.approx(0.1 * year)
    top = rows["quote", 120_000]
    assert top.above_usd == pytest.approx(120_000 - 0.9 * year)
    assert top.difference.of("rate") == pytest.approx(-0.2 * year)
    assert top.difference.of("forfeiture") == pytest.approx(120_000 - 0.7 * year)
    text = alternatives_report(deal, alternatives(best, every=True), best.objective_usd)
    assert "recommended" in text
    assert "commitment forfeited" in text


def test_the_runner_up_is_the_least_dear_of_all_other_agreements():
    """List costs 0.1 of a year more than the first band, the upper band 120,000 less 0.9 of it: 76,800 beside 4,800."""
    best = solve(loads(TWO_BANDS))
    compared = comparisons(best, SolveOptions())
    dearer = [row.above_usd for row in alternatives(best, every=True) if not row.is_recommended]
    assert compared.runner_up.objective_usd - best.objective_usd == pytest.approx(min(dearer))
    assert compared.runner_up.plan == compared.no_commitment.plan
    assert compared.runner_up.plan.api.offer == "list"


def test_plans_are_compared_in_two_processes_as_in_one(monkeypatch):
    """The best plan without a commitment, and the best one with another, are looked for side by side."""
    found, begun, second_process = [], [], neighbours.second_process
    monkeypatch.setattr(neighbours, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr(neighbours, "second_process", lambda *given: begun.append(given) or second_process(*given))
    for can in (True, False):
        monkeypatch.setattr(neighbours, "can_fork", lambda can=can: can)
        cache = SolveCache(is_of_sums=True)
        best = solve(loads(TWO_BANDS), cache=cache)
        found.append(comparisons(best, SolveOptions(cache=cache)))
        assert len(begun) == 1
    assert found[0] == found[1]


def test_a_plan_that_the_search_has_found_under_another_agreement_is_the_limit_of_the_runner_up(monkeypatch):
    best, limits = solved("regulated"), []
    (other,) = (each.objective_usd for each in best.agreements if each.objective_usd and each.term_months == 12)
    asked = alternatives_module.solve

    def solving(*given, better_than, **rest):
        limits.append(better_than)
        return asked(*given, better_than=better_than, **rest)

    monkeypatch.setattr(alternatives_module, "solve", solving)
    found = alternatives_module.nearest(best, lambda each: each.band_usd_per_year > 0, SolveOptions())
    assert limits == [other]
    assert found.objective_usd == pytest.approx(other)


@pytest.mark.parametrize(
    "name", in_every_run((path.stem for path in EXAMPLES), slow={"api-heavy", "hybrid", "regulated", "start-up"})
)
def test_bounds_hold_and_lines_add_up(name):
    """What was proven without solving is not above what solving finds; parts sum to the whole within a cent."""
    best = solved(name)
    proven = {(row.offer, row.term_months, row.band_usd_per_year): row for row in alternatives(best)}
    assert len(proven) == len(best.agreements)
    assert sum(row.is_recommended for row in proven.values()) == 1
    for row in every_alternative(name):
        before = proven[row.offer, row.term_months, row.band_usd_per_year]
        if row.above_usd is None or row.is_recommended:
            continue
        assert before.above_usd <= row.above_usd + 0.01 + 1e-6 * abs(best.objective_usd)
        assert row.above_usd >= -0.01 - 1e-6 * abs(best.objective_usd)
        lines = sum(line.difference_usd for line in row.difference.lines)
        assert lines + row.difference.risk_usd == pytest.approx(row.above_usd, abs=0.01)


def test_an_alternative_is_the_deal_with_that_agreement_forced():
    deal = loaded("three-quotes")
    scenarios = scenarios_of(deal)
    for row in every_alternative("three-quotes"):
        if row.solution is not None:
            api = {"offer": row.offer, "term_months": row.term_months}
            bands = {(row.offer, row.term_months): {row.band_usd_per_year: 0.0}}
            again = solve(deal, scenarios, fix=Proposal.model_validate({"api": api}), bands=bands)
            assert again.objective_usd == pytest.approx(row.solution.objective_usd, rel=1e-6)
            assert again.plan.api.terms[0].band_usd_per_year == row.band_usd_per_year
