"""Variables and rows, numbered in the order in which they are made, and blocks of them that are made many times."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property, lru_cache

import pulp

from deal_solve.formulation.model.constraint import Constraint
from deal_solve.formulation.model.expression import Expression, Row, Variable
from deal_solve.stopping import checkpoint

CHECK_EVERY = 256
"""Variables, or rows, after which a program that is built looks whether to stop."""


@lru_cache(1024)
def plain(label: str) -> str:
    """Return a label in characters that every file format takes."""
    return re.sub(r"[^A-Za-z0-9_]", "_", label)


class Matrix:
    """Variables with their bounds, and rows. Both have names: their label with a number.

    `defined` are the terms of variables, by place, that are sums of others, and `defining` the places of their rows.
    """

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.rows: list[Constraint] = []
        self.defined: dict[int, list[tuple[int, float]]] = {}
        self.defining: set[int] = set()
        self._names: defaultdict[str, int] = defaultdict(int)
        self._row_indices: dict[str, int] = {}

    def _name(self, label: str) -> str:
        known = plain(label)
        self._names[known] = number = self._names[known] + 1
        return f"{known}_{number}"

    def variable(self, label: str, low: float | None = 0.0, high: float | None = None) -> Variable:
        """Return a new continuous variable."""
        return self._keep(label, low, high, pulp.LpContinuous)

    def integer(self, label: str, low: float = 0.0, high: float | None = None) -> Variable:
        """Return a new whole-number variable."""
        return self._keep(label, low, high, pulp.LpInteger)

    def binary(self, label: str) -> Variable:
        """Return a new 0/1 variable."""
        return self.integer(label, 0, 1)

    def _keep(self, label: str, low: float | None, high: float | None, kind: str) -> Variable:
        place = len(self.variables)
        if not place % CHECK_EVERY:
            checkpoint()
        variable = Variable(self._name(label), place, low, high, kind)
        self.variables.append(variable)
        return variable

    def add(self, label: str, row: Row) -> str:
        """Add a row, terms of one variable added up; return its name."""
        merged: dict[int, float] = {}
        for variable, coefficient in row.terms:
            if coefficient:
                place = variable.place
                merged[place] = merged.get(place, 0.0) + coefficient
        count = len(self.rows)
        if not count % CHECK_EVERY:
            checkpoint()
        name = self._name(label)
        self._row_indices[name] = count
        self.rows.append(Constraint(name, [*merged], [*merged.values()], row.sense, row.rhs))
        return name

    def define(self, label: str, variable: Variable, expression: Expression) -> None:
        """Add the row that a variable equals an expression of others, which bound it as it is bounded."""
        self.defined[variable.place] = [(other.place, factor) for other, factor in expression if factor]
        self.defining.add(len(self.rows))
        self.add(label, expression - variable == 0)

    def terms(self, row: Constraint) -> list[tuple[Variable, float]]:
        """Return the variables of a row with their coefficients."""
        return [(self.variables[place], factor) for place, factor in zip(row.places, row.factors, strict=True)]

    def repeat(self, block: Block, activity: Variable) -> list[Variable]:
        """Make the variables and rows of a block once more, for an activity; return the variables."""
        first, shift, names = len(self.variables), len(self.variables) - 1, self._names
        made = []
        for place, (label, low, high, kind) in enumerate(block.columns, first):
            names[label] = number = names[label] + 1
            made.append(Variable(f"{label}_{number}", place, low, high, kind))
        self.variables += made
        self.defining.update([len(self.rows) + index for index in block.defining])
        for row in block.rows:
            label = row.name
            names[label] = number = names[label] + 1
            name = f"{label}_{number}"
            places = [place + shift if place else activity.place for place in row.places]
            self._row_indices[name] = len(self.rows)
            self.rows.append(Constraint(name, places, row.factors, row.sense, row.rhs))
        for place, terms in block.defined.items():
            self.defined[place + shift] = [(other + shift, factor) for other, factor in terms]
        checkpoint()
        return made


class Block(Matrix):
    """Variables and rows that a program has once for each of many activities: written once, then repeated.

    The variable at place 0 stands for the `activity`; the names are labels without a number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.activity = self.variable("activity")

    def _name(self, label: str) -> str:
        return plain(label)

    @cached_property
    def columns(self) -> list[tuple[str, float | None, float | None, str]]:
        """Label, bounds and kind of every variable but the activity."""
        return [(v.name, v.lowBound, v.upBound, v.cat) for v in self.variables[1:]]
