"""The only room that makes PuLP variables and rows, and the book of who pays what when in which scenario."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import pulp

from deal_solve.formulation.recourse import Cut, Estimate, Expectation, Linear, Recourse, Weigh
from deal_solve.uncertainty.scenarios import Array, ScenarioSet

Variable: TypeAlias = pulp.LpVariable
Terms = list[tuple[Variable, float]]
"""A linear expression: (variable, coefficient) pairs; a variable may stand twice."""

ENDLESS = 1e12
"""More money units than any deal has."""

_SENSES = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "==": pulp.LpConstraintEQ}
_PLAIN = re.compile(r"[^A-Za-z0-9_]")


Where: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Places of scenarios."""


@dataclass(frozen=True)
class Payment:
    """coefficient · variable, in money units, in the scenarios `where` (None: in all), charged for a contract year.

    `values` (what is paid) and `present` (discounted) have one entry per scenario of `where`.
    """

    line: str
    variable: Variable
    values: Array
    present: Array
    where: Where | None
    year: int


class When(NamedTuple):
    """Which payments a measure counts: of one contract year or of all, discounted or not."""

    year: int | None = None
    discounted: bool = True


class Program:
    """A minimisation in money units of `unit_usd` dollars, with every payment kept by line, year and scenario.

    With `by_cuts` what happens after the future is known has no rows: it is `recourse`, and the variables that stand
    for measures of cost are `estimates`, to be held up by cuts.
    """

    def __init__(self, scenarios: ScenarioSet, cost_of_capital: float, unit_usd: float, by_cuts: bool = False) -> None:
        self.scenarios = scenarios
        self.unit_usd = unit_usd
        self.by_cuts = by_cuts
        self.problem = pulp.LpProblem("deal", pulp.LpMinimize)
        self.variables: list[Variable] = []
        self.payments: list[Payment] = []
        self.recourse: list[Recourse] = []
        self.estimates: list[Estimate] = []
        self._rate = cost_of_capital
        self._names: defaultdict[str, int] = defaultdict(int)
        self.live: object = None
        self.rows: list[pulp.LpConstraint] = []
        self.relaxed: list[int] = []
        self._places: dict[Variable, int] = {}
        self._row_places: dict[str, int] = {}
        self._shares: dict[tuple[int, When], Variable] = {}

    def usd(self, dollars: float) -> float:
        """Return dollars in money units."""
        return dollars / self.unit_usd

    def discount(self, time: int) -> float:
        """Return (1+r)^(-t/12)."""
        return float((1 + self._rate) ** (-time / 12))

    def _name(self, label: str) -> str:
        plain = _PLAIN.sub("_", label)
        self._names[plain] += 1
        return f"{plain}_{self._names[plain]}"

    def variable(self, label: str, low: float | None = 0.0, high: float | None = None) -> Variable:
        """Return a new continuous variable."""
        return self._keep(self.problem.add_variable(self._name(label), low, high))

    def integer(self, label: str, low: float = 0.0, high: float | None = None) -> Variable:
        """Return a new whole-number variable."""
        return self._keep(self.problem.add_variable(self._name(label), low, high, pulp.LpInteger))

    def _keep(self, variable: Variable) -> Variable:
        self._places[variable] = len(self.variables)
        self.variables.append(variable)
        return variable

    def place(self, variable: Variable) -> int:
        """Return the place of a variable in `variables`."""
        return self._places[variable]

    def linear(self, terms: Iterable[tuple[Variable, float]]) -> Linear:
        """Return an expression by the places of its variables."""
        pairs = list(terms)
        places = np.array([self._places[variable] for variable, _ in pairs], dtype=np.int64)
        return Linear(places, np.array([coefficient for _, coefficient in pairs], dtype=float))

    def binary(self, label: str) -> Variable:
        """Return a new 0/1 variable."""
        return self.integer(label, 0, 1)

    def row(self, label: str, terms: Iterable[tuple[Variable, float]], sense: str, rhs: float) -> str:
        """Add Σ terms (sense) rhs, terms of one variable added up; return the name of the row."""
        merged: defaultdict[Variable, float] = defaultdict(float)
        for variable, coefficient in terms:
            if coefficient:
                merged[variable] += coefficient
        expression = pulp.LpAffineExpression(merged)
        name = self._name(label)
        row = pulp.LpConstraint(expression, _SENSES[sense], name, rhs)
        self.problem.addConstraint(row)
        self._row_places[name] = len(self.rows)
        self.rows.append(row)
        return name

    def relax(self, row: str) -> None:
        """Make a <= row hold whatever its terms are."""
        place = self._row_places[row]
        self.rows[place].changeRHS(ENDLESS)
        self.relaxed.append(place)

    def pay(
        self,
        line: str,
        terms: Iterable[tuple[Variable, float]],
        usd: Array | float,
        time: int,
        month: int,
        where: Where | None = None,
    ) -> None:
        """Charge Σ terms · usd (dollars per unit of the terms; one number, or one per scenario of `where`)."""
        count = self.scenarios.size if where is None else len(where)
        values = np.broadcast_to(np.asarray(usd, dtype=float) / self.unit_usd, (count,))
        self._book(line, terms, values, values * self.discount(time), where, month // 12)

    def pay_monthly(self, line: str, variable: Variable, usd: Array, months: range) -> None:
        """Charge variable · usd (S, months) at the end of each of these months of one contract year."""
        values = usd / self.unit_usd
        discounts = np.array([self.discount(month + 1) for month in months])
        self._book(line, [(variable, 1.0)], values.sum(axis=1), values @ discounts, None, months[0] // 12)

    def _book(
        self,
        line: str,
        terms: Iterable[tuple[Variable, float]],
        values: Array,
        present: Array,
        where: Where | None,
        year: int,
    ) -> None:
        if np.any(values):
            for variable, factor in terms:
                if factor:
                    self.payments.append(Payment(line, variable, values * factor, present * factor, where, year))

    def factors(self, part: Recourse, when: When) -> Array:
        """Return how much each charge of a recourse counts."""
        return np.array(
            [
                (self.discount(time) if when.discounted else 1.0) if when.year in (None, month // 12) else 0.0
                for time, month in part.charges
            ]
        )

    def _paid(self, lines: Sequence[str] | None, when: When) -> Iterator[tuple[Payment, Array]]:
        for payment in self.payments:
            if (lines is None or payment.line in lines) and when.year in (None, payment.year):
                yield payment, payment.present if when.discounted else payment.values

    def expected(self, lines: Sequence[str] | None = None, when: When = When()) -> Terms:  # noqa: B008 - a tuple
        """Return the expected cost, of all lines or of some, as one expression."""
        weights = self.scenarios.weights
        total: defaultdict[Variable, float] = defaultdict(float)
        for payment, values in self._paid(lines, when):
            weight = weights if payment.where is None else weights[payment.where]
            total[payment.variable] += float(weight @ values)
        for place, part in enumerate(self.recourse):
            if (lines is None or part.line in lines) and np.any(self.factors(part, when)):
                total[self._expected_recourse(place, when)] += 1.0
        return list(total.items())

    def _expected_recourse(self, place: int, when: When) -> Variable:
        """Return the variable that stands for the expected cost of one recourse."""
        if (place, when) not in self._shares:
            part = self.recourse[place]
            self._shares[place, when] = self._estimate(
                f"expected_{part.line}",
                0.0,
                [(part, self.factors(part, when))],
                Expectation(self.scenarios.weights),
                [],
            )
        return self._shares[place, when]

    def estimate(self, label: str, when: When, weigh: Weigh, less: Array | None = None) -> Variable:
        """Return a variable that stands for a measure of the whole cost (less an amount per scenario)."""
        parts = [(part, self.factors(part, when)) for part in self.recourse]
        parts = [(part, factors) for part, factors in parts if np.any(factors)]
        low = 0.0 if less is None else -float(np.max(less))
        return self._estimate(label, low, parts, weigh, list(self._paid(None, when)), less)

    def _estimate(
        self,
        label: str,
        low: float,
        parts: Sequence[tuple[Recourse, Array]],
        weigh: Weigh,
        paid: Sequence[tuple[Payment, Array]],
        less: Array | None = None,
    ) -> Variable:
        variable = self.variable(label, low)
        rows: dict[int, Array] = {}
        for payment, values in paid:
            where = slice(None) if payment.where is None else payment.where
            row = rows.setdefault(self._places[payment.variable], np.zeros(self.scenarios.size))
            row[where] += values
        matrix = np.array(list(rows.values()), dtype=float).reshape(len(rows), self.scenarios.size)
        self.estimates.append(
            Estimate(self._places[variable], tuple(parts), weigh, np.array(list(rows), dtype=np.int64), matrix, less)
        )
        return variable

    def add_cut(self, estimate: Estimate, cut: Cut) -> None:
        """Add estimate >= linear + constant."""
        terms = [(self.variables[place], -c) for place, c in zip(*cut.linear, strict=True)]
        self.row("cut", [(self.variables[estimate.place], 1.0), *terms], ">=", cut.constant)

    def by_scenario(self, when: When = When()) -> list[Terms]:  # noqa: B008 - a tuple
        """Return the cost in each scenario as S expressions; not with cuts."""
        totals: list[defaultdict[Variable, float]] = [defaultdict(float) for _ in range(self.scenarios.size)]
        for payment, values in self._paid(None, when):
            places = range(self.scenarios.size) if payment.where is None else payment.where.tolist()
            for place, value in zip(places, values, strict=True):
                if value:
                    totals[place][payment.variable] += value
        return [list(total.items()) for total in totals]


def scaled(terms: Iterable[tuple[Variable, float]], factor: float) -> Terms:
    """Return an expression times a number."""
    return [(variable, coefficient * factor) for variable, coefficient in terms]


def equal_rows(table: Array) -> list[Where]:
    """Return the places of equal rows of a (scenarios, …) table, group by group: such scenarios cost the same."""
    groups: dict[bytes, list[int]] = {}
    for place, row in enumerate(np.ascontiguousarray(table)):
        groups.setdefault(row.tobytes(), []).append(place)
    return [np.array(places) for places in groups.values()]
