"""Which track a cohort takes, and internal tools (model §5; formulation §3).

T[c,s,k] ≤ h[s,k],  N[s,y] ≥ min_s · T[c,s,k],  Σ T[c,·] = 1 in each contract year
N[s,y] ≥ Σ_c E[A_c]·T[c,s,k] - Σ_v E[unserved_v]·T[v,s] - M·(what does not begin, or the plan is full)
                                              with initial_order: expected_users
T[c,tool,y] + γ_a ≤ 1                         where neither tool nor agreement provides a control
T[c,tool,y] + Σ_{j of y, left} β_j ≤ 1        where neither tool nor list provides a control
T[c,tool,y] ≤ runs ≤ Σ_c T[c,tool,y]
built ≥ runs,  built ≥ built before,  built ≤ runs + built before
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.offers.running import first_month
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.clauses.terms import seat_spans
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import Who
from deal_solve.formulation.model.program import Due, Program
from deal_solve.plan.crowds import Excess, may_take
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.plan.unknown_limits import is_closed

ROUNDING = 1e-9
"""Share of an expected number of users that is no seat of its own."""


@dataclass
class Tracks:
    """T: on a candidate seat agreement per term, on a tool or none per contract year.

    `excess` are, by candidate, term and contract year, 1 where its users in that excess are unserved
    (`seat_plans.serve`).
    """

    seats: dict[tuple[str, SeatCandidate, TermSpan], Variable] = field(default_factory=dict)
    other: dict[tuple[str, str, int], Variable] = field(default_factory=dict)
    excess: dict[tuple[SeatCandidate, TermSpan, int], dict[Excess, Variable]] = field(default_factory=dict)
    _by_candidate: dict[tuple[str, SeatCandidate], dict[TermSpan, Variable]] = field(default_factory=dict)

    def take(self, cohort: str, candidate: SeatCandidate, span: TermSpan, on: Variable) -> None:
        """Keep the binary of a cohort on a candidate seat agreement in a term."""
        self.seats[cohort, candidate, span] = on
        self._by_candidate.setdefault((cohort, candidate), {})[span] = on

    def user_months(self, deal: Deal) -> Iterator[tuple[Who, SeatCandidate, range, Variable]]:
        """Yield users, the candidate seat agreement that they are on, and the months, with their variable."""
        for (name, candidate, span), variable in self.seats.items():
            yield name, candidate, range(span.start, span.end), variable
        for (candidate, _, year), unserved in self.excess.items():
            for excess, variable in unserved.items():
                yield excess, candidate, deal.months_of(year), variable

    def years(self) -> Iterator[tuple[str, str, int, Variable]]:
        """Yield a cohort, a track, and for how many contract years, with their variable."""
        for (name, candidate, span), variable in self.seats.items():
            yield name, candidate.seat_type, len(span.years), variable
        yield from ((name, track, 1, variable) for (name, track, _), variable in self.other.items())

    def excess_of(self, candidate: SeatCandidate, span: TermSpan, years: Iterable[int]) -> dict[Excess, Variable]:
        """Return what may be unserved in a term of a candidate seat agreement, in some contract years."""
        return {each: v for year in years for each, v in self.excess.get((candidate, span, year), {}).items()}

    def unserved_in(self, candidate: SeatCandidate, year: int) -> list[tuple[Excess, Variable]]:
        """Return what may be unserved on a candidate seat agreement in a contract year."""
        found = [own for (c, _, when), own in self.excess.items() if (c, when) == (candidate, year)]
        return [item for own in found for item in own.items()]

    def on_seat(self, cohort: str, candidate: SeatCandidate, year: int) -> dict[TermSpan, Variable]:
        """Return the binaries of a cohort on a candidate seat agreement in a contract year, by term; none: closed."""
        return {span: on for span, on in self._by_candidate.get((cohort, candidate), {}).items() if year in span.years}


@dataclass(frozen=True)
class CandidateYear:
    """A contract year of a candidate seat agreement, and who may use it.

    `on[c]` is T of cohort c in the term `span` of the year, `excess` what may be unserved in the contract years whose
    users count.
    """

    candidate: SeatCandidate
    span: TermSpan
    year: int
    on: dict[str, Variable]
    excess: dict[Excess, Variable]

    @property
    def whose(self) -> dict[Who, Variable]:
        """The variables of all users that are counted, and of those that are taken off."""
        whose: dict[Who, Variable] = dict(self.on.items())
        whose.update(self.excess.items())
        return whose


def take_tracks(program: Program, deal: Deal, agreements: Agreements, seats: Seats) -> Tracks:
    """Add T <= h, Σ T = 1 per cohort and year, N >= minimum·T; a track closed by controls or limits has no T."""
    tracks = Tracks()
    for name, cohort in deal.cohorts.items():
        for candidate in agreements.seats:
            part = seats.parts[candidate]
            if candidate.seat_type not in cohort.tracks or not set(cohort.requires) <= set(part.provides):
                continue
            if is_closed(deal, name, candidate.seat_type, candidate.offer):
                continue
            for span in seat_spans(deal, candidate, candidate.seat_type):
                on = program.binary(f"track_{name}_{candidate.seat_type}_{candidate.offer}")
                tracks.take(name, candidate, span, on)
                program.add("track_needs_agreement", on <= agreements.seat_terms[candidate, span])
                if part.minimum and not resolve(deal).seat(candidate, candidate.seat_type).is_billed_by_users:
                    for year in span.years:
                        program.add(
                            "seat_minimum", seats.years[candidate, span, year].count >= float(part.minimum) * on
                        )
        for track in cohort.tracks:
            if track == NONE or track in deal.internal_tools:
                for year in range(deal.years):
                    tracks.other[name, track, year] = program.binary(f"track_{name}_{track}_{year}")
    for name in deal.cohorts:
        for year in range(deal.years):
            program.add("one_track", total(_of(tracks, name, year)) == 1)
    _tools(program, deal, agreements, tracks)
    _unserved(program, deal, tracks)
    return tracks


def _without_dust(users: float) -> float:
    """Return a number of users that is no seat more for its last digits: whole where it nearly is, so that N can be."""
    return float(round(users)) if abs(users - round(users)) <= ROUNDING * users else users * (1 - ROUNDING)


def order_seats(program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks) -> None:
    """Add the initial order of every candidate seat agreement, in each contract year."""
    for year in range(deal.years):
        full: dict[str, Variable] = {}
        for candidate in agreements.seats:
            if seats.parts[candidate].orders_expected_users:
                _initial_order(program, deal, seats, tracks, _OrderYear(candidate, year, full))


@dataclass(frozen=True)
class _OrderYear:
    """A candidate seat agreement in a contract year; `full` are 1 where all seats of a plan are contracted in it."""

    candidate: SeatCandidate
    year: int
    full: dict[str, Variable]


def _initial_order(program: Program, deal: Deal, seats: Seats, tracks: Tracks, at: _OrderYear) -> None:
    """Add N >= Σ_c E[A_c]·T[c] - Σ_v E[unserved_v]·T[v] where the agreement, or a cohort on it, begins in the year.

    A cohort begins where it comes from another track, or first has users. What is expected may exceed the maximum of
    the type, or of its plan: then N is either that much or the maximum, or the plan is full.
    """
    first, candidate, year, part = program.sums.first_users, at.candidate, at.year, seats.parts[at.candidate]
    on = {name: total(v.values()) for name in first.expected if (v := tracks.on_seat(name, candidate, year))}
    expected = {name: _without_dust(first.expected[name][year]) for name in on}
    unserved_if = tracks.unserved_in(candidate, year)
    less = {
        excess: _without_dust(first.unserved(excess.cohort, excess.ahead, excess.maximum)[year])
        for excess, _ in unserved_if
    }
    if len(on) == 1:
        (users,) = expected.values()
        less = {excess: math.ceil(users) - math.ceil(users - unserved) for excess, unserved in less.items()}
        expected = dict.fromkeys(expected, math.ceil(users))
    everybody = sum(expected.values())
    if not everybody:
        return
    number = seats.count(candidate, year)
    ordered = total(expected[name] * variable for name, variable in on.items())
    ordered -= total(less[each] * v for each, v in unserved_if)
    if part.maximum is not None and everybody > part.maximum:
        all_there_are = program.binary(f"order_is_maximum_{candidate.seat_type}")
        program.add("order_maximum", number >= float(part.maximum) * all_there_are)
        ordered -= (everybody - part.maximum) * all_there_are
    full = _full(program, deal, seats, at)
    if full is not None:
        ordered -= everybody * full
    if year == 0:
        program.add("initial_order", number >= ordered)
        return
    for name, variable in on.items():
        if first.begins[name] == year:
            program.add("initial_order", number >= ordered - everybody * (1 - variable))
            continue
        before = tracks.on_seat(name, candidate, year - 1)
        if before and before.keys() != tracks.on_seat(name, candidate, year).keys():
            program.add("initial_order", number >= ordered - everybody * (1 - variable + total(before.values())))


def _full(program: Program, deal: Deal, seats: Seats, at: _OrderYear) -> Variable | None:
    """Return 1 where Σ_s N of a plan is its maximum, None where the orders of all its types are surely no more."""
    seat_plan, first = deal.card.plan_of(at.candidate.seat_type), program.sums.first_users
    if seat_plan is None or seat_plan.maximum is None:
        return None
    users = sum(first.expected[name][at.year] for name in may_take(deal, seat_plan))
    if users + len(seat_plan.seats) <= seat_plan.maximum:
        return None
    if seat_plan.id not in at.full:
        at.full[seat_plan.id] = full = program.binary(f"plan_full_{seat_plan.id}_{at.year}")
        contracted = total(
            own.count for (c, _, year), own in seats.years.items() if year == at.year and c.seat_type in seat_plan.seats
        )
        program.add("plan_full", contracted >= float(seat_plan.maximum) * full)
    return at.full[seat_plan.id]


def _of(tracks: Tracks, cohort: str, year: int) -> list[Variable]:
    """Return every T of a cohort that counts in a contract year."""
    on = [v for (name, _, span), v in tracks.seats.items() if name == cohort and year in span.years]
    return on + [v for (name, _, when), v in tracks.other.items() if name == cohort and when == year]


def _tools(program: Program, deal: Deal, agreements: Agreements, tracks: Tracks) -> None:
    """Build once at the first month in use, run every month in use; controls by the tool or the API agreement."""
    for tool_id, tool in deal.internal_tools.items():
        on = [(name, year, v) for (name, track, year), v in tracks.other.items() if track == tool_id]
        for name, year, variable in on:
            missing = set(deal.cohorts[name].requires) - set(tool.provides)
            for agreement, gamma in agreements.api.items():
                if missing - resolve(deal).offers[agreement.offer].api_provides:
                    program.add("tool_controls", variable + gamma <= 1)
            left = [agreements.regimes[regime] for regime in agreements.of_year(year) if regime.span.left]
            if left and missing - resolve(deal).offers[LIST].api_provides:
                program.add("tool_controls", variable + total(left) <= 1)
        starts = {first_month(deal, name) for name, _, _ in on}
        cuts = sorted({*range(0, deal.horizon_months, 12), *(m for m in starts if m < deal.horizon_months)})
        built: Variable | None = None
        for start, end in zip(cuts, [*cuts[1:], deal.horizon_months], strict=True):
            begun = {name for name in deal.cohorts if first_month(deal, name) <= start}
            using = [v for name, year, v in on if year == start // 12 and name in begun]
            if not using:
                continue
            runs = program.variable(f"runs_{tool_id}_{start}", 0, 1)
            ready = program.variable(f"built_{tool_id}_{start}", 0, 1)
            before = Expression() if built is None else built
            for variable in using:
                program.add("tool_in_use", runs >= variable)
            program.add("tool_idle", runs <= total(using))
            program.add("tool_built", ready >= runs)
            program.add("tool_not_before", ready <= runs + before)
            if built is not None:
                program.add("tool_stays", ready >= built)
            program.pay("build", ready - before, tool.build_usd, Due(start, start))
            for month in range(start, end):
                program.pay("run", runs, tool.run_usd_per_month, Due(month + 1, month))
            built = ready


def _unserved(program: Program, deal: Deal, tracks: Tracks) -> None:
    """Charge a cohort on no track for every active user, at the end of the month."""
    for (name, track, year), on in tracks.other.items():
        if track == NONE:
            price = deal.cohorts[name].unserved_usd_per_user_month or 0.0
            for month in deal.months_of(year):
                users = program.sums.users_in(name, month)
                program.pay("unserved", on, price, Due(month + 1, month), users)
                program.leave_unserved(on, users)
