"""The tables behind the decision page, each by the name that `--show` knows it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from deal_solve.analysis.solve.agreements import agreements_table
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.proof import proof_and_data_quality
from deal_solve.errors import InputError, Problem
from deal_solve.facts.allocation import allocate
from deal_solve.facts.unstated import unstated
from deal_solve.messages import unknown
from deal_solve.report.allocation import allocation_tables
from deal_solve.report.cloud import cloud_table
from deal_solve.report.controls import controls_table
from deal_solve.report.health import (
    calendar_table,
    commitment_health_table,
    cost_split_table,
    savings_table,
    seats_table,
)
from deal_solve.report.plan_tables import (
    commitment_table,
    limit_table,
    line_table,
    project_table,
    routing_table,
    track_table,
)
from deal_solve.report.renewal import renewal_tables
from deal_solve.report.text import bullets
from deal_solve.report.unstated import unstated_list
from deal_solve.report.years import years_table

TABLES: dict[str, Callable[[Subject], str]] = {
    "renewal": lambda of: "\n\n".join(renewal_tables(of.deal, of.plan, of.settlement)),
    "commitment": lambda of: commitment_table(of.deal, of.settlement),
    "tracks": lambda of: track_table(of.deal, of.plan),
    "routing": lambda of: routing_table(of.deal, of.plan),
    "projects": lambda of: project_table(of.deal, of.plan),
    "lines": lambda of: line_table(of.deal, of.plan, of.summary),
    "years": lambda of: years_table(of.settlement, of.fiscal_year_start),
    "health": lambda of: commitment_health_table(of.settlement),
    "seats": lambda of: seats_table(of.settlement),
    "clouds": lambda of: cloud_table(of.settlement),
    "split": lambda of: cost_split_table(of.deal, of.settlement),
    "allocation": lambda of: "\n\n".join(allocation_tables(of.deal, of.plan, allocate(of.settlement))),
    "savings": lambda of: savings_table(of.deal, of.settlement),
    "calendar": lambda of: calendar_table(of.deal, of.settlement),
    "limits": lambda of: limit_table(of.deal, of.settlement),
    "agreements": lambda of: agreements_table(of.deal, of.solution, of.summary),
    "controls": lambda of: controls_table(of.deal),
    "proof": lambda of: proof_and_data_quality(of.deal, of.scenarios, of.solution, of.summary),
    "assumed": lambda of: unstated_list(unstated(of.deal)),
    "notes": lambda of: bullets("Notes", of.notes),
}
"""In the order in which they are printed."""


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise InputError for a table that there is not."""
    wrong = [name for name in names if name not in TABLES]
    if wrong:
        expected = f"; expected some of {', '.join(TABLES)}"
        raise InputError([Problem("--show", unknown("table", name, TABLES, expected)) for name in wrong])


def tables_text(subject: Subject, names: Sequence[str]) -> str:
    """Return some tables, in the order in which they are printed; those that this plan does not have are left out."""
    parts = (make(subject) for name, make in TABLES.items() if name in names)
    return "\n\n".join(part for part in parts if part)
