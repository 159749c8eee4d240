"""A solve of which the best plan is known from a similar deal: no agreement but those that differ are searched.

Where the program of an agreement is that of a deal that was solved before, so is its best plan. It is the best of this
deal, and tied with no other, if no other agreement has a plan that costs as little: that alone is left to be proven.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from deal_solve.errors import Infeasible, LimitReached
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.known_best import KnownBest
from deal_solve.optimise.search.settings import Beaten, SearchProblem
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.uncertainty.scenario_set import BLOCK


class Known(NamedTuple):
    """The best plan, the search that found none as good, and every agreement in every band of its first term."""

    best: KnownBest
    others: AgreementSearch
    agreements: tuple[CandidateAgreement, ...]


def known_best(search: AgreementSearch, cache: SolveCache) -> Known | None:
    """Return the best plan of a search that is prepared, where it is known and no other agreement has one as good."""
    best = cache.best_known(search) if _is_whole(search.problem) else None
    if best is None:
        return None
    problem = replace(search.problem, better_than=best.objective_usd)
    others = replace(search, problem=problem, left_out=frozenset((best.agreement,)))
    is_beaten = False
    with suppress(LimitReached):
        try:
            others.run()
        except (Beaten, Infeasible):
            is_beaten = all(candidate.outcome != "limit" for candidate in others.candidates)
    cache.record(others)
    if not is_beaten:
        others.forget()
        return None
    cache.note_tie(False)
    places = [tuple(agreement) for agreement in search.keys]
    bands = sorted((*others.agreements(), *best.bands), key=lambda each: places.index((each.offer, each.term_months)))
    return Known(best, others, tuple(bands))


def keep_best(
    search: AgreementSearch,
    best: Candidate,
    agreements: tuple[CandidateAgreement, ...],
    solution: Solution,
    cache: SolveCache,
) -> None:
    """Keep the best plan of a search, which left no tie, where it is proven and no other agreement has one as good."""
    cutoff, objective = search.incumbent.cutoff_usd, best.objective
    good = [each for each in search.candidates if each.objective is not None and each.objective <= cutoff]
    is_proven = solution.status == "optimal" and not solution.is_simple and _is_whole(search.problem)
    if objective is None or good != [best] or not is_proven:
        return
    bands = tuple(each for each in agreements if (each.offer, each.term_months) == tuple(best.agreement))
    asks, size = search.settings.asks, search.size
    known = KnownBest(best.agreement, solution.plan, objective, solution.objective_usd, best.bound, bands, asks, size)
    cache.keep_best(search, known)


def _is_whole(problem: SearchProblem) -> bool:
    """Whether all plans of a deal are searched, over scenarios that are few."""
    return problem.bands is None and problem.better_than == math.inf and problem.sums.size <= BLOCK
