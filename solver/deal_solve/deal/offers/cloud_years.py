"""The years of cloud commitments: they run through the whole horizon, whenever a deal is signed (model §6).

They are those of the horizon, or of a commitment that runs when it begins; the same for all commitments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal

MONTHS = 12


def months_over(deal: Deal) -> int:
    """Return how many months of the year that runs at the start of the horizon are over by then."""
    started = [each.year_started for each in deal.cloud_commitments.values() if each.year_started]
    return -(deal.signing_month + deal.month(started[0])) if started else 0


def cloud_year(deal: Deal, month: int) -> int:
    """Return the year of cloud commitments in which a month lies, counted from that of signing."""
    return (deal.signing_month + months_over(deal) + month) // MONTHS


def cloud_years(deal: Deal) -> int:
    """Return the years of cloud commitments in the horizon, one that it cuts included."""
    return -(-(months_over(deal) + deal.compared_months) // MONTHS)


def months_of_cloud_year(deal: Deal, year: int) -> range:
    """Return the months of a year, counted from that of signing, to the end of the horizon at the latest."""
    start = MONTHS * year - months_over(deal)
    end = min(start + MONTHS, deal.compared_months)
    return range(start - deal.signing_month, end - deal.signing_month)


def share_of_cloud_year(deal: Deal, year: int) -> float:
    """Return which part of a year lies before the end of the horizon: its commitment is for that part."""
    return len(months_of_cloud_year(deal, year)) / MONTHS
