"""Growth above contracted seats: counts, licensed seats, charges (model §5; formulation §3).

This module writes the true-up as rows and puts its parts together; `true_up_cost` values them as recourse.

    T[c,class] ≤ Σ_{z in class} b_z,  Σ_class T[c,class] = T[c,s,k]
    L ≥ Σ_c A[c,t] · T[c]                         for each month that counts
    L ≥ L before,  L ≥ N at the start of a year
    carried T[c] ≥ T[c, term before] + T[c', this term] (+ class chosen) - 1 (- 1)
    users charged ≥ Σ_c A[c,t] · carried T[c]     in the first contract year at list billed monthly
    carried T[v] ≤ T[v, term before],  carried T[v] ≤ carried T[c]   v: users of c that are unserved, counted as minus
    given up ≥ 1 - Σ T[c, next term],  given up ≤ 1 - T[c, next term]
    T[c, given up] ≤ given up,  T[c, taken on] ≤ 1 - given up,  T[c, given up] + T[c, taken on] = T[c]
    N[given up] ≤ N_max · given up,  N - N[given up] ≤ N_max · (1 - given up)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.offer import TrueUp
from deal_solve.formulation.clauses.api.rates import rates_of
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate
from deal_solve.formulation.clauses.seats.hard_cap import hard_cap
from deal_solve.formulation.clauses.seats.seats import Seats, Segment
from deal_solve.formulation.clauses.seats.tracks import CandidateYear, Tracks
from deal_solve.formulation.clauses.seats.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.formulation.model.scenario_sums import ScalarOrArray, ScenarioIndices, Who, cohort_of
from deal_solve.plan.crowds import Excess
from deal_solve.plan.leaving import may_leave
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True)
class PriceClass:
    """The segments of one contract year that share a true-up price, and the cohorts on them.

    `number` is N in these segments; `on[c]` is 1 if cohort c is on the agreement (or in an excess some of its users are
    unserved) and the year lies in these segments, which is so if all of `conditions` are 1. `is_given_up`: no cohort
    takes the type on after the year.
    """

    usd: float
    number: Expression
    on: dict[Who, Variable]
    conditions: tuple[Expression, ...] = ()
    is_given_up: bool = False


def true_up(program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks) -> None:
    """Add the true-up (or hard cap) of every candidate seat agreement some cohort may take."""
    for candidate in agreements.seats:
        cohorts = list(dict.fromkeys(name for name, taken, _ in tracks.seats if taken == candidate))
        if not cohorts:
            continue
        seat = resolve(deal).seat(candidate, candidate.seat_type)
        clause = seats.parts[candidate].true_up
        for span in resolve(deal).taken(candidate).spans:
            on = {name: tracks.seats[name, candidate, span] for name in cohorts}
            for year in span.years:
                first = span.years.start if isinstance(clause, TrueUp) and clause.ratchet == "term" else year
                at = CandidateYear(candidate, span, year, on, tracks.excess_of(candidate, range(first, year + 1)))
                if not isinstance(clause, TrueUp):
                    hard_cap(program, deal, seats, at)
                    continue
                if seat.is_billed_by_users:
                    everybody = PriceClass(seat.usd, Expression(), at.whose)
                    _Year(program, deal, seats, tracks, at, clause, everybody).charge_carried()
                    continue
                classes = _price_classes(program, deal, seats, clause, at)
                if not clause.retroactive and year == span.years[-1] and span.end < deal.horizon_months:
                    given_up = _given_up(program, tracks, at)
                    classes = [part for whole in classes for part in _parts(program, at, whole, given_up)]
                for price_class in classes:
                    added = _Year(program, deal, seats, tracks, at, clause, price_class)
                    if program.by_cuts:
                        program.recourse.append(added.cost())
                    else:
                        added.add()


def _price_classes(program: Program, deal: Deal, seats: Seats, clause: TrueUp, at: CandidateYear) -> list[PriceClass]:
    """Group the segments of a year by true-up price; with several, each cohort's T has one copy per class."""
    card = resolve(deal).seat(at.candidate, at.candidate.seat_type).card_usd

    def price(segment: Segment) -> float:
        return card if clause.price == "list" else segment.usd

    segments = seats.years[at.candidate, at.year].segments
    prices = sorted({price(segment) for segment, _, _ in segments})
    groups = [[item for item in segments if price(item[0]) == usd] for usd in prices]
    if len(groups) == 1:
        return [PriceClass(prices[0], seats.years[at.candidate, at.year].count, at.whose)]
    classes = []
    for usd, members in zip(prices, groups, strict=True):
        chosen = total(binary for _, binary, _ in members)
        on: dict[Who, Variable] = {}
        for name in at.whose:
            on[name] = program.variable(f"track_price_{name}", 0, 1)
            program.add("track_price_chosen", on[name] <= chosen)
        classes.append(PriceClass(usd, total(number for _, _, number in members), on, (chosen,)))
    for name, track in at.whose.items():
        program.add("track_price_disaggregated", total(price_class.on[name] for price_class in classes) == track)
    return classes


