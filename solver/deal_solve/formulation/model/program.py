"""A program: variables and rows, and the book of who pays what when in which scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from deal_solve.deal.offers.channel import Channel
from deal_solve.formulation.model.constraint import Constraint
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.matrix import Matrix
from deal_solve.formulation.model.payments import Metered, Payments, Share
from deal_solve.formulation.model.per_scenario import ScalarOrArray, ScenarioIndices
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.formulation.model.recourse import (
    Among,
    Cut,
    Epigraph,
    Expectation,
    Linear,
    Recourse,
    Slopes,
    Weigh,
    When,
)
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.formulation.model.written import Written
from deal_solve.uncertainty.scenario_set import Array

ENDLESS = 1e12
"""More money units than any deal has."""


class Payment(NamedTuple):
    """value · column · variable, in money units, in the scenarios `where` (None: all), charged for a contract year.

    `value` is what is paid and `present` the same discounted; `column` is 1, or one number per scenario of `where`.
    """

    line: str
    variable: Variable
    column: ScalarOrArray
    value: float
    present: float
    where: ScenarioIndices | None
    year: int
    channel: Channel | None = None
    cloud_year: int = 0


class Channelled(NamedTuple):
    """Recourse that is paid in one year of the whole horizon, through the channel of an offer."""

    channel: Channel
    cloud_year: int
    part: Recourse


class Due(NamedTuple):
    """When a payment is made (`time`, months from signing), for which `month`, in which scenarios (None: all)."""

    time: int
    month: int
    where: ScenarioIndices | None = None


class AddedCuts(NamedTuple):
    """Rows of cuts that a program was given, and where they were made (see `Program`)."""

    rows: list[Constraint]
    points: dict[int, tuple[int, Array]]
    binding: dict[int, tuple[int, Array]]
    last_points: dict[int, Array]
    slopes: dict[int, Slopes]


class Program(Matrix):
    """A minimisation in money units of `unit_usd` dollars, with every payment kept by line, year and scenario.

    With `by_cuts` what happens after the future is known has no rows: it is `recourse`, and the variables that stand
    for measures of cost are `epigraphs`, to be held up by cuts to within `optimality_tolerance` of the objective. What
    is paid on a path of buckets alone is in one of its `parts`, which shares variables, rows and epigraphs.
    With cuts the solver does not see variables that are `defined` by others.
    `cut_points` are, by the place of the row, the epigraph of a cut and where it was made; those that have held a
    linear program are `binding`, and where the last one of an epigraph was made is in `last_cut_points`. `unserved` and
    `unserved_recourse` count users who are not served. What is paid through a channel is marked with it; recourse so
    paid is `channelled`, apart from the rest, until `clauses.channel` puts it together.
    """

    def __init__(self, sums: ScenarioSums, unit_usd: float, by_cuts: bool = False) -> None:
        super().__init__()
        self.sums = sums
        self.weights, self.size = sums.weights, sums.size
        self.unit_usd = unit_usd
        self.by_cuts = by_cuts
        self._written: Written | None = None
        self.objective: dict[Variable, float] = {}
        self.payments: list[Payment] = []
        self.metered: list[Metered] = []
        self.recourse: list[Recourse] = []
        self.epigraphs: list[Epigraph] = []
        self.relaxed: list[int] = []
        self._shares: dict[tuple[int, When], Variable] = {}
        self.cut_points: dict[int, tuple[int, Array]] = {}
        self.binding: dict[int, tuple[int, Array]] = {}
        self.last_cut_points: dict[int, Array] = {}
        self._slopes_of: dict[int, Slopes] = {}
        self.measured: tuple[bytes, dict[int, float]] = b"", {}
        self.optimality_tolerance = 1e-9
        self.is_presolved = True
        self.is_branched = False
        self._slopes: dict[tuple[int, bytes], Linear] = {}
        self._payments: Payments | None = None
        self.parts: list[tuple[Program, ScenarioIndices]] = []
        self.unserved: list[tuple[Variable, float]] = []
        self.unserved_recourse: list[Recourse] = []
        self.channelled: list[Channelled] = []
        self._channel: Channel | None = None

    def part(self, sums: ScenarioSums, where: ScenarioIndices) -> Program:
        """Return the same program with a book of its own, of what is paid in some scenarios only."""
        part = copy(self)
        part.sums, part.weights, part.size = sums, sums.weights, sums.size
        part.payments, part.metered, part.recourse, part.parts = [], [], [], []
        part._shares, part._slopes, part._payments = {}, {}, None
        part.unserved, part.unserved_recourse, part.channelled = [], [], []
        self.parts.append((part, where))
        return part

    def through(self, channel: Channel | None) -> Program:
        """Return the same program, for payments of an agreement whose offer is bought through a channel (if any)."""
        if channel is None:
            return self
        book = copy(self)
        book._channel = channel
        return book

    def usd(self, dollars: float) -> float:
        """Return dollars in money units."""
        return dollars / self.unit_usd

    def discount(self, time: int) -> float:
        """Return (1+r)^(-t/12)."""
        return self.sums.discount(time)

    def linear(self, expression: Expression) -> Linear:
        """Return an expression by the indices of its variables."""
        indices = np.array([variable.place for variable, _ in expression], dtype=np.int64)
        return Linear(indices, np.array([coefficient for _, coefficient in expression], dtype=float))

    @property
    def written(self) -> Written:
        """The program in PuLP, brought up to date; cuts are left out: HiGHS alone, which reads `rows`, sees them."""
        if self._written is None:
            self._written = Written()
        self._written.update(self.variables, self.rows, self.objective, self.relaxed, self.cut_points)
        return self._written

    def relax(self, row: str) -> None:
        """Make a <= row hold whatever its terms are."""
        index = self._row_indices[row]
        self.rows[index].rhs = ENDLESS
        self.relaxed.append(index)

    def pay(
        self, line: str, expression: Expression | Variable, usd: float, due: Due, column: ScalarOrArray = 1.0
    ) -> None:
        """Charge expression · usd · column: dollars per unit, and one number or one per scenario it is due in."""
        scale = self.usd(usd) * (1.0 if isinstance(column, np.ndarray) else column)
        column = column if isinstance(column, np.ndarray) else 1.0
        for variable, factor in expression.terms:
            if factor and scale:
                value = scale * factor
                present = value * self.discount(due.time)
                through = self._channel, self.sums.cloud_year(due.month)
                self.payments.append(
                    Payment(line, variable, column, value, present, due.where, due.month // 12, *through)
                )

    def recur(self, part: Recourse, month: int) -> None:
        """Charge recourse; through a channel it is for months of one cloud year, `month` the last of them."""
        if self._channel is None:
            self.recourse.append(part)
        else:
            self.channelled.append(Channelled(self._channel, self.sums.cloud_year(month), part))

    def leave_unserved(
        self, expression: Expression | Variable, users: ScalarOrArray, where: ScenarioIndices | None = None
    ) -> None:
        """Count user-months of a unit of an expression that are not served: for ties, whatever they cost."""
        count = self.sums.mean(users) if where is None else float(np.sum(self.weights[where] * users))
        self.unserved += [(variable, factor * count) for variable, factor in expression.terms]

    def expected_unserved(self) -> Expression:
        """Return the expected user-months that are not served."""
        found = [Expression(self.unserved), *(part.expected_unserved() for part, _ in self.parts)]
        when = When(discounted=False)
        found += [1.0 * self._expected_recourse(part, when, "unserved_users") for part in self.unserved_recourse]
        return total(found)

    def meter(self, line: str, year: int, items: Sequence[Item], cloud_year: int = 0) -> None:
        """Charge requests at the end of each month of one contract year, in money units per request.

        What is paid through a channel is for months of one year of cloud commitments.
        """
        if items:
            rows = self.sums.rows_of(range(12 * year, 12 * year + 12))
            plain = RateGroups(self.sums.requests[rows], items, first_row=rows.start)
            present = plain.of(self.sums.discounted_requests[rows])
            self.metered.append(Metered(line, year, plain, present, self._channel, cloud_year))

    def _paid(self, lines: Sequence[str] | None, when: When) -> Iterator[tuple[Payment, float]]:
        for payment in self.payments:
            if (lines is None or payment.line in lines) and when.year in (None, payment.year):
                yield payment, payment.present if when.discounted else payment.value

    def expected(self, lines: Sequence[str] | None = None, when: When = When()) -> Expression:  # noqa: B008 - a tuple
        """Return the expected cost, of all lines or of some, as one expression."""
        coefficients: defaultdict[Variable, float] = defaultdict(float)
        for payment, value in self._paid(lines, when):
            coefficients[payment.variable] += value * self._mean(payment)
        for part in self.metered:
            factors = part.factors(when, self.discount)
            if (lines is None or part.line in lines) and np.any(factors):
                key = id(part), factors.tobytes()
                if key not in self._slopes:
                    self._slopes[key] = part.slope(np.empty(0), factors, self.weights)
                for index, coefficient in zip(*self._slopes[key], strict=True):
                    coefficients[self.variables[index]] += float(coefficient)
        apart = [] if lines is None else [each.part for each in self.channelled]  # all of it is part of `recourse` too
        for recourse in [*self.recourse, *apart]:
            if (lines is None or recourse.line in lines) and np.any(recourse.factors(when, self.discount)):
                coefficients[self._expected_recourse(recourse, when, f"expected_{recourse.line}")] += 1.0
        own = Expression(list(coefficients.items()))
        return total([own, *(part.expected(lines, when) for part, _ in self.parts)])

    def _mean(self, payment: Payment) -> float:
        """Return the expected value of a payment's column; 0 in the scenarios in which it does not fall due."""
        if payment.where is None:
            return self.sums.mean(payment.column)
        return float(np.sum(self.weights[payment.where] * payment.column))

    def _expected_recourse(self, part: Recourse, when: When, label: str) -> Variable:
        """Return the variable that stands for the expectation of one recourse, the same one at every call."""
        key = id(part), when
        if key not in self._shares:
            parts = [(part, part.factors(when, self.discount))]
            self._shares[key] = self._epigraph(label, 0.0, parts, Expectation(self.weights))
        return self._shares[key]

    def epigraph(self, label: str, when: When, weigh: Weigh, less: Array | None = None) -> Variable:
        """Return a variable that stands for a measure of the whole cost (less an amount per scenario)."""
        every = self._everything()
        parts = [(part, part.factors(when, self.discount)) for part in every]
        low = 0.0 if less is None else -float(np.max(less))
        return self._epigraph(label, low, [(part, factors) for part, factors in parts if np.any(factors)], weigh, less)

    def _everything(self) -> list[Recourse]:
        """Return all that is paid, valued in every scenario of this program."""
        among = [Among(paid, where, self.size) for part, where in self.parts for paid in part._everything()]
        return [self._all_payments(), *self.metered, *self.recourse, *among]

    def _all_payments(self) -> Payments:
        if self._payments is None:
            shares = [Share(p.variable.place, p.column, p.value, p.present, p.year) for p in self.payments]
            self._payments = Payments(tuple(shares), self.size)
        return self._payments

    def _epigraph(
        self,
        label: str,
        low: float,
        parts: Sequence[tuple[Recourse, Array]],
        weigh: Weigh,
        less: Array | None = None,
    ) -> Variable:
        variable = self.variable(label, low)
        self.epigraphs.append(Epigraph(variable.place, tuple(parts), weigh, self.size, less))
        return variable

    def add_cut(self, number: int, cut: Cut, point: Array) -> None:
        """Add Θ >= linear + constant, made at a point."""
        self.cut_points[len(self.rows)] = number, point
        self.last_cut_points[number] = point
        indices, coefficients = (part.tolist() for part in cut.linear)
        terms = [(self.variables[index], -c) for index, c in zip(indices, coefficients, strict=True)]
        theta = self.variables[self.epigraphs[number].index]
        self.add("cut", theta + Expression(terms) >= cut.constant)

    def slopes_of(self, number: int) -> Slopes:
        """Return the last slope of each part of an epigraph, to be brought up to date by the next cut."""
        return self._slopes_of.setdefault(number, {})

    def apart(self) -> Program:
        """Return a program of the same variables and rows; what is added to one of the two is not in the other."""
        found = copy(self)
        found.variables, found.rows, found.relaxed = [*self.variables], [*self.rows], [*self.relaxed]
        found.epigraphs, found.defined, found.defining = [*self.epigraphs], self.defined.copy(), self.defining.copy()
        found._names, found._row_indices = self._names.copy(), self._row_indices.copy()
        found.cut_points, found.binding = self.cut_points.copy(), self.binding.copy()
        found.last_cut_points = self.last_cut_points.copy()
        found._slopes_of = {number: slopes.copy() for number, slopes in self._slopes_of.items()}
        return found

    def cuts_after(self, rows: int) -> AddedCuts:
        """Return the cuts that were added since the program had so many rows; no other row was."""
        added = {row: cut for row, cut in self.cut_points.items() if row >= rows}
        return AddedCuts(self.rows[rows:], added, self.binding, self.last_cut_points, self._slopes_of)

    def take_cuts(self, cuts: AddedCuts) -> None:
        """Add cuts that were added to a copy of the program."""
        for row in cuts.rows:
            self._row_indices[self._name("cut")] = len(self.rows)
            self.rows.append(row)
        self.cut_points.update(cuts.points)
        self.binding.update(cuts.binding)
        self.last_cut_points.update(cuts.last_points)
        self._slopes_of.update(cuts.slopes)

    def by_scenario(self, when: When = When()) -> list[Expression]:  # noqa: B008 - a tuple
        """Return the cost in each scenario as S expressions; not with cuts."""
        totals: list[defaultdict[Variable, float]] = [defaultdict(float) for _ in range(self.size)]
        for variable, where, values in self._amounts(when):
            indices = range(self.size) if where is None else where.tolist()
            for index, value in zip(indices, values.tolist(), strict=True):
                if value:
                    totals[index][variable] += value
        return [Expression(list(cost.items())) for cost in totals]

    def _amounts(self, when: When) -> Iterator[tuple[Variable, ScenarioIndices | None, Array]]:
        """Yield what is paid per unit of a variable in each scenario."""
        for payment, value in self._paid(None, when):
            count = self.size if payment.where is None else len(payment.where)
            yield payment.variable, payment.where, np.broadcast_to(value * payment.column, (count,))
        for part in self.metered:
            plain, present = part.factors(when, self.discount)
            if plain or present:
                sums = part.present if present else part.plain
                for index, values in zip(sums.indices, sums.per_scenario(), strict=True):
                    yield self.variables[index], None, values
        for path, members in self.parts:
            for variable, where, values in path._amounts(when):
                yield variable, members if where is None else members[where], values


def equal_columns(table: Array) -> list[ScenarioIndices]:
    """Return the indices of equal columns of a (…, S) table, group by group: such scenarios cost the same."""
    groups: dict[bytes, list[int]] = {}
    for index, column in enumerate(np.ascontiguousarray(table.T)):
        groups.setdefault(column.tobytes(), []).append(index)
    return [np.array(indices) for indices in groups.values()]
