"""Parts of a plan that are decided already: a proposal as rows and bounds of the program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.errors import InputError, Problem
from deal_solve.formulation.build import Formulation, FormulationOptions
from deal_solve.formulation.clauses.api.rates import Agreement, Regime, api_of
from deal_solve.formulation.clauses.renewal import Decisions
from deal_solve.formulation.model.expression import total
from deal_solve.messages import unknown
from deal_solve.plan.choices.restriction import Restriction
from deal_solve.plan.proposal import Proposal, ProposedApi, ProposedRoute, ProposedSeats
from deal_solve.plan.resolved import resolve
from deal_solve.plan.signing import signing_problem
from deal_solve.plan.terms import left_in

Item = TypeVar("Item")
ROUNDING_USD = 1e-5
"""A pinned commitment may differ by this much: a plan is rounded, and still has its ramp's shape."""


@dataclass(frozen=True)
class Fixings:
    """A proposal, and how far it widens the bounds of the program."""

    proposal: Proposal = field(default_factory=Proposal)
    min_commitment_usd: float = 0.0
    min_seats: dict[str, int] = field(default_factory=dict)

    @property
    def routed(self) -> frozenset[str]:
        """The workloads and cohorts whose routing is proposed."""
        return frozenset((*self.proposal.routing, *self.proposal.use))

    @property
    def usage(self) -> Fixings:
        """What of them the reference of a loss keeps: routing, projects and tracks; agreements and seats are free."""
        return Fixings(
            self.proposal.model_copy(update={"api": ProposedApi(), "seats": {}, "later": (), "signing_month": None})
        )

    def options(self, *, by_cuts: bool = False, zero_bands_only: bool = False) -> FormulationOptions:
        """Return the options of a program that is to hold the proposal."""
        return FormulationOptions(by_cuts, zero_bands_only, self.min_commitment_usd, self.min_seats, self.routed)

    def agreements(self, offered: Iterable[Agreement]) -> list[Agreement]:
        """Return the API agreements that the proposal leaves open."""
        api = self.proposal.api
        return [
            agreement
            for agreement in offered
            if api.offer in (None, agreement.offer) and api.term_months in (None, agreement.term_months)
        ]


def fixings_of(deal: Deal, proposal: Proposal | None) -> Fixings:
    """Return the pins of a proposal; raises InputError for names, and a month of signing, that it does not have."""
    if proposal is None:
        return Fixings()
    problems = [Problem("later", "tables cannot be pinned; leave them out")] if proposal.later else []
    unfit = signing_problem(deal, proposal.signing_month)
    problems += [unfit] if unfit else []
    stated = [("api.offer", proposal.api.offer)]
    stated += [(f"seats.{name}.offer", seats.offer) for name, seats in proposal.seats.items()]
    for path, offer in stated:
        if offer is not None and offer not in deal.on_table:
            problems.append(Problem(path, unknown("offer", offer, deal.on_table)))
    known: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("seats", proposal.seats, deal.seat_types),
        ("tracks", proposal.tracks, deal.cohorts),
        ("projects", proposal.projects, deal.workloads),
        ("routing", proposal.routing, deal.workloads),
        ("use", proposal.use, deal.cohorts),
    ]
    for part, named, expected in known:
        problems += [
            Problem(f"{part}.{name}", f"is not in the deal; expected {', '.join(expected)}")
            for name in named
            if name not in expected
        ]
    if problems:
        raise InputError(problems)
    return Fixings(
        proposal,
        max(proposal.api.commitment_usd or (0.0,)) * deal.years,
        {name: max(seats.contracted) for name, seats in proposal.seats.items() if seats.contracted},
    )


def fix_decisions(formulation: Formulation, fixings: Fixings) -> None:
    """Add the rows that hold the program, on every path, to the proposal."""
    proposal = fixings.proposal
    for decisions in formulation.paths:
        for regime in decisions.agreements.regimes:
            _fix_leaving(decisions, regime, proposal)
            _fix_band(decisions, regime, proposal)
            _fix_commitment(decisions, regime, proposal)
        _fix_seats(decisions, proposal)
        _fix_tracks(decisions, proposal)
        _fix_projects(decisions, proposal)
        for user, routes in [*proposal.routing.items(), *proposal.use.items()]:
            for epoch in decisions.routing.epochs.get(user, ()):
                _fix_route(decisions, user, epoch, routes)