def _given_up(program: Program, tracks: Tracks, at: CandidateYear) -> Variable:
    """Return 1 where no cohort is on the seat type in the next contract year, whatever agreement it is taken from."""
    year, seat_type = at.year + 1, at.candidate.seat_type
    following: dict[str, list[Variable]] = {}
    for (name, candidate, span), variable in tracks.seats.items():
        if candidate.seat_type == seat_type and year in span.years:
            following.setdefault(name, []).append(variable)
    given_up = program.variable(f"given_up_{seat_type}_{at.year}", 0, 1)
    program.add("given_up_if_nobody", given_up >= 1 - total(v for own in following.values() for v in own))
    for own in following.values():
        program.add("taken_on", given_up <= 1 - total(own))
    return given_up


def _parts(program: Program, at: CandidateYear, whole: PriceClass, given_up: Variable) -> tuple[PriceClass, PriceClass]:
    """Return a class where the type is taken on after the year, and where it is given up: one of them is all of it."""
    maximum = sum(v.upBound for v, _ in whole.number)
    seats = program.variable(f"seats_given_up_{at.candidate.seat_type}", 0, maximum)
    program.add("seats_given_up", seats <= maximum * given_up)
    program.add("seats_taken_on", whole.number - seats <= maximum * (1 - given_up))
    program.add("seats_given_up_all", seats <= whole.number)
    on: dict[Who, Variable] = {}
    off: dict[Who, Variable] = {}
    for name, track in whole.on.items():
        on[name], off[name] = (program.variable(f"track_{what}_{name}", 0, 1) for what in ("taken_on", "given_up"))
        program.add("track_given_up", off[name] <= given_up)
        program.add("track_taken_on", on[name] <= 1 - given_up)
        program.add("track_given_up_disaggregated", on[name] + off[name] == track)
    return (
        PriceClass(whole.usd, whole.number - seats, on, (*whole.conditions, 1 - given_up)),
        PriceClass(whole.usd, 1.0 * seats, off, (*whole.conditions, 1.0 * given_up), is_given_up=True),
    )


def window_charges(clause: TrueUp, year: int, *, is_last: bool) -> list[tuple[int, int]]:
    """Return (end of the window, months charged for seats added in it) for each window of a contract year.

    `is_last`: after the year the type is given up, or the horizon ends.
    """
    end_of_year = 12 * year + 12
    charges = []
    for start in range(12 * year, end_of_year, clause.check):
        end = start + clause.check
        months = end_of_year - (start if clause.retroactive else end)
        if clause.ratchet == "none" or (is_last and not clause.retroactive and end == end_of_year):
            months = clause.check
        charges.append((end, months))
    return charges


