"""What `measure` prints: what was read, the reconciliation, the workloads, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.analysis.measure.backtest_table import backtest_table
from deal_solve.analysis.measure.into import Update
from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.messages import counted
from deal_solve.report.text import bullets, heading, money, table


def measure_report(found: MeasureResult) -> str:
    """Return what was measured in print."""
    title = f"Measured {found.first} to {found.last} (UTC), grouped by {found.grouped_by}"
    parts = [
        "\n".join(heading(title)),
        _files(found),
        _reconciliation(found),
        _workloads(found),
        backtest_table(found.backtest),
        _people(found),
    ]
    return "\n\n".join([*(part for part in parts if part), bullets("What was left out", _notes(found))]).rstrip() + "\n"


def update_report(name: str, update: Update) -> str:
    """Return in print what changed in a deal file."""
    rows = [[each.field, each.before or "-", each.after or "-"] for each in update.changes]
    changed = table(f"Changed in {name}", ["field", "was", "is"], rows, left=3) if rows else f"{name} is up to date."
    notes = [f"not measured, left as it is: {', '.join(update.not_measured)}"] if update.not_measured else []
    return "\n\n".join(part for part in (changed, bullets("", notes)) if part) + "\n"


def _files(found: MeasureResult) -> str:
    rows = [[each.name, each.export, f"{each.first or '-'}", f"{each.last or '-'}"] for each in found.files]
    return table("Files", ["file", "export", "from", "to"], rows, left=2)


def _reconciliation(found: MeasureResult) -> str:
    rows = []
    for each in found.reconciliation:
        cells = [f"{each.tokens / 1e6:,.1f}", money(each.list_usd)]
        cells += ["-" if each.billed_usd is None else money(each.billed_usd)]
        charges = (each.discount_usd, each.credits_usd + each.tools_usd - each.not_billed_usd, each.unexplained_usd)
        cells += ["-" if each.billed_usd is None or usd is None else money(usd) for usd in charges]
        rows.append([each.month, each.model, *cells])
    headers = ["month", "model", "Mtok", "at list", "billed", "discount", "credits, tools", "unexplained"]
    return table("Tokens at list against what was billed (USD)", headers, rows, left=2, keys=2)


def _workloads(found: MeasureResult) -> str:
    rows = [
        [
            each.name,
            each.model,
            f"{each.list_usd_per_month:,.0f}",
            f"{each.requests_per_month:,.0f}",
            f"{each.input_tokens:,.0f}",
            f"{each.output_tokens:,.0f}",
            f"{each.cache_share:.0%}" if each.is_cached else "-",
            f"{each.hit_rate:.0%}" if each.is_cached else "-",
            "yes" if each.is_batch else "-",
            f"{each.growth.p10:+.0%} {each.growth.p50:+.0%} {each.growth.p90:+.0%}",
        ]
        for each in found.workloads
    ]
    headers = [
        "workload",
        "runs on",
        "USD/month",
        "requests",
        "input",
        "output",
        "cached",
        "hit",
        "batch",
        "growth/year",
    ]
    return table("Workloads (a month at list; growth per year P10, P50, P90)", headers, rows, left=2) if rows else ""


def _people(found: MeasureResult) -> str:
    if found.people is None:
        if found.seats_assigned is None:
            return ""
        listed = f"{counted(found.seats_assigned, 'seat')} assigned, by the list of members"
        return bullets("People", [f"{listed}; no export says how many are active, so that no cohort follows"])
    people = found.people
    assigned = f"{counted(people.assigned, 'seat')} assigned"
    return bullets("People", [f"{assigned}, {people.active_now:.0%} active last week, {people.idle:,.0f} idle"])


def _notes(found: MeasureResult) -> Iterator[str]:
    yield from found.notes
    for file in found.files:
        for why, count in file.not_counted.items():
            if count:
                yield f"{file.name}: {count:,} {why}"
        if file.columns_not_read:
            yield f"{file.name}: columns that are not known: {', '.join(file.columns_not_read)}"
    unknown = [each.name for each in found.workloads if not each.requests_are_known]
    if unknown:
        yield f"requests are not counted for {', '.join(unknown)}: a unit is 10,000 input tokens"
    rare = [each.name for each in found.workloads if each.growth.is_intermittent]
    if rare:
        yield f"used now and then, so that the mean of all weeks stands and growth is assumed: {', '.join(rare)}"
    long = [each for each in found.workloads if each.long_share > 0 and not each.buckets]
    if long:
        parts = ", ".join(f"{each.name} {each.long_share:.0%}" for each in long)
        yield f"input in prompts above 200,000 tokens, whose requests are not counted: {parts}"
    lives = sum(each.write_life_usd for each in found.reconciliation)
    if lives:
        yield f"cache writes of unknown life are priced as of 5 minutes; of an hour they cost {lives:,.2f} USD more"