def _spread(values: Sequence[Item], index: int) -> Item:
    """Return the value for a place: one value for all, or the last one going on."""
    return values[min(index, len(values) - 1)]


def _fix_leaving(decisions: Decisions, regime: Regime, proposal: Proposal) -> None:
    """Close a regime that is left in a year in which the proposal is not at list, or the other way round.

    Where it does not say, a year for which it states a commitment of its own is not at list.
    """
    wanted, committed = proposal.api.at_list, proposal.api.commitment_usd or ()
    if wanted is None and len(committed) == decisions.deal.years > 1:
        if regime.span.left and any(committed[year] for year in regime.span.years):
            decisions.agreements.regimes[regime].upBound = 0
    elif wanted is not None:
        is_kept = all(_spread(wanted, year) == regime.span.left for year in regime.span.years)
        decisions.agreements.regimes[regime].upBound = int(is_kept)


def _fix_band(decisions: Decisions, regime: Regime, proposal: Proposal) -> None:
    bands = proposal.api.band_usd_per_year
    if bands is None or resolve(decisions.deal).taken(regime.agreement).is_at_list(regime.span):
        return
    place = _place(decisions.deal, regime, proposal.api)
    if abs(_spread(bands, place) - regime.threshold_usd) > CENT_TOLERANCE_USD:
        decisions.agreements.regimes[regime].upBound = 0


def _place(deal: Deal, regime: Regime, wanted: ProposedApi) -> int:
    """Return which of the terms of a proposal, those that are left among them, starts with that of a regime."""
    at_list = [_spread(wanted.at_list, year) for year in range(deal.years)] if wanted.at_list else []
    spans = resolve(deal).taken_for(*regime.agreement, left_in(at_list)).spans
    return next((place for place, span in enumerate(spans) if span.start == regime.span.start), regime.span.index)


def _fix_commitment(decisions: Decisions, regime: Regime, proposal: Proposal) -> None:
    """Add C[j,y] = c_y·β (to the rounding of plans), or Σ C = years·c·β where one number stands for a ramp."""
    wanted = proposal.api.commitment_usd
    deal, program = decisions.deal, decisions.program
    if wanted is None or resolve(deal).taken(regime.agreement).is_at_list(regime.span):
        return
    beta, years = decisions.agreements.regimes[regime], list(regime.span.years)
    by_year = [_year_of(deal, regime, wanted, year) for year in years]
    if not regime.commits:
        if any(by_year):
            beta.upBound = 0
        return
    if len(wanted) == 1 and api_of(deal, regime.agreement).ramp is not None:
        committed = total(decisions.commitments.get(regime, year) for year in years)
        program.add("fix_commitment", committed == program.usd(sum(by_year)) * beta)
        return
    for year, dollars in zip(years, by_year, strict=True):
        committed = decisions.commitments.get(regime, year)
        program.add("fix_commitment", committed <= program.usd(dollars + ROUNDING_USD) * beta)
        program.add("fix_commitment", committed >= program.usd(dollars - ROUNDING_USD) * beta)


