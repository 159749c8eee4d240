"""What a solve returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array

Status = Literal["optimal", "limit"]
Method = Literal["decomposition", "extensive"]


@dataclass(frozen=True)
class CandidateAgreement:
    """One API agreement and band of its first term: its best cost, if solved, and a bound on what it can cost.

    Everything else in the plan (seat agreements of any offer, later bands, routing) is free. `outcome` is solved,
    pruned (its bound is above the best plan), infeasible, or limit.
    """

    offer: str
    term_months: int
    band_usd_per_year: float
    bound_usd: float
    objective_usd: float | None
    outcome: Literal["solved", "pruned", "infeasible", "limit"]


@dataclass(frozen=True)
class Size:
    """The largest program solved: rows, columns, integer columns and non-zeros."""

    rows: int
    columns: int
    integers: int
    nonzeros: int


@dataclass(frozen=True)
class Solution:
    """The best plan, settled, with its proof.

    `objective_usd` is what was minimised as a cost: (1-λ)·E + λ·CVaR of cost, or of loss with the baseline's expected
    cost added back, so that for a neutral buyer it is the expected cost. `bound_usd` is a valid lower bound on it and
    `gap` is (objective - bound) / |objective|. `settlement` is the independent settlement of `plan` over the scenarios.
    `baseline_cost` (S,) is that of the baseline, `best_cost` (S,) the least cost of each scenario alone, as far as
    the objective compares with them.
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

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.settlement._repr_html_()}"
