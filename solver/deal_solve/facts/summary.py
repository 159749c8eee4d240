"""What a settlement comes to: the few numbers a report shows, none of them beyond what the scenarios can carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array, Scenarios

COARSE_CONFIDENCE = 0.9


@dataclass(frozen=True)
class Range:
    """One amount over the scenarios: its mean, P10 and P90, USD."""

    expected_usd: float
    p10_usd: float
    p90_usd: float


@dataclass(frozen=True)
class Summary:
    """The cost of one plan, USD over the horizon.

    `total` is discounted, `paid` is not; `by_year` is paid, by contract year; `by_line` expected and discounted.
    `cvar_usd` is None for a single scenario, `worst_usd` where the scenarios are too few to say (section 1).
    """

    total: Range
    paid: Range
    cvar_usd: float | None
    confidence: float
    worst_usd: float | None
    by_line: dict[str, float]
    by_year: tuple[Range, ...]
    committed_usd: float
    beyond_horizon_usd: float
    scenarios: int


def summarise(deal: Deal, settlement: Settlement, scenarios: Scenarios) -> Summary:
    """Return the numbers of a settlement; no tail beyond P10 and P90 from a coarse set."""
    cost, weights, confidence = settlement.cost, settlement.weights, deal.risk.confidence
    if scenarios.is_coarse:
        confidence = min(confidence, COARSE_CONFIDENCE)
    return Summary(
        total=spread(cost, weights),
        paid=spread(settlement.undiscounted, weights),
        cvar_usd=measures.cvar(cost, weights, confidence) if scenarios.size > 1 else None,
        confidence=confidence,
        worst_usd=measures.worst(cost, weights) if scenarios.size > 1 and not scenarios.is_coarse else None,
        by_line={line: float(weights @ values) for line, values in settlement.by_line.items() if np.any(values)},
        by_year=tuple(spread(values, weights) for values in settlement.by_year),
        committed_usd=settlement.committed_usd,
        beyond_horizon_usd=settlement.beyond_horizon_usd,
        scenarios=scenarios.size,
    )


def spread(values: Array, weights: Array) -> Range:
    """Return mean, P10 and P90 of one number per scenario."""
    low, high = (measures.quantile(values, weights, level) for level in (0.1, 0.9))
    return Range(float(weights @ values), low, high)


@dataclass(frozen=True)
class PeriodSummary:
    """One commitment period, months [start, end): expected USD, and how likely and when the balance runs out."""

    contract_year: int
    start: int
    end: int
    commitment_usd: float
    usage_usd: float
    carried_in_usd: float
    covered_usd: float
    overage_usd: float
    forfeited_usd: float
    exhausted_probability: float
    exhausted_month: int | None


def periods(settlement: Settlement) -> Table[PeriodSummary]:
    """Return every commitment period in expectation; the month is the median of those in which the balance runs out."""
    weights = settlement.weights
    found = []
    for record in settlement.drawdown:
        out = ~np.isnan(record.exhausted_month)
        likely = float(weights[out].sum())
        median = measures.quantile(record.exhausted_month[out], weights[out] / likely, 0.5) if likely > 0 else None
        found.append(
            PeriodSummary(
                contract_year=record.contract_year,
                start=record.start,
                end=record.end,
                commitment_usd=settlement.mean(record.commitment_usd),
                usage_usd=float(weights @ record.usage_usd),
                carried_in_usd=float(weights @ record.carried_in_usd),
                covered_usd=float(weights @ record.covered_usd),
                overage_usd=float(weights @ record.overage_usd),
                forfeited_usd=float(weights @ record.forfeited_usd),
                exhausted_probability=likely,
                exhausted_month=None if median is None else int(median),
            )
        )
    return Table(tuple(found))


@dataclass(frozen=True)
class SeatYear:
    """One seat type in one contract year: contracted, expected peak of active users, expected seats above contract."""

    seat_type: str
    contract_year: int
    contracted: int
    expected_peak: float
    expected_added: float


def seat_years(settlement: Settlement) -> tuple[SeatYear, ...]:
    """Return seats per type and contract year."""
    weights = settlement.weights
    rows = []
    for name, facts in settlement.seats.items():
        for year, contracted in enumerate((facts.contracted @ weights).round().astype(int).tolist()):
            peak = facts.count[12 * year : 12 * year + 12].max(axis=0)
            added = float(weights @ facts.true_up_seats[year])
            rows.append(SeatYear(name, year, contracted, float(weights @ peak), added))
    return tuple(rows)
