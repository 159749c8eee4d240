"""Examples that are loaded and solved once in a run of the tests, for tests that only read what was found."""

import io
import os
import pickle
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar

from deal_solve import Deal, Solution, alternatives, load, solve, waterfall
from deal_solve.analysis.levers.result import Waterfall
from deal_solve.analysis.solve.comparisons import Comparisons, comparisons
from deal_solve.analysis.why_not.result import Alternative
from deal_solve.cli.main import run
from deal_solve.optimise.options import SolveOptions
from tests.support.paths import SCENARIOS
from tests.support.proposals import example

FOLDER = "DEAL_SOLVE_TESTS_SHARE"
"""The variable that names the folder in which the processes of one run leave what they have found for each other."""
T = TypeVar("T")


def once(make: Callable[..., T]) -> Callable[..., T]:
    """Return a function of names that is called once with the same names, by whichever process comes first."""

    @cache
    @wraps(make)
    def found(*names: str) -> T:
        folder = os.environ.get(FOLDER)
        if not folder:
            return make(*names)
        path = Path(folder) / ".".join((make.__name__, *names))
        with suppress(FileNotFoundError):
            return pickle.loads(path.read_bytes())
        made = make(*names)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_bytes(pickle.dumps(made))
        part.replace(path)
        return made

    return found


@cache
def loaded(name: str) -> Deal:
    """Return the deal of an example."""
    return load(SCENARIOS / f"{name}.yaml")


@once
def solved(name: str) -> Solution:
    """Return the best plan of an example over its own scenarios."""
    return solve(loaded(name))


@once
def compared(name: str) -> Comparisons:
    """Return what the best plan of an example is compared with."""
    return comparisons(solved(name), SolveOptions())


@once
def printed(command: str, name: str) -> str:
    """Return what a command prints about an example, 100 columns wide."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        run([command, os.fspath(SCENARIOS / f"{name}.yaml")])
    return out.getvalue() + err.getvalue()


@once
def many_clauses() -> Solution:
    """Return the best plan of the deal with most clauses."""
    return solve(example())


@once
def levers_of_many_clauses() -> Waterfall:
    """Return the levers of the deal with most clauses."""
    best = many_clauses()
    return waterfall(best.settlement.deal, best.settlement.scenarios, best)


@once
def every_alternative(name: str) -> tuple[Alternative, ...]:
    """Return what every other agreement of an example costs, each solved."""
    return tuple(alternatives(solved(name), every=True))
