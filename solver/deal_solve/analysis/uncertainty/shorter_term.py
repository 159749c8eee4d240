"""What a shorter first term is worth: the best deal with one, against the best with a longer one."""

from __future__ import annotations

from typing import Unpack

from deal_solve.analysis.uncertainty.replicates import Replicates, replicates
from deal_solve.analysis.uncertainty.result import FirstTerm
from deal_solve.analysis.why_not.alternatives import nearest
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import CandidateAgreement, Solution


def value_of_shorter_term(
    solution: Solution, drawn: Replicates | None = None, **keywords: Unpack[SolveKeywords]
) -> FirstTerm | None:
    """Return the value of the shortest first term on offer; None if all that is possible have one length.

    The keywords are those of the solve. Raises LimitReached where their time limit passes before one is found.
    """
    drawn = drawn or replicates(solution)
    own = solution.plan.api.term_months
    shortest = min(candidate.term_months for candidate in solution.agreements if candidate.outcome != "infeasible")

    def is_other(candidate: CandidateAgreement) -> bool:
        return (candidate.term_months == shortest) != (own == shortest)

    options = SolveOptions.of(keywords).begun()
    other = nearest(solution, is_other, options)
    if other is None:
        options.refuse_late()
        return None
    more = drawn.cost_increase(other.plan)
    if own == shortest:
        return FirstTerm(solution.plan, other.plan, more)
    return FirstTerm(other.plan, solution.plan, more.reversed)
