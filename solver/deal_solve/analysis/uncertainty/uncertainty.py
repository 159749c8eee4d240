"""What uncertainty costs: planning with averages, not knowing, being bound, and how sure the answer is of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, Unpack

from deal_solve.analysis.uncertainty.evpi import evpi
from deal_solve.analysis.uncertainty.optimality_gap import distinguished
from deal_solve.analysis.uncertainty.out_of_sample import out_of_sample
from deal_solve.analysis.uncertainty.replicates import replicates
from deal_solve.analysis.uncertainty.result import (
    UncertaintyCost,
)
from deal_solve.analysis.uncertainty.shorter_term import value_of_shorter_term
from deal_solve.analysis.uncertainty.vss import vss
from deal_solve.errors import LimitReached
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.uncertainty.sampling import SamplingMethod

Part = TypeVar("Part")


def uncertainty_cost(
    solution: Solution, sampling: SamplingMethod = "sobol", **keywords: Unpack[SolveKeywords]
) -> UncertaintyCost:
    """Return what uncertainty costs in a solved deal; `sampling` and the keywords are those of the solve.

    The time limit is that of all of it: what it does not reach is None, and named in `not_in_time`.
    Raises InputError for worst case and regret, which are about listed scenarios and nothing beyond them.
    """
    drawn = replicates(solution, sampling)
    options = SolveOptions.of(keywords).begun()
    late: list[str] = []

    def in_time(what: str, work: Callable[[], Part]) -> Part | None:
        try:
            options.refuse_late()
            with options.deadline():
                return work()
        except LimitReached:
            late.append(what)
            return None

    return UncertaintyCost(
        mean_value=in_time("planning with averages (VSS)", lambda: vss(solution, drawn, options=options)),
        information=in_time("knowing the future (EVPI)", lambda: evpi(solution, drawn, options=options)),
        first_term=in_time("a shorter first term", lambda: value_of_shorter_term(solution, drawn, options=options)),
        fresh=in_time("the cost on fresh scenarios", lambda: out_of_sample(solution, drawn)),
        apart=in_time("the next agreement", lambda: distinguished(solution, drawn, options=options)),
        solution=solution,
        not_in_time=tuple(late),
    )
