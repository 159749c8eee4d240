"""The file that holds today's bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from deal_solve.deal.deal import Deal
from deal_solve.facts.today import TodaysBill
from deal_solve.report.basics import SCHEMA_KEY, ResultFile, deal_of, scenarios_from
from deal_solve.uncertainty.expansion import central


@dataclass(frozen=True, kw_only=True)
class TodayResult(TodaysBill, ResultFile):
    """What `today --json` writes; USD of one month."""

    schema_version: Annotated[Literal["deal-solve-today/1"], SCHEMA_KEY] = "deal-solve-today/1"

    @classmethod
    def of_bill(cls, deal: Deal, bill: TodaysBill) -> TodayResult:
        """Return the file of a bill, which is of the scenario in which every band is at its P50."""
        return cls(deal=deal_of(deal), scenarios=scenarios_from(central(deal)), **vars(bill))
