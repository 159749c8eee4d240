"""Warm start: what one search knows of an agreement and another one may begin with.

A warm start says in which order to look, at which separation points to cut first, and which plan to try first. Nothing
of it is taken for true: cuts are made anew over the scenarios at hand and the plan is solved again, so every bound is
one of the problem that is solved (formulation §8, "Many scenarios" and "Many deals").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from deal_solve.formulation.model.program import Program
from deal_solve.uncertainty.scenario_set import Array

PointedCut: TypeAlias = tuple[int, Array]
"""An epigraph variable, by its number, and its separation point: the values of all variables at which it is cut."""


@dataclass(frozen=True)
class WarmStart:
    """What a search over other scenarios, or of a similar deal, knows of an agreement.

    `rank_usd` is its objective or bound there: where it stands among the others. `cuts` are the separation points of
    the cuts that were binding, in values of the variables of these `names`, and `plan` is its best plan, if it has one.
    """

    rank_usd: float
    names: tuple[str, ...]
    cuts: tuple[PointedCut, ...]
    plan: Array | None

    def fits(self, program: Program) -> bool:
        """Whether a program has the same variables."""
        return self.names == tuple(variable.name for variable in program.variables)

    def by_kind(self, program: Program) -> tuple[list[PointedCut], list[PointedCut]]:
        """Return the cuts of expected values, each of one clause in one regime, and those of the whole cost's tail."""
        kinds: tuple[list[PointedCut], list[PointedCut]] = [], []
        for number, point in self.cuts:
            kinds[not program.epigraphs[number].is_expected].append((number, point))
        return kinds
