"""An extensive form that is too large for the memory is refused before it is built, with its size and the remedy."""

import re
import time

import pytest

from deal_solve import InputError, bounded_memory, load, sample, solve
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search import extensive_size
from deal_solve.optimise.search.agreement import size_of
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.settings import SearchProblem, SearchSettings
from deal_solve.optimise.solver.solvers import Clock
from tests.support.paths import ROOT

DEAL = load(ROOT / "scenarios/hybrid.yaml")


def test_a_hundred_thousand_scenarios_are_refused_with_the_number_and_the_remedy():
    began = time.monotonic()
    with bounded_memory(2e9), pytest.raises(InputError) as refused:
        solve(DEAL, sample(DEAL, 100_000), method="extensive")
    message = str(refused.value)
    assert message.startswith("the extensive form of 100,000 scenarios, about ")
    assert "rows" in message and "non-zeros" in message and "s to build" in message
    assert "expected at most 2.0 GB: take --method decomposition" in message and "--memory" in message
    assert time.monotonic() - began < 30


def test_the_size_is_that_of_the_programs_that_are_built(monkeypatch):
    monkeypatch.setattr(extensive_size, "SMALL", 0)
    problem = SearchProblem(DEAL, ScenarioSums(DEAL, sample(DEAL, 96)))

    def programs(part):
        return AgreementSearch(part, SearchSettings(), Clock(None))._open_agreements()

    built = [size_of(candidate.formulation) for candidate in programs(problem)]
    with bounded_memory(1e6), pytest.raises(InputError) as refused:
        extensive_size.refuse_large(problem, programs, Clock(None))
    stated = re.search(r"about ([0-9,]+) rows, ([0-9,]+) columns and ([0-9,]+) non-zeros", str(refused.value)).groups()
    wanted = [sum(getattr(size, name) for size in built) for name in ("rows", "columns", "nonzeros")]
    assert [int(number.replace(",", "")) for number in stated] == pytest.approx(wanted, rel=0.02)
