"""The last lines: what proves the answer, and where the rest is printed."""

from __future__ import annotations

from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.facts.unstated import unstated
from deal_solve.messages import counted
from deal_solve.report.scenarios import other_tail, scenarios_text
from deal_solve.report.sentences import aim
from deal_solve.report.text import gap_percent, labelled, percent
from deal_solve.report.unstated import price_change, unstated_sentences
from deal_solve.uncertainty.open_growth import TO_DO, open_growth


def footer(subject: Subject) -> list[str]:
    """Return the proof, how many notes and assumptions there are, and where the tables are."""
    rows = [("Proof", proof(subject)), *_growth(subject), ("More", _more(subject))]
    return [line for label, text in rows for line in labelled(label, text, LABEL)]


def proof(subject: Subject) -> str:
    """Return what proves the answer, over which scenarios and at which prices."""
    solution = subject.solution
    proven = f"optimal (gap {gap_percent(solution.gap)})"
    if solution.status != "optimal":
        proven = f"not proven: a plan that is up to {gap_percent(solution.gap)} better may exist,"
    if subject.is_pinned:
        proven += " with what is pinned,"
    tail = other_tail(subject.deal, subject.scenarios)
    by = f"{_aim(subject)} ({tail})" if tail else _aim(subject)
    over = f"{scenarios_text(subject.scenarios)}, prices of {subject.deal.card.as_of}{_prices(subject)}"
    return f"{proven} by {by}; {over}"


def _growth(subject: Subject) -> list[tuple[str, str]]:
    """Return a warning where a band of growth is so far open that no expected cost is settled."""
    found = sorted(open_growth(subject.deal), key=lambda each: -each[1])
    if not found:
        return []
    path, times = found[0]
    what = f"P90 of {path} is {times:,.0f} times P10 at the end, so that no expected cost is settled"
    return [("Growth", f"{what}: {TO_DO}")]


def _aim(subject: Subject) -> str:
    """Return what was minimised, in a few words."""
    risk, summary = subject.deal.risk, subject.summary
    if risk.criterion != "expected" or risk.weight == 0 or subject.is_certain:
        return aim(subject.deal, summary)
    worst = f"worst {percent(1 - summary.confidence)}{' above no commitment' * (risk.on == 'loss')}"
    return f"{percent(1 - risk.weight)} expected cost, {percent(risk.weight)} {worst}"


def _more(subject: Subject) -> str:
    others = [row for row in unstated(subject.deal) if row.kind != "list_price"]
    counts = {
        "assumed": (len(unstated_sentences(others)), "more assumption" if _prices(subject) else "assumption"),
        "notes": (len(subject.notes), "note"),
    }
    some = {table: counted(count, word) for table, (count, word) in counts.items() if count}
    where = f"{', '.join(some.values())}: --show {','.join(some)}; " if some else ""
    return f"{where}tables: --full"


def _prices(subject: Subject) -> str:
    """Return how list prices are assumed to move; '' where each scenario states its own."""
    rows = [row for row in unstated(subject.deal) if row.kind == "list_price"]
    return f"; list prices assumed: {', '.join(map(price_change, rows))}" if rows else ""
