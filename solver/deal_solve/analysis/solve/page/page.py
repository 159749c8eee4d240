"""The decision page: everything needed to decide, on 45 lines of 80 columns where no large cost has to be left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deal_solve.analysis.solve.page.compare import compare_block
from deal_solve.analysis.solve.page.cost import cost_block, large_lines
from deal_solve.analysis.solve.page.dates import MIN_DATES, dates_block, dates_on_a_line, dates_title
from deal_solve.analysis.solve.page.footer import footer
from deal_solve.analysis.solve.page.risks import risks_block
from deal_solve.analysis.solve.page.sign import sign_block
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.page.today import today_line
from deal_solve.report.sentences import title_line
from deal_solve.report.text import heading

MAX_LINES = 45
MAX_DATES = 3
"""Lines of dates for which small lines of cost make room."""
MAX_COST_LINES, MIN_COST_LINES = 9, 3


@dataclass(frozen=True)
class _Attempt:
    """Whether what to sign is shortened, how many lines of cost stand before the total, and how many dates at least."""

    is_short: bool
    cost_lines: int
    dates: int


def decision_page(subject: Subject) -> str:
    """Return the page; dates take the room that the other blocks leave.

    Small lines of cost make room for them, then seats of later years and the names of workloads, then larger lines.
    """
    head = [*heading(title_line(subject.deal)), *today_line(subject)]
    after, last = [compare_block(subject), risks_block(subject)], footer(subject)
    for attempt in _attempts(subject):
        own = (head, sign_block(subject, attempt.is_short), cost_block(subject, attempt.cost_lines), *after)
        blocks = [block for block in own if block]
        room = MAX_LINES - sum(len(block) + 1 for block in blocks) - len(last) - 1
        if room >= attempt.dates:
            break
    title, dates = dates_title(subject.deal), dates_block(subject, max(room, MIN_DATES))
    if room < MIN_DATES:
        title, dates = dates_on_a_line(subject)
    dates = [*(heading(title) if dates else []), *dates, *last]
    return "\n\n".join("\n".join(block) for block in [*blocks, dates])


def _attempts(subject: Subject) -> Iterator[_Attempt]:
    """Yield how the page may be laid out, the best first."""
    min_lines = min(max(large_lines(subject) + 1, MIN_COST_LINES), MAX_COST_LINES)
    for is_short in (False, True):
        for lines in range(MAX_COST_LINES, min_lines - 1, -1):
            yield _Attempt(is_short, lines, MAX_DATES)
        yield _Attempt(is_short, min_lines, MIN_DATES)
