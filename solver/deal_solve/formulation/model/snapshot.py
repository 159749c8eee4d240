"""A program as it was built: everything that is added to it while it is solved can be taken back."""

from __future__ import annotations

from typing import Any

from deal_solve.formulation.model.program import Program


class Snapshot:
    """What a program holds at this moment: rows, variables with their bounds, and all else that may be added to."""

    def __init__(self, program: Program) -> None:
        self._plain: dict[str, Any] = {}
        self._containers: list[tuple[Any, Any]] = []
        for name, value in vars(program).items():
            if isinstance(value, list | dict | set):
                self._containers.append((value, value.copy()))
            self._plain[name] = value
        self._sides = [row.rhs for row in program.rows]
        self._bounds = [(variable.lowBound, variable.upBound) for variable in program.variables]

    def restore(self, program: Program, *, with_cuts: bool = False) -> None:
        """Put the program back to where it was, or to that with the cuts that have been binding; it has no values."""
        cuts = [(program.rows[index], *cut) for index, cut in program.binding.items()] if with_cuts else []
        for container, known in self._containers:  # in place: books of a channel share them
            container.clear()
            if isinstance(container, list):
                container.extend(known)
            else:
                container.update(known)
        vars(program).update(self._plain)
        for row, side in zip(program.rows, self._sides, strict=True):
            row.rhs = side
        for variable, (low, high) in zip(program.variables, self._bounds, strict=True):
            variable.lowBound, variable.upBound = low, high
            variable.varValue = variable.dj = None
        for row, number, point in cuts:
            program.cut_points[len(program.rows)] = program.binding[len(program.rows)] = number, point
            program.last_cut_points[number] = point
            program.rows.append(row)
