"""The schema of a sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import DealFacts, Scenarios, deal_of, rows_of, scenarios_from
from deal_solve.report.record import Part
from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.sensitivity.sensitivity import Sensitivity

SENSITIVITY_SCHEMA: Literal["deal-solve-sensitivity/1"] = "deal-solve-sensitivity/1"


class BarFacts(Part):
    """One number at its low and its high value; null where there is no such deal, or the plan cannot be signed."""

    path: str = Field(description="the field")
    kind: Literal["uncertain", "negotiable"] = Field(
        description="uncertain: at its P10 and P90; negotiable: one step lower and higher"
    )
    today: float = Field(description="its value in the deal, P50 of a band")
    low: float = Field(description="the low value")
    high: float = Field(description="the high value")
    low_usd: float | None = Field(description="objective at low, the deal re-optimised")
    high_usd: float | None = Field(description="objective at high, the deal re-optimised")
    held_low_usd: float | None = Field(description="objective of today's plan at low")
    held_high_usd: float | None = Field(description="objective of today's plan at high")
    flips_low: bool = Field(description="whether another deal is best at low")
    flips_high: bool = Field(description="whether another deal is best at high")
    is_proven: bool = Field(description="whether both solves are proven to the gap")


class SobolFacts(Part):
    """One factor: shares of a variance, with 95 % intervals."""

    factor: str = Field(description="the input, or what is independent behind inputs that move together")
    of: str = Field(description="cost or loss")
    first: float = Field(description="share that it makes alone")
    first_low: float = Field(description="least of the interval")
    first_high: float = Field(description="largest of the interval")
    total: float = Field(description="share that it makes alone and together with others")
    total_low: float = Field(description="least of the interval")
    total_high: float = Field(description="largest of the interval")


class SensitivityResult(Part):
    """What `sensitivity --out FILE.json` writes; USD over the horizon, discounted."""

    schema_version: Literal["deal-solve-sensitivity/1"] = Field(
        SENSITIVITY_SCHEMA, alias="schema", description="this schema"
    )
    version: str = Field(VERSION, description="version of deal-solve")
    deal: DealFacts = Field(description="which deal")
    scenarios: Scenarios = Field(description="over which futures")
    objective_usd: float = Field(description="objective today")
    plan: Plan = Field(description="the best plan today, which is held")
    bars: tuple[BarFacts, ...] = Field(description="the longest first")
    indices: tuple[SobolFacts, ...] = Field(description="Sobol indices of the plan; none where futures are listed")
    factors_are_inputs: bool | None = Field(description="whether no bands move together; null without indices")
    notes: tuple[str, ...] = Field(description="remarks in plain words")


def sensitivity_result_of(deal: Deal, found: Sensitivity) -> SensitivityResult:
    """Return a sensitivity as data."""
    sobol = found.sobol
    return SensitivityResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(found.best.settlement.scenarios),
        objective_usd=found.best.objective_usd,
        plan=found.best.plan,
        bars=rows_of(BarFacts, found.bars),
        indices=rows_of(SobolFacts, sobol.indices) if sobol else (),
        factors_are_inputs=sobol.are_inputs if sobol else None,
        notes=(*found.notes, *(sobol.notes if sobol else ())),
    )
