"""What a document holds: the answer, what it is compared with, and the analyses that its sections show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from deal_solve.analysis.clauses.result import GRANTED, Clauses, ClauseValue
from deal_solve.analysis.curve.result import Curve
from deal_solve.analysis.document.ics import ics_of
from deal_solve.analysis.frontier.result import Frontier
from deal_solve.analysis.levers.result import Waterfall
from deal_solve.analysis.solve.comparisons import Comparisons
from deal_solve.currency import USD, reported_in
from deal_solve.files import written
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.optional import need
from deal_solve.record import NotWritten
from deal_solve.report.basics import Answered

if TYPE_CHECKING:
    import pandas as pd

SECTIONS = {
    "levers": "What the levers are worth",
    "spend": "What is spent, month by month",
    "distribution": "How far the cost spreads",
    "curve": "What each commitment costs",
    "routing": "Which model answers what",
    "seats": "Seats and the people who use them",
    "clauses": "What each clause is worth",
    "drivers": "What the cost hangs on",
    "frontier": "What caution costs",
    "offers": "Every agreement side by side",
    "payers": "Who pays",
    "calendar": "Every date",
    "assumptions": "What is assumed",
    "method": "How it was worked out",
}
"""What stands after the first page, by name, each with its heading."""
QUICK = ("levers", "curve", "frontier")
"""Sections whose solves are for them alone."""
MAX_ASKS = 5


@dataclass(frozen=True, kw_only=True)
class Document(Answered):
    """The best deal with what its document shows; None where it was not worked out.

    `left_out` says why a section has no answer for this deal, by its name.
    """

    sections: Annotated[tuple[str, ...], Field(description="what stands after the first page")]
    comparisons: Annotated[Comparisons, Field(description="what the plan is compared with")]
    clauses: Annotated[Clauses | None, Field(description="what each clause is worth; null: not worked out")]
    curve: Annotated[Curve | None, Field(description="what each commitment costs; null: not worked out")]
    frontier: Annotated[Frontier | None, Field(description="what caution costs; null: not worked out")]
    levers: Annotated[Waterfall | None, Field(description="what the levers are worth; null: not worked out")]
    left_out: Annotated[dict[str, str], Field(description="why a section has no answer, by its name")]
    is_quick: Annotated[bool, Field(description="whether only the deal itself was solved")]
    fiscal_year_start: Annotated[int | None, Field(description="a calendar month; null: contract years")]
    is_pinned: Annotated[bool, Field(description="whether parts of the plan were fixed before the search")]
    solution: NotWritten[Solution] = field(repr=False)
    has_late: NotWritten[bool] = False
    """Whether a section has no answer for the time limit."""

    @property
    def is_in_time(self) -> bool:
        """Whether every section was worked out whole, and proven to the gap."""
        parts = [part.is_proven for part in (self.clauses, self.curve, self.frontier) if part is not None]
        return not self.has_late and all(parts) and (self.levers is None or self.levers.is_in_time)

    @property
    def asks(self) -> Table[ClauseValue]:
        """What to ask for first: the clauses of most value that the offer does not have yet."""
        rows = () if self.clauses is None else self.clauses.values
        worth = [row for row in rows if row.worth_usd > 0 and row.finding != GRANTED]
        return Table(tuple(worth[:MAX_ASKS]))

    def to_html(self) -> str:
        """Return the document as one HTML file, in the currency of the deal; without matplotlib it has no pictures."""
        from deal_solve.analysis.document.markup import html_of

        with self.solution.settlement.deal.currency.reported():
            return html_of(self)

    def to_markdown(self) -> str:
        """Return the first page as Markdown, in the currency of the deal."""
        from deal_solve.analysis.document.markup import markdown_of

        with self.solution.settlement.deal.currency.reported():
            return markdown_of(self)

    def to_ics(self) -> str:
        """Return every date of the plan as an iCalendar file, in the currency of the deal."""
        with self.solution.settlement.deal.currency.reported():
            return ics_of(self.solution.settlement)

    def to_docx(self, path: str | Path) -> None:
        """Write the first page and the asks as a text document, in the currency of the deal.

        Raises InputError without python-docx.
        """
        need("docx", "a text document")
        from deal_solve.analysis.document.letter import write_letter

        with self.solution.settlement.deal.currency.reported():
            written(path, lambda temporary: write_letter(self, temporary))

    def to_xlsx(self, path: str | Path) -> None:
        """Write the document as a workbook whose totals are formulas, in USD as all that is computed with.

        Raises InputError without XlsxWriter.
        """
        need("xlsxwriter", "a workbook")
        from deal_solve.analysis.document.workbook.book import write_workbook

        with reported_in(USD, 1.0):
            written(path, lambda temporary: write_workbook(self, temporary))

    def to_frame(self) -> pd.DataFrame:
        """Return what to ask for first, one row per clause."""
        return self.asks.to_frame()