def _year_of(deal: Deal, regime: Regime, wanted: Sequence[float], year: int) -> float:
    """Return the proposed commitment of a contract year: one for all, one per year, or the first term's again."""
    if len(wanted) == deal.years:
        return wanted[year]
    return _spread(wanted, year - regime.span.start // 12)


def _fix_seats(decisions: Decisions, proposal: Proposal) -> None:
    deal, program = decisions.deal, decisions.program
    for seat_type, wanted in proposal.seats.items():
        _fix_seat_offer(decisions, seat_type, wanted)
        if wanted.contracted is None:
            continue
        for year in range(deal.years):
            count = total(
                decisions.seats.count(candidate, year)
                for candidate in decisions.agreements.seats
                if candidate.seat_type == seat_type
            )
            program.add("fix_seats", count == float(_spread(wanted.contracted, year)))


def _fix_seat_offer(decisions: Decisions, seat_type: str, wanted: ProposedSeats) -> None:
    """Close what is signed under another offer or term, and what is bought from another seller than proposed.

    Where the proposal does not say, an offer with seats stated for every contract year is not left.
    """
    deal, program, agreements = decisions.deal, decisions.program, decisions.agreements
    signed = {candidate: g for candidate, g in agreements.seats.items() if candidate.seat_type == seat_type}
    for candidate, taken in signed.items():
        other_offer = wanted.offer not in (None, candidate.offer)
        if other_offer or wanted.term_months not in (None, candidate.term_months):
            taken.upBound = 0
    at_list = wanted.at_list
    if at_list is None and wanted.offer is not None and len(wanted.contracted or ()) == deal.years > 1:
        at_list = (False,)
    for year in range(deal.years) if at_list is not None else ():
        answer = _spread(at_list or (), year)
        held = {
            candidate: h
            for (candidate, span), h in agreements.seat_terms.items()
            if candidate in signed and candidate.offer in AT_LIST and year in span.years
        }
        if answer is False:  # at list is only what was signed there
            for candidate, h in held.items():
                program.add("fix_not_left", h <= signed[candidate])
        else:
            wanted_lists = [h for candidate, h in held.items() if answer in (True, candidate.offer)]
            program.add("fix_left", total(wanted_lists) == total(signed.values()))


def _fix_tracks(decisions: Decisions, proposal: Proposal) -> None:
    """Close every track but those proposed: one in each contract year, or some that are left open."""
    deal, tracks = decisions.deal, decisions.tracks
    one = {name: tuple((_spread(years, y),) for y in range(deal.years)) for name, years in proposal.tracks.items()}
    some = proposal.among if isinstance(proposal, Restriction) else {}
    for cohort, by_year in (*one.items(), *some.items()):
        for year, open_to in enumerate(by_year):
            for (name, candidate, span), on in tracks.seats.items():
                if name == cohort and year in span.years and candidate.seat_type not in open_to:
                    on.upBound = 0
            for (name, other, when), on in tracks.other.items():
                if name == cohort and when == year and other not in open_to:
                    on.upBound = 0


def _fix_projects(decisions: Decisions, proposal: Proposal) -> None:
    """Add y[w,p] = 0 or 1 for the projects of a workload where a list is proposed, and for those decided one by one.

    A row and not a bound: a project that costs nothing and opens nothing stands in no other row.
    """
    decided = proposal.decided if isinstance(proposal, Restriction) else {}
    for (workload, project), variable in decisions.projects.items():
        bought = project in proposal.projects[workload] if workload in proposal.projects else None
        bought = decided.get(workload, {}).get(project, bought)
        if bought is not None:
            decisions.program.add("fix_project", variable == float(bought))


def _fix_route(decisions: Decisions, user: str, epoch: Epoch, routes: Sequence[ProposedRoute]) -> None:
    """Fix the shares of an epoch to the last route that has begun (free where a route without month is closed)."""
    begun = [route for route in routes if (route.from_month or 0) <= epoch.start]
    is_routed = any((name, start) == (user, epoch.start) for name, start, _ in decisions.routing.shares)
    if not begun or not is_routed:  # a cohort that no agreement meters in this epoch has no routing
        return
    shares: dict[str, float] = {}
    for key, share in begun[-1].shares.items():
        same = _same_option(decisions, user, epoch, key)
        if same is None:
            if begun[-1].from_month is None:
                return
            raise InputError(Problem(f"routing.{user}.{key}", f"is not open in {epoch.months}"))
        shares[same] = shares.get(same, 0.0) + share
    for (name, start, key), disaggregated in decisions.routing.shares.items():
        if (name, start) == (user, epoch.start):
            for copy, activity in disaggregated:
                decisions.program.add("fix_route", copy == shares.get(key, 0.0) * activity)


def _same_option(decisions: Decisions, user: str, epoch: Epoch, key: str) -> str | None:
    """Return the key under which the program knows an option (options that differ in name only have one)."""
    option = epoch.option(key)
    if option is None:
        return None
    for other in epoch.options:
        is_known = (user, epoch.start, other.key) in decisions.routing.shares
        if is_known and (other.equivalence_key, other.counts_as) == (option.equivalence_key, option.counts_as):
            return other.key
    return None
