"""Cloud commitments of a tracked deal: what has retired them in the year that runs, and what that year still lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from deal_solve.analysis.track.used import Used, overage_ratio, periods_of
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.cloud_years import MONTHS, cloud_year, months_of_cloud_year
from deal_solve.facts.cloud import cloud_name
from deal_solve.facts.cloud import cloud_years as years_of
from deal_solve.optimise.solution import Solution
from deal_solve.plan.resolved import resolve
from deal_solve.record import Record
from deal_solve.settlement.channel import channel_of_api, channel_of_seats
from deal_solve.settlement.settle import Settlement, settle


@dataclass(frozen=True)
class CloudPosition(Record):
    """Where a cloud commitment stands in the year of it that runs; USD. Other spend is as the file forecasts it."""

    cloud: Annotated[str, Field(description="the cloud commitment")]
    ends: Annotated[str, Field(description="the first month after the year that runs, YYYY-MM")]
    committed_usd: Annotated[float, Field(description="commitment of that year")]
    retired_usd: Annotated[float, Field(description="what purchases have counted toward it so far")]
    to_come_usd: Annotated[float, Field(description="expected to count until the year's end, up to the cap")]
    other_spend_usd: Annotated[float, Field(description="expected other spend of the whole year")]
    shortfall_usd: Annotated[float, Field(description="expected to lack, paid at the year's end")]
    shortfall_probability: Annotated[float, Field(description="probability that anything lacks")]


def cloud_positions(best: Solution) -> Iterator[CloudPosition]:
    """Yield where each cloud commitment stands, with the deal from here on as it is solved."""
    deal = best.settlement.deal
    for row in years_of(best.settlement):
        if row.contract_year == 0:
            cloud = deal.cloud_commitments[row.cloud]
            yield CloudPosition(
                cloud=cloud_name(deal, row.cloud),
                ends=f"{deal.calendar(months_of_cloud_year(deal, 0).stop):%Y-%m}",
                committed_usd=row.committed_usd,
                retired_usd=cloud.retired_usd,
                to_come_usd=max(row.retired_usd - cloud.retired_usd, 0.0),
                other_spend_usd=row.other_spend_usd,
                shortfall_usd=row.shortfall_usd,
                shortfall_probability=row.shortfall_probability,
            )


def continue_clouds(data: dict[str, Any], deal: Deal, signed: Settlement, used: Used, now: int) -> Iterator[str]:
    """Begin each cloud commitment in the year that runs in month `now` of the signed deal, with what has retired it.

    `deal` is the file as read. Yields in a line each what the file does not say of the years that the deal has from
    there on.
    """
    year = cloud_year(signed.deal, now)
    begun = months_of_cloud_year(signed.deal, year).start
    passed = now - begun
    years = -(-(passed + deal.horizon_months) // MONTHS)
    retired = retired_so_far(signed, used, range(begun, now))
    for name, cloud in deal.cloud_commitments.items():
        written = data["cloud_commitments"][name]
        amounts = cloud.usd_per_year[year:] or cloud.usd_per_year[-1:]
        if len(amounts) < years:
            since = f"{signed.deal.calendar(begun + MONTHS * len(amounts)):%Y-%m}"
            yield f"cloud_commitments.{name}: states no year from {since}; it goes on as in the year before"
        written["usd_per_year"] = [*amounts, *amounts[-1:] * (years - len(amounts))]
        spend = written["other_spend_usd_per_year"]
        if isinstance(spend, list):
            bands = spend[year:] or spend[-1:]
            written["other_spend_usd_per_year"] = [*bands, *bands[-1:] * (years - len(bands))]
        written.pop("year_started", None)
        before = cloud.retired_usd if year == 0 else 0.0
        written["retired_usd"] = round(before + retired.get(name, 0.0), 2) if passed else 0.0
        if passed:
            written["year_started"] = f"{signed.deal.calendar(begun):%Y-%m}"


def retired_so_far(signed: Settlement, used: Used, months: range) -> dict[str, float]:
    """Return what has been paid through channels for some months of the signed deal and counts, USD per commitment.

    Commitments and seats are those of the plan, usage is what was measured, at the plan's rates.
    """
    found: dict[str, float] = defaultdict(float)
    if signed.deal.cloud_commitments:
        for channel, usd in (*_contracted(signed, months), *_of_usage(signed, used, months)):
            found[channel.through] += channel.counts * usd
    return found


def _contracted(signed: Settlement, months: range) -> Iterator[tuple[Channel, float]]:
    """Yield what the plan pays whatever is used: a commitment in advance, and contracted seats."""
    deal, plan = signed.deal, signed.plan
    alone = signed.scenarios.block(0).take(0)
    for row in settle(deal, plan, alone, keep_rows=True).rows or ():
        month = row.first if row.paid <= row.first else row.last
        if month in months and row.line in ("commitment", "seats"):
            own = row.line == "seats"
            through = (
                channel_of_seats(deal, plan, row.item, month // MONTHS) if own else channel_of_api(deal, plan, month)
            )
            if through is not None:
                yield through, float(row.of(0)[2])


def _of_usage(signed: Settlement, used: Used, months: range) -> Iterator[tuple[Channel, float]]:
    """Yield what usage has cost beyond a commitment that was paid in advance; of one in arrears all of it."""
    deal, plan = signed.deal, signed.plan
    taken = resolve(deal).taken(plan.api)
    is_prepaid = taken.require_api().payment != "arrears" and any(plan.api.terms[0].commitment_usd)
    for (month, _), use in used.items():
        through = channel_of_api(deal, plan, month)
        if month in months and through is not None:
            yield through, use.contracted_usd - (use.drawn_usd if is_prepaid else 0.0)
    for period, drawn in periods_of(signed, used, months.stop, 1.0):
        last = min(period.months.stop, months.stop) - 1
        through = channel_of_api(deal, plan, last) if last in months else None
        if through is not None:
            over = drawn - period.drawn_usd
            yield through, over * (overage_ratio(signed, used, period.months) - (0.0 if is_prepaid else 1.0))
