"""What stands after the first page: the tables behind it, each in the section that its reader looks for it in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from deal_solve.analysis.document.page import Rows, subject_of
from deal_solve.analysis.document.result import QUICK, SECTIONS, Document
from deal_solve.analysis.document.tables import EXTRA_TABLES
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.proof import proof_rows
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.facts.sources import assumptions
from deal_solve.outputs import text_of
from deal_solve.report.text import Grid, Page, Points, collected, percent, printed_on, whole_money
from deal_solve.version import VERSION

COLUMNS = 180
WORKED_OUT = (*QUICK, "clauses")
"""Sections that show an analysis of their own name."""
SHOWN = {
    "spend": ("spend", "commitment", "health"),
    "distribution": ("distribution", "limits"),
    "drivers": ("drivers",),
    "routing": ("tracks", "routing", "projects"),
    "seats": ("renewal", "seats", "users"),
    "offers": ("side by side", "agreements"),
    "payers": ("allocation", "split", "years", "lines"),
    "calendar": ("calendar", "savings"),
    "assumptions": ("assumed", "notes", "controls"),
}
"""The tables that a section shows: those of `solve`, and some that are made for a document."""


@dataclass(frozen=True)
class Section:
    """One section: its tables and lists, or why it has none."""

    name: str
    title: str
    parts: tuple[Grid | Points, ...] = ()
    rows: Rows = ()
    why_empty: str = ""


def sections_of(found: Document) -> Iterator[Section]:
    """Yield the sections that were chosen; without anything to show for this deal a section is left out."""
    subject = subject_of(found)
    for name in found.sections:
        with printed_on(Page(COLUMNS)), collected() as parts:
            _lay_out(found, subject, name)
        if name == "assumptions":
            parts.insert(0, _assumptions(subject))
        section = Section(
            name,
            SECTIONS[name],
            distinct(parts),
            tuple(_method(subject)) if name == "method" else (),
            _why_empty(found, name),
        )
        if section.parts or section.rows or section.why_empty:
            yield section


def distinct(parts: list[Grid | Points]) -> tuple[Grid | Points, ...]:
    """Return the parts without a table that was laid out once more in another way, as with bars."""
    found: dict[Any, Grid | Points] = {}
    for part in parts:
        found.setdefault(part.title if isinstance(part, Grid) else part, part)
    return tuple(found.values())


def _lay_out(found: Document, subject: Subject, name: str) -> None:
    """Lay out everything that a section shows, to be collected."""
    if name in WORKED_OUT:
        analysis = getattr(found, name)
        if analysis is not None:
            text_of(analysis)
    makers: list[Callable[[Subject], str]] = [{**TABLES, **EXTRA_TABLES}[table] for table in SHOWN.get(name, ())]
    for make in makers:
        make(subject)


def _why_empty(found: Document, name: str) -> str:
    if name not in WORKED_OUT or getattr(found, name) is not None:
        return ""
    return found.left_out.get(name, "Left out: it takes further solves.")


def _assumptions(subject: Subject) -> Grid:
    """Return every assumption with its source, those that move the cost most first."""
    rows = tuple(
        (row.path, row.source or "none", whole_money(row.swing_usd) if row.swing_usd else "-")
        for row in assumptions(subject.deal, subject.plan)
    )
    title = "Assumptions and their sources (USD: how far the cost differs between the P10 and the P90 of each)"
    return Grid(title, ("assumption", "source", "differs by"), rows, left=2)


def _method(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield how the answer was found and what it can be found again from."""
    deal, solution = subject.deal, subject.solution
    yield from proof_rows(deal, subject.scenarios, solution, subject.summary)
    yield "method", f"mixed-integer program by {solution.method}, solver {solution.solver}"
    if solution.status != "optimal":
        yield "stopped", f"a plan up to {percent(solution.gap)} better may exist"
    yield "version", f"deal-solve {VERSION}"
    yield "input", f"SHA-256 of the deal as read: {hashlib.sha256(deal.model_dump_json().encode()).hexdigest()}"
