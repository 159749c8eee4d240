"""Every agreement at its own best: what it costs above the recommended deal, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Unpack

from deal_solve.errors import Infeasible, LimitReached
from deal_solve.facts.difference import Difference, difference
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal


@dataclass(frozen=True)
class Alternative:
    """One API agreement in one band of its first term, with the best of everything else, seats of any offer included.

    `above_usd` is how much more its objective is than that of the recommended deal, or, where `is_bound`, at least is;
    None if no plan takes it. `seats_from` names the offers of its seats, `solution` and `difference` are there if it
    was solved for the comparison.
    """

    offer: str
    term_months: int
    band_usd_per_year: float
    is_recommended: bool
    is_bound: bool
    above_usd: float | None
    seats_from: str | None
    solution: Solution | None = field(repr=False)
    difference: Difference | None = field(repr=False)

    @property
    def plan(self) -> Plan | None:
        """Its best plan, if it was solved."""
        return self.solution.plan if self.solution else None


def alternatives(solution: Solution, *, every: bool = False, **keywords: Unpack[SolveKeywords]) -> Table[Alternative]:
    """Return every agreement of a solved deal, the cheapest first; with `every`, each at its own best, else as proven.

    The keywords are those of the solve; raises what `solve` raises for them.
    """
    options = SolveOptions.of(keywords)
    rows = [_alternative(solution, candidate, every, options) for candidate in solution.agreements]
    return Table(tuple(sorted(rows, key=_order)))


def nearest(solution: Solution, among: Callable[[CandidateAgreement], bool], options: SolveOptions) -> Solution | None:
    """Return the best plan of some agreements, other than the recommended one; None if there is none.

    They are solved in the order of their bounds, until no bound is below the best plan found.
    """
    best: Solution | None = None
    possible = (
        b for b in solution.agreements if b.outcome != "infeasible" and among(b) and not _recommended(solution, b)
    )
    for candidate in sorted(possible, key=lambda candidate: candidate.bound_usd):
        if best is not None and best.objective_usd <= candidate.bound_usd:
            break
        paper = candidate.offer, candidate.term_months, candidate.band_usd_per_year
        found = _solved(solution, paper, options).solution
        if found is not None and (best is None or found.objective_usd < best.objective_usd):
            best = found
    return best


def _recommended(solution: Solution, candidate: CandidateAgreement) -> bool:
    api = solution.plan.api
    paper = api.offer, api.term_months, api.terms[0].band_usd_per_year
    return paper == (candidate.offer, candidate.term_months, candidate.band_usd_per_year)


def _order(row: Alternative) -> tuple[bool, bool, float]:
    return not row.is_recommended, row.above_usd is None, row.above_usd or 0.0


def _alternative(solution: Solution, candidate: CandidateAgreement, every: bool, options: SolveOptions) -> Alternative:
    paper = candidate.offer, candidate.term_months, candidate.band_usd_per_year
    if _recommended(solution, candidate):
        return Alternative(*paper, True, False, 0.0, _seats_from(solution), solution, None)
    if candidate.outcome == "infeasible":
        return Alternative(*paper, False, False, None, None, None, None)
    if every:
        return _solved(solution, paper, options)
    is_bound = candidate.objective_usd is None
    usd = candidate.bound_usd if candidate.objective_usd is None else candidate.objective_usd
    return Alternative(*paper, False, is_bound, usd - solution.objective_usd, None, None, None)


def _solved(solution: Solution, paper: tuple[str, int, float], options: SolveOptions) -> Alternative:
    """Solve with one agreement and band forced."""
    settlement = solution.settlement
    offer, months, band = paper
    fix = options.fix or Proposal()
    forced = fix.model_copy(update={"api": fix.api.model_copy(update={"offer": offer, "term_months": months})})
    try:
        options = replace(options.measured_against(solution.baseline), fix=forced)
        other = solve(settlement.deal, settlement.scenarios, first_band=band, options=options)
    except (Infeasible, LimitReached):
        return Alternative(*paper, False, False, None, None, None, None)
    above = other.objective_usd - solution.objective_usd
    why = difference(settlement, other.settlement, above)
    return Alternative(*paper, False, other.status != "optimal", above, _seats_from(other), other, why)


def _seats_from(solution: Solution) -> str:
    """Return the offers that the seats are bought from, 'none' without seats."""
    return ", ".join(dict.fromkeys(_papers(solution))) or "none"


def _papers(solution: Solution) -> Iterator[str]:
    for seats in solution.plan.seats.values():
        if any(seats.contracted):
            yield f"{seats.offer} {seats.term_months}"
