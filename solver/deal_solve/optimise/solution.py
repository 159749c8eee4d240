"""What a solve returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.errors import LimitReached
from deal_solve.optimise.method import Method
from deal_solve.plan.plan import Plan
from deal_solve.record import NullIfInfinite, Record
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array

Status = Literal["optimal", "limit"]


@dataclass(frozen=True)
class CandidateAgreement(Record):
    """One API agreement and band of its first term: its best cost, if solved, and a bound on what it can cost.

    Everything else in the plan (seat agreements of any offer, later bands, routing) is free.
    """

    offer: Annotated[str, Field(description="the offer, or list")]
    term_months: Annotated[int, Field(description="its first term")]
    band_usd_per_year: Annotated[float, Field(description="threshold of its band in the first term")]
    outcome: Annotated[
        Literal["solved", "pruned", "infeasible", "limit"],
        Field(description="solved; pruned (it cannot beat the best plan); infeasible; or limit (stopped)"),
    ]
    objective_usd: Annotated[float | None, Field(description="objective of its best plan, if it was solved")]
    bound_usd: Annotated[NullIfInfinite, Field(description="no plan under it has a lower objective")]


@dataclass(frozen=True)
class SignedMonth(Record):
    """One month in which the deal may be signed: its best plan, if solved, and a bound on what it can cost."""

    month: Annotated[int, Field(description="month of signing, counted from the start")]
    outcome: Annotated[
        Literal["solved", "pruned", "infeasible", "limit"],
        Field(description="solved; pruned (it cannot beat the best plan); infeasible; or limit (stopped)"),
    ]
    objective_usd: Annotated[float | None, Field(description="objective of its best plan, if it was solved")]
    bound_usd: Annotated[NullIfInfinite, Field(description="no plan signed in it has a lower objective")]


@dataclass(frozen=True)
class Size(Record):
    """The size of the largest program solved."""

    rows: Annotated[int, Field(description="rows of the largest program")]
    columns: Annotated[int, Field(description="its columns")]
    integers: Annotated[int, Field(description="its integer columns")]
    nonzeros: Annotated[int, Field(description="its non-zeros")]


@dataclass(frozen=True)
class Solution:
    """The best plan, settled, with its proof.

    `objective_usd` is what was minimised as a cost: (1-λ)·E + λ·CVaR of cost, or of loss with the baseline's expected
    cost added back, so that for a neutral buyer it is the expected cost. `bound_usd` is a valid lower bound on it and
    `gap` is (objective - bound) / |objective|. `settlement` is the independent settlement of `plan` over the scenarios.
    `baseline_cost` (S,) is that of the baseline, `best_cost` (S,) the least cost of each scenario alone, as far as
    the objective compares with them. `is_simple` says that a limit left only the first incumbent, which nobody
    optimised. `months` are those in which the deal may be signed, where that is part of the plan.
    """

    status: Status
    objective_usd: float
    bound_usd: float
    gap: float
    plan: Plan = field(repr=False)
    settlement: Settlement = field(repr=False)
    baseline: Plan | None = field(repr=False)
    baseline_cost: Array | None = field(repr=False)
    agreements: tuple[CandidateAgreement, ...] = field(repr=False)
    solver: str
    method: Method
    size: Size
    build_seconds: float
    solve_seconds: float
    notes: tuple[str, ...] = ()
    seed: int | None = None
    best_cost: Array | None = field(default=None, repr=False)
    is_simple: bool = False
    months: tuple[SignedMonth, ...] = field(default=(), repr=False)

    @property
    def lower_bounds(self) -> dict[tuple[str, int], float]:
        """What no plan of an API agreement costs less than, by offer and months of its first term (USD)."""
        found: dict[tuple[str, int], float] = {}
        for each in self.agreements:
            index = each.offer, each.term_months
            found[index] = min(each.bound_usd, found.get(index, each.bound_usd))
        return found

    def optimised(self) -> Solution:
        """Return it, for who compares optimal plans; raises LimitReached where only the first incumbent is left."""
        if self.is_simple:
            raise LimitReached("the time limit passed before a plan was optimised")
        return self

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.settlement._repr_html_()}"
