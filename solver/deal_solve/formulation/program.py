"""The only room that makes PuLP variables and rows, and the book of who pays what when in which scenario."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pulp

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
    """coefficient · variable, in money units and undiscounted, in the scenarios `where` (None: in all).

    `values` has one entry per scenario of `where`; `time` is in months, `month` the month it is charged for.
    """

    line: str
    variable: Variable
    values: Array
    where: Where | None
    time: int
    month: int


class Program:
    """A minimisation in money units of `unit_usd` dollars, with every payment kept by line, month and scenario."""

    def __init__(self, scenarios: ScenarioSet, cost_of_capital: float, unit_usd: float) -> None:
        self.scenarios = scenarios
        self.unit_usd = unit_usd
        self.problem = pulp.LpProblem("deal", pulp.LpMinimize)
        self.variables: list[Variable] = []
        self.payments: list[Payment] = []
        self._rate = cost_of_capital
        self._names: defaultdict[str, int] = defaultdict(int)

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
        self.variables.append(variable)
        return variable

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
        self.problem.addConstraint(pulp.LpConstraint(expression, _SENSES[sense], name, rhs))
        return name

    def relax(self, row: str) -> None:
        """Make a <= row hold whatever its terms are."""
        self.problem.get_constraint_by_name(row).changeRHS(ENDLESS)

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
        if not np.any(values):
            return
        for variable, coefficient in terms:
            if coefficient:
                self.payments.append(Payment(line, variable, values * coefficient, where, time, month))

    def expected(self, lines: Sequence[str] | None = None, discounted: bool = True) -> Terms:
        """Return the expected (discounted) cost, of all lines or of some, as one expression."""
        weights = self.scenarios.weights
        total: defaultdict[Variable, float] = defaultdict(float)
        for payment in self.payments:
            if lines is None or payment.line in lines:
                weight = weights if payment.where is None else weights[payment.where]
                factor = self.discount(payment.time) if discounted else 1.0
                total[payment.variable] += float(weight @ payment.values) * factor
        return list(total.items())

    def by_scenario(self, year: int | None = None, discounted: bool = True) -> list[Terms]:
        """Return the cost in each scenario, in all or one contract year, as S expressions."""
        totals: list[defaultdict[Variable, float]] = [defaultdict(float) for _ in range(self.scenarios.size)]
        for payment in self.payments:
            if year is None or payment.month // 12 == year:
                factor = self.discount(payment.time) if discounted else 1.0
                places = range(self.scenarios.size) if payment.where is None else payment.where.tolist()
                for place, value in zip(places, payment.values * factor, strict=True):
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
