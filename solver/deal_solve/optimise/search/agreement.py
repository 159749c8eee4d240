"""One API agreement in the search: its program, its bound, and its best plan."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pulp

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.optimise.search.warm_start import WarmStart
from deal_solve.optimise.solution import CandidateAgreement, Size
from deal_solve.optimise.solver.boxes import Box


@dataclass
class Candidate:
    """One API agreement: its bound, and its best plan if it was solved (money in dollars unless said).

    `bands` are the thresholds of its first term; its program is built when it is first asked for. `constant_usd` is
    added to the objective of the program. `values` are those of the best plan, by the places of variables. `is_alone`
    says that a no-good cut of the best plan's choices was proven to leave no plan that is tied; all plans that may be
    tied are in `boxes`, where these are known.
    """

    agreement: Agreement
    bands: tuple[float, ...]
    build: Callable[[], Formulation]
    constant_usd: float = 0.0
    bound: float = -math.inf
    objective: float | None = None
    outcome: str = "open"
    values: list[float] = field(default_factory=list)
    is_alone: bool = False
    boxes: tuple[Box, ...] | None = None

    @cached_property
    def formulation(self) -> Formulation:
        """Its program."""
        return self.build()

    @property
    def is_built(self) -> bool:
        """Whether there is a program yet."""
        return "formulation" in self.__dict__

    def in_money_units(self, usd: float) -> float:
        """Return an objective in dollars as one of the program."""
        return self.formulation.program.usd(usd - self.constant_usd)

    def in_usd(self, money: float) -> float:
        """Return an objective of the program in dollars."""
        return money * self.formulation.program.unit_usd + self.constant_usd

    def first_band(self) -> float | None:
        """Return the threshold of the first term's band in the best plan, None without one."""
        if self.objective is None:
            return None
        taken = (
            regime.threshold_usd
            for regime, beta in self.formulation.agreements.regimes.items()
            if regime.span.index == 0 and self.values[beta.place] > 0.5
        )
        return next(taken, None)

    def next_warm_start(self) -> WarmStart:
        """Return its rank, the cuts that were binding in its relaxations, and its best plan, if there is one."""
        program = self.formulation.program
        cuts = list(program.binding.values())
        plan = None
        if self.objective is not None:
            plan = np.array(self._all_values())
            cuts += [(number, plan) for number in range(len(program.epigraphs))]
        rank = self.bound if self.objective is None else self.objective
        return WarmStart(rank, tuple(variable.name for variable in program.variables), tuple(cuts), plan)

    def in_band(self, band: float, bound: float) -> CandidateAgreement:
        """Return what is reported of it in one band, whose relaxation is bounded by `bound` (dollars; 0 always is)."""
        best, bound = self.first_band(), max(bound, 0.0)
        if self.objective is not None and best == band:
            outcome, objective, bound = self.outcome, self.objective, min(bound, self.objective)
        else:
            outcome = "infeasible" if bound == math.inf else "limit" if self.outcome == "limit" else "pruned"
            objective = None
        return CandidateAgreement(
            offer=self.agreement.offer,
            term_months=self.agreement.term_months,
            band_usd_per_year=band,
            outcome=outcome,  # type: ignore[arg-type]
            objective_usd=objective,
            bound_usd=bound,
        )

    def keep(self, objective: float) -> None:
        """Take the plan that the program's variables hold as the best one."""
        self.objective = objective
        self.values = [variable.varValue or 0.0 for variable in self.formulation.program.variables]

    def recall(self) -> None:
        """Write the best plan back into the program's variables."""
        for variable, value in zip(self.formulation.program.variables, self._all_values(), strict=True):
            variable.varValue = value

    def _all_values(self) -> list[float]:
        """Return the best plan by the places of all variables; 0 for one that was added since."""
        return self.values + [0.0] * (len(self.formulation.program.variables) - len(self.values))


def size_of(formulation: Formulation) -> Size:
    """Return the size of a program."""
    program = formulation.program
    rows = [row for number, row in enumerate(program.rows) if number not in program.cut_points]
    priced = {variable.place for variable in program.objective}
    return Size(
        rows=len(rows),
        columns=len(priced.union(*(row.places for row in rows))),
        integers=sum(variable.cat == pulp.LpInteger for variable in program.variables),
        nonzeros=sum(sum(map(bool, row.factors)) for row in rows),
    )
