"""Today's bill in print: a table of API usage, one of seats, and the question whether that is the bill."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.facts.today import TodaysBill, TodaysUse
from deal_solve.facts.usage.rates_in_force import BillInForce
from deal_solve.report.text import bullets, labelled, money, table, whole_money


def todays_bill(bill: TodaysBill) -> str:
    """Return today's bill in print."""
    parts = [_usage(bill), _seats(bill)]
    asked = [*labelled("", todays_question(bill), 0), *_lines(_assumed(bill))]
    return "\n\n".join([part for part in parts if part] + ["\n".join(asked)])


def todays_question(bill: TodaysBill) -> str:
    """Return what a month costs and the question whether that is so."""
    parts = [
        f"{money(usd)} of {what}"
        for usd, what in ((bill.usage_usd, "API usage"), (bill.seats_usd, "seats"))
        if usd and usd != bill.total_usd
    ]
    split = f" ({' and '.join(parts)})" if parts else ""
    held = bill.in_force
    rates = f", {money(held.total_usd)} USD under the agreement in force" if held else ""
    return f"In all {money(bill.total_usd)} USD in {bill.month}, at list{split}{rates}. Is that your bill today?"


def _lines(sentences: Iterator[str]) -> list[str]:
    text = bullets("", sentences)
    return [text] if text else []


def _assumed(bill: TodaysBill) -> Iterator[str]:
    """Yield what the file leaves open about today."""
    works = [use for use in bill.uses if use.kind == "workload"]
    free = [use.name for use in works if not use.is_stated and use.requests]
    if free:
        fields = ", ".join(f"workloads.{name}.today" for name in free)
        yield f"Not stated: {fields}; the best quality that is open is taken."
    for use in works:
        if use.is_retired:
            yield f"{use.runs_on}, which {use.name} runs on, has retired: priced as {use.priced_as}."
    later = [f"{use.name} ({use.starts})" for use in bill.uses if use.starts > bill.month]
    if later:
        yield f"Nothing is used yet by {', '.join(later)}."
    if any(use.kind == "cohort" for use in bill.uses):
        seats = "a seat type in force, else on " * bool(bill.in_force)
        where = f"{seats}the first track that is open to their cohort"
        yield f"People are on {where}; the file does not say where they are today."
    if bill.in_force:
        yield _in_force(bill.in_force)


def _in_force(held: BillInForce) -> str:
    drawn = ", drawn from its commitment, which is paid in advance" if held.is_drawn else ""
    seats = f"; its licensed seats, and all others at list, are {money(held.seats_usd)} USD" if held.seats_usd else ""
    return f"Under {held.offer}, in force until {held.ends}, usage is {money(held.usage_usd)} USD{drawn}{seats}."


def _usage(bill: TodaysBill) -> str:
    uses = [use for use in bill.uses if use.requests is not None]
    rows = [[use.name, use.runs_on or "-", whole_money(use.usage_usd + use.other_usd), *_tokens(use)] for use in uses]
    headers = ["used by", "runs on", "USD", "requests", "input", "to cache", "from cache", "output"]
    title = f"Today's bill: API usage of {bill.month} at list (million tokens, bands at P50)"
    return _table(title, headers, rows)


def _seats(bill: TodaysBill) -> str:
    rows = []
    for use in bill.uses:
        if use.kind == "cohort":
            people = [f"{use.people or 0:,.0f}", f"{use.users or 0:,.0f}"]
            price = "-" if use.seat_usd is None else money(use.seat_usd)
            rows.append(
                [
                    use.name,
                    use.track or "",
                    *people,
                    price,
                    *(whole_money(usd) for usd in (use.seats_usd, use.included_usd)),
                ]
            )
    headers = ["cohort", "track", "people", "users", "seat price", "USD", "usage included"]
    title = f"Today's bill: seats of {bill.month} at list (usage included: not billed)"
    return _table(title, headers, rows)


def _tokens(use: TodaysUse) -> list[str]:
    counts = (use.requests, use.input_mtok, use.cache_write_mtok, use.cache_read_mtok, use.output_mtok)
    return ["-" if count is None else f"{count:,.0f}" for count in counts]


def _table(title: str, headers: list[str], rows: list[list[str]]) -> str:
    """Return a table without the columns in which nothing stands."""
    kept = [index for index in range(len(headers)) if any(row[index] not in ("-", "0", "0.00") for row in rows)]
    if not rows:
        return ""
    cut = [[row[index] for index in kept] for row in rows]
    return table(title, [headers[index] for index in kept], cut, left=2)
