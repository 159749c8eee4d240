"""A solution or settlement in a notebook: the report in print, and every table behind it as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from deal_solve.analysis.settle.text import settlement_report
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.page.page import decision_page
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.analysis.why_not.alternatives import alternatives
from deal_solve.facts.calendar import calendar
from deal_solve.facts.controls import control_table
from deal_solve.facts.cost_split import cost_split
from deal_solve.facts.decisions import decisions
from deal_solve.facts.health import commitment_health, seat_health
from deal_solve.facts.limit_checks import limit_checks
from deal_solve.facts.notes import plan_notes
from deal_solve.facts.routing import routing
from deal_solve.facts.summary import periods
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.report.scenarios import scenarios_notes
from deal_solve.settlement.settle import Settlement

OPEN = ("decisions", "sides")
"""The tables that a notebook shows at once; the others open with a click."""


@dataclass(frozen=True)
class Shown:
    """What `show` returns: `text` as the command line prints it, and `tables` by name, each with `to_frame()`."""

    text: str
    tables: Mapping[str, Table[Any]]
    head: str = ""
    """What a notebook shows of the text: the decision page, or the first block of a settlement."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        tables = (_folded(name, rows) for name, rows in self.tables.items() if rows)
        return f"<pre>{escape(self.head)}</pre>{''.join(tables)}"


def _folded(name: str, rows: Table[Any]) -> str:
    frame = rows.to_frame()
    if "contract_year" in frame:
        frame["contract_year"] += 1
    body = frame.to_html(index=False, float_format="{:,.2f}".format, na_rep="")
    return f"<details{' open' * (name in OPEN)}><summary>{name.replace('_', ' ')}</summary>{body}</details>"


def show(found: Solution | Settlement) -> Shown:
    """Return a solution or a settlement to look at: print it, or end a notebook's cell with it.

    The tables are named after the functions that compute them. Months count from 0; contract years count from 0 in a
    table and, as in every report, from 1 where it is displayed.
    """
    settlement = found.settlement if isinstance(found, Solution) else found
    deal, scenarios = settlement.deal, settlement.scenarios
    tables: dict[str, Table[Any]] = {
        "decisions": decisions(settlement),
        "sides": cost_split(settlement),
        "periods": periods(settlement),
        "commitment_health": commitment_health(settlement),
        "seat_health": seat_health(settlement),
        "routing": routing(deal, settlement.plan),
        "limit_checks": limit_checks(deal, settlement),
        "calendar": calendar(deal, settlement.plan),
        "control_table": control_table(deal),
    }
    if isinstance(found, Solution):
        subject = subject_of(found, comparisons(found, None))
        tables["alternatives"] = alternatives(found)
        return Shown(solution_report(subject, tuple(TABLES)), tables, decision_page(subject))
    likely, notes = int(scenarios.weights.argmax()), (*scenarios_notes(scenarios), *plan_notes(settlement))
    text = settlement_report(settlement, (), likely, notes)
    return Shown(text, tables, text.partition("\n\n")[0])