def nondominated_counts(counts: Array) -> Array:
    """Return the columns of (cohorts, months) that can be the largest sum for some choice of cohorts."""
    columns = np.unique(counts, axis=1)
    beaten = [
        any(k != i and np.all(columns[:, k] >= columns[:, i]) for k in range(columns.shape[1]))
        for i in range(columns.shape[1])
    ]
    return columns[:, ~np.array(beaten, dtype=bool)]


@dataclass(frozen=True)
class _Carried:
    """What a term before has counted, from its month `start` on: its clause, and w of all who count."""

    clause: TrueUp
    start: int
    on: dict[Who, Variable]


@dataclass
class _Year:
    """The true-up of one contract year of a candidate seat agreement in one price class."""

    program: Program
    deal: Deal
    seats: Seats
    tracks: Tracks
    at: CandidateYear
    clause: TrueUp
    price_class: PriceClass
    known: list[_Carried] | None = None

    def add(self) -> None:
        """Add the licensed seats of every group of scenarios with the same counts."""
        for members in self._alike():
            self._group(members)

    def charge_carried(self) -> None:
        """Charge, each month, what carried counts exceed the users at list billed monthly by."""
        groups = self._alike() if self.carried and not self.program.by_cuts else []
        for month in range(12 * self.at.year, 12 * self.at.year + 12) if self.carried else ():
            if self.program.by_cuts:
                self._carried_cost(month)
            for members in groups:
                self._carried_rows(Due(month, month, members))

    def cost(self) -> TrueUpCost:
        """Return the true-up as a function of tracks and contracted seats."""
        start = 12 * self.at.year
        alone = self.clause.ratchet == "none"
        counts = self._carried_counts()
        if not counts and self.clause.ratchet == "term" and start > self.at.span.start:
            counts += self._counts(self.clause, self.price_class.on, self.at.span.start, start)
        seen = [sum(part.months for part in counts)] if counts else []
        stages = [(12, start, start)] if counts else []
        for end, months in self._charges():
            stages.append((months, end, end - 1))
            window = self.clause.check if self.clause.count == "peak" else 1
            seen.append((seen[-1] if seen else 0) + window)
        counts += self._counts(self.clause, self.price_class.on, start, start + 12)
        return TrueUpCost(
            tuple(counts),
            self.program.linear(self.price_class.number),
            tuple(seen),
            tuple(months for months, _, _ in stages),
            tuple((time, month) for _, time, month in stages),
            self.program.usd(self.price_class.usd),
            self.seats.index[self.at.candidate, self.at.year],
            alone,
        )

    @property
    def carried(self) -> list[_Carried]:
        """M of the terms before that is carried into this contract year."""
        if self.known is None:
            self.known = list(self._carry())
        return self.known

    def _carry(self) -> Iterator[_Carried]:
        """Yield them with w >= T[c, term before] + T[c', this term] - 1 (and the class chosen), for every c'.

        What was unserved in the term before is taken off where that is carried: no more than T[v] and w of its cohort.
        """
        conditions = self.price_class.conditions
        for candidate, span in self._before():
            on: dict[Who, Variable] = {}
            for name in self.deal.cohorts:
                before = self.tracks.seats.get((name, candidate, span))
                if before is None:
                    continue
                on[name] = self.program.variable(f"carried_track_{name}", 0, 1)
                for other in self.at.on:
                    now = self.tracks.seats[other, self.at.candidate, self.at.span]
                    both = before + now + total(conditions) - (1 + len(conditions))
                    self.program.add("carried_count", on[name] >= both)
            for excess, unserved in self.tracks.excess_of(candidate, span.years).items():
                on[excess] = self.program.variable(f"carried_{excess}", 0, 1)
                self.program.add("carried_unserved", on[excess] <= unserved)
                self.program.add("carried_unserved", on[excess] <= on[excess.cohort])
            clause = self.seats.parts[candidate].true_up
            if on and isinstance(clause, TrueUp):
                yield _Carried(clause, span.start, on)

    def _before(self) -> Iterator[tuple[SeatCandidate, TermSpan]]:
        """Yield the terms that end where this one starts and whose largest count is carried into it: the one before, or
        that of an agreement which is left here for list.
        """
        if not self.at.span.index or self.at.year != self.at.span.years[0]:
            return
        at_list = self.at.candidate.offer in AT_LIST
        for candidate, part in self.seats.parts.items():
            clause = part.true_up
            if candidate.seat_type != self.at.candidate.seat_type or not isinstance(clause, TrueUp):
                continue
            may_be_left = at_list and may_leave(self.deal, candidate.offer)
            if clause.ratchet == "term" and not clause.retroactive and (may_be_left or candidate == self.at.candidate):
                spans = resolve(self.deal).taken(candidate).spans
                yield from ((candidate, span) for span in spans if span.end == self.at.span.start)

    def _carried_counts(self) -> list[Counts]:
        end = 12 * self.at.year
        return [part for own in self.carried for part in self._counts(own.clause, own.on, own.start, end)]

    def _carried_cost(self, month: int) -> None:
        """Pay max(M, Σ A·T) - Σ A·T, of which the first part is recourse."""
        program, index, on = self.program, self._index(month), self.price_class.on
        users = program.sums.counted(tuple(on), range(month, month + 1))
        counts = (*self._carried_counts(), self._part(on, range(len(on)), users))
        seen, nothing = (sum(part.months for part in counts),), program.linear(Expression())
        price = program.usd(self.price_class.usd)
        program.recourse.append(
            TrueUpCost(counts, nothing, seen, (1,), ((month, month),), price, index, False, line="seats")
        )
        for variable, own in zip(on.values(), users, strict=True):
            program.pay("seats", variable, -self.price_class.usd, Due(month, month), own[0] * index)

    def _carried_rows(self, due: Due) -> None:
        """Add users charged + Σ A·T >= M, in scenarios that are alike, and pay for them."""
        members, index, on = due.where, self._index(due.month), self.price_class.on
        row = 0 if members is None else int(members[0])
        charged = self.program.variable("users_carried", 0, self._maximum())
        counts = self.program.sums.counted(tuple(on), range(due.month, due.month + 1))[:, 0, row]
        users = Expression(list(zip(on.values(), counts.tolist(), strict=True)))
        for own in self.carried:
            self._above(charged, self._windows(own, row, 12 * self.at.year), own.on, users)
        column = index[members] if isinstance(index, np.ndarray) else index
        self.program.pay("seats", charged, self.price_class.usd, due, column)

    def _index(self, month: int) -> ScalarOrArray:
        return rates_of(self.program.sums, self.deal).protected(self.at.candidate.agreement, "seats", month)

    def _alike(self) -> list[ScenarioIndices]:
        """Return groups of scenarios with the same counts, those that are carried included."""
        whose: dict[Who, Variable] = {**self.at.whose}
        for own in self.carried:
            whose.update(own.on)
        first = min((own.start for own in self.carried), default=self.at.span.start)
        relevant = self.program.sums.counted(tuple(whose), range(first, 12 * self.at.year + 12))
        return equal_columns(relevant.reshape(-1, self.program.size))

    def _charges(self) -> list[tuple[int, int]]:
        is_last = self.price_class.is_given_up or 12 * self.at.year + 12 == self.deal.horizon_months
        return window_charges(self.clause, self.at.year, is_last=is_last)

    def _counts(self, clause: TrueUp, on: dict[Who, Variable], start: int, end: int) -> list[Counts]:
        """Return the months of [start, end) that count: all of them, or the last of each window.

        Where some users may be unserved there is one part per contract year, of the users that are counted in it.
        """
        step = 1 if clause.count == "peak" else clause.check
        months = range(start + step - 1, end, step)
        if not any(isinstance(who, Excess) for who in on):
            rows = [list(self.deal.cohorts).index(cohort_of(who)) for who in on]
            users = self.program.sums.active[:, months.start : months.stop : months.step]
            return [self._part(on, rows, users)]
        parts = []
        for year in range(start // 12, end // 12):
            own = {who: v for who, v in on.items() if not isinstance(who, Excess) or who.year == year}
            users = self.program.sums.counted(tuple(own), range(12 * year + step - 1, 12 * year + 12, step))
            parts.append(self._part(own, range(len(own)), users))
        return parts

    def _part(self, on: dict[Who, Variable], rows: Sequence[int], users: Array) -> Counts:
        indices = [self.program.index(variable) for variable in on.values()]
        return Counts(np.array(indices, dtype=np.int64), np.array(rows, dtype=np.int64), users)

    def _group(self, members: ScenarioIndices) -> None:
        row = int(members[0])
        licensed, on = self._at_start(row, members), self.price_class.on
        for end, months in self._charges():
            counts = self._window(self.clause, on, row, end)
            if self.clause.ratchet == "none":
                added = self.program.variable("seats_added", 0, self._maximum())
                self._above(added, counts, on, self.price_class.number)
                self._charge(1.0 * added, months, Due(end, end - 1, members))
                continue
            if end == 12 * self.at.year + 12 and months == 0:
                continue
            raised = self.program.variable("licensed_seats", 0, self._maximum())
            self._above(raised, counts, on)
            self.program.add("licensed_stays", raised >= licensed)
            self._charge(raised - licensed, months, Due(end, end - 1, members))
            licensed = 1.0 * raised

    def _above(
        self, variable: Variable, counts: Array, on: dict[Who, Variable], less: Expression | None = None
    ) -> None:
        """Add variable (+ less) >= Σ_c counts[c]·on[c], for every month that can be the peak."""
        licensed = 1.0 * variable if less is None else variable + less
        for month in range(counts.shape[1]):
            users = Expression(list(zip(on.values(), counts[:, month].tolist(), strict=True)))
            self.program.add("seats_counted", licensed >= users)

    def _maximum(self) -> float:
        """Return a bound on licensed seats: the largest count of all cohorts, or the largest contract."""
        whose = (*self.at.on, *(cohort_of(who) for own in self.carried for who in own.on))
        counted = self.program.sums.max_users(tuple(dict.fromkeys(whose)))
        return float(max(counted, *(v.upBound for v, _ in self.price_class.number), 0.0))

    def _window(self, clause: TrueUp, on: dict[Who, Variable], row: int, end: int) -> Array:
        """Return the (users, months) counts of the window that ends at `end`, undominated."""
        start = end - clause.check if clause.count == "peak" else end - 1
        return nondominated_counts(self.program.sums.counted(tuple(on), range(start, end))[:, :, row])

    def _windows(self, own: _Carried, row: int, end: int) -> Array:
        """Return the counts of all windows up to a month."""
        ends = range(own.start + own.clause.check, end + 1, own.clause.check)
        return nondominated_counts(np.hstack([self._window(own.clause, own.on, row, stop) for stop in ends]))

    def _at_start(self, row: int, members: ScenarioIndices) -> Expression:
        """Return L at the start of the year: N, or max(N, M), the part above N charged 12 months."""
        number, start = self.price_class.number, 12 * self.at.year
        if not self.carried and (self.clause.ratchet != "term" or self.at.year == self.at.span.years[0]):
            return number
        licensed = self.program.variable("licensed_seats", 0, self._maximum())
        self.program.add("licensed_contracted", licensed >= number)
        for own in self.carried or [_Carried(self.clause, self.at.span.start, self.price_class.on)]:
            self._above(licensed, self._windows(own, row, start), own.on)
        self._charge(licensed - number, 12, Due(start, start, members))
        return 1.0 * licensed

    def _charge(self, seats: Expression, months: int, due: Due) -> None:
        index = self.seats.index[self.at.candidate, self.at.year]
        column = index[due.where] if isinstance(index, np.ndarray) else index
        self.program.pay("true_up", seats, self.price_class.usd * months, due, column)
