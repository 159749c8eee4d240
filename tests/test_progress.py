"""A solve tells where it stands and can be stopped between its steps."""

import pytest

from deal_solve.errors import Cancelled
from deal_solve.optimise.solve import solve
from tests.proposals import example

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
