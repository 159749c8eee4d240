"""What `track` prints: the position, what came against its forecast, and the thresholds that were stated."""

from __future__ import annotations

from deal_solve.analysis.track.result import TrackResult
from deal_solve.report.position import position_sentences
from deal_solve.report.text import bullets, heading, percent, table


def track_report(found: TrackResult) -> str:
    """Return a tracked deal in print."""
    title = f"The signed deal against usage until {found.until} (UTC)"
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
    came = table("Requests that came, and what was forecast at signing", headers, rows, left=2) if rows else ""
    alarms = [
        f"{'crossed' if each.is_crossed else 'kept'}: {each.text}, now {each.value:,.2f}" for each in found.alerts
    ]
    notes = [f"not measured, forecast as before: {', '.join(found.not_measured)}"] if found.not_measured else []
    parts = ["\n".join(heading(title)), bullets("Position today", position_sentences(found.position)), came]
    parts += [bullets("Thresholds", alarms), bullets("What the exports leave open", [*notes, *found.notes])]
    return "\n\n".join(part for part in parts if part).rstrip() + "\n"
