"""A solve tells where it stands and can be stopped between its steps."""

import pytest

from deal_solve import (
    Cancelled,
    alternatives,
    explain_infeasible,
    scenarios_of,
    solve,
    waterfall,
    why_not,
    wrong_tracks,
)
from tests.support.proposals import example

DEAL = example(more="risk: balanced\n")


def test_every_step_is_told_with_the_best_plan_and_a_valid_bound_so_far():
    told = []
    solution = solve(DEAL, progress=told.append)
    assert len(told) > 2
    assert all(step.phase for step in told)
    assert [step.seconds for step in told] == sorted(step.seconds for step in told)
    bests = [step.best_usd for step in told if step.best_usd is not None]
    assert bests == sorted(bests, reverse=True)
    assert all(best >= solution.bound_usd for best in bests)
    assert all(step.bound_usd <= solution.objective_usd * (1 + 1e-9) for step in told if step.bound_usd is not None)


def test_returning_false_stops_a_solve():
    told = []

    def watch(step):
        told.append(step)
        return len(told) < 3

    with pytest.raises(Cancelled, match="the solve was cancelled before "):
        solve(DEAL, progress=watch)
    assert len(told) == 3


def test_what_the_watcher_raises_comes_through():
    def watch(_step):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        solve(DEAL, progress=watch)


def infeasible():
    """Return a deal that no plan meets."""
    return example(more="limits: [{measure: expected, of: total, at_most: 1k}]\n")


ASKED = {
    "why_not": lambda best, watch: why_not(best, "offer=list", progress=watch),
    "alternatives": lambda best, watch: alternatives(best, every=True, progress=watch),
    "wrong_tracks": lambda best, watch: wrong_tracks(best, progress=watch),
    "waterfall": lambda best, watch: waterfall(DEAL, scenarios_of(DEAL), best, progress=watch),
    "explain_infeasible": lambda _, watch: explain_infeasible(infeasible(), scenarios_of(infeasible()), progress=watch),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_analysis_that_solves_tells_and_stops(name):
    best, told = solve(DEAL), []

    def watch(step):
        told.append(step)
        return len(told) < 2

    with pytest.raises(Cancelled):
        ASKED[name](best, watch)
    assert len(told) == 2


def test_a_conflict_is_looked_for_aloud():
    told = []
    explain_infeasible(infeasible(), scenarios_of(infeasible()), progress=told.append)
    assert any("requirements can be met together" in step.phase for step in told)
