"""Cloud commitments, contract year by contract year: other spend, what payments retire, and what lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.cloud_years import cloud_years as years_of
from deal_solve.deal.offers.cloud_years import share_of_cloud_year
from deal_solve.frames import Table
from deal_solve.record import ContractYear, Record
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array, blocks


@dataclass(frozen=True)
class CloudYear(Record):
    """A cloud commitment in a contract year, USD, not discounted."""

    cloud: Annotated[str, Field(description="the cloud commitment")]
    contract_year: ContractYear
    committed_usd: Annotated[float, Field(description="what is left of the commitment for the year")]
    other_spend_usd: Annotated[float, Field(description="expected other spend toward it")]
    retired_usd: Annotated[float, Field(description="expected payments through channels that count, up to the cap")]
    shortfall_usd: Annotated[float, Field(description="expected amount that it lacks, paid at the year's end")]
    shortfall_probability: Annotated[float, Field(description="probability that it lacks anything")]
    cap_probability: Annotated[float, Field(description="probability that more was paid than the cap lets retire")]


def cloud_years(settlement: Settlement) -> Table[CloudYear]:
    """Return every cloud commitment in each contract year."""
    return Table(tuple(row for name in settlement.clouds for row in _years(settlement, name)))


def _years(settlement: Settlement, name: str) -> Iterator[CloudYear]:
    deal, weights, found = settlement.deal, settlement.weights, settlement.clouds[name]
    other: Array = np.sum([block.other_spend[name] @ block.weights for block in blocks(settlement.scenarios)], axis=0)
    for year in range(years_of(deal)):
        part = share_of_cloud_year(deal, year)
        yield CloudYear(
            cloud=name,
            contract_year=year,
            committed_usd=part * deal.cloud_commitments[name].usd_per_year[year],
            other_spend_usd=part * float(other[year]),
            retired_usd=float(weights @ found.retired[year]),
            shortfall_usd=float(weights @ found.short[year]),
            shortfall_probability=float(weights @ (found.short[year] > 0)),
            cap_probability=float(weights @ found.is_capped[year]),
        )


def cloud_name(deal: Deal, name: str) -> str:
    """Return the title of a cloud commitment, or its id."""
    return deal.cloud_commitments[name].title or name
