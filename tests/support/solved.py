"""Examples that are loaded and solved once in a process, for tests that only read what was found."""

from functools import cache

from deal_solve import Deal, Solution, alternatives, load, solve
from deal_solve.analysis.why_not.result import Alternative
from tests.support.paths import SCENARIOS
from tests.support.proposals import example


@cache
def loaded(name: str) -> Deal:
    """Return the deal of an example."""
    return load(SCENARIOS / f"{name}.yaml")


@cache
def solved(name: str) -> Solution:
    """Return the best plan of an example over its own scenarios."""
    return solve(loaded(name))


@cache
def many_clauses() -> Solution:
    """Return the best plan of the deal with most clauses."""
    return solve(example())


@cache
def every_alternative(name: str) -> tuple[Alternative, ...]:
    """Return what every other agreement of an example costs, each solved."""
    return tuple(alternatives(solved(name), every=True))
