"""Who pays, in print: what each workload and cohort costs per contract year, and by line."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.allocation import AllocatedTotal, Allocation, Payer
from deal_solve.facts.names import line_title
from deal_solve.plan.plan import Plan
from deal_solve.report.difference import present_value
from deal_solve.report.text import money, table
from deal_solve.settlement.lines import LINES


def allocation_tables(deal: Deal, plan: Plan, found: Allocation) -> tuple[str, ...]:
    """Return the table of workloads and cohorts, and that of their lines; none where only one pays."""
    if sum(any(_is_same(total, row) for row in found.lines) for total in found.totals) < 2:
        return ()
    return _totals(deal, found), _lines(deal, plan, found)


def _totals(deal: Deal, found: Allocation) -> str:
    amounts = [_by_year(deal, found, total) for total in found.totals]
    has_before = any(money(before) != "0.00" for before, *_ in amounts)
    rows = [
        [_name(total), *map(money, own[not has_before :]), *map(money, (total.p10_usd, total.p90_usd))]
        for total, own in zip(found.totals, amounts, strict=True)
    ]
    sums = [sum(column) for column in zip(*amounts, strict=True)]
    rows.append(["total", *map(money, sums[not has_before :]), "", ""])
    title = f"Cost by workload and cohort (expected, USD{present_value(deal)}; P10 and P90 do not add up)"
    return table(title, ["who", *["before"] * has_before, *_years(deal), "all years", "P10", "P90"], rows)


def _by_year(deal: Deal, found: Allocation, total: AllocatedTotal) -> list[float]:
    """Return what somebody costs before the month of signing, in each contract year, and in all; USD."""
    own = {year.contract_year: year.expected_usd for year in found.years if _is_same(year, total)}
    years = [own.get(year, 0.0) for year in range(deal.years)]
    return [total.expected_usd - sum(years), *years, total.expected_usd]


def _lines(deal: Deal, plan: Plan, found: Allocation) -> str:
    rows = []
    for total in found.totals:
        for line in LINES:
            of_line = [row for row in found.lines if _is_same(row, total) and row.line == line]
            own = {row.contract_year: row.expected_usd for row in of_line}
            if own:
                usd = [own.get(year, 0.0) for year in range(deal.years)]
                rows.append([_name(total), line_title(deal, plan, line), *map(money, usd), money(sum(usd))])
    title = f"Cost by workload and cohort, line by line (expected, USD{present_value(deal)})"
    return table(title, ["who", "line", *_years(deal), "all years"], rows, left=2)


def _is_same(one: Payer, other: Payer) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _name(payer: Payer) -> str:
    return f"{payer.name} commitment" if payer.kind == "cloud" else payer.name


def _years(deal: Deal) -> list[str]:
    return [f"year {year + 1}" for year in range(deal.years)]
