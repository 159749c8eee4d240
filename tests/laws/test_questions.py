"""Questions of many solves answer what solves alone answer, and one that asks less of a plan gets what it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, InputError, SolveCache, scenarios_of
from deal_solve.analysis.curve.curve import curve
from deal_solve.analysis.frontier.frontier import frontier
from deal_solve.analysis.levers.waterfall import waterfall
from deal_solve.deal.load import load
from deal_solve.facts.decisions import key_of
from deal_solve.optimise.search import agreement_search
from deal_solve.optimise.search.candidate_solver import CandidateSolver
from deal_solve.optimise.solve import solve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS
from tests.support.samples import seeds


def generated(seed: int) -> Deal:
    """Return a generated deal that is signed in one month."""
    deal = read(random_deal(np.random.default_rng(seed)))
    return deal.signed_in(deal.signing_months[0]) if deal.is_open else deal


@pytest.mark.parametrize("seed", seeds([1, 4, 8], 24))
def test_a_question_that_asks_less_of_the_plan_gets_the_same_cost_and_decisions(seed: int) -> None:
    """With nothing known beforehand, and with what other solves know."""
    deal, cache = generated(3000 + seed), SolveCache()
    scenarios = scenarios_of(deal)
    try:
        whole = solve(deal, scenarios, cache=cache)
    except Infeasible:
        return
    for known in (None, cache, cache):
        alone = solve(deal, scenarios, cache=known, asks="cost")
        assert alone.status == whole.status
        assert alone.objective_usd == pytest.approx(whole.objective_usd, rel=1e-6, abs=0.02)
        decided = solve(deal, scenarios, cache=known, asks="decisions")
        assert key_of(deal, decided.plan) == key_of(deal, whole.plan)
        assert decided.objective_usd == pytest.approx(whole.objective_usd, rel=1e-6, abs=0.02)
        assert max(alone.bound_usd, whole.bound_usd) <= min(alone.objective_usd, whole.objective_usd) + 0.02


def test_a_plan_asked_for_alone_is_the_same_without_a_bound_of_every_other_band(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal, bounded, whole = load(SCENARIOS / "start-up.yaml"), [], CandidateSolver.bound_of_band
    monkeypatch.setattr(agreement_search, "can_fork", lambda: False)  # a second process would bound them unseen
    monkeypatch.setattr(
        CandidateSolver, "bound_of_band", lambda self, *given: bounded.append(given) or whole(self, *given)
    )
    alone = solve(deal, asks="plan_alone")
    assert not bounded
    assert alone.plan == solve(deal).plan
    assert bounded


def _frontier(deal: Deal, **keywords: Any) -> Iterator[tuple[Any, ...]]:
    for point in frontier(deal, scenarios_of(deal), 3, **keywords).points:
        yield (point.deal, point.weight, point.last_weight), (point.expected_usd, point.cvar_usd)


def _curve(deal: Deal, **keywords: Any) -> Iterator[tuple[Any, ...]]:
    for point in curve(deal, scenarios_of(deal), points=3, **keywords).points:
        yield (point.mark, point.band_usd_per_year), (point.commitment_usd_per_year, point.objective_usd)


def _levers(deal: Deal, **keywords: Any) -> Iterator[tuple[Any, ...]]:
    for step in waterfall(deal, scenarios_of(deal), **keywords).from_today:
        yield (step.lever,), (step.expected_usd, step.api_usd, step.commitment_usd_per_year or 0.0)


@pytest.mark.parametrize("ask", [_frontier, _curve, _levers])
@pytest.mark.parametrize("seed", seeds([3], 16))
def test_what_solves_know_of_each_other_changes_no_answer(ask: Callable[..., Any], seed: int) -> None:
    deal = generated(3100 + seed)
    try:
        alone = list(ask(deal, cache=SolveCache(is_of_sums=True)))
    except (Infeasible, InputError):
        return
    found = list(ask(deal))
    assert [words for words, _ in found] == [words for words, _ in alone]
    for (_, one), (_, other) in zip(found, alone, strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=0.02)
