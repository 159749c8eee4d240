"""A program is built once for all solves of a deal, and goes on with its cuts; each solve is the same as one alone."""

import dataclasses

import pytest

from deal_solve import Proposal, sample, solve
from deal_solve.formulation.model.program import Program
from deal_solve.optimise.search import agreement_search, benders, subsample
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.hand_deals import RARE, newsvendor
from tests.support.solved import loaded


@pytest.fixture
def built(monkeypatch):
    """Return the agreements whose programs have been built."""
    found = []
    formulate = agreement_search.formulate

    def counted(deal, sums, offered, *rest):
        found.append(list(offered))
        return formulate(deal, sums, offered, *rest)

    monkeypatch.setattr(agreement_search, "formulate", counted)
    return found


@pytest.fixture
def cuts(monkeypatch):
    """Return the epigraphs of cuts that have been made."""
    made, add_cut = [], Program.add_cut
    monkeypatch.setattr(Program, "add_cut", lambda *args: (made.append(args[1]), add_cut(*args))[1])
    return made


def answer(solution):
    """Return what a solve finds, its plan and all its bounds."""
    kept = {field.name: getattr(solution, field.name) for field in dataclasses.fields(solution)}
    others = ("notes", "build_seconds", "solve_seconds", "settlement", "baseline_cost", "best_cost")
    return {name: value for name, value in kept.items() if name not in others}


@pytest.mark.parametrize("name", ["api-heavy", "power-users"])
def test_a_second_solve_of_a_deal_builds_nothing_and_is_the_same(built, cuts, name):
    """The second time the deal is that of the settlement, whose confidence its scenarios can carry."""
    deal = loaded(name)
    scenarios, cache = scenarios_of(deal), SolveCache(is_of_sums=True)
    first = solve(deal, scenarios, cache=cache)
    count, made = len(built), len(cuts)
    again = solve(first.settlement.deal, scenarios, cache=cache, baseline=first)
    assert count > 0
    assert len(built) == count
    assert len(cuts) < 2 * made
    assert again.plan == first.plan
    assert again.objective_usd == pytest.approx(first.objective_usd, rel=1e-12)
    assert again.bound_usd == pytest.approx(first.bound_usd, rel=1e-9)


def test_some_bands_alone_are_closed_in_a_program_that_was_open(built):
    deal = newsvendor()
    scenarios, cache = scenarios_of(deal), SolveCache(is_of_sums=True)
    best = solve(deal, scenarios, cache=cache)
    (taken,) = {(one.offer, one.term_months) for one in best.agreements if one.offer == "quote"}
    bands = {taken: {0.01: 0.0}}
    count = len(built)
    among = solve(deal, scenarios, bands=bands, cache=cache)
    assert len(built) == count
    assert answer(among) == answer(solve(deal, scenarios, bands=bands))


def test_another_deal_or_another_decision_has_a_program_of_its_own(built):
    deal = newsvendor()
    scenarios, cache = scenarios_of(deal), SolveCache(is_of_sums=True)
    solve(deal, scenarios, cache=cache)
    count = len(built)
    fixed = solve(deal, scenarios, cache=cache, fix=Proposal(api={"offer": "quote", "commitment_usd": [900]}))
    assert len(built) > count
    assert fixed.plan.api.terms[0].commitment_usd == (900,)
    other = newsvendor(RARE, {"low": 0.1, "middle": 0.1, "high": 0.8})
    assert answer(solve(other, scenarios_of(other), cache=cache)) == answer(solve(other, scenarios_of(other)))


def test_over_many_scenarios_a_program_goes_on_with_its_cuts(built, cuts, monkeypatch):
    """Subsamples of 32 and 128 of 512 scenarios, as if a block had 256: the same optimum, with fewer cuts made."""
    for module in (subsample, benders):
        monkeypatch.setattr(module, "BLOCK", 256)
    monkeypatch.setattr(subsample, "SUBSAMPLE_SIZES", (32, 128))
    deal = loaded("three-quotes")
    scenarios, cache = sample(deal, 512, seed=3), SolveCache(is_of_sums=True)
    best = solve(deal, scenarios, cache=cache)
    taken = best.plan.api.offer, best.plan.api.term_months, best.plan.api.terms[0].band_usd_per_year
    bands = {}
    for one in best.agreements:
        if (one.offer, one.term_months, one.band_usd_per_year) != taken:
            bands.setdefault((one.offer, one.term_months), {})[one.band_usd_per_year] = one.bound_usd
    deal, counts = best.settlement.deal, []
    built.clear()
    for known in (cache, SolveCache(is_of_sums=True)):
        cuts.clear()
        counts.append((solve(deal, scenarios, bands=bands, baseline=best, cache=known), len(cuts), len(built)))
        built.clear()
    (kept, few, none), (alone, many, all_of_them) = counts
    assert none == 0 < all_of_them
    assert few < many
    assert kept.objective_usd == pytest.approx(alone.objective_usd, rel=2e-6)
    assert max(kept.bound_usd, alone.bound_usd) <= min(kept.objective_usd, alone.objective_usd) * (1 + 1e-9)


def test_a_program_is_the_same_whatever_was_asked_before(cuts):
    """What a later solve has cut, and what it has left behind in a program, is not handed on."""
    deal = newsvendor()
    scenarios, cache = scenarios_of(deal), SolveCache(is_of_sums=True)
    best = solve(deal, scenarios, cache=cache)
    (taken,) = {(one.offer, one.term_months) for one in best.agreements if one.offer == "quote"}
    bands, found = {taken: {0.01: 0.0}}, []
    copy = cache.copy()
    for known in (cache, cache, copy):
        cuts.clear()
        found.append((answer(solve(deal, scenarios, bands=bands, cache=known)), list(cuts)))
    assert found[0] == found[1] == found[2]
