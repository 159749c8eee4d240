"""The decision page: everything needed to decide, on at most 45 lines of 80 columns."""

from __future__ import annotations

from deal_solve.analysis.solve.page.compare import compare_block
from deal_solve.analysis.solve.page.cost import cost_block
from deal_solve.analysis.solve.page.dates import dates_block
from deal_solve.analysis.solve.page.footer import footer
from deal_solve.analysis.solve.page.risks import risks_block
from deal_solve.analysis.solve.page.sign import sign_block
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.page.today import today_line
from deal_solve.report.sentences import title_line
from deal_solve.report.text import MAX_PROSE, Page, heading, is_coloured, page_width, printed_on

MAX_LINES = 45
MIN_DATES = 3
"""Lines of dates that small lines of cost make room for; one less where that is not enough."""
ATTEMPTS = (*((False, lines) for lines in range(9, 3, -1)), (True, 5), (True, 4), (True, 3))
"""Whether what to sign is shortened, and how many lines of cost stand before the total, the best first."""


def decision_page(subject: Subject) -> str:
    """Return the page; dates take the room that the other blocks leave.

    Small lines of cost make room for them, then seats of later years and the names of workloads.
    """
    with printed_on(Page(min(page_width(), MAX_PROSE), is_coloured())):
        head = [*heading(title_line(subject.deal)), *today_line(subject)]
        after, last = [compare_block(subject), risks_block(subject)], footer(subject)
        for is_short, cost_lines in ATTEMPTS:
            own = (head, sign_block(subject, is_short), cost_block(subject, cost_lines), *after)
            blocks = [block for block in own if block]
            room = MAX_LINES - sum(len(block) + 1 for block in blocks) - len(last) - 1
            if room >= MIN_DATES - is_short:
                break
        dates = dates_block(subject, max(room, MIN_DATES - 1))
        dates = [*(heading("Dates of the next 12 months") if dates else []), *dates, *last]
        return "\n\n".join("\n".join(block) for block in [*blocks, dates])
