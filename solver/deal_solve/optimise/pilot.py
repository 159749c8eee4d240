"""A search over a part of many futures, to know where to look in all of them (section 8)."""

from __future__ import annotations

from dataclasses import replace

from deal_solve.errors import Infeasible
from deal_solve.formulation.risk import Against
from deal_solve.optimise.search import Search
from deal_solve.uncertainty.scenarios import BLOCK, Array

PILOT = 1024
"""Futures of the pilot; sets of at most one block are searched at once."""
PILOT_GAP = 1e-4
"""Relative gap to which the pilot is solved."""


def guided(search: Search) -> Search:
    """Return a search over many futures that begins where one over the first of them ends; others as they are.

    The pilot only says in which order to look and where to cut: every cut is made anew over all futures.
    """
    if search.columns.size <= BLOCK or not search.by_cuts:
        return search
    pilot = replace(
        search,
        columns=search.columns.head(PILOT),
        against=Against(reference=_head(search.against.reference), best=_head(search.against.best)),
        gap=PILOT_GAP,
        close=PILOT_GAP / 10,
        is_pilot=True,
        is_told=False,
        candidates=[],
    )
    try:
        pilot.run()
    except Infeasible:
        return search
    return replace(search, close=search.gap / 4, guide=pilot.hints(), candidates=[])


def _head(values: Array | None) -> Array | None:
    return None if values is None else values[:PILOT]
