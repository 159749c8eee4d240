"""The calendar of a plan as an iCalendar file (RFC 5545), for the calendars of those who have to act."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from deal_solve.currency import coded
from deal_solve.deal.deal import Deal
from deal_solve.facts.calendar import Event, calendar
from deal_solve.messages import counted
from deal_solve.report.style import STEERING, escaped
from deal_solve.report.text import round_money
from deal_solve.settlement.settle import Settlement
from deal_solve.version import VERSION

LINE_BYTES = 75
REMINDED = {"notice": 14, "negotiation": 14, "invoice": 7, "count": 7, "project_ready": 14}
"""Kinds of events with a reminder, this many days before."""


def ics_of(settlement: Settlement) -> str:
    """Return every event of a settled plan as a calendar; each is for a whole day, one that recurs has a rule.

    The same plan is the same text, so that a calendar that reads it again changes its events and adds none twice.
    """
    deal = settlement.deal
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//deal-solve//deal-solve {VERSION}//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(deal.title or 'Deal')}",
    ]
    seen: dict[tuple[date, str], int] = {}
    for event in calendar(settlement):
        number = seen.setdefault((event.day, event.what), len(seen))
        lines += _event(deal, event, number)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line))


def _event(deal: Deal, event: Event, number: int) -> Iterator[str]:
    day, words = f"{event.day:%Y%m%d}", f"{event.what[:1].upper()}{event.what[1:]}"
    key = hashlib.sha256(f"{deal.title}|{day}|{event.kind}|{number}".encode()).hexdigest()[:20]
    yield "BEGIN:VEVENT"
    yield f"UID:{key}@deal-solve"
    yield f"DTSTAMP:{deal.card.as_of:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{day}"
    times, months = event.recurrence
    if times > 1:
        is_last_day = (event.day + timedelta(days=1)).day == 1
        yield f"RRULE:FREQ=MONTHLY;INTERVAL={months};COUNT={times}{';BYMONTHDAY=-1' * is_last_day}"
    yield f"SUMMARY:{_text(words)}"
    if event.usd is not None:
        parts = "" if event.invoices == 1 else f" in {counted(event.invoices, 'equal part')}"
        if event.first_usd is not None and event.invoices > 1:
            parts = f" in {counted(event.invoices, 'bill')}, the first of {round_money(event.first_usd)} USD"
        yield f"DESCRIPTION:{_text(coded(f'{round_money(event.usd)} USD expected{parts}'))}"
    yield f"CATEGORIES:{event.kind.replace('_', ' ').upper()}"
    yield "TRANSP:TRANSPARENT"
    if event.kind in REMINDED:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(words)}")
        yield from (f"TRIGGER:-P{REMINDED[event.kind]}D", "END:VALARM")
    yield "END:VEVENT"


def _text(text: str) -> str:
    r"""Return text as a value: what has a meaning in a calendar is escaped, what would steer its display written out.

    >>> _text("a, b; c")
    'a\\, b\\; c'
    """
    shown = STEERING.sub(lambda found: escaped(found[0]), text)
    for each in "\\;,":
        shown = shown.replace(each, f"\\{each}")
    return " ".join(shown.split())


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most LINE_BYTES bytes, every one after the first indented; no character is cut."""
    piece = ""
    for character in line:
        if len(f"{piece}{character}".encode()) > LINE_BYTES:
            yield piece
            piece = " "
        piece += character
    yield piece
