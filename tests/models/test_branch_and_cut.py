"""Branch and cut finds what the solver's own search finds, and gives up in good time."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, Plan, Solution, SolveCache, load, sample, solve
from deal_solve.deal.risk import Limit
from deal_solve.optimise.search import benders, branch_and_cut, polish
from deal_solve.optimise.solver import pseudo_costs
from deal_solve.optimise.solver.highs_session import HighsSession, SolverGaveUpError
from deal_solve.optimise.solver.pseudo_costs import DOWN, LEARNING_CHILDREN, MIN_GAIN, UP, Branched, PseudoCosts
from deal_solve.optimise.solver.solvers import Answer
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.hand_deals import YEAR, newsvendor
from tests.support.paths import SCENARIOS
from tests.support.samples import in_every_run

MANY = {f"d{number}": 40 + 10 * number for number in range(12)}


def solved(deal: Deal) -> Solution | None:
    try:
        return solve(deal, cache=SolveCache())
    except Infeasible:
        return None


def agree(found: Solution | None, other: Solution | None) -> None:
    assert (found is None) == (other is None)
    if found is not None and other is not None:
        assert found.objective_usd == pytest.approx(other.objective_usd, rel=1e-6, abs=0.02)
        assert max(found.bound_usd, other.bound_usd) <= min(found.objective_usd, other.objective_usd) + 0.02


@pytest.mark.parametrize("seed", in_every_run(range(16), slow={3, *range(6, 16)}))  # 3 takes long
def test_generated_deals(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = read(random_deal(np.random.default_rng([5, seed])))
    found = solved(deal)
    monkeypatch.setattr(benders, "branch_and_cut", lambda *_: (None, None))
    agree(found, solved(deal))


def test_many_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = load(SCENARIOS / "hybrid.yaml")
    scenarios = sample(deal, 64, seed=2)
    found = solve(deal, scenarios)
    monkeypatch.setattr(benders, "branch_and_cut", lambda *_: (None, None))
    agree(found, solve(deal, scenarios))


def test_a_search_that_gets_too_large_or_is_given_up_is_left_to_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = load(SCENARIOS / "three-quotes.yaml")
    found = solve(deal)
    monkeypatch.setattr(branch_and_cut, "NODE_LIMIT", 1)
    agree(found, solve(deal))
    monkeypatch.setattr(branch_and_cut, "RELAXATIONS_PER_NODE", 2)
    agree(found, solve(deal))

    def give_up(*_: object) -> None:
        raise SolverGaveUpError

    monkeypatch.setattr(HighsSession, "resolve_from_basis", give_up)
    agree(found, solve(deal))


def test_choices_that_miss_the_tight_tolerance_are_finished_at_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Met once in a thousand cells of a sweep; the settlement still has to agree."""
    deal = load(SCENARIOS / "three-quotes.yaml")
    found, whole = solve(deal), polish.run

    def strict(*given: Any, exact: bool = False, **more: Any) -> Answer:
        return Answer("infeasible", math.inf, math.inf) if exact else whole(*given, **more)

    monkeypatch.setattr(polish, "run", strict)
    agree(found, solve(deal))


@pytest.mark.parametrize("name", in_every_run(["newsvendor", "regulated"], slow={"regulated"}))
def test_a_program_with_all_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is kept in half of the futures has a binary for each, and no cuts."""
    budget = Limit(probability_within=0.5, at_most=YEAR * 110)
    small = newsvendor(MANY, dict.fromkeys(MANY, 1 / len(MANY))).model_copy(update={"limits": (budget,)})
    deal = load(SCENARIOS / "regulated.yaml") if name == "regulated" else small
    searched, whole = [], benders.branch_and_cut
    monkeypatch.setattr(benders, "branch_and_cut", lambda *given: searched.append(whole(*given)) or searched[-1])
    found = solve(deal)
    assert found.method == "extensive"
    assert all(answer is not None for answer, _ in searched)
    count = len(searched)
    assert count >= len([each for each in found.agreements if each.outcome == "solved"])
    other = solve(deal, method="extensive")
    assert len(searched) == count  # the extensive form is the solver's own, so that one audits the other
    agree(found, other)
    assert found.plan == other.plan
    monkeypatch.setattr(benders, "NODE_LIMIT_OF_ROWS", -1)
    agree(found, solve(deal))


def test_without_gains_the_most_fractional_integer_scores_highest():
    """0.25 · 0.75, 0.5 · 0.5 and 0.9 · 0.1."""
    costs = PseudoCosts()
    places = costs.places_of("abc")
    assert costs.scores(np.array([0.25, 7.5, 1.9]), places) == pytest.approx([0.1875, 0.25, 0.09])


def test_gains_are_means_per_unit_and_others_are_expected_to_gain_as_much():
    """Down: gains 2 and 4 over distances of 0.5 are 4 and 8 a unit, 6 on average, which is expected of the other too.

    Up: only the second has gained, 3 a unit. So both children gain 6 · 0.5 and 3 · 0.5 wherever both are half way.
    """
    costs, half = PseudoCosts(), np.array([0.5, 0.5])
    places = costs.places_of("ab")
    costs.note(Branched(0, DOWN, 0.5), 2.0)
    costs.note(Branched(0, DOWN, 0.5), 4.0)
    costs.note(Branched(1, UP, 1.0), 3.0)
    assert costs.scores(half, places) == pytest.approx([4.5, 4.5])
    costs.note(Branched(1, DOWN, 0.5), -1.0)
    assert costs.scores(half, places) == pytest.approx([4.5, 1.5 * MIN_GAIN])


def test_trees_share_what_they_learn_of_an_integer_by_its_name():
    """Where b and a stand in the next tree makes no difference, and a copy learns alone."""
    costs = PseudoCosts()
    assert not costs.has_learned(costs.places_of("ab"))
    for _ in range(LEARNING_CHILDREN):
        costs.note(Branched(0, UP, 1.0), 4.0)
    again, half = costs.copy(), np.array([0.5, 0.5])
    costs.note(Branched(1, UP, 1.0), 2.0)
    costs.note(Branched(1, DOWN, 1.0), 6.0)
    places = costs.places_of("cba")
    assert costs.has_learned(places) and not costs.has_learned(places[:1])
    assert costs.scores(half, places[1:]) == pytest.approx([3.0 * 1.0, 3.0 * 2.0])
    assert again.scores(half, again.places_of("ba")) == pytest.approx([0.5 * 2.0, 0.5 * 2.0])


def digits(plan: Plan) -> str:
    """Return a plan with its numbers to nine decimals."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.9f}", repr(plan))


@pytest.mark.parametrize("children", [0, 10_000])
def test_the_plan_does_not_depend_on_where_branching_begins(children: int, monkeypatch: pytest.MonkeyPatch):
    known = solve(load(SCENARIOS / "start-up.yaml"))
    monkeypatch.setattr(pseudo_costs, "LEARNING_CHILDREN", children)
    found = solve(load(SCENARIOS / "start-up.yaml"))
    assert digits(found.plan) == digits(known.plan)
    assert found.objective_usd == pytest.approx(known.objective_usd, rel=1e-9)
