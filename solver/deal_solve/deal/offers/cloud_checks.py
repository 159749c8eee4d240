"""Checks of cloud commitments, and of the channels toward them: what can be settled and decided exactly (model §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deal_solve.deal.offers.api import Rollover
from deal_solve.deal.offers.channel import CloudCommitment
from deal_solve.deal.offers.cloud_years import MONTHS, cloud_years, months_over
from deal_solve.deal.yaml_source import Loc
from deal_solve.messages import counted, unknown

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal

Finding = tuple[Loc, str]


def cloud_findings(deal: Deal) -> Iterator[Finding]:
    """Every year has its amounts, and every channel its cloud commitment."""
    years = cloud_years(deal)
    for key, cloud in deal.cloud_commitments.items():
        here: Loc = ("cloud_commitments", key)
        yield from _years(deal, cloud, here)
        amounts, bands = len(cloud.usd_per_year), len(cloud.other_spend_usd_per_year)
        if amounts < years:
            yield (*here, "usd_per_year"), f"has {counted(amounts, 'amount')}; expected {years}, one per year"
        if 1 < bands < years:
            wanted = f"expected one for all years, or {years}, one per year"
            yield (*here, "other_spend_usd_per_year"), f"has {counted(bands, 'band')}; {wanted}"
    for key, offer in deal.offers.items():
        if offer.channel is not None and offer.channel.through not in deal.cloud_commitments:
            known, to_do = deal.cloud_commitments, "; define it in the file"
            message = unknown("cloud commitment", offer.channel.through, known, otherwise=to_do)
            yield ("offers", key, "channel", "through"), message
        yield from _channel_signed_later(deal, key)


def _years(deal: Deal, cloud: CloudCommitment, here: Loc) -> Iterator[Finding]:
    """The year that runs holds the first month, and is the same of all commitments."""
    over, started = months_over(deal), cloud.year_started
    if started and not -MONTHS < deal.month(started) <= 0:
        span = deal.span(1 - MONTHS, 1)
        yield (*here, "year_started"), f"a year from {started:%Y-%m} does not run at the start; expected one of {span}"
    elif started and -deal.month(started) != over:
        message = "cloud commitments of different years cannot stand together; this is not priced"
        yield (*here, "year_started"), message
    if cloud.retired_usd and not over:
        yield (*here, "retired_usd"), "no year runs already; state year_started, or leave it out"


def _channel_signed_later(deal: Deal, offer_id: str) -> Iterator[Finding]:
    """In other months than the first of a year of it, a channel goes with commitments and usage of the API alone."""
    offer, later = deal.offers[offer_id], _inside_years(deal)
    if offer.channel is None or not offer.on_the_table or not later:
        return
    beside = {
        "a credit": offer.api is not None and (offer.api.credit is not None or deal.signing.early == "credited"),
        "a rollover": offer.api is not None and isinstance(offer.api.unused, Rollover),
        "a seats part": bool(offer.seats),
    }
    for clause, stands in beside.items():
        if stands:
            month = f"month {deal.dated(later[0])}, which begins no year of the cloud commitment"
            text = f"channel and {clause} cannot stand together where signed in {month}"
            yield ("offers", offer_id, "channel"), f"{text}; keep one of them, or sign at the start of a year"


def _inside_years(deal: Deal) -> list[int]:
    """Return the months of signing that begin no year of cloud commitments."""
    return [month for month in deal.signing_months if (month + months_over(deal)) % MONTHS]
