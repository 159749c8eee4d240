"""What `when` prints: the position today, the months side by side, and what is signed in each of them."""

from __future__ import annotations

from deal_solve.analysis.when.result import SigningOption, When
from deal_solve.deal.deal import Deal
from deal_solve.facts.summary import summarise
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.position import position_sentences
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import aim, gap_notes, title_line
from deal_solve.report.signing import IN_GAP, is_in_gap
from deal_solve.report.text import bullets, heading, labelled, money, table


def when_report(deal: Deal, found: When) -> str:
    """Return the months of signing in print."""
    best = next(month for month in found.months if month.month == found.best)
    head = heading(title_line(deal))
    for sentence in position_sentences(found.position) if found.position else ():
        head += labelled("Today", sentence)
    head += labelled("Sign", f"in {best.calendar_month}: {best.deal}")
    head += labelled("Over", scenarios_text(found.solution.settlement.scenarios))
    deals = [f"{month.calendar_month}: {month.deal}" for month in found.months if month.deal]
    parts = ["\n".join(head), _table(deal, found), bullets("What is signed in each month", deals)]
    notes = [*found.notes, *_compared_by(found), *gap_notes(all(month.is_proven for month in found.months))]
    return "\n\n".join([*parts, *([bullets("Notes", notes)] if notes else [])]) + "\n"


def _compared_by(found: When) -> list[str]:
    """Return what the objective is, and what IN_GAP says in the table."""
    settled = found.solution.settlement
    weighed = aim(settled.deal, summarise(settled.deal, settled, settled.scenarios))
    notes = [f"the months are compared by the objective: {weighed}"]
    if any(_is_in_gap(month, found) for month in found.months):
        notes.append(f"{IN_GAP}: it is not proven that the best plan of that month costs more; --gap proves it closer")
    return notes


def _is_in_gap(month: SigningOption, found: When) -> bool:
    is_other = month.month != found.best and month.objective_usd is not None
    return is_other and is_in_gap(month.bound_usd, found.solution.objective_usd)


def _table(deal: Deal, found: When) -> str:
    headers = ["signed in", "objective", "more than best", "expected cost", "P10", "P90", "before signing", ""]
    cells = [_cells(month, found) for month in found.months]
    if not any(row[-1] for row in cells):
        headers, cells = headers[:-1], [row[:-1] for row in cells]
    return table(
        f"Months of signing over {counted(deal.compared_months, 'month')} (USD{present_value(deal)})", headers, cells
    )


def _cells(month: SigningOption, found: When) -> list[str]:
    amounts = (
        month.objective_usd,
        month.more_usd,
        month.expected_usd,
        month.p10_usd,
        month.p90_usd,
        month.before_usd,
    )
    mark = "best" * (month.month == found.best) + " GAP" * (not month.is_proven)
    mark = mark or IN_GAP * _is_in_gap(month, found)
    mark = mark if month.outcome == "solved" else {"infeasible": "no plan", "limit": "stopped"}.get(month.outcome, "")
    return [month.calendar_month, *("-" if usd is None else money(usd) for usd in amounts), mark]
