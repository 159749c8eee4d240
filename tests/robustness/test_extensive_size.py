"""An extensive form that is too large for the memory is refused before it is built, with its size and the remedy."""

import re
import time

import pytest

from deal_solve import InputError, bounded_memory, loads, sample, solve
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search import extensive_size
from deal_solve.optimise.search.agreement import size_of
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.settings import SearchProblem, SearchSettings
from deal_solve.optimise.solver.solvers import Clock

DEAL = loads("""\
start: 2027-01
horizon_months: 12
workloads:
  bot: {requests_per_month: {low: 500k, high: 1.5M}, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}
offers:
  quote: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%}], overage: contracted}}
""")


def test_a_hundred_thousand_scenarios_are_refused_with_the_number_and_the_remedy():
    began = time.monotonic()
    with bounded_memory(4e8), pytest.raises(InputError) as refused:
        solve(DEAL, sample(DEAL, 100_000), method="extensive")
    message = str(refused.value)
    assert message.startswith("the extensive form of 100,000 scenarios, about ")
    assert "rows" in message and "non-zeros" in message and "s to build" in message
    assert "expected at most 400 MB: take --method decomposition" in message and "--memory" in message
    assert time.monotonic() - began < 30


def test_the_size_is_that_of_the_programs_that_are_built(monkeypatch):
    monkeypatch.setattr(extensive_size, "SMALL", 0)
    problem = SearchProblem(DEAL, ScenarioSums(DEAL, sample(DEAL, 48)))

    def programs(part):
        return AgreementSearch(part, SearchSettings(), Clock(None))._open_agreements()

    built = [size_of(candidate.formulation) for candidate in programs(problem)]
    with bounded_memory(1e3), pytest.raises(InputError) as refused:
        extensive_size.refuse_large(problem, programs, Clock(None))
    stated = re.search(r"about ([0-9,]+) rows, ([0-9,]+) columns and ([0-9,]+) non-zeros", str(refused.value)).groups()
    wanted = [sum(getattr(size, name) for size in built) for name in ("rows", "columns", "nonzeros")]
    assert [int(number.replace(",", "")) for number in stated] == pytest.approx(wanted, rel=0.02)
