"""Dates that bind in the next twelve months, as many as there is room for."""

from __future__ import annotations

from itertools import groupby

from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.deal.deal import Deal
from deal_solve.facts.calendar import Event, EventKind, calendar
from deal_solve.facts.names import listed
from deal_solve.messages import counted
from deal_solve.report.text import labelled, whole_money

MONTHS = 12
MIN_DATES = 2
"""Lines of dates for which larger lines of cost make room."""


def dates_title(deal: Deal) -> str:
    """Return which twelve months the dates are of: those from the month of signing, where it is not the first."""
    return (
        f"Dates of the {MONTHS} months from {deal.start:%Y-%m}"
        if deal.signing_month
        else f"Dates of the next {MONTHS} months"
    )


def dates_block(subject: Subject, room: int) -> list[str]:
    """Return a sentence for each date, within a number of lines; what is left out is counted."""
    days, end = date_rows(subject), subject.deal.calendar(MONTHS)
    lines: list[str] = []
    for index, (day, parts) in enumerate(days):
        left = len(days) - index - 1
        free = room - len(lines) - (left > 0)
        shown = _fitting(day, parts, free)
        if not shown:
            return [*lines, *labelled("", f"and {left + 1} more until {end:%Y-%m}: {subject.where('calendar')}", LABEL)]
        lines += shown
    return lines


def dates_on_a_line(subject: Subject) -> tuple[str, list[str]]:
    """Return the title and the first date on one line, what is left out counted in the title: where no room is left."""
    days, deal = date_rows(subject), subject.deal
    shown = _fitting(*days[0], 1) if days else []
    if not shown:
        return dates_title(deal), dates_block(subject, MIN_DATES)
    more = f" ({len(days) - 1} more until {deal.calendar(MONTHS):%Y-%m}: {subject.where('calendar')})"
    return f"{dates_title(deal)}{more * (len(days) > 1)}", shown


def date_rows(subject: Subject) -> list[tuple[str, list[str]]]:
    """Return the days of the twelve months from signing on which something binds, each with what that is."""
    first, end = subject.deal.calendar(0), subject.deal.calendar(MONTHS)
    events = [event for event in calendar(subject.settlement) if first <= event.day <= end]
    days = [(f"{day:%Y-%m-%d}", _parts(list(found))) for day, found in groupby(events, lambda event: event.day)]
    return [(day, parts) for day, parts in days if parts]


def _fitting(day: str, parts: list[str], room: int) -> list[str]:
    """Return a date with as many of its events as fit a number of lines, the first ones first; none if none does.

    What an invoice is for is left out where the first event alone does not fit.
    """
    bare = [parts[0].partition(" (")[0]]
    for shown in (*(parts[:count] for count in range(len(parts), 0, -1)), bare):
        is_whole = shown == parts
        lines = labelled(day, "; ".join([*shown, *["…"] * (not is_whole)]), LABEL)
        if len(lines) <= room:
            return lines
    return []


def _parts(events: list[Event]) -> list[str]:
    """Return what happens on a day, what is paid first; that something starts goes without saying."""

    def of(kind: EventKind) -> list[Event]:
        return [event for event in events if event.kind == kind]

    def paid(found: list[Event], invoices: int = 1) -> str:
        return whole_money(sum(event.usd or 0.0 for event in found) / invoices)

    def pieces(event: Event) -> int:
        return event.invoices

    parts = []
    for count, found in groupby(sorted(of("invoice"), key=pieces), pieces):
        invoices = list(found)
        word = "invoices" if count == 1 else f"first of {counted(count, 'invoice')} of"
        parts.append(f"{word} {paid(invoices, count)} ({', '.join(event.item for event in invoices)})")
    for bill in of("bill"):
        if bill.invoices > 1:
            word, first = f"first of {counted(bill.invoices, 'monthly bill')} for {bill.item}", bill.first_usd or 0.0
            parts.append(f"{word}: about {whole_money(first)} ({paid([bill])} in all)")
        else:
            parts.append(f"{bill.item}: about {paid([bill])}")
    if projects := of("project_start"):
        parts.append(f"{counted(len(projects), 'project')} begin{'s' * (len(projects) == 1)}, {paid(projects)}")
    if negotiations := of("negotiation"):
        parts.append(f"start negotiating what follows {listed([event.item for event in negotiations])}")
    others: tuple[EventKind, ...] = ("notice", "table", "count", "renewal", "end", "retirement", "cloud", "credit")
    parts += [event.what + (f": about {paid([event])}" if event.usd else "") for kind in others for event in of(kind)]
    if ready := of("project_ready"):
        parts.append(f"{listed([event.item for event in ready])} must be ready")
    return parts
