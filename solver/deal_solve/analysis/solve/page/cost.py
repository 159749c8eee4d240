"""What it costs per year, line by line, with its range; and what is paid in cash, where that differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.deal.offers.cloud_years import months_over
from deal_solve.facts.cloud import cloud_name, cloud_years
from deal_solve.facts.names import line_title
from deal_solve.facts.summary import Range
from deal_solve.facts.years import YearCost, years
from deal_solve.report.text import page_width, table, whole_money
from deal_solve.settlement.lines import LINES

GROUPS = {
    "API commitment": ("commitment",),
    "API usage": ("usage", "uncounted_usage", "other_charges"),
    LINES["overage"].title: ("overage",),
    "unused commitment": ("shortfall",),
    "seats": ("seats",),
    "seats added (true-up)": ("true_up",),
    "projects": ("projects",),
    "internal tools": ("build", "run"),
    "people unserved": ("unserved",),
}
"""The lines of the page: those of a bill, the small ones together; any other line stands by itself."""
KEPT = ("API commitment", "seats")
"""Lines that are never folded: what is signed."""
OTHER = "other: "
LARGE = 0.1
"""A line that is at least this share of some year is folded last."""


def cost_block(subject: Subject, max_lines: int) -> list[str]:
    """Return the cost of each year and of all, in thousands where dollars do not fit.

    At most `max_lines` stand above the total: what is small in every year is one line, but never what is signed.
    """
    headers, amounts = cost_rows(subject, max_lines)
    for unit, amount in (("USD", whole_money), ("thousand USD", _thousands)):
        cells = [[name, *map(amount, values)] for name, values in amounts]
        cells = [[_named(name, cells, headers), *values] for name, *values in cells]
        lines = table(cost_title(subject, unit), headers, cells).splitlines()
        if "" not in lines:
            break
    return [line for line in lines if line.strip("- ")]


def _named(name: str, cells: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    """Return the name of a line in the room that its amounts leave: of what is added up in it the first ones."""
    if not name.startswith(OTHER):
        return name
    amounts = zip(headers[1:], *(row[1:] for row in cells), strict=True)
    room = page_width() - sum(max(map(len, column)) + 2 for column in amounts)
    names = name.removeprefix(OTHER).split(", ")
    for count in range(len(names), 0, -1):
        more = [f"{len(names) - count} more"] * (count < len(names))
        text = OTHER + ", ".join([*names[:count], *more])
        if len(text) <= room:
            return text
    return f"{OTHER}{len(names)} lines"


def large_lines(subject: Subject) -> int:
    """Return how many lines are never folded or are a large share of some year."""
    found = _by_group(subject, years(subject.settlement, subject.fiscal_year_start))
    share = _shares(found)
    return sum(line[0] in KEPT or share(line) >= LARGE for line in found)


def cost_title(subject: Subject, unit: str = "USD") -> str:
    """Return per which years the cost stands, in which unit."""
    word = "certain" if subject.is_certain else "expected"
    return f"What it costs per {_kind(subject)} ({unit}, {word}, not discounted)"


def cost_rows(subject: Subject, max_lines: int) -> tuple[list[str], list[tuple[str, list[float]]]]:
    """Return the names of the columns, and USD of every line, of the total and of its range by year and in all."""
    rows = years(subject.settlement, subject.fiscal_year_start)
    amounts = [*_folded(_by_group(subject, rows), max_lines), *_totals(subject, rows)]
    return ["", *_names(subject, rows), "all"], amounts


def _thousands(usd: float) -> str:
    return whole_money(usd / 1000)


def _by_group(subject: Subject, rows: Sequence[YearCost]) -> list[tuple[str, list[float]]]:
    """Return dollars by year and in all of every group that costs anything."""
    grouped = [line for lines in GROUPS.values() for line in lines]
    groups = {**GROUPS, **{facts.title: (line,) for line, facts in LINES.items() if line not in grouped}}
    found = []
    for name, lines in groups.items():
        values = [sum(row.cost_by_line.get(line, 0.0) for line in lines) for row in rows]
        if any(whole_money(usd) != "0" for usd in values):
            is_line = name == LINES[lines[0]].title
            title = line_title(subject.deal, subject.plan, lines[0]) if is_line else name
            found.append((title, [*values, sum(values)]))
    return found


def _folded(found: list[tuple[str, list[float]]], max_lines: int) -> list[tuple[str, list[float]]]:
    """Return at most so many lines; those whose largest share of a year is smallest are one, which names the largest
    first.
    """
    if len(found) <= max_lines:
        return found
    share = _shares(found)
    ranked = sorted(found, key=lambda line: (line[0] not in KEPT, -share(line)))
    kept, rest = ranked[: max_lines - 1], ranked[max_lines - 1 :]
    others = [sum(each) for each in zip(*(values for _, values in rest), strict=True)]
    return [*(line for line in found if line in kept), (OTHER + ", ".join(name for name, _ in rest), others)]


def _shares(found: Sequence[tuple[str, list[float]]]) -> Callable[[tuple[str, list[float]]], float]:
    """Return what gives the largest share that a line is of any year, or of all."""
    totals = [sum(abs(usd) for usd in column) or 1.0 for column in zip(*(values for _, values in found), strict=True)]
    return lambda line: max(abs(usd) / total for usd, total in zip(line[1], totals, strict=True))


def _totals(subject: Subject, rows: Sequence[YearCost]) -> list[tuple[str, list[float]]]:
    """Return the total, its range, and cash where it differs: cost is accrued in the months that it is for."""
    total = subject.summary.paid

    def of(value: Callable[[Range], float]) -> list[float]:
        return [*(value(row.cost) for row in rows), value(total)]

    cash = [row.cash.expected_usd for row in rows]
    has_cash = [whole_money(row.cost.expected_usd) for row in rows] != [whole_money(usd) for usd in cash]
    found = [("total, as accrued" if has_cash else "total", of(lambda cost: cost.expected_usd))]
    if not subject.is_certain:
        found.append(("P10 (a tenth is below)", of(lambda cost: cost.p10_usd)))
        found.append(("P90 (a tenth is above)", of(lambda cost: cost.p90_usd)))
    found += _clouds(subject)
    if has_cash:
        found.append(("cash paid in the year", [*cash, sum(cash)]))
    return found


def _clouds(subject: Subject) -> list[tuple[str, list[float]]]:
    """Return what of the total counted towards each cloud commitment that some offer taken has a channel toward.

    By contract year only, and where these are its years.
    """
    if subject.fiscal_year_start is not None or subject.deal.signing_month or months_over(subject.deal):
        return []
    rows = cloud_years(subject.settlement)
    found = []
    for name in subject.settlement.clouds:
        usd = [row.retired_usd for row in rows if row.cloud == name]
        if any(usd):
            found.append((f"of which counted towards {cloud_name(subject.deal, name)}", [*usd, sum(usd)]))
    return found


def _kind(subject: Subject) -> str:
    if subject.fiscal_year_start is None:
        return f"contract year from {subject.deal.start:%Y-%m}"
    return "fiscal year"


def _names(subject: Subject, rows: Sequence[YearCost]) -> list[str]:
    """Return what stands above the years: the number of a contract year, the last month of a fiscal year."""
    if subject.fiscal_year_start is None:
        has_before = rows[0].start < 0
        return [*(["before"] if has_before else []), *(f"year {n + 1}" for n in range(len(rows) - has_before))]
    return [f"to {subject.deal.calendar(row.end - 1):%Y-%m}" for row in rows]
