"""What `track` prints: the position, what came against plan and forecast, what to do, and thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.analysis.track.result import Track
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.messages import counted
from deal_solve.report.position import position_sentences
from deal_solve.report.text import bullets, chance, heading, percent, table, whole_money


def track_report(deal: Deal, found: Track) -> str:
    """Return a tracked deal in print."""
    title = f"{deal.title or 'The signed deal'} against usage until {found.until} (UTC)"
    alarms = [
        f"{'crossed' if each.is_crossed else 'kept'}: {each.text}, now {each.value:,.2f}" for each in found.alerts
    ]
    notes = [f"not measured, forecast as before: {', '.join(found.not_measured)}"] if found.not_measured else []
    parts = [
        "\n".join(heading(title)),
        bullets("Position today", _position(found)),
        bullets("Thresholds", alarms),
        bullets("What to do", _steps(found)),
        _spent(found),
        _came(found),
        _assumptions(found),
        bullets("What the exports leave open", [*notes, *found.notes]),
    ]
    return "\n\n".join(part for part in parts if part).rstrip() + "\n"


def _ran_out(found: Track) -> str | None:
    """Return the month in which what is left of the balance came to nothing, as measured."""
    left = (each for each in found.outlook.left if each.is_measured and each.p50_usd <= CENT_TOLERANCE_USD)
    return next((each.month for each in left), None)


def _position(found: Track) -> Iterator[str]:
    yield from position_sentences(found.position, _ran_out(found))
    yield from _seats(found)
    yield from _outlook(found)
    yield from _clouds(found)


def _seats(found: Track) -> Iterator[str]:
    """Yield the seats that are assigned, as measured: the active users of the position are those of the forecast."""
    if not found.position.seats:
        return
    if found.seats_assigned is None:
        yield "active users are those of the forecast: no export says how many seats are assigned"
        return
    contracted = sum(each.contracted for each in found.position.seats)
    share = found.seats_active
    active = "how many are active no export says" if share is None else f"{percent(share, 0)} active in the last week"
    assigned = f"measured: {counted(found.seats_assigned, 'seat')} assigned of {contracted:,} contracted, {active}"
    yield f"{assigned} (active users above are those of the forecast)"


def _outlook(found: Track) -> Iterator[str]:
    ahead = found.outlook
    if ahead.overage_probability > 0:
        yield (
            f"overage until {found.position.ends}: {whole_money(ahead.expected_overage_usd)} expected "
            f"({chance(ahead.overage_probability)}); something is lost with {chance(ahead.forfeited_probability)}"
        )
    if ahead.true_up_month is not None:
        yield f"next true-up in {ahead.true_up_month}: {whole_money(ahead.true_up_usd)} expected"


def _clouds(found: Track) -> Iterator[str]:
    for each in found.clouds:
        lacks = f"{whole_money(each.shortfall_usd)} expected to lack ({chance(each.shortfall_probability)})"
        yield (
            f"{each.cloud}: {whole_money(each.retired_usd)} of {whole_money(each.committed_usd)} retired by purchases, "
            f"{whole_money(each.to_come_usd)} to come until {each.ends}, {whole_money(each.other_spend_usd)} of other "
            f"spend in the year (as the file has it): {lacks if each.shortfall_probability > 0 else 'nothing lacks'}"
        )


def _steps(found: Track) -> Iterator[str]:
    for step in found.steps:
        stake = "" if step.usd is None else f" ({whole_money(step.usd)})"
        yield f"{step.when}: {step.what}{stake}"


def _spent(found: Track) -> str:
    rows = [
        [
            each.line,
            *(f"{usd:,.0f}" for usd in (each.p10_usd, each.expected_usd, each.p90_usd, each.came_usd)),
            f"{each.came_usd - each.expected_usd:+,.0f}",
            "-" if each.billed_usd is None else f"{each.billed_usd:,.0f}",
        ]
        for each in found.spent
    ]
    headers = ["line", "P10", "expected", "P90", "came", "more", "billed"]
    return table("Used since signing against the plan (USD at contracted rates)", headers, rows)


def _came(found: Track) -> str:
    rows = [
        [
            each.workload,
            each.month,
            *(f"{value:,.0f}" for value in (each.requests, each.p10, each.p50, each.p90)),
            percent(each.below, 0),
        ]
        for each in found.came
    ]
    headers = ["workload", "month", "came", "P10", "P50", "P90", "forecasts below"]
    return table("Requests that came, and what was forecast at signing", headers, rows, left=2) if rows else ""


def _assumptions(found: Track) -> str:
    rows = [[each.what, each.assumed, each.measured] for each in found.assumptions]
    return table("What the plan assumed and is no longer so", ["what", "assumed", "now"], rows, left=3) if rows else ""
