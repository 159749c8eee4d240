"""PuLP's copy of a program: what other solvers are given, and what is written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulp

from deal_solve.formulation.model.constraint import Constraint
from deal_solve.formulation.model.expression import Variable


class Written:
    """Variables and rows in PuLP, which has a costly copy of both: made only where another solver is asked."""

    def __init__(self) -> None:
        self.problem = pulp.LpProblem("deal", pulp.LpMinimize)
        self._variables: list[pulp.LpVariable] = []
        self._rows: list[pulp.LpConstraint | None] = []
        self._relaxed = 0

    def update(
        self,
        variables: Sequence[Variable],
        rows: Sequence[Constraint],
        objective: Mapping[Variable, float],
        relaxed: Sequence[int],
        left_out: Mapping[int, object],
    ) -> None:
        """Bring it up to date; of `rows` some places are `left_out` (cuts), and the `relaxed` ones have new sides."""
        for variable in variables[len(self._variables) :]:
            made = pulp.LpVariable(variable.name, cat=variable.cat, _skip_v4_deprecation=True)
            self._variables.append(made)
        for own, variable in zip(self._variables, variables, strict=True):
            own.lowBound, own.upBound = variable.lowBound, variable.upBound
            own.varValue, own.dj = variable.varValue, variable.dj
        for place in range(len(self._rows), len(rows)):
            row = None if place in left_out else self._row(rows[place])
            self._rows.append(row)
            if row is not None:
                self.problem.addConstraint(row)
        for place in relaxed[self._relaxed :]:
            row = self._rows[place]
            if row is not None:
                row.changeRHS(rows[place].rhs)
        self._relaxed = len(relaxed)
        costs = {self._variables[variable.place]: cost for variable, cost in objective.items()}
        self.problem.setObjective(pulp.LpAffineExpression(costs))

    def _row(self, row: Constraint) -> pulp.LpConstraint:
        terms = {self._variables[place]: factor for place, factor in zip(row.places, row.factors, strict=True)}
        return pulp.LpConstraint(pulp.LpAffineExpression(terms), row.sense, row.name, row.rhs)

    def read(self, variables: Sequence[Variable]) -> None:
        """Write the values and reduced costs that a solver found into the program's variables."""
        for own, variable in zip(self._variables, variables, strict=True):
            variable.varValue, variable.dj = own.varValue, own.dj
