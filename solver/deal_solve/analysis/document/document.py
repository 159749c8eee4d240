"""The document: the best deal with everything that is shown of it, worked out once, to be written as a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, Unpack

from deal_solve.analysis.clauses.clauses import clauses
from deal_solve.analysis.curve.curve import curve
from deal_solve.analysis.document.result import QUICK, SECTIONS, Document
from deal_solve.analysis.frontier.frontier import frontier
from deal_solve.analysis.levers.waterfall import waterfall
from deal_solve.analysis.solve.comparisons import Comparisons, comparisons
from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, InputError, LimitReached, Problem
from deal_solve.messages import unknown
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solver.progress import Progress
from deal_solve.report.basics import About
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Scenarios, ready

T = TypeVar("T")
FRONTIER_STEPS = 5
"""Points of the frontier: fewer than by itself, for its solves are only a part of a document's."""


def document(
    deal: Deal,
    scenarios: Scenarios | None = None,
    *,
    sections: Sequence[str] | None = None,
    is_quick: bool = False,
    fiscal_year_start: int | None = None,
    **keywords: Unpack[SolveKeywords],
) -> Document:
    """Return the best deal with all that its document shows, over some scenarios (default: those of the deal).

    `sections` names what stands after the first page (default: all of SECTIONS); what none of them shows is not solved
    for, and with `is_quick` nothing is but the deal itself: no clause, no curve, no lever. `fiscal_year_start` is a
    calendar month, 1 to 12, None for contract years. The keywords are those of `solve`; what `fix` pins is reported as
    it stands, at the best of all else. Raises InputError for an unknown section, and what `solve` raises.
    """
    chosen = chosen_sections(sections)
    options = SolveOptions.of(keywords).cached().begun()
    set_of = ready(scenarios_of(deal) if scenarios is None else scenarios)
    work = _Work(options)
    work.begin("the best deal")
    solution = solve(deal, set_of, options=options)
    if deal.is_open:
        deal = deal.signed_in(solution.plan.signing_month)
        set_of, options = in_months_of(deal, set_of), options.measured_against(solution)
    work.begin("what else there is")
    compared = comparisons(solution, options, has_runner_up=not is_quick)
    against = options.measured_against(solution.baseline)
    worked = {} if is_quick else {name: name in chosen for name in QUICK}
    return Document(
        sections=chosen,
        comparisons=compared,
        clauses=work.tried("clauses", not is_quick, lambda: clauses(deal, set_of, pairs=0, options=options)),
        curve=work.tried("curve", worked.get("curve"), lambda: curve(deal, set_of, options=against)),
        frontier=work.tried(
            "frontier", worked.get("frontier"), lambda: frontier(deal, set_of, FRONTIER_STEPS, options=options)
        ),
        levers=work.tried("levers", worked.get("levers"), lambda: waterfall(deal, set_of, solution, options=options)),
        left_out=work.left_out,
        has_late=work.is_late,
        is_quick=is_quick,
        fiscal_year_start=fiscal_year_start,
        is_pinned=options.fix is not None,
        solution=solution,
        about=About(deal, set_of),
    )


def document_of(
    solution: Solution, compared: Comparisons, fiscal_year_start: int | None = None, is_pinned: bool = False
) -> Document:
    """Return the document of a solution, with nothing in it that takes further solves."""
    settlement = solution.settlement
    return Document(
        sections=tuple(name for name in SECTIONS if name not in (*QUICK, "clauses")),
        comparisons=compared,
        clauses=None,
        curve=None,
        frontier=None,
        levers=None,
        left_out={},
        is_quick=True,
        fiscal_year_start=fiscal_year_start,
        is_pinned=is_pinned,
        solution=solution,
        about=About(settlement.deal, settlement.scenarios),
    )


def chosen_sections(names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the sections of these names in their order; raises InputError for one that there is not."""
    if names is None:
        return tuple(SECTIONS)
    expected = f"; expected some of {', '.join(SECTIONS)}"
    wrong = [
        Problem("--sections", unknown("section", name, SECTIONS, expected)) for name in names if name not in SECTIONS
    ]
    if wrong:
        raise InputError(wrong)
    return tuple(name for name in SECTIONS if name in names)


@dataclass
class _Work:
    """What is worked out one after another, each told before it begins."""

    options: SolveOptions
    began: float = field(default_factory=time.monotonic)
    left_out: dict[str, str] = field(default_factory=dict)
    is_late: bool = False

    def begin(self, what: str) -> None:
        """Report what is worked out next."""
        if self.options.progress is not None:
            self.options.progress(Progress(f"document: {what}", time.monotonic() - self.began))

    def tried(self, name: str, is_asked: bool | None, work: Callable[[], T]) -> T | None:
        """Return what a question comes to; None where it is not asked, or has no answer for this deal: why is kept."""
        if not is_asked:
            return None
        self.begin(SECTIONS[name])
        try:
            self.options.refuse_late()
            return work()
        except (InputError, Infeasible, LimitReached) as error:
            self.is_late |= isinstance(error, LimitReached)
            problems = getattr(error, "problems", None)
            self.left_out[name] = problems[0].message if problems else str(error)
            return None
