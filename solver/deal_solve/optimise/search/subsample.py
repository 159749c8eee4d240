"""Warm start from a subsample: a large scenario set is searched first over a few of its scenarios.

Of more than one block of scenarios the first thousand are searched to a rough gap; where its agreements rank, its
binding cuts and its plans are the warm starts of a search over the first sixteen thousand, and that of one over all.
Every cut is made anew over the scenarios at hand, so the bound that is reported is one over all of them (formulation
§8, "Many scenarios").
"""

from __future__ import annotations

import math
from dataclasses import replace

from deal_solve.errors import Infeasible, LimitReached
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.benders import BOUNDING_TOLERANCE
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Array

SUBSAMPLE_SIZES: tuple[int, ...] = (1024, 16384)
"""Scenarios of the subsamples, each warm-started by the one before; sets of at most one block are searched at once."""
SUBSAMPLE_GAP = 1e-4
"""Relative gap to which the first subsample is solved; the next ones to a tenth of the one before."""


def warm_started(search: AgreementSearch) -> AgreementSearch:
    """Return the search of a large scenario set warm-started from subsamples of it; others as they are."""
    problem, settings = search.problem, search.settings
    if problem.sums.size <= BLOCK or not settings.by_cuts:
        return search
    gap, warm_starts = SUBSAMPLE_GAP, search.warm_starts
    for size in () if warm_starts else SUBSAMPLE_SIZES:  # a similar deal was solved over as many scenarios
        if 4 * size > problem.sums.size:
            break
        against = Against(_head(problem.against.baseline, size), _head(problem.against.best, size))
        subsample = AgreementSearch(
            replace(problem, sums=problem.sums.head(size), against=against, better_than=math.inf, lower_bounds={}),
            replace(
                settings,
                gap=gap,
                optimality_tolerance=gap / 10,
                bounding_tolerance=math.inf if warm_starts else BOUNDING_TOLERANCE,
                asks="cost",
                bounds_bands=False,
                reports_incumbent=False,
            ),
            search.clock,
            warm_starts,
            programs=search.programs,
            pseudo_costs=search.pseudo_costs,
        )
        try:
            subsample.run()
        except (Infeasible, LimitReached):
            break
        gap, warm_starts = gap / 10, subsample.next_warm_starts()
        subsample.forget()
    settings = replace(settings, optimality_tolerance=settings.gap / 4, bounding_tolerance=math.inf)
    return replace(search, settings=settings, warm_starts=warm_starts)


def _head(values: Array | None, size: int) -> Array | None:
    return None if values is None else values[:size]
