"""What `scenarios` prints and writes: the fan of every quantity, as a table and as CSV."""

from __future__ import annotations

import csv
import io

from deal_solve.analysis.fan.fan import Fan
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.text import labelled, shortened, table
from deal_solve.uncertainty.scenario_set import Scenarios


def fan_report(deal: Deal, scenarios: Scenarios, fans: tuple[Fan, ...], every: int) -> str:
    """Return the fans in print, one row for every so many months."""
    span = f"{counted(deal.compared_months, 'month')} from {deal.start:%Y-%m}"
    title = f"{deal.title or 'This deal'}: {span}, {scenarios_text(scenarios)}"
    parts = [shortened(title), *(_fan_table(deal, fan, every) for fan in fans)]
    if scenarios.notes:
        parts.append("Notes\n" + "\n".join(line for note in scenarios.notes for line in labelled("-", note, 2)))
    return "\n\n".join(parts) + "\n"


def _fan_table(deal: Deal, fan: Fan, every: int) -> str:
    digits = 0 if fan.quantiles.max() >= 1000 else 1
    rows = [
        [f"{deal.calendar(month):%Y-%m}", *(f"{x:,.{digits}f}" for x in (*fan.quantiles[:, month], fan.mean[month]))]
        for month in range(0, deal.horizon_months, every)
    ]
    return table(f"{fan.name}: {fan.unit}", ["month", *level_names(fan), "mean"], rows)


def level_names(fan: Fan) -> list[str]:
    """Return P5, P25, … of a fan."""
    return [f"P{100 * level:.0f}" for level in fan.levels]


def fan_csv(deal: Deal, fans: tuple[Fan, ...]) -> str:
    """Return every month of every fan, not rounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["quantity", "unit", "month", *level_names(fans[0]), "mean"])
    for fan in fans:
        for month in range(deal.horizon_months):
            numbers = map(float, (*fan.quantiles[:, month], fan.mean[month]))
            writer.writerow([fan.name, fan.unit, f"{deal.calendar(month):%Y-%m}", *numbers])
    return text.getvalue()
