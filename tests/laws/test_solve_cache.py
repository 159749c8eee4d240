"""Solves that share a cache find what solves alone find, whatever was solved before."""

from __future__ import annotations

from pathlib import Path
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
from deal_solve.deal.risk import Risk
from deal_solve.optimise import comparison
from deal_solve.optimise.search import agreement_search, benders, subsample
from deal_solve.optimise.search import cache as cache_module
from deal_solve.plan.plan import Plan
from deal_solve.uncertainty.scenario_set import Scenarios
from tests.support.clauses import clauses_of, without
from tests.support.fields import changed, places
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import SCENARIOS
from tests.support.samples import in_every_run, seeds

HERE = Path(__file__).parent
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
    """Equal within the gap, each above the other's bound; of equal cost, the same deal, whatever was solved before.

    Of plans whose costs differ by less than the gap they may hold different ones.
    """
    assert found.status == alone.status
    assert found.gap <= 1e-6 or found.objective_usd - found.bound_usd <= 0.02
    assert found.objective_usd == pytest.approx(alone.objective_usd, rel=1e-6, abs=0.02)
    assert max(found.bound_usd, alone.bound_usd) <= min(found.objective_usd, alone.objective_usd) + 0.02
    if found.objective_usd == pytest.approx(alone.objective_usd, rel=1e-10):
        assert signed(found.plan) == signed(alone.plan)


def signed(plan: Plan) -> tuple[object, ...]:
    """Return what is signed and decided, in whole dollars, seats and names."""
    terms = [(term.band_usd_per_year, [round(usd) for usd in term.commitment_usd]) for term in plan.api.terms]
    return (plan.api.offer, plan.api.term_months, terms, plan.seats, plan.tracks, plan.projects)


@pytest.mark.parametrize("scenarios", in_every_run(["stated", "sampled"], slow={"stated"}))
def test_cells_of_a_sweep_agree_with_solves_alone(scenarios: str) -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    for changes in CELLS:
        deal = varied(base, changes)
        drawn = scenarios_of(deal) if scenarios == "stated" else sample(deal, 256, seed=1)
        agree(solve(deal, drawn, cache=cache), solve(deal, drawn))


@pytest.mark.parametrize("seed", in_every_run(range(12), slow={*range(12)} - {1, 3, 4}))
def test_any_clause_may_change_between_two_solves(seed: int) -> None:
    """A generated deal, and the same with clauses left out, one after the other with one cache."""
    rng = np.random.default_rng(1000 + seed)
    data, cache = random_deal(rng), SolveCache()
    names = rng.permutation(sorted(clauses_of(data)))[:6]
    for edited in [data, *(without(data, str(name)) for name in names), data]:
        deal = _read(edited)
        if deal is not None:
            agree_if_feasible(_solved(deal, None, cache), _solved(deal, None, None))


def agree_if_feasible(found: Solution | None, alone: Solution | None) -> None:
    assert (found is None) == (alone is None)
    if found is not None and alone is not None:
        agree(found, alone)


PARTS = 160
"""Of the fields of a deal; the normal run changes those of the first part, `-m slow` all."""


@pytest.mark.parametrize("part", seeds(1, PARTS))
@pytest.mark.parametrize("name", ["every-field", "every-loss", "every-scenario"])
def test_any_field_may_change_between_two_solves(name: str, part: int) -> None:
    """A deal in which every field is set, and the same with another value in some of them, one after the other.

    All are solved over the scenarios of the first, the very object, as far as they fit: what is kept of those counts.
    """
    deal, cache = _deal(name), SolveCache()
    scenarios = scenarios_of(deal)
    _solved(deal, scenarios, cache)
    by_field = {place.field: place for place in places(deal)}
    for place in [*by_field.values()][part::PARTS]:
        other = changed(deal, place)
        if other is not None:
            drawn = scenarios_of(other)
            shapes = [(each.months, sorted(each.requests), sorted(each.users)) for each in (scenarios, drawn)]
            taken = scenarios if shapes[0] == shapes[1] else drawn
            agree_if_feasible(_solved(other, taken, cache), _solved(other, taken, None))


def _deal(name: str) -> Deal:
    if name != "every-loss":
        return load(HERE / f"{name}.yaml")
    deal = load(HERE / "every-field.yaml")
    return deal.model_copy(update={"risk": Risk(weight=0.3), "limits": ()})


def _read(data: Any) -> Deal | None:
    try:
        return None if data is None else read(data)
    except InputError:
        return None


def _solved(deal: Deal, scenarios: Scenarios | None, cache: SolveCache | None) -> Solution | None:
    try:
        return solve(deal, scenarios, cache=cache)
    except (Infeasible, InputError):  # a confidence that the scenarios are too few for
        return None


def test_an_agreement_that_is_as_it_was_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    scenarios = scenarios_of(base)
    solve(base, scenarios, cache=cache)
    built = []
    whole = agreement_search.formulate
    monkeypatch.setattr(agreement_search, "formulate", lambda *given: built.append(given[2][0].offer) or whole(*given))
    solve(varied(base, {"offers.twenty-four.api.bands[1].discount": "18%"}), scenarios, cache=cache)
    assert built == ["twenty-four"]


def test_the_best_plan_of_a_program_that_is_the_same_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best agreement is built neither where another one stays dearer nor, the first time, where one is as good."""
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    scenarios = scenarios_of(base)
    best = solve(base, scenarios, cache=cache)
    other = next(name for name in base.offers if name != best.plan.api.offer and base.offers[name].api)
    path = f"offers.{other}.api.bands[1].discount"
    before = base.offers[other].api.bands[1].discount["all"]
    built = []
    whole = agreement_search.formulate
    monkeypatch.setattr(agreement_search, "formulate", lambda *given: built.append(given[2][0].offer) or whole(*given))
    for more, offers in ((0.005, {other}), (0.5, {other, best.plan.api.offer})):
        built.clear()
        deal = varied(base, {path: before + more})
        found = solve(deal, scenarios, cache=cache)
        assert set(built) <= offers
        assert (found.plan == best.plan) == (more < 0.1)
        agree(found, solve(deal, scenarios))


def test_more_than_a_block_of_scenarios_needs_no_subsample_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a block had 128 of 512 scenarios."""
    for module in (subsample, benders, comparison, cache_module):
        monkeypatch.setattr(module, "BLOCK", 128)
    monkeypatch.setattr(subsample, "SUBSAMPLE_SIZES", (32,))
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    scenarios = sample(base, 512, seed=3)
    solve(base, scenarios, cache=cache)
    other = varied(base, {"offers.thirty-six.api.bands[1].discount": "29%"})
    alone = solve(other, scenarios)
    monkeypatch.setattr(subsample, "SUBSAMPLE_SIZES", None)  # not looked at
    agree(solve(other, scenarios, cache=cache), alone)


def test_sets_that_are_no_longer_needed_are_let_go() -> None:
    base, cache = load(SCENARIOS / "three-quotes.yaml"), SolveCache()
    for seed in range(cache_module.MAX_SETS + 2):
        solve(base, sample(base, 8, seed=seed), cache=cache)
    assert len(cache._sums) <= cache_module.MAX_SETS


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
