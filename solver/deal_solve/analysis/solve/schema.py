"""The schema of results: versioned, each field described where it is declared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from deal_solve.analysis.conflict.result import Conflict
from deal_solve.analysis.criteria.result import Criterion
from deal_solve.analysis.levers.result import Waterfall
from deal_solve.analysis.uncertainty.result import UncertaintyCost
from deal_solve.analysis.why_not.result import Alternative, WhyNot
from deal_solve.facts.calendar import Event
from deal_solve.facts.health import CommitmentYear, SeatYear
from deal_solve.facts.limit_checks import LimitCheck
from deal_solve.facts.savings import Savings
from deal_solve.facts.sides import Side
from deal_solve.facts.summary import PeriodSummary, Range, YearRange
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios
from deal_solve.report.record import Part
from deal_solve.version import VERSION

RESULT_SCHEMA: Literal["deal-solve-result/1"] = "deal-solve-result/1"
SETTLEMENT_SCHEMA: Literal["deal-solve-settlement/1"] = "deal-solve-settlement/1"
INFEASIBLE_SCHEMA: Literal["deal-solve-infeasible/1"] = "deal-solve-infeasible/1"


class Cost(Part):
    """What the plan costs, by the settlement."""

    total: Range = Field(description="discounted at the cost of capital")
    paid: Range = Field(description="the same payments, not discounted")
    confidence: float = Field(description="of cvar_usd: at most 0.9 from fewer than 100 branches")
    cvar_usd: float | None = Field(description="mean of the worst (1 - confidence); null for one scenario")
    worst_usd: float | None = Field(description="the dearest scenario; null from fewer than 100 branches")
    committed_usd: float = Field(
        description="commitments and contracted seats inside the horizon (deal model, 7); the most of any path"
    )
    beyond_horizon_usd: float = Field(description="owed for the years of a last term beyond the horizon")
    chronological_expected_usd: float = Field(description="expected total with usage drawn down as used")
    by_line: dict[str, float] = Field(description="expected, discounted; the lines add up to total.expected_usd")
    by_year: tuple[YearRange, ...] = Field(description="paid per contract year")


class RiskFacts(Part):
    """What was minimised."""

    weight: float = Field(description="λ")
    confidence: float = Field(description="of CVaR")
    on: Literal["loss", "cost"] = Field(description="z")
    criterion: Literal["expected", "worst", "regret"] = Field(description="expected is (1-λ)·E + λ·CVaR")


class Reference(Part):
    """The best plan in expected cost without API commitment."""

    plan: Plan = Field(description="the plan")
    expected_usd: float | None = Field(description="its expected cost, discounted")


class Agreement(Part):
    """One API agreement of the search, in one band of its first term."""

    offer: str = Field(description="the offer, or list")
    term_months: int = Field(description="its first term")
    band_usd_per_year: float = Field(description="threshold of its band in the first term")
    outcome: Literal["solved", "pruned", "infeasible", "limit"] = Field(
        description="solved; pruned (it cannot beat the best plan); infeasible; or limit (stopped)"
    )
    objective_usd: float | None = Field(description="objective of its best plan, if it was solved")
    bound_usd: float | None = Field(description="no plan under it has a lower objective")


class SolverFacts(Part):
    """How it was found."""

    name: str = Field(description="the solver")
    method: Literal["decomposition", "extensive"] = Field(description="by cuts, or with every scenario written out")
    rows: int = Field(description="rows of the largest program")
    columns: int = Field(description="its columns")
    integers: int = Field(description="its integer columns")
    nonzeros: int = Field(description="its non-zeros")
    build_seconds: float = Field(description="time to build the programs")
    solve_seconds: float = Field(description="time in the solver")


class Result(Part):
    """What `solve --json` writes."""

    schema_version: Literal["deal-solve-result/1"] = Field(RESULT_SCHEMA, alias="schema", description="this schema")
    version: str = Field(VERSION, description="version of deal-solve")
    status: Literal["optimal", "limit"] = Field(description="optimal: solved to the gap; limit: stopped with a plan")
    objective_usd: float = Field(description="what was minimised, as a cost; in expectation for a neutral buyer")
    bound_usd: float | None = Field(description="no plan has a lower objective")
    gap: float | None = Field(description="(objective - bound) / |objective|")
    seed: int | None = Field(description="of sampled scenarios; null: the scenarios are exact")
    deal: DealFacts = Field(description="which deal")
    risk: RiskFacts = Field(description="which objective")
    scenarios: Scenarios = Field(description="over which scenarios")
    plan: Plan = Field(description="the plan; `settle --plan` and `solve --fix` read it back")
    cost: Cost = Field(description="what the plan costs")
    drawdown: Table[PeriodSummary] = Field(description="the API commitment, period by period")
    seats: Table[SeatYear] = Field(description="contracted seats against expected users")
    limits: Table[LimitCheck] = Field(description="every limit of the deal against the plan")
    commitment_health: Table[CommitmentYear] = Field(description="the API commitment, contract year by year")
    sides: Table[Side] = Field(description="seats against API: cost and share of the spread")
    overtaking_month: int | None = Field(description="first month from which API spend stays above that for seats")
    savings: Savings | None = Field(description="savings rates of the API agreement; null without such usage")
    calendar: Table[Event] = Field(description="terms, negotiations, invoices, checks, projects, retirements")
    reference: Reference | None = Field(description="the plan without commitment that losses are measured against")
    agreements: tuple[Agreement, ...] = Field(description="every API agreement looked at, with its bound")
    solver: SolverFacts = Field(description="solver, size and time")
    notes: tuple[str, ...] = Field(description="remarks in plain words")
    alternatives: Table[Alternative] | None = Field(None, description="`--all`: every API agreement")
    wrong_tracks: tuple[WhyNot, ...] | None = Field(None, description="`--all`: all on seats, all on the API")
    why_not: tuple[WhyNot, ...] | None = Field(None, description="`--why-not`: other choices")
    levers: Waterfall | None = Field(None, description="`--levers`: what each lever is worth")
    criteria: Table[Criterion] | None = Field(None, description="`--criteria`: what each would sign")
    uncertainty: UncertaintyCost | None = Field(
        None, description="`--uncertainty`: what it costs, and how sure this is"
    )


class InvoiceLine(Part):
    """One payment of one scenario; quantity · rate_usd = amount_usd."""

    contract_year: int = Field(description="it belongs to, counted from 1")
    period: str = Field(description="calendar month, or first/last month, charged for")
    line: str = Field(description="one of the lines")
    item: str = Field(description="model, seat type, project, tool or cohort")
    quantity: float = Field(description="seat-months, user-months, or dollars of usage at today's list")
    rate_usd: float = Field(description="USD per unit")
    amount_usd: float = Field(description="USD, not discounted")
    paid_month: int = Field(description="time of payment in months: the end of month t is t + 1")


class SettlementResult(Part):
    """What `settle --json` writes."""

    schema_version: Literal["deal-solve-settlement/1"] = Field(
        SETTLEMENT_SCHEMA, alias="schema", description="this schema"
    )
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which scenarios")
    plan: Plan = Field(description="the complete plan")
    assumed: tuple[str, ...] = Field(description="what the proposal left out, and what was taken")
    order: Literal["highest_ratio", "chronological"] = Field(description="drawdown order of all figures but one")
    cost: Cost = Field(description="what the plan costs")
    drawdown: Table[PeriodSummary] = Field(description="the API commitment, period by period")
    seats: Table[SeatYear] = Field(description="contracted seats against expected users")
    limits: Table[LimitCheck] = Field(description="every limit of the deal against the plan")
    commitment_health: Table[CommitmentYear] = Field(description="the API commitment, contract year by year")
    sides: Table[Side] = Field(description="seats against API: cost and share of the spread")
    overtaking_month: int | None = Field(description="first month from which API spend stays above that for seats")
    savings: Savings | None = Field(description="savings rates of the API agreement; null without such usage")
    calendar: Table[Event] = Field(description="terms, negotiations, invoices, checks, projects, retirements")
    scenario: str = Field(description="the scenario of the invoice")
    invoice: tuple[InvoiceLine, ...] = Field(description="its payments")


class InfeasibleResult(Part):
    """What `solve --json` writes where no plan meets all limits and rules."""

    schema_version: Literal["deal-solve-infeasible/1"] = Field(
        INFEASIBLE_SCHEMA, alias="schema", description="this schema"
    )
    version: str = Field(VERSION, description="version of deal-solve")
    status: Literal["infeasible"] = Field("infeasible", description="there is no plan")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which scenarios")
    reason: str = Field(description="in one sentence")
    conflict: Conflict | None = Field(description="what cannot hold together; null if time ran out before")
