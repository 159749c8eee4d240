"""What a settlement comes to: the few numbers a report shows, none of them beyond what the scenarios can carry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.frames import Table
from deal_solve.plan.resolved import resolve
from deal_solve.record import ContractYear, NotWritten, Record
from deal_solve.settlement.api.drawdown import PeriodRecord
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.scenario_set import Array, Scenarios

COARSE_CONFIDENCE = 0.9


@dataclass(frozen=True)
class Range(Record):
    """One amount over the scenarios."""

    expected_usd: Annotated[float, Field(description="mean over the scenarios")]
    p10_usd: Annotated[float, Field(description="10 % of the probability lies at or below it")]
    p90_usd: Annotated[float, Field(description="90 % of the probability lies at or below it")]


@dataclass(frozen=True)
class YearRange(Range):
    """What is paid for one contract year, not discounted."""

    contract_year: ContractYear


@dataclass(frozen=True)
class CertainCharge(Record):
    """What of overage or true-up falls due in every scenario: certain, though nothing commits to it; not discounted."""

    line: Annotated[str, Field(description="overage or true_up")]
    signed_usd: Annotated[float, Field(description="least over the scenarios of its sum over the first terms")]
    planned_usd: Annotated[float, Field(description="least over the scenarios of its sum over the horizon")]


@dataclass(frozen=True, kw_only=True)
class Summary(Record):
    """The cost of one plan, USD over the horizon."""

    total: Annotated[Range, Field(description="discounted at the cost of capital")]
    paid: Annotated[Range, Field(description="the same payments, not discounted")]
    confidence: Annotated[float, Field(description="of cvar_usd: at most 0.9 from fewer than 100 branches")]
    cvar_usd: Annotated[float | None, Field(description="mean of the worst (1 - confidence); null for one scenario")]
    worst_usd: Annotated[float | None, Field(description="the costliest scenario; null from fewer than 100 branches")]
    committed_usd: Annotated[
        float,
        Field(description="commitments and contracted seats inside the horizon (model §7); the most of any path"),
    ]
    signed_usd: Annotated[float, Field(description="of them what is signed now: the contract years of the first terms")]
    certain_growth: Annotated[
        tuple[CertainCharge, ...], Field(description="overage and true-up that fall due in every scenario")
    ]
    beyond_horizon_usd: Annotated[float, Field(description="owed for the years of a last term beyond the horizon")]
    by_line: Annotated[
        dict[str, float], Field(description="expected, discounted; the lines add up to total.expected_usd")
    ]
    by_year: Annotated[tuple[YearRange, ...], Field(description="paid per contract year")]
    scenarios: NotWritten[int]


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
        by_year=tuple(
            YearRange(**asdict(spread(values, weights)), contract_year=year)
            for year, values in enumerate(settlement.by_year)
        ),
        committed_usd=settlement.committed_usd,
        signed_usd=settlement.signed_usd,
        certain_growth=certain_growth(settlement),
        beyond_horizon_usd=settlement.beyond_horizon_usd,
        scenarios=scenarios.size,
    )


def certain_growth(settlement: Settlement) -> tuple[CertainCharge, ...]:
    """Return the part of overage and of true-up that no scenario with a probability escapes, where there is one."""
    happens = settlement.weights > 0
    found = []
    for line, paid in settlement.growth.items():
        charge = CertainCharge(line, float(settlement.growth_signed[line][happens].min()), float(paid[happens].min()))
        if charge.planned_usd > CENT_TOLERANCE_USD:
            found.append(charge)
    return tuple(found)


def spread(values: Array, weights: Array) -> Range:
    """Return mean, P10 and P90 of one number per scenario."""
    low, high = measures.quantiles(values, weights, (0.1, 0.9)).tolist()
    return Range(float(weights @ values), low, high)


@dataclass(frozen=True)
class PeriodSummary(Record):
    """One commitment period of the API agreement; expected USD at contracted rates."""

    contract_year: ContractYear
    start: Annotated[int, Field(description="first month, counted from 0")]
    end: Annotated[int, Field(description="the month after the last one")]
    commitment_usd: Annotated[
        float, Field(description="the period's part of the commitment, expected where a table decides it")
    ]
    usage_usd: Annotated[float, Field(description="expected counted usage")]
    carried_in_usd: Annotated[float, Field(description="expected balance rolled over from the period before")]
    covered_usd: Annotated[float, Field(description="expected usage covered by the balance")]
    overage_usd: Annotated[float, Field(description="expected charge for usage that is not covered")]
    forfeited_usd: Annotated[float, Field(description="expected balance lost")]
    exhausted_probability: Annotated[float, Field(description="probability that the balance runs out")]
    exhausted_month: Annotated[
        int | None, Field(description="median month in which it does, where it does, drawn down as used")
    ]
    months: Annotated[str, Field(description="its months, YYYY-MM to YYYY-MM")] = ""
    exhausted: Annotated[str | None, Field(description="exhausted_month as YYYY-MM")] = None
    excess_met_usd: Annotated[
        float,
        Field(description="expected commitment met by usage above earlier ones of the term, where excess counts next"),
    ] = 0.0


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
                months=settlement.deal.span(record.start, record.end),
                exhausted=settlement.deal.year_month(None if median is None else int(median)),
                excess_met_usd=_excess_met(settlement, record),
            )
        )
    return Table(tuple(found))


def _excess_met(settlement: Settlement, record: PeriodRecord) -> float:
    """Return what of a commitment neither usage of its period nor a shortfall makes up: earlier excess that counts."""
    api = resolve(settlement.deal).taken(settlement.plan.api).api
    if api is None or api.excess != "counts_next":
        return 0.0
    return settlement.mean(record.commitment_usd - record.covered_usd - record.own_shortfall_usd)
