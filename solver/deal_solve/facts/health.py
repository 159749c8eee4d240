"""How healthy commitment and seats are, per contract year, with probabilities over the scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.running import seat_months
from deal_solve.frames import Table
from deal_solve.record import ContractYear, Record
from deal_solve.settlement.api.drawdown import PeriodRecord
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True)
class CommitmentYear(Record):
    """The API commitment in a contract year, or those of a term that is one period; expected USD at contracted rates.

    A probability counts what exceeds half a cent.
    """

    contract_year: ContractYear
    committed_usd: Annotated[float, Field(description="the commitment, certain")]
    usage_usd: Annotated[float, Field(description="expected counted usage")]
    drawdown_usd: Annotated[float, Field(description="expected usage covered by the balance")]
    utilisation: Annotated[float, Field(description="drawdown over balance (commitment and carried in)")]
    coverage: Annotated[float, Field(description="drawdown over usage")]
    burn_rate: Annotated[float, Field(description="usage over commitment; 1 is on pace")]
    remaining_usd: Annotated[
        float, Field(description="expected balance left at the year's end, carried on or forfeited")
    ]
    exhausted_month: Annotated[
        int | None, Field(description="median first month not covered, where there is one, drawn down as used")
    ]
    overage_probability: Annotated[float, Field(description="probability that usage exceeds the balance")]
    shortfall_probability: Annotated[float, Field(description="probability that commitment is left unused")]
    overage_usd: Annotated[float, Field(description="expected charge for usage that is not covered")]
    forfeited_usd: Annotated[float, Field(description="expected balance lost")]
    exhausted: Annotated[str | None, Field(description="exhausted_month as YYYY-MM")] = None
    first_contract_year: Annotated[
        ContractYear, Field(description="the year itself; the first of several, where the period is a term")
    ] = 0


@dataclass(frozen=True)
class SeatYear(Record):
    """One seat type in one contract year."""

    seat_type: Annotated[str, Field(description="the type")]
    contract_year: ContractYear
    contracted: Annotated[int, Field(description="seats contracted; where a table decides them, expected and rounded")]
    expected_active: Annotated[float, Field(description="expected active users, mean of the months")]
    expected_peak: Annotated[float, Field(description="expected highest count of active users in the year")]
    expected_added: Annotated[float, Field(description="expected seats charged above the contract, by true-up")]
    expected_idle: Annotated[
        float, Field(description="expected contracted seats without an active user, mean of the months")
    ]
    added_probability: Annotated[float, Field(description="probability that seats are charged above the contract")]


def commitment_health(settlement: Settlement) -> Table[CommitmentYear]:
    """Return every contract year in which something is committed."""
    years = sorted({record.contract_year for record in settlement.drawdown})
    rows = [
        _year(settlement, year, [record for record in settlement.drawdown if record.contract_year == year])
        for year in years
    ]
    return Table(tuple(row for row in rows if row.committed_usd > 0))


def commitment_overall(settlement: Settlement) -> CommitmentYear | None:
    """Return all contract years taken together, as if they were the first; None where nothing is committed.

    Probabilities are of what happens in any of them, the month of exhaustion is the first one.
    """
    if not settlement.drawdown:
        return None
    whole = _year(settlement, 0, settlement.drawdown)
    return whole if whole.committed_usd > 0 else None


def _year(settlement: Settlement, year: int, records: Sequence[PeriodRecord]) -> CommitmentYear:
    weights = settlement.weights
    committed = sum(settlement.mean(record.commitment_usd) for record in records)
    usage, drawn = _sum(records, "usage_usd"), _sum(records, "covered_usd")
    shortfall, last = _sum(records, "own_shortfall_usd"), records[-1]
    expected_drawn, expected_usage = float(weights @ drawn), float(weights @ usage)
    balance = committed + float(weights @ records[0].carried_in_usd)
    left = np.maximum(last.commitment_usd + last.carried_in_usd - last.covered_usd, 0.0)
    exhausted = _median_exhaustion(records, weights)
    return CommitmentYear(
        contract_year=year,
        first_contract_year=min(year, *(record.years[0] for record in records)),
        committed_usd=committed,
        usage_usd=expected_usage,
        drawdown_usd=expected_drawn,
        utilisation=_ratio(expected_drawn, balance),
        coverage=_ratio(expected_drawn, expected_usage),
        burn_rate=_ratio(expected_usage, committed),
        remaining_usd=float(weights @ left),
        exhausted_month=exhausted,
        exhausted=settlement.deal.year_month(exhausted),
        overage_probability=measures.probability(usage - drawn > CENT_TOLERANCE_USD, weights),
        shortfall_probability=measures.probability(shortfall > CENT_TOLERANCE_USD, weights),
        overage_usd=float(weights @ _sum(records, "overage_usd")),
        forfeited_usd=float(weights @ _sum(records, "forfeited_usd")),
    )


def _sum(records: Sequence[PeriodRecord], name: str) -> Array:
    return np.asarray(sum(getattr(record, name) for record in records))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _median_exhaustion(records: Sequence[PeriodRecord], weights: Array) -> int | None:
    """Return the median of the first months in which a balance of the year runs out, where one does."""
    months = np.stack([record.exhausted_month for record in records])
    first = np.where(np.isnan(months), np.inf, months).min(axis=0)
    out = np.isfinite(first) & (weights > 0)
    if not out.any():
        return None
    return int(measures.quantile(first[out], weights[out] / weights[out].sum(), 0.5))


def seat_health(settlement: Settlement) -> Table[SeatYear]:
    """Return every seat type in every contract year."""
    weights, rows = settlement.weights, []
    for name, facts in settlement.seats.items():
        for year, contracted in enumerate(facts.contracted):
            months = seat_months(settlement.deal, name, year)
            count = facts.count[months.start : months.stop]
            added = facts.true_up_seats[year]
            rows.append(
                SeatYear(
                    seat_type=name,
                    contract_year=year,
                    contracted=round(float(weights @ contracted)),
                    expected_active=float(weights @ count.mean(axis=0)),
                    expected_peak=float(weights @ count.max(axis=0)),
                    expected_added=float(weights @ added),
                    expected_idle=float(weights @ np.maximum(contracted - count, 0.0).mean(axis=0)),
                    added_probability=measures.probability(added > 1e-9, weights),
                )
            )
    return Table(tuple(rows))
