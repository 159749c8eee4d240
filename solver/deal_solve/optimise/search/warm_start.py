"""A search over a part of many futures, to know where to look in all of them (section 8)."""

from __future__ import annotations

from dataclasses import replace

from deal_solve.errors import Infeasible
from deal_solve.optimise.search.search import Search
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Array

PILOTS = (1024, 16384)
"""Futures of the pilots, each led by the one before; sets of at most one block are searched at once."""
PILOT_GAP = 1e-4
"""Relative gap to which the first pilot is solved; the next ones to a tenth of the one before."""


def guided(search: Search) -> Search:
    """Return a search over many futures that begins where one over the first of them ends; others as they are.

    A pilot only says in which order to look and where to cut: every cut is made anew over all futures.
    """
    if search.sums.size <= BLOCK or not search.by_cuts:
        return search
    if search.guide:  # a similar deal was solved over as many
        return replace(search, close=search.gap / 4, is_rough=True, candidates=[])
    gap, guide = PILOT_GAP, search.guide
    for size in PILOTS:
        if 4 * size > search.sums.size:
            break
        against = Against(_head(search.against.baseline, size), _head(search.against.best, size))
        pilot = replace(
            search,
            sums=search.sums.head(size),
            against=against,
            gap=gap,
            close=gap / 10,
            guide=guide,
            is_pilot=True,
            is_rough=bool(guide),
            is_told=False,
            candidates=[],
        )
        try:
            pilot.run()
        except Infeasible:
            break
        gap, guide = gap / 10, pilot.hints()
    return replace(search, close=search.gap / 4, guide=guide, is_rough=True, candidates=[])


def _head(values: Array | None, size: int) -> Array | None:
    return None if values is None else values[:size]
