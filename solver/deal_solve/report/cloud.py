"""Cloud commitments in print, contract year by contract year."""

from __future__ import annotations

from deal_solve.facts.cloud import cloud_name, cloud_years
from deal_solve.report.text import chance, money, table
from deal_solve.settlement.settle import Settlement


def cloud_table(settlement: Settlement) -> str:
    """Return what retires each cloud commitment and what it lacks; '' without one."""
    cells = [
        [
            cloud_name(settlement.deal, row.cloud),
            f"{row.contract_year + 1}",
            money(row.committed_usd),
            money(row.other_spend_usd),
            money(row.retired_usd),
            money(row.shortfall_usd),
            chance(row.shortfall_probability),
            chance(row.cap_probability),
        ]
        for row in cloud_years(settlement)
    ]
    headers = ["", "year", "committed", "other spend", "counted towards it", "short", "any short", "above cap"]
    title = "Cloud commitments (USD, expected, not discounted; any short, above cap: their probability)"
    return table(title, headers, cells) if cells else ""
