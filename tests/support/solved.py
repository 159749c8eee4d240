"""Examples that are loaded and solved once in a process, for tests that only read what was found."""

from functools import cache

from deal_solve import Deal, Solution, load, solve
from tests.support.paths import SCENARIOS
from tests.support.proposals import example


@cache
def loaded(name: str) -> Deal:
    """Return the deal of an example."""
    return load(SCENARIOS / f"{name}.yaml")


@cache
def solution(name: str) -> Solution:
    """Return the best plan of an example over its own scenarios."""
    return solve(loaded(name))


@cache
def many_clauses() -> Solution:
    """Return the best plan of the deal with most clauses."""
    return solve(example())
