"""What the levers are worth, in print."""

from __future__ import annotations

from deal_solve.analysis.levers.result import Step, Waterfall
from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.text import bullets, money, money_less, page_width, percent, round_money, table

BAR = 5
"""The longest bar takes at most one in so many columns of the page."""
SHORTEST = 8
"""A bar of fewer columns shows nothing."""


def waterfall_report(deal: Deal, waterfall: Waterfall) -> str:
    """Return the waterfall from either baseline (one, if they are alike), the sentence, and the notes."""
    steps = [waterfall.from_all_opus]
    if not _alike(waterfall.from_all_opus, waterfall.from_today):
        steps.append(waterfall.from_today)
    parts = [waterfall_table(deal, each, waterfall.about.scenarios.size) for each in steps]
    stated = [text for text in (waterfall_sentence(deal, waterfall), *waterfall.notes) if text]
    if stated:
        parts.append(bullets("", stated))
    return "\n\n".join(parts)


def waterfall_table(deal: Deal, steps: Table[Step], scenarios: int) -> str:
    """Return one waterfall; the changes in print add up to the cost in print. `share` is of the first cost."""
    word = "certain" if scenarios == 1 else "expected"
    value = ", present value" if deal.cost_of_capital_per_year else ""
    period = f"USD over {counted(deal.compared_months, 'month')}, {word}{value}; commitment a year"
    title = f"Savings from {steps[0].lever} at list ({period})"
    rows = []
    for index, step in enumerate(steps):
        before = steps[index - 1].expected_usd if index else None
        if step.expected_usd is None:
            rows.append([step.lever, NOT_IN_TIME, "", "", ""])
            continue
        change = "" if before is None else money_less(step.expected_usd, before)
        share = "" if step.share is None else percent(step.share)
        needed = step.commitment_usd_per_year
        rows.append([step.lever, money(step.expected_usd), change, share, "" if needed is None else _whole(needed)])
    return _with_bars(title, ["step", "cost", "change", "share", "commitment"], rows, steps)


def _with_bars(title: str, headers: list[str], rows: list[list[str]], steps: Table[Step]) -> str:
    """Return the table, with a bar for each share if it fits."""
    plain = table(title, headers, rows)
    room = min(page_width() // BAR, page_width() - 2 - max(map(len, plain.splitlines()[1:])))
    longest = max(step.share or 0.0 for step in steps)
    if room < SHORTEST or longest <= 0:
        return plain
    bars = [("#" * round(room * (step.share or 0.0) / longest)).ljust(room) for step in steps]
    return table(title, [*headers, ""], [[*row, bar] for row, bar in zip(rows, bars, strict=True)])


def _whole(amount: float) -> str:
    return round_money(round(amount))


def waterfall_sentence(deal: Deal, waterfall: Waterfall) -> str:
    """Return what optimising first does to the API bill and to the commitment; '' without either."""
    first, last = (waterfall.from_all_opus[index].commitment_usd_per_year for index in (0, -1))
    parts = []
    if waterfall.api_cut is not None:
        verb = "cut" if waterfall.api_cut >= 0 else "raise"
        by = percent(abs(waterfall.api_cut), 0)
        over = f"over {counted(deal.compared_months, 'month')}"
        parts.append(f"routing, caching and batch {verb} the all-Opus API bill by {by} {over}")
    if first and last is not None and round(first) > round(last):
        amounts = f"from {_whole(first)} to {_whole(last)} USD a year on average"
        parts.append(f"optimising first shrinks the commitment to sign {amounts}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _alike(one: Table[Step], other: Table[Step]) -> bool:
    return [step.expected_usd for step in one] == [step.expected_usd for step in other]
