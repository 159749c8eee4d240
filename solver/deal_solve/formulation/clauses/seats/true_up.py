"""Growth above contracted seats: counts, licensed seats, charges (model §5; formulation §3).

This module writes the true-up as rows and puts its parts together; `price_classes` says at which price seats are
added, `true_up_cost` values the charge as recourse.

    L ≥ Σ_c A[c,t] · T[c]                         for each month that counts
    L ≥ L before,  L ≥ N at the start of a year
    carried T[c] ≥ T[c, term before] + T[c', this term] (+ class chosen) - 1 (- 1)
    users charged ≥ Σ_c A[c,t] · carried T[c]     in the first contract year at list billed monthly
    carried T[v] ≤ T[v, term before],  carried T[v] ≤ carried T[c]   v: users of c that are unserved, counted as minus
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import ge

import numpy as np

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.offers.running import seat_months
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.formulation.clauses.api.rates import rates_of
from deal_solve.formulation.clauses.in_force.at_end import Licensed, licensed_in_force
from deal_solve.formulation.clauses.offers import Agreements, SeatCandidate, channel_of_seats
from deal_solve.formulation.clauses.seats.hard_cap import hard_cap
from deal_solve.formulation.clauses.seats.price_classes import (
    PriceClass,
    given_up_after,
    parts_by_giving_up,
    price_classes,
)
from deal_solve.formulation.clauses.seats.seats import Seats
from deal_solve.formulation.clauses.seats.tracks import CandidateYear, Tracks
from deal_solve.formulation.clauses.seats.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.clauses.terms import seat_spans
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import ScalarOrArray, ScenarioIndices, Who, cohort_of
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.plan.crowds import Excess
from deal_solve.plan.leaving import may_leave
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.uncertainty.scenario_set import Array


def true_up(program: Program, deal: Deal, agreements: Agreements, seats: Seats, tracks: Tracks) -> None:
    """Add the true-up (or hard cap) of every candidate seat agreement some cohort may take."""
    for candidate in agreements.seats:
        cohorts = list(dict.fromkeys(name for name, taken, _ in tracks.seats if taken == candidate))
        if not cohorts:
            continue
        seat = resolve(deal).seat(candidate, candidate.seat_type)
        clause, book = seats.parts[candidate].true_up, program.through(channel_of_seats(deal, candidate))
        for span in seat_spans(deal, candidate, candidate.seat_type):
            on = {name: tracks.seats[name, candidate, span] for name in cohorts}
            for year in span.years:
                first = span.years.start if isinstance(clause, TrueUp) and clause.ratchet == "term" else year
                at = CandidateYear(candidate, span, year, on, tracks.excess_of(candidate, span, range(first, year + 1)))
                if not isinstance(clause, TrueUp):
                    hard_cap(program, deal, seats, at)
                    continue
                if seat.is_billed_by_users:
                    everybody = PriceClass(seat.usd, Expression(), at.whose)
                    _Year(program, deal, seats, tracks, at, clause, everybody).charge_carried()
                    continue
                classes = price_classes(program, deal, seats, clause, at)
                if not clause.retroactive and year == span.years[-1] and span.end < deal.horizon_months:
                    given_up = given_up_after(program, tracks, at)
                    classes = [part for whole in classes for part in parts_by_giving_up(program, at, whole, given_up)]
                for price_class in classes:
                    added = _Year(book, deal, seats, tracks, at, clause, price_class)
                    if program.by_cuts:
                        book.recur(added.cost(), 12 * year)
                    else:
                        added.add()


def window_charges(clause: TrueUp, months: range, *, is_last: bool) -> list[tuple[int, int]]:
    """Return (end of the window, months charged for seats added in it) for each window of a contract year.

    `is_last`: after the year the type is given up, or the horizon ends.
    """
    charges = []
    for start in months[:: clause.check]:
        end = min(start + clause.check, months.stop)
        charged = months.stop - (start if clause.retroactive else end)
        if clause.ratchet == "none" or (is_last and not clause.retroactive and end == months.stop):
            charged = end - start
        charges.append((end, charged))
    return charges


def _counting(months: range, step: int) -> list[range]:
    """Return the last of every `step` months, and by itself that of a window which the horizon cuts.

    >>> _counting(range(24, 34), 3)
    [range(26, 34, 3), range(33, 34)]
    """
    found = range(months.start + step - 1, months.stop, step), range(months.stop - len(months) % step, months.stop)
    return [whole for whole in (found[0], found[1][-1:]) if whole]


def nondominated_counts(counts: Array) -> Array:
    """Return the columns of (cohorts, months) that can be the largest sum for some choice of cohorts."""
    columns = sorted(set(map(tuple, counts.T.tolist())))
    kept = [column for column in columns if not any(o is not column and all(map(ge, o, column)) for o in columns)]
    return np.array(kept).T


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
        is_carried = bool(self.carried or self.held)
        groups = self._alike() if is_carried and not self.program.by_cuts else []
        for month in self._months if is_carried else ():
            if self.program.by_cuts:
                self._carried_cost(month)
            for members in groups:
                self._carried_rows(Due(month, month, members))

    def cost(self) -> TrueUpCost:
        """Return the true-up as a function of tracks and contracted seats."""
        start = self._months.start
        alone = self.clause.ratchet == "none"
        counts = self._carried_counts()
        is_carried = bool(counts)
        if not counts and self.clause.ratchet == "term" and self.at.year > self.at.span.years.start:
            counts += self._counts(self.clause, self.price_class.on, self.at.span.start, start)
        seen = [sum(part.months for part in counts)] if counts else []
        stages = [(len(self._months), start, start)] if counts else []
        for end, months in self._charges():
            stages.append((months, end, end - 1))
            window = (end - 1 - start) % self.clause.check + 1 if self.clause.count == "peak" else 1
            seen.append((seen[-1] if seen else 0) + window)
        counts += self._counts(self.clause, self.price_class.on, start, self._months.stop)
        return TrueUpCost(
            tuple(counts),
            self.program.linear(self.price_class.number),
            tuple(seen),
            tuple(months for months, _, _ in stages),
            tuple((time, month) for _, time, month in stages),
            self.program.usd(self.price_class.usd),
            self.seats.index[self.at.candidate, self.at.span, self.at.year],
            alone,
            is_carried=is_carried,
        )

    @property
    def _months(self) -> range:
        return self._months_of(self.at.year)

    def _months_of(self, year: int) -> range:
        return seat_months(self.deal, self.at.candidate.seat_type, year)

    @property
    def carried(self) -> list[_Carried]:
        """M of the terms before that is carried into this contract year."""
        if self.known is None:
            self.known = list(self._carry())
        return self.known

    @cached_property
    def held(self) -> Licensed | None:
        """M of an agreement in force that is carried into this contract year."""
        on = self.price_class.on
        return licensed_in_force(self.program, self.at.candidate.seat_type, on) if self.at.year == 0 else None

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
            for excess, unserved in self.tracks.excess_of(candidate, span, span.years).items():
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
                spans = seat_spans(self.deal, candidate, candidate.seat_type)
                yield from ((candidate, span) for span in spans if span.end == self.at.span.start)

    def _carried_counts(self) -> list[Counts]:
        end = 12 * self.at.year
        found = [part for own in self.carried for part in self._counts(own.clause, own.on, own.start, end)]
        return [*found, self.held.counts(self.program)] if self.held else found

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
        if self.held:
            self.held.hold(self.program, charged + users, row)
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
        relevant = self.program.sums.counted(tuple(whose), range(first, self._months.stop))
        columns = relevant.reshape(-1, self.program.size)
        return equal_columns(np.vstack([columns, self.held.seats]) if self.held else columns)

    def _charges(self) -> list[tuple[int, int]]:
        is_last = self.price_class.is_given_up or self._months.stop == self.deal.horizon_months
        return window_charges(self.clause, self._months, is_last=is_last)

    def _counts(self, clause: TrueUp, on: dict[Who, Variable], start: int, end: int) -> list[Counts]:
        """Return the months of [start, end) that count: all of them, or the last of each window.

        Where some users may be unserved, or windows begin inside a contract year, there is one part per contract year,
        of the users that are counted in it.
        """
        step = 1 if clause.count == "peak" else clause.check
        if not any(isinstance(who, Excess) for who in on) and self._months_of(start // 12).start == start // 12 * 12:
            rows = [list(self.deal.cohorts).index(cohort_of(who)) for who in on]
            active = self.program.sums.active
            return [
                self._part(on, rows, active[:, months.start : months.stop : months.step])
                for months in _counting(range(start, end), step)
            ]
        parts = []
        for year in range(start // 12, -(-end // 12)):
            own = {who: v for who, v in on.items() if not isinstance(who, Excess) or who.year == year}
            for months in _counting(self._months_of(year), step):
                users = self.program.sums.counted(tuple(own), months)
                parts.append(self._part(own, range(len(own)), users))
        return parts

    def _part(self, on: dict[Who, Variable], rows: Sequence[int], users: Array) -> Counts:
        indices = [variable.place for variable in on.values()]
        return Counts(np.array(indices, dtype=np.int64), np.array(rows, dtype=np.int64), users)

    def _group(self, members: ScenarioIndices) -> None:
        row = int(members[0])
        licensed, on = self._at_start(row, members), self.price_class.on
        for end, months in self._charges():
            counts = self._window(self.clause, on, row, end)
            if self.clause.ratchet == "none":
                added = self.program.variable("seats_added", 0, self._maximum())
                self._above(added, counts, on, licensed)
                self._charge(1.0 * added, months, Due(end, end - 1, members))
                continue
            if end == self._months.stop and months == 0:
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
        held = float(self.held.seats.max()) if self.held else 0.0
        return float(max(counted, held, *(v.upBound for v, _ in self.price_class.number), 0.0))

    def _window(self, clause: TrueUp, on: dict[Who, Variable], row: int, end: int) -> Array:
        """Return the (users, months) counts of the window that ends at `end`, undominated."""
        begins = self._months_of((end - 1) // 12).start
        start = begins + (end - 1 - begins) // clause.check * clause.check if clause.count == "peak" else end - 1
        return nondominated_counts(self.program.sums.counted(tuple(on), range(start, end))[:, :, row])

    def _windows(self, own: _Carried, row: int, end: int) -> Array:
        """Return the counts of all windows up to a month."""
        years = range(own.start // 12, -(-end // 12))
        ends = [stop for year in years for stop, _ in window_charges(own.clause, self._months_of(year), is_last=False)]
        return nondominated_counts(np.hstack([self._window(own.clause, own.on, row, stop) for stop in ends]))

    def _at_start(self, row: int, members: ScenarioIndices) -> Expression:
        """Return L at the start of the year: N, or max(N, M), the part above N charged 12 months."""
        number, start = self.price_class.number, self._months.start
        carried = self.carried
        if not carried and self.clause.ratchet == "term" and self.at.year > self.at.span.years[0]:
            carried = [_Carried(self.clause, self.at.span.start, self.price_class.on)]
        if not (carried or self.held):
            return number
        licensed = self.program.variable("licensed_seats", 0, self._maximum())
        self.program.add("licensed_contracted", licensed >= number)
        for own in carried:
            self._above(licensed, self._windows(own, row, 12 * self.at.year), own.on)
        if self.held:
            self.held.hold(self.program, 1.0 * licensed, row)
        self._charge(licensed - number, len(self._months), Due(start, start, members))
        return 1.0 * licensed

    def _charge(self, seats: Expression, months: int, due: Due) -> None:
        index = self.seats.index[self.at.candidate, self.at.span, self.at.year]
        column = index[due.where] if isinstance(index, np.ndarray) else index
        self.program.pay("true_up", seats, self.price_class.usd * months, due, column)
