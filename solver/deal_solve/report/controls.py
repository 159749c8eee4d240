"""Controls in print: who requires them, and which offer has them on which line."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.controls import ControlRow, control_table, one_line_only
from deal_solve.plan.resolved import resolve
from deal_solve.report.text import bullets, table


def controls_table(deal: Deal) -> str:
    """Return the table of controls and the warnings; '' if the deal requires none."""
    rows = control_table(deal)
    if not any(row.required_by for row in rows):
        return ""
    controls = dict.fromkeys(row.control for row in rows)
    cells = []
    for control in controls:
        mine = [row for row in rows if row.control == control]
        cells.append([control, mine[0].required_by or "nobody", *map(_cell, mine)])
    title = "Controls by offer, on the API / on seats (-: not sold on it; GAP: required there and missing)"
    parts = [
        table(title, ["control", "required by", *resolve(deal).offers], cells, left=2),
        bullets("", one_line_only(deal)),
    ]
    return "\n".join(part for part in parts if part)


def _cell(row: ControlRow) -> str:
    parts = [(row.on_api, row.api_gap), (row.on_seats, row.seats_gap)]
    return " / ".join("-" if has is None else "yes" if has else "GAP" if gap else "no" for has, gap in parts)
