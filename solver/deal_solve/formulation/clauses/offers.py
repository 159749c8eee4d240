"""Which papers are taken: one API agreement and its regimes, at most one seat agreement per type (section 6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from deal_solve.deal.deal import LIST, Deal
from deal_solve.formulation.clauses.rates import Agreement, Regime, every_regime
from deal_solve.formulation.model.program import Program, Variable
from deal_solve.plan.terms import first_terms


@dataclass(frozen=True)
class SeatPaper:
    """A seat type bought under an offer (or at list) for a first term."""

    seat_type: str
    offer: str
    term_months: int

    @property
    def agreement(self) -> Agreement:
        """The offer and first term, without the type."""
        return Agreement(self.offer, self.term_months)


@dataclass
class Papers:
    """γ, β and g: binaries of API agreements, of their price regimes, and of seat papers."""

    api: dict[Agreement, Variable] = field(default_factory=dict)
    regimes: dict[Regime, Variable] = field(default_factory=dict)
    seats: dict[SeatPaper, Variable] = field(default_factory=dict)

    def of_year(self, year: int) -> list[Regime]:
        """Return the regimes whose term holds a contract year."""
        return [regime for regime in self.regimes if year in regime.span.years]


def seat_papers(deal: Deal) -> tuple[SeatPaper, ...]:
    """Return every way to buy the seat types some cohort may take, list first; both-lines controls provided."""
    return tuple(
        SeatPaper(seat_type, paper, months)
        for seat_type in deal.seat_types
        for paper in deal.papers
        if seat_type in deal.offer(paper).seats
        and set(deal.requires_on_both_lines) <= set(deal.seat_part(paper, seat_type).provides)
        for months in first_terms(deal, paper)
    )


def take_papers(program: Program, deal: Deal, agreements: Iterable[Agreement], zero_bands_only: bool) -> Papers:
    """Add Σ γ = 1; per term Σ β = γ; per type Σ g <= 1; same offer, same term; an exclusive offer alone (and list)."""
    papers = Papers()
    for agreement in agreements:
        regimes = every_regime(deal, agreement, zero_bands_only)
        if not regimes:
            continue
        spans = {regime.span for regime in regimes}
        papers.api[agreement] = program.binary(f"api_{agreement.offer}_{agreement.term_months}")
        for regime in regimes:
            papers.regimes[regime] = program.binary(f"regime_{agreement.offer}")
        for span in spans:
            members = [(papers.regimes[regime], 1.0) for regime in regimes if regime.span == span]
            program.row("one_regime", [*members, (papers.api[agreement], -1.0)], "==", 0)
    program.row("one_api_agreement", [(gamma, 1.0) for gamma in papers.api.values()], "==", 1)
    for paper in seat_papers(deal):
        papers.seats[paper] = program.binary(f"seats_{paper.seat_type}_{paper.offer}_{paper.term_months}")
    for seat_type in deal.seat_types:
        members = [(g, 1.0) for paper, g in papers.seats.items() if paper.seat_type == seat_type]
        if members:
            program.row("one_seat_agreement", members, "<=", 1)
    _compatible(program, deal, papers)
    return papers


def _compatible(program: Program, deal: Deal, papers: Papers) -> None:
    """Add a + b <= 1 for every pair of papers that cannot be signed together."""
    signed = [(a.offer, a.term_months, "api", gamma) for a, gamma in papers.api.items()]
    signed += [(s.offer, s.term_months, s.seat_type, g) for s, g in papers.seats.items()]
    for (offer, months, part, a), (other, other_months, other_part, b) in itertools.combinations(signed, 2):
        if part == other_part:
            continue
        if offer == other:
            clash = months != other_months
        else:
            exclusive = [name for name in (offer, other) if name != LIST and deal.offer(name).exclusive]
            clash = bool(exclusive) and LIST not in (offer, other)
        if clash:
            program.row("papers_clash", [(a, 1.0), (b, 1.0)], "<=", 1)
