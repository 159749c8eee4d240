"""What `solve` prints: the decision page, what else was asked, and the tables behind it that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from deal_solve.analysis.solve.comparisons import Comparisons
from deal_solve.analysis.solve.page.page import decision_page
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.tables import tables_text
from deal_solve.facts.notes import note_in_one_pass, plan_notes
from deal_solve.facts.summary import summarise
from deal_solve.facts.years import by_contract_year
from deal_solve.optimise.solution import Solution
from deal_solve.report.scenarios import other_tail_note


def subject_of(
    solution: Solution,
    compared: Comparisons | None = None,
    fiscal_year_start: int | None = None,
    is_pinned: bool = False,
) -> Subject:
    """Return a solution with all that is printed of it."""
    settlement = solution.settlement
    note_in_one_pass(settlement, by_contract_year)
    tail = other_tail_note(settlement.deal, settlement.scenarios)
    return Subject(
        deal=settlement.deal,
        scenarios=settlement.scenarios,
        solution=solution,
        summary=summarise(settlement.deal, settlement, settlement.scenarios),
        compared=compared,
        fiscal_year_start=fiscal_year_start,
        notes=(*settlement.scenarios.notes, *plan_notes(settlement), *solution.notes, *tail),
        is_pinned=is_pinned,
    )


def solution_report(subject: Subject, tables: Sequence[str] = (), answers: str = "") -> str:
    """Return the decision page, answers to other questions, and the tables of these names."""
    parts = [decision_page(subject), answers, tables_text(subject, tables)]
    return "\n\n".join(part for part in parts if part) + "\n"
