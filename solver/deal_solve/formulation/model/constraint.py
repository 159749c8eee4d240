"""A row of a program, as the solver here takes it: PuLP has a costly copy of it only where another solver is asked."""

from __future__ import annotations

import math

import pulp

from deal_solve.formulation.model.expression import Variable


class Constraint:
    """Σ coefficient · variable (sense: one of PuLP's constants) rhs, every variable once."""

    __slots__ = ("name", "rhs", "sense", "terms")

    def __init__(self, name: str, terms: dict[Variable, float], sense: int, rhs: float) -> None:
        self.name, self.terms, self.sense, self.rhs = name, terms, sense, rhs

    @property
    def low(self) -> float:
        """The lower side, negative infinity without one."""
        return -math.inf if self.sense == pulp.LpConstraintLE else self.rhs

    @property
    def high(self) -> float:
        """The upper side, infinite without one."""
        return math.inf if self.sense == pulp.LpConstraintGE else self.rhs

    def in_pulp(self) -> pulp.LpConstraint:
        """Return PuLP's copy."""
        return pulp.LpConstraint(pulp.LpAffineExpression(self.terms), self.sense, self.name, self.rhs)
