"""Solves that share a memory find what solves alone find, whatever came before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deal_solve import (
    Deal,
    Infeasible,
    InputError,
    Proposal,
    Solution,
    SolveCache,
    load,
    sample,
    scenarios_of,
    solve,
    varied,
)
from deal_solve.optimise.search import cache as room
from deal_solve.optimise.search import search
from deal_solve.optimise.search import warm_start as pilot
from tests.support.clauses import clauses_of, without
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS

CELLS: tuple[dict[str, Any], ...] = (
    {},
    {"offers.thirty-six.api.bands[1].discount": "12%"},
    {"offers.thirty-six.api.bands[1].discount": "12%", "offers.twelve.api.overage": "list"},
    {"offers.twenty-four.api.unused": "forfeited"},
    {"workloads.catalogue.growth_per_year.p50": "15%"},
    {"risk": "neutral", "limits": [{"measure": "expected", "of": "committed", "at_most": "1M"}]},
    {"offers.thirty-six.price_protection": {"capped": "4%"}, "offers.thirty-six.api.period": "quarter"},
    {},
)
"""A change of an offer, of another one, of a clause, of the volume, of the risk, of the stretches, and back."""


def agree(found: Solution, alone: Solution) -> None:
    """Equal within the gap, each above the other's bound; of nearly tied plans they may hold different ones."""
    assert found.status == alone.status
    assert found.gap <= 1e-6 or found.objective_usd - found.bound_usd <= 0.02
    assert found.objective_usd == pytest.approx(alone.objective_usd, rel=1e-6, abs=0.02)
    assert max(found.bound_usd, alone.bound_usd) <= min(found.objective_usd, alone.objective_usd) + 0.02


@pytest.mark.parametrize("scenarios", ["stated", "sampled"])
def test_cells_of_a_sweep_agree_with_solves_alone(scenarios: str) -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    for changes in CELLS:
        deal = varied(base, changes)
        drawn = scenarios_of(deal) if scenarios == "stated" else sample(deal, 256, seed=1)
        agree(solve(deal, drawn, cache=cache), solve(deal, drawn))


@pytest.mark.parametrize("seed", range(12))
def test_any_clause_may_change_between_two_solves(seed: int) -> None:
    """A generated deal, and the same with clauses left out, one after the other in one memory."""
    rng = np.random.default_rng(1000 + seed)
    data, cache = random_deal(rng), SolveCache()
    names = rng.permutation(sorted(clauses_of(data)))[:6]
    for changed in [data, *(without(data, str(name)) for name in names), data]:
        deal = _read(changed)
        if deal is not None:
            found, alone = _solved(deal, cache), _solved(deal, None)
            assert (found is None) == (alone is None)
            if found is not None and alone is not None:
                agree(found, alone)


def _read(data: Any) -> Deal | None:
    try:
        return None if data is None else read(data)
    except InputError:
        return None


def _solved(deal: Deal, cache: SolveCache | None) -> Solution | None:
    try:
        return solve(deal, cache=cache)
    except Infeasible:
        return None


def test_an_agreement_that_is_as_it_was_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    scenarios = scenarios_of(base)
    solve(base, scenarios, cache=cache)
    built = []
    whole = search.formulate
    monkeypatch.setattr(search, "formulate", lambda *given: built.append(given[2][0].offer) or whole(*given))
    solve(varied(base, {"offers.twenty-four.api.bands[1].discount": "18%"}), scenarios, cache=cache)
    assert built == ["twenty-four"]


def test_more_than_a_block_of_futures_needs_no_pilot_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a block had 128 of 512 futures."""
    for module in (pilot, search, room):
        monkeypatch.setattr(module, "BLOCK", 128)
    monkeypatch.setattr(pilot, "PILOTS", (32,))
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    scenarios = sample(base, 512, seed=3)
    solve(base, scenarios, cache=cache)
    other = varied(base, {"offers.thirty-six.api.bands[1].discount": "29%"})
    alone = solve(other, scenarios)
    monkeypatch.setattr(pilot, "PILOTS", None)  # not looked at
    agree(solve(other, scenarios, cache=cache), alone)


def test_sets_that_are_no_longer_needed_are_let_go() -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    for seed in range(room.SETS + 2):
        solve(base, sample(base, 8, seed=seed), cache=cache)
    assert len(cache._columns) <= room.SETS


def test_what_is_pinned_stays_pinned_whatever_is_known() -> None:
    """The plan of the last deal commits, which this one must not."""
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    assert solve(base, cache=cache).plan.api.terms[0].band_usd_per_year > 0
    free = Proposal.model_validate({"api": {"offer": "list", "band_usd_per_year": 0}})
    least = Proposal.model_validate({"api": {"offer": "twenty-four", "band_usd_per_year": "250k"}})
    for fix in (free, least):
        found = solve(base, fix=fix, cache=cache)
        assert found.plan.api.offer == fix.api.offer
        assert found.plan.api.terms[0].band_usd_per_year == fix.api.band_usd_per_year[0]
        agree(found, solve(base, fix=fix))
