"""What a decision page is about: the answer, and what it is shown with."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.analysis.solve.comparisons import Comparisons
from deal_solve.deal.deal import Deal
from deal_solve.facts.summary import Summary
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Scenarios

LABEL = 14
"""Columns of the labels to the left of sentences."""


@dataclass(frozen=True)
class Subject:
    """A solution in print.

    `compared` is None where other plans were not looked for. `fiscal_year_start` is a calendar month, 1 to 12, None for
    contract years. `notes` are remarks in plain words. `is_pinned`: parts of the plan were fixed before the search.
    `is_in_document`: the tables stand below in the same document, not behind an option.
    """

    deal: Deal
    scenarios: Scenarios
    solution: Solution
    summary: Summary
    compared: Comparisons | None = None
    fiscal_year_start: int | None = None
    notes: tuple[str, ...] = ()
    is_pinned: bool = False
    is_in_document: bool = False

    @property
    def plan(self) -> Plan:
        """The recommended plan."""
        return self.solution.plan

    def where(self, table: str) -> str:
        """Return where the rest of a list stands."""
        return "see below" if self.is_in_document else f"--show {table}"

    @property
    def settlement(self) -> Settlement:
        """Its settlement."""
        return self.solution.settlement

    @property
    def is_certain(self) -> bool:
        """Whether there is one scenario only."""
        return self.summary.scenarios == 1
