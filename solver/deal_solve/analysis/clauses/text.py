"""What `clauses` prints: the concession list of an offer, the pairs, and what it is measured by."""

from __future__ import annotations

from deal_solve.analysis.clauses.clauses import is_discounted
from deal_solve.analysis.clauses.result import AT_BEST, GRANTED, ClausePair, Clauses, ClauseValue
from deal_solve.deal.deal import Deal
from deal_solve.facts.summary import Summary, summarise
from deal_solve.messages import counted
from deal_solve.optimise.solution import Solution
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import aim, best_deal, tail_note, title_line
from deal_solve.report.text import bullets, heading, labelled, money, percent, round_money, table


def clauses_report(deal: Deal, found: Clauses) -> str:
    """Return the clauses of an offer in print."""
    base = found.base
    summary = summarise(base.settlement.deal, base.settlement, base.settlement.scenarios)
    title = deal.offers[found.offer].title
    head = heading(title_line(deal))
    head += labelled("Offer", f"{found.offer}{f' ({title})' if title else ''}: one step towards the buyer per clause")
    open_word = "" if base.status == "optimal" else " (not proven)"
    head += labelled("From", f"{_from(deal, base, summary)}, {best_deal(base)}{open_word}")
    head += labelled("Over", scenarios_text(base.settlement.scenarios))
    best = [f"{row.clause} ({row.was})" for row in found.values if row.finding == AT_BEST]
    parts = [
        "\n".join(head),
        _table(deal, found, summary.confidence),
        "\n".join(labelled("Nothing better to negotiate: ", "; ".join(best), 0)) if best else "",
        _pairs(found),
        bullets("Notes", (*found.notes, *tail_note(deal, summary))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _from(deal: Deal, base: Solution, summary: Summary) -> str:
    """Return what the best deal costs in expectation, and its objective where that is something else."""
    expected = f"{money(summary.total.expected_usd)} expected"
    if money(base.objective_usd) == money(summary.total.expected_usd):
        return expected
    return f"{expected} (objective {money(base.objective_usd)}: {aim(deal, summary)})"


def points_text(row: ClauseValue) -> str:
    """Return the discount points that are worth as much, or why there are none, in a word."""
    if not row.has_points_in_time:
        return NOT_IN_TIME
    if row.points is None:
        return row.finding if not row.value_usd else "out of reach"
    return f"{row.points:.2f}"


def _table(deal: Deal, found: Clauses, confidence: float) -> str:
    has_intervals = any(row.low_usd is not None for row in found.values)
    is_signed = is_discounted(found.base, found.offer)
    rows = []
    for row in found.values:
        if row.finding == AT_BEST:
            continue
        is_open = not row.is_proven and row.finding != NOT_IN_TIME
        requested = f"{row.asked}{' (already granted)' * (row.finding == GRANTED)}{' GAP' * is_open}"
        cells = [row.clause, row.was, requested, _whole(row.expected_usd), _whole(row.tail_usd), _whole(row.value_usd)]
        if has_intervals:
            cells.append("" if row.low_usd is None else f"{_whole(row.low_usd)} to {_whole(row.high_usd or 0.0)}")
        rows.append([*cells, points_text(row) if is_signed else row.finding])
    headers = ["clause", "now", "ask", "saves", f"in worst {percent(1 - confidence)}", "objective"]
    about = f"USD{present_value(deal)}; saves: in expectation{'; points: as much discount, by objective' * is_signed}"
    return table(
        f"Concession list over {counted(deal.compared_months, 'month')} ({about})",
        [*headers, *["on fresh scenarios"] * has_intervals, "points" if is_signed else ""],
        rows,
        left=3,
    )


def _whole(amount: float | None) -> str:
    return "-" if amount is None else round_money(round(amount))


def _sum_of_each(pair: ClausePair) -> float | None:
    return None if pair.both_usd is None or pair.extra_usd is None else pair.both_usd - pair.extra_usd


def _pairs(found: Clauses) -> str:
    rows = [
        [
            f"{pair.first} and {pair.second}",
            pair.finding + " GAP" * (not pair.is_proven and pair.finding != NOT_IN_TIME),
            *map(_whole, (pair.both_usd, _sum_of_each(pair), pair.extra_usd)),
        ]
        for pair in found.pairs
    ]
    headers = ["clauses", "", "both", "sum of each", "beyond it"]
    return table("Two clauses together (USD by objective)", headers, rows, left=2) if rows else ""
