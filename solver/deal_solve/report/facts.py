"""The schema of what a plan looks like once it is in force: commitment, sides, savings rates, calendar."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from deal_solve.report.record import Part


class CommitmentFacts(Part):
    """The API commitment in one contract year; expected USD at contracted rates."""

    contract_year: int = Field(description="counted from 1")
    committed_usd: float = Field(description="the commitment, certain")
    usage_usd: float = Field(description="expected counted usage")
    drawdown_usd: float = Field(description="expected usage covered by the balance")
    utilisation: float = Field(description="drawdown over balance (commitment and carried in)")
    coverage: float = Field(description="drawdown over usage")
    burn_rate: float = Field(description="usage over commitment; 1 is on pace")
    remaining_usd: float = Field(description="expected balance left at the year's end, carried on or forfeited")
    exhausted_month: int | None = Field(description="median first month not covered, drawn down as used")
    overage_probability: float = Field(description="probability that usage exceeds the balance")
    shortfall_probability: float = Field(description="probability that commitment is left unused")
    overage_usd: float = Field(description="expected charge for usage that is not covered")
    forfeited_usd: float = Field(description="expected balance lost")


class SideFacts(Part):
    """One side of the deal over the horizon, discounted."""

    side: str = Field(description="API, seats, or projects and tools")
    expected_usd: float = Field(description="mean over the scenarios")
    p10_usd: float = Field(description="10 % of the probability lies at or below it")
    p90_usd: float = Field(description="90 % of the probability lies at or below it")
    spread_share: float | None = Field(description="share of the variance of cost; they add up to 1; null if certain")


class SavingsFacts(Part):
    """Savings rates over the horizon: ratios of expectations, not discounted, on usage counted toward the agreement."""

    list_usd: float = Field(description="the usage at list")
    paid_usd: float = Field(description="what is paid for it, overage and forfeiture included")
    committed_usd: float = Field(description="commitment of all contract years")
    theoretical: float = Field(description="1 - usage at contracted rates over the same at list")
    effective: float = Field(description="1 - paid over list")
    return_on_commitment: float | None = Field(description="dollars saved for each dollar committed; null without one")


class EventFacts(Part):
    """One dated event."""

    day: date = Field(description="the date, YYYY-MM-DD")
    what: str = Field(description="what happens, in words")
    usd: float | None = Field(description="what is invoiced then, certain; null if nothing is")
