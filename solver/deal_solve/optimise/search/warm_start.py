"""A search over a part of many futures, to know where to look in all of them (section 8)."""

from __future__ import annotations

from dataclasses import replace

from deal_solve.errors import Infeasible
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Array

SUBSAMPLE_SIZES = (1024, 16384)
"""Futures of the pilots, each led by the one before; sets of at most one block are searched at once."""
SUBSAMPLE_GAP = 1e-4
"""Relative gap to which the first subsample is solved; the next ones to a tenth of the one before."""


def warm_started(search: AgreementSearch) -> AgreementSearch:
    """Return a search over many futures that begins where one over the first of them ends; others as they are.

    A subsample only says in which order to look and where to cut: every cut is made anew over all futures.
    """
    if search.sums.size <= BLOCK or not search.by_cuts:
        return search
    if search.warm_starts:  # a similar deal was solved over as many
        return replace(search, optimality_tolerance=search.gap / 4, is_rough=True, candidates=[])
    gap, warm_starts = SUBSAMPLE_GAP, search.warm_starts
    for size in SUBSAMPLE_SIZES:
        if 4 * size > search.sums.size:
            break
        against = Against(_head(search.against.baseline, size), _head(search.against.best, size))
        subsample = replace(
            search,
            sums=search.sums.head(size),
            against=against,
            gap=gap,
            optimality_tolerance=gap / 10,
            warm_starts=warm_starts,
            is_pilot=True,
            is_rough=bool(warm_starts),
            is_told=False,
            candidates=[],
        )
        try:
            subsample.run()
        except Infeasible:
            break
        gap, warm_starts = gap / 10, subsample.next_warm_starts()
    return replace(search, optimality_tolerance=search.gap / 4, warm_starts=warm_starts, is_rough=True, candidates=[])


def _head(values: Array | None, size: int) -> Array | None:
    return None if values is None else values[:size]
