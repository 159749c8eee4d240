"""Every agreement at its own best: what it costs above the recommended deal, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Unpack

from deal_solve.analysis.why_not.result import Alternative
from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.difference import difference
from deal_solve.frames import Table
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.settings import Asks, Beaten
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.optimise.solve import solve


def alternatives(solution: Solution, *, every: bool = False, **keywords: Unpack[SolveKeywords]) -> Table[Alternative]:
    """Return every agreement of a solved deal, the cheapest first; with `every`, each at its own best, else as proven.

    The keywords are those of the solve; raises what `solve` raises for them.
    """
    options = SolveOptions.of(keywords).begun()
    if every:
        rows = _every(solution, options)
    else:
        rows = [_stated(solution, candidate) or _known(solution, candidate) for candidate in solution.agreements]
    return Table(tuple(sorted(rows, key=_order)))


def _every(solution: Solution, options: SolveOptions) -> list[Alternative]:
    """Return every agreement and band at its own best, in the order of the solution; those that are not known are
    asked for agreement by agreement, so that the program of each is built once.
    """
    rows = {candidate: _stated(solution, candidate) for candidate in solution.agreements}
    missing = [candidate for candidate, row in rows.items() if row is None]
    asked = [list(bands) for _, bands in groupby(missing, key=lambda each: (each.offer, each.term_months))]
    shared = options if options.cache else replace(options, cache=SolveCache(is_of_sums=True))
    found = answers([partial(_in_bands, solution, bands) for bands in asked], shared, solution)
    for bands, solved in zip(asked, found, strict=True):
        rows |= zip(bands, solved or (None,) * len(bands), strict=True)
    late = (replace(_known(solution, candidate), is_in_time=False) for candidate in rows)
    return [row or left for row, left in zip(rows.values(), late, strict=True)]


def _in_bands(
    solution: Solution, bands: Sequence[CandidateAgreement], options: SolveOptions
) -> list[Alternative | None]:
    """Return an agreement at its best in each of some bands; None for those that the time limit did not reach."""
    found: list[Alternative | None] = [None] * len(bands)
    with suppress(LimitReached):
        for number, band in enumerate(bands):
            options.refuse_late()
            found[number] = _solved(solution, band, options)
    return found


def nearest(solution: Solution, among: Callable[[CandidateAgreement], bool], options: SolveOptions) -> Solution | None:
    """Return the best plan of some agreements, other than the recommended one; None if there is none.

    No more is settled of it than what it costs.
    They are searched together, in the order of their bounds, until no bound is below the best plan found, or below what
    the search of the solution has found under one of them.
    """
    possible = [
        candidate
        for candidate in solution.agreements
        if candidate.outcome != "infeasible" and among(candidate) and not _recommended(solution, candidate)
    ]
    if possible and options.left != 0.0:
        known = [candidate.objective_usd for candidate in possible if candidate.objective_usd is not None]
        with suppress(Infeasible, LimitReached, Beaten):
            return _under(solution, possible, options, min(known, default=math.inf), "plan_with_costs")
    return None


def _recommended(solution: Solution, candidate: CandidateAgreement) -> bool:
    api = solution.plan.api
    return _agreement(candidate) == (api.offer, api.term_months, api.terms[0].band_usd_per_year)


def _agreement(candidate: CandidateAgreement) -> tuple[str, int, float]:
    return candidate.offer, candidate.term_months, candidate.band_usd_per_year


def _order(row: Alternative) -> tuple[bool, bool, float]:
    return not row.is_recommended, row.above_usd is None, row.above_usd or 0.0


def _stated(solution: Solution, candidate: CandidateAgreement) -> Alternative | None:
    """Return an agreement that is recommended, or that no plan takes; None for any other."""
    bare = _bare(_agreement(candidate))
    if _recommended(solution, candidate):
        return replace(
            bare,
            is_recommended=True,
            above_usd=0.0,
            seats_from=_seats_from(solution),
            plan=solution.plan,
            solution=solution,
        )
    return bare if candidate.outcome == "infeasible" else None


def _known(solution: Solution, candidate: CandidateAgreement) -> Alternative:
    """Return an agreement as the search left it: its best cost, or a bound on that."""
    is_bound = candidate.objective_usd is None
    usd = candidate.bound_usd if candidate.objective_usd is None else candidate.objective_usd
    return replace(_bare(_agreement(candidate)), is_bound=is_bound, above_usd=usd - solution.objective_usd)


def _bare(agreement: tuple[str, int, float]) -> Alternative:
    """Return an agreement that no plan takes, or of which nothing is known yet."""
    offer, months, band = agreement
    return Alternative(offer=offer, term_months=months, band_usd_per_year=band)


def _solved(solution: Solution, candidate: CandidateAgreement, options: SolveOptions) -> Alternative:
    """Return an agreement with its best plan, solved with it and its band forced; bare where there is none."""
    settlement, agreement = solution.settlement, _agreement(candidate)
    try:
        other = _under(solution, [candidate], options)
    except Infeasible:
        return _bare(agreement)
    above = other.objective_usd - solution.objective_usd
    return replace(
        _bare(agreement),
        is_proven=other.status == "optimal",
        above_usd=above,
        seats_from=_seats_from(other),
        plan=other.plan,
        difference=difference(settlement, other.settlement, above),
        solution=other,
    )


def _under(
    solution: Solution,
    among: Sequence[CandidateAgreement],
    options: SolveOptions,
    better_than: float = math.inf,
    asks: Asks = "plan",
) -> Solution:
    """Return the best plan under some agreements and bands; raises Beaten where none is as good as `better_than`."""
    bands: dict[tuple[str, int], dict[float, float]] = {}
    for candidate in among:
        offer, months, band = _agreement(candidate)
        bands.setdefault((offer, months), {})[band] = candidate.bound_usd
    deal, scenarios = solution.settlement.deal, solution.settlement.scenarios
    options = options.measured_against(solution)
    return solve(deal, scenarios, bands=bands, better_than=better_than, asks=asks, options=options).optimised()


def _seats_from(solution: Solution) -> str:
    """Return the offers that the seats are bought from, 'none' without seats."""
    return ", ".join(dict.fromkeys(_agreements(solution))) or "none"


def _agreements(solution: Solution) -> Iterator[str]:
    for seats in solution.plan.seats.values():
        if any(seats.contracted):
            yield f"{seats.offer} {seats.term_months}"
