"""What `wait` prints: the verdict, months side by side, and what is signed."""

from __future__ import annotations

from math import inf

from deal_solve.analysis.wait.result import Wait, WaitMonth
from deal_solve.deal.deal import Deal
from deal_solve.facts.names import listed
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import gap_notes, title_line
from deal_solve.report.text import bullets, chance, heading, labelled, table, whole_money
from deal_solve.settlement.objective import SAME_USD

SHOWN = 3
"""Kinds of deal that are named of a month."""
ROUTING_SHARE = 0.05
"""Of the cost of waiting: what routing is of it is named from there on."""


def wait_report(deal: Deal, found: Wait) -> str:
    """Return signing now against waiting in print."""
    head = [*heading(title_line(deal)), *labelled("Verdict", _verdict(found)), *labelled("Turns", _turn(found))]
    drawn = found.about.scenarios
    same = f", those of solve --scenarios {drawn.size}" if drawn.kind == "sampled" else ""
    over = f"{scenarios_text(drawn)}{same}; {counted(found.months[0].observations, 'simulated observation')}"
    head += labelled(
        "Over", f"{over} of each month, usage off its trend by {found.shock:.3g} a month (deviation of ln)"
    )
    signed = [f"{_first(found)}: {found.now}", *_signed(_named(found))]
    parts = ["\n".join(head), _table(deal, found), bullets("What is signed", signed)]
    notes = [*found.notes, *gap_notes(all(row.is_proven for row in found.months), "not proven")]
    return "\n\n".join([*parts, *([bullets("Notes", notes)] if notes else [])]) + "\n"


def _first(found: Wait) -> str:
    """Return when the deal is signed that waiting is held against: now, or in the first month in which it may be."""
    row = found.months[0]
    is_now = row.measured_months == row.months
    whole = found.about.deal.whole
    return "now" if is_now else f"in {whole.calendar(row.measured_months - row.months):%Y-%m}"


def _named(found: Wait) -> WaitMonth:
    """Return the wait that the verdict is about: the one that saves most, or costs the least."""
    return max(found.months, key=lambda row: row.net_usd)


def _verdict(found: Wait) -> str:
    best = _named(found)
    words = f"measuring for {counted(best.measured_months, 'month')} is worth {whole_money(best.value_usd)}"
    words += f" ({whole_money(best.value_low_usd)} to {whole_money(best.value_high_usd)})"
    if not best.months:
        if not best.value_usd:
            return f"sign {_first(found)}, decided today or then: {words}"
        return f"decide in {best.calendar_month}, when it is signed, and not today: {words}, and costs nothing"
    if best.cost_usd < 0 and best.verdict == "wait":
        cheaper = f"that costs {whole_money(-best.cost_usd)} less whatever is measured"
        return f"sign in {best.calendar_month}, which saves {whole_money(best.net_usd)} net: {cheaper}, and {words}"
    words += f", and signing then costs {whole_money(best.cost_usd)} more{_routing(best)}"
    match best.verdict:
        case "wait":
            saves = f"which saves {whole_money(best.net_usd)} net"
            return f"measure first, and sign in {best.calendar_month}, {saves}: {words}"
        case "sign":
            return f"sign {_first(found)}, which saves {whole_money(-best.net_usd)} net: {words}"
    return f"too close to call: {words}; more observations (--observations 64) say more"


def _routing(row: WaitMonth) -> str:
    """Return what of the cost is that workloads run as today for longer, where it is worth a word."""
    usd, rest = row.routing_usd or 0.0, row.cost_usd - (row.routing_usd or 0.0)
    if usd <= 0 or usd < ROUTING_SHARE * row.cost_usd:
        return ""
    part = f"about {whole_money(usd)} of it" if rest > SAME_USD else "all of it"
    words = f", {part} because workloads run as today until then"
    words += f" (about {whole_money(rest)} without)" if rest > SAME_USD else ""
    is_paid_for = row.net_usd <= 0 < row.value_usd - rest
    return f"{words}; changed at once, which needs no signature, waiting may pay" if is_paid_for else words


def _turn(found: Wait) -> str:
    """Return until when waiting pays, by the verdicts of the rows."""
    pays = [row for row in found.months if row.months and row.verdict == "wait" and row.months < (found.turns or inf)]
    later = [row for row in found.months if row.months > (pays[-1].months if pays else 0)]
    free = max((row.net_usd for row in found.months if not row.months), default=0.0)
    unsettled = [row.calendar_month for row in later if row.verdict == "open" and row.net_high_usd > free]
    if unsettled:
        sure = f"pays until {pays[-1].calendar_month}; " if pays else ""
        more = "" if found.months[-1].verdict == "open" else ", and later it costs more than it tells"
        return f"{sure}in {listed(unsettled)} too close to call{more}"
    if found.turns is None:
        return (
            f"not by {found.months[-1].calendar_month}, which still pays; a longer wait (--months) shows when it stops"
        )
    last = next((row for row in found.months if row.months == found.turns - 1), None)
    if last is None:
        return "at once: no wait is worth what it costs"
    return f"after {last.calendar_month}: signing later costs more than the longer measurement tells"


def _signed(row: WaitMonth) -> list[str]:
    more = len(row.learnt) - SHOWN
    shown = (*row.learnt[:SHOWN], f"and {counted(more, 'more kind')}") if more > 0 else row.learnt
    learnt = "; ".join(shown)
    return [
        f"{row.calendar_month}, nothing learnt: {row.unlearnt}",
        f"{row.calendar_month}, after measuring: {learnt}",
    ]


def _word(found: Wait, row: WaitMonth) -> str:
    """Return the verdict on one wait; one of no months is about when to decide."""
    if not row.months:
        return {"wait": "decide then", "sign": f"sign {_first(found)}", "open": "decide then"}[row.verdict]
    return {"wait": "wait", "sign": f"sign {_first(found)}", "open": "too close to call"}[row.verdict]


def _table(deal: Deal, found: Wait) -> str:
    headers = [
        "signed in",
        "waiting costs",
        "learning saves",
        "95% from",
        "to",
        "net saving",
        "deal changes",
        "verdict",
    ]
    cells = [
        [
            row.calendar_month,
            *map(whole_money, (row.cost_usd, row.value_usd, row.value_low_usd, row.value_high_usd, row.net_usd)),
            chance(row.changed),
            _word(found, row) + ", not proven" * (not row.is_proven),
        ]
        for row in found.months
    ]
    return table(
        f"Waiting to measure, over {counted(deal.compared_months, 'month')} (USD{present_value(deal)})", headers, cells
    )
