"""What `breakeven` prints: breakpoints, the intervals between them, what changes, where the target is reached."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.analysis.breakeven.result import Breakeven, Breakpoint, Interval
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import title_line
from deal_solve.report.text import bullets, heading, labelled, money, table


def breakeven_report(deal: Deal, found: Breakeven) -> str:
    """Return the breakpoints of a deal in print."""
    today = "" if found.today is None else f"; today {number(found.today)}"
    head = [*heading(title_line(deal))]
    head += labelled("Field", f"{found.path} from {number(found.low)} to {number(found.high)}{today}")
    if found.target:
        head += labelled("Target", f"{found.target}: {_target(found)}")
    head += labelled("Today", _today(found, found.today)) if found.today is not None else []
    head += labelled("Proof", _proof(found))
    head += labelled("Over", scenarios_text(found.about.scenarios))
    parts = ["\n".join(head)]
    if found.flips:
        parts += [_breakpoints(deal, found), bullets("What changes at each breakpoint", _changes(found))]
    parts.append(_intervals(deal, found))
    if not found.target:
        deals = (f"{index}: {interval.deal}" for index, interval in enumerate(found.stretches, 1))
        parts.append(bullets("The deal in each interval", deals))
    parts += [bullets("Notes", found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"


def number(value: float) -> str:
    """Return a value of a field.

    >>> number(0.118501142), number(3_000_000.0)
    ('0.118501', '3,000,000')
    """
    return f"{value:,.6f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.2f}".removesuffix(".00")


def at_text(point: Breakpoint) -> str:
    """Return where a breakpoint is."""
    return number(point.value) if point.is_exact else f"{number(point.low)} to {number(point.high)}"


def _target(found: Breakeven) -> str:
    reached = [f"from {number(s.low)} to {number(s.high)}" for s in found.stretches if s.at_target]
    if reached:
        return "reached " + " and ".join(reached)
    is_whole = found.searched_to >= found.high
    none = "no value in the range gets there" if is_whole else f"no value up to {number(found.searched_to)} gets there"
    if not is_whole:
        return f"{none}; above it the time did not suffice"
    if found.nearest is None:
        return f"{none}; no such deal can be signed"
    return f"{none}; nearest is {number(found.nearest.value)}, {money(found.nearest.missed_usd)} USD away"


def _today(found: Breakeven, today: float) -> str:
    """Return what has to change before another deal is best."""
    if not found.low <= today <= found.high:
        return "outside the range"
    if today > found.searched_to:
        return f"not known, {NOT_IN_TIME}"
    nearest_first = sorted(found.flips, key=lambda point: abs(point.value - today))
    if not nearest_first:
        where = "in the range" if found.searched_to >= found.high else f"up to {number(found.searched_to)}"
        return f"the best deal changes nowhere {where}"
    nearest = nearest_first[0]
    way = "above" if nearest.value > today else "below"
    return f"the nearest breakpoint is {number(abs(nearest.value - today))} {way}, at {at_text(nearest)}"


def _proof(found: Breakeven) -> str:
    text = f"{counted(len(found.solved), 'value')} solved" + (" (GAP: not all are proven)" if found.has_gap else "")
    if found.searched_to < found.high:
        return f"{text}; the time limit passed at {number(found.searched_to)}, above which nothing is known"
    if found.is_complete:
        return f"{text}; costs are straight lines in the field, so nothing lies between the breakpoints"
    step = f"a change and back within less than {number(found.step)} can be missed"
    inexact = any(not point.is_exact for point in found.flips)
    return (
        f"{text}; {step}"
        + f"; what is no exact breakpoint lies within {number(found.resolution)} or as shown" * inexact
    )


def _breakpoints(deal: Deal, found: Breakeven) -> str:
    headers = ["point", "at", "objective", "", "expected cost", "", "committed", ""]
    cells = [
        [
            f"{index}",
            at_text(point),
            *map(_usd, (point.before_usd, point.after_usd)),
            *map(_usd, (point.expected_before_usd, point.expected_after_usd)),
            *map(_usd, (point.committed_before_usd, point.committed_after_usd)),
        ]
        for index, point in enumerate(found.flips, 1)
    ]
    over = f"USD over {counted(deal.compared_months, 'month')}{present_value(deal)}"
    title = f"Where the best deal changes ({over}; below and above the breakpoint)"
    return table(title, headers, cells, left=0)


def _usd(amount: float | None) -> str:
    return "no plan" if amount is None else money(amount)


def _changes(found: Breakeven) -> Iterator[str]:
    for index, point in enumerate(found.flips, 1):
        yield f"{index}: {point.change}"


def _intervals(deal: Deal, found: Breakeven) -> str:
    headers = ["interval", "from", "to", "objective at from", "at to", "USD per unit", "", "target"]
    cells = [
        [
            f"{index}",
            *map(number, (interval.low, interval.high)),
            *map(_usd, (interval.low_usd, interval.high_usd)),
            "-" if interval.usd_per_unit is None else money(interval.usd_per_unit),
            _rate(interval),
            "reached" if interval.at_target else "",
        ]
        for index, interval in enumerate(found.stretches, 1)
    ]
    if not found.target:
        headers, cells = headers[:-1], [row[:-1] for row in cells]
    title = (
        f"Intervals between breakpoints (objective in USD over {counted(deal.compared_months, 'month')}; per unit: its "
        "change per 1 of the field, the same everywhere in the interval or on average)"
    )
    return table(title, headers, cells, left=0)


def _rate(interval: Interval) -> str:
    return "" if interval.usd_per_unit is None else "everywhere" if interval.is_even else "average"
