"""The schema of results: versioned, each field described where it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.analysis.conflict.result import Conflict
from deal_solve.analysis.criteria.result import Criterion
from deal_solve.analysis.levers.result import Waterfall
from deal_solve.analysis.solve.comparisons import Comparisons
from deal_solve.analysis.uncertainty.result import UncertaintyCost
from deal_solve.analysis.why_not.result import Alternative, WhyNot
from deal_solve.facts.allocation import Allocation
from deal_solve.facts.baseline_usage import ObservedBucket
from deal_solve.facts.calendar import Event
from deal_solve.facts.cloud import CloudYear
from deal_solve.facts.cost_split import Side
from deal_solve.facts.health import CommitmentYear, SeatYear
from deal_solve.facts.savings import Savings
from deal_solve.facts.summary import PeriodSummary, Summary
from deal_solve.facts.unstated import Unstated
from deal_solve.facts.years import YearCost
from deal_solve.frames import Table
from deal_solve.optimise.method import Method
from deal_solve.optimise.solution import CandidateAgreement, SignedMonth, Size, Status
from deal_solve.plan.plan import Plan
from deal_solve.record import ContractYear, NullIfInfinite, Record
from deal_solve.report.basics import SCHEMA_KEY, DealSummary, ResultFile, Scenarios
from deal_solve.settlement.in_force.position import Position
from deal_solve.settlement.limit_checks import LimitCheck
from deal_solve.version import VERSION


@dataclass(frozen=True, kw_only=True)
class Cost(Summary):
    """What the plan costs, by the settlement."""

    chronological_expected_usd: Annotated[float, Field(description="expected total with usage drawn down as used")]
    years: Annotated[Table[YearCost], Field(description="per contract year: cost for its months, and cash paid in it")]


@dataclass(frozen=True)
class RiskMeasure(Record):
    """What was minimised."""

    weight: Annotated[float, Field(description="λ")]
    confidence: Annotated[float, Field(description="of CVaR")]
    on: Annotated[Literal["loss", "cost"], Field(description="z")]
    criterion: Annotated[Literal["expected", "worst", "regret"], Field(description="expected is (1-λ)·E + λ·CVaR")]


@dataclass(frozen=True)
class Baseline(Record):
    """The best plan in expected cost without API commitment."""

    plan: Annotated[Plan, Field(description="the plan")]
    expected_usd: Annotated[float | None, Field(description="its expected cost, discounted")]


@dataclass(frozen=True, kw_only=True)
class SolverRun(Size):
    """How it was found; the size is that of the largest program."""

    name: Annotated[str, Field(description="the solver")]
    method: Annotated[Method, Field(description="by cuts, or with every scenario written out")]
    build_seconds: Annotated[float, Field(description="time to build the programs")]
    solve_seconds: Annotated[float, Field(description="time in the solver")]


@dataclass(frozen=True, kw_only=True)
class SettledPlan(Record):
    """What a result and a settlement both say of their plan, after the head of each file."""

    cost: Annotated[Cost, Field(description="what the plan costs")]
    drawdown: Annotated[Table[PeriodSummary], Field(description="the API commitment, period by period")]
    seats: Annotated[Table[SeatYear], Field(description="contracted seats against expected users")]
    limits: Annotated[Table[LimitCheck], Field(description="every limit of the deal against the plan")]
    commitment_health: Annotated[Table[CommitmentYear], Field(description="the API commitment, contract year by year")]
    sides: Annotated[Table[Side], Field(description="seats against API: cost and share of the spread")]
    overtaking_month: Annotated[
        int | None, Field(description="first month from which API spend stays above that for seats")
    ]
    overtaking: Annotated[str | None, Field(description="overtaking_month as YYYY-MM")]
    observed_buckets: Annotated[
        Table[ObservedBucket], Field(description="what each bucket of usage of a table comes to; empty without tables")
    ]
    calendar_months: Annotated[
        tuple[str, ...], Field(description="YYYY-MM of every month number in this file, that of month 0 first")
    ]
    allocation: Annotated[Allocation, Field(description="who pays: cost by workload and cohort")]
    clouds: Annotated[Table[CloudYear], Field(description="cloud commitments, contract year by contract year")]
    savings: Annotated[Savings | None, Field(description="savings rates of the API agreement; null without such usage")]
    position: Annotated[Position | None, Field(description="where the agreement in force stands; null without one")]
    calendar: Annotated[Table[Event], Field(description="terms, negotiations, invoices, checks, projects, retirements")]


@dataclass(frozen=True, kw_only=True)
class SolvedPlan(Record):
    """How a result begins: which plan was found, and how good it is proven to be."""

    schema_version: Annotated[Literal["deal-solve-result/1"], SCHEMA_KEY] = "deal-solve-result/1"
    version: Annotated[str, Field(description="version of deal-solve")] = VERSION
    status: Annotated[Status, Field(description="optimal: solved to the gap; limit: stopped with a plan")]
    objective_usd: Annotated[
        float, Field(description="what was minimised, as a cost; in expectation for a neutral buyer")
    ]
    bound_usd: Annotated[NullIfInfinite, Field(description="no plan has a lower objective")]
    gap: Annotated[NullIfInfinite, Field(description="(objective - bound) / |objective|")]
    seed: Annotated[int | None, Field(description="of sampled scenarios; null: the scenarios are exact")]
    deal: Annotated[DealSummary, Field(description="which deal")]
    risk: Annotated[RiskMeasure, Field(description="which objective")]
    scenarios: Annotated[Scenarios, Field(description="over which scenarios")]
    plan: Annotated[Plan, Field(description="the plan; `settle --plan` and `solve --fix` read it back")]


@dataclass(frozen=True, kw_only=True)
class Result(SettledPlan, SolvedPlan):
    """What `solve --json` writes."""

    reference: Annotated[
        Baseline | None, Field(description="the plan without commitment that losses are measured against")
    ]
    agreements: Annotated[
        tuple[CandidateAgreement, ...], Field(description="every API agreement looked at, with its bound")
    ]
    signing: Annotated[
        tuple[SignedMonth, ...],
        Field(description="every month of signing, with its bound; empty where the deal is signed at the start"),
    ]
    solver: Annotated[SolverRun, Field(description="solver, size and time")]
    notes: Annotated[tuple[str, ...], Field(description="remarks in plain words")]
    unstated: Annotated[Table[Unstated], Field(description="what the file leaves unsaid, and what counts instead")]
    alternatives: Annotated[Table[Alternative] | None, Field(description="`--all`: every API agreement")] = None
    wrong_tracks: Annotated[tuple[WhyNot, ...] | None, Field(description="`--all`: all on seats, all on the API")] = (
        None
    )
    why_not: Annotated[tuple[WhyNot, ...] | None, Field(description="`--why-not`: other choices")] = None
    levers: Annotated[Waterfall | None, Field(description="`--levers`: what each lever saves")] = None
    criteria: Annotated[Table[Criterion] | None, Field(description="`--criteria`: what each would sign")] = None
    comparisons: Annotated[
        Comparisons | None, Field(description="nothing committed, going on as today, and the runner-up; else null")
    ] = None
    uncertainty: Annotated[
        UncertaintyCost | None, Field(description="`--uncertainty`: what it costs, and how certain this is")
    ] = None


@dataclass(frozen=True)
class InvoiceLine(Record):
    """One payment of one scenario; quantity · rate_usd = amount_usd."""

    contract_year: ContractYear
    period: Annotated[str, Field(description="calendar month, or first/last month, charged for")]
    line: Annotated[str, Field(description="one of the lines")]
    item: Annotated[str, Field(description="model, seat type, project, tool or cohort")]
    quantity: Annotated[float, Field(description="seat-months, user-months, or dollars of usage at today's list")]
    rate_usd: Annotated[float, Field(description="USD per unit")]
    amount_usd: Annotated[float, Field(description="USD, not discounted")]
    paid_month: Annotated[int, Field(description="time of payment in months: the end of month t is t + 1")]


@dataclass(frozen=True, kw_only=True)
class ProposedPlan(ResultFile):
    """How a settlement begins: which plan was settled."""

    schema_version: Annotated[Literal["deal-solve-settlement/1"], SCHEMA_KEY] = "deal-solve-settlement/1"
    plan: Annotated[Plan, Field(description="the complete plan")]
    assumed: Annotated[tuple[str, ...], Field(description="what the proposal left out, and what was taken")]
    order: Annotated[
        Literal["highest_ratio", "chronological"], Field(description="drawdown order of all figures but one")
    ]


@dataclass(frozen=True, kw_only=True)
class SettlementResult(SettledPlan, ProposedPlan):
    """What `settle --json` writes."""

    scenario: Annotated[str, Field(description="the scenario of the invoice")]
    invoice: Annotated[tuple[InvoiceLine, ...], Field(description="its payments")]


@dataclass(frozen=True, kw_only=True)
class InfeasibleResult(Record):
    """What `solve --json` writes where no plan meets all limits and rules."""

    schema_version: Annotated[Literal["deal-solve-infeasible/1"], SCHEMA_KEY] = "deal-solve-infeasible/1"
    version: Annotated[str, Field(description="version of deal-solve")] = VERSION
    status: Annotated[Literal["infeasible"], Field(description="there is no plan")] = "infeasible"
    deal: Annotated[DealSummary, Field(description="which deal")]
    scenarios: Annotated[Scenarios, Field(description="over which scenarios")]
    reason: Annotated[str, Field(description="in one sentence")]
    conflict: Annotated[Conflict | None, Field(description="what cannot hold together; null if time ran out before")]
