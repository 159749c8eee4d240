"""What uncertainty costs: planning with averages, not knowing, being bound, and how sure the answer is of itself."""

from __future__ import annotations

from typing import Unpack

from deal_solve.analysis.uncertainty.evpi import evpi
from deal_solve.analysis.uncertainty.optimality_gap import distinguished
from deal_solve.analysis.uncertainty.out_of_sample import out_of_sample
from deal_solve.analysis.uncertainty.replicates import replicates
from deal_solve.analysis.uncertainty.result import (
    UncertaintyCost,
)
from deal_solve.analysis.uncertainty.shorter_term import value_of_shorter_term
from deal_solve.analysis.uncertainty.vss import vss
from deal_solve.optimise.options import SolveKeywords
from deal_solve.optimise.solution import Solution
from deal_solve.uncertainty.sampling import SamplingMethod


def uncertainty_cost(
    solution: Solution, sampling: SamplingMethod = "sobol", **keywords: Unpack[SolveKeywords]
) -> UncertaintyCost:
    """Return what uncertainty costs in a solved deal; `sampling` and the keywords are those of the solve.

    Raises InputError for worst case and regret, which are about listed scenarios and nothing beyond them.
    """
    drawn = replicates(solution, sampling)
    return UncertaintyCost(
        mean_value=vss(solution, drawn, **keywords),
        information=evpi(solution, drawn, **keywords),
        first_term=value_of_shorter_term(solution, drawn, **keywords),
        fresh=out_of_sample(solution, drawn),
        apart=distinguished(solution, drawn, **keywords),
        solution=solution,
    )
