"""Solutions and settlements as data, in the schema of `report.schema`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from deal_solve.analysis.limits import limit_checks
from deal_solve.analysis.summary import PeriodSummary, Range, SeatYear, Summary, periods, seat_years, summarise
from deal_solve.deal.deal import Deal
from deal_solve.report.schema import (
    Agreement,
    Cost,
    DealFacts,
    ExceedanceFacts,
    Futures,
    InvoiceLine,
    LimitFacts,
    Part,
    PercentileFacts,
    Period,
    Reference,
    Result,
    RiskFacts,
    SeatCount,
    SettlementResult,
    SimulatedYear,
    SimulationResult,
    SolverFacts,
    Spread,
    YearSpread,
)
from deal_solve.uncertainty import scenarios as uncertainty
from deal_solve.uncertainty.scenarios import ScenarioSet

if TYPE_CHECKING:
    from deal_solve.analysis.simulate import Simulation, YearOutcome
    from deal_solve.optimise.solution import Branch, Solution
    from deal_solve.plan.plan import Plan
    from deal_solve.settlement.settle import Settlement


def cost_of(summary: Summary, chronological_usd: float) -> Cost:
    """Return the cost section; `chronological_usd` is the expected total drawn down as used."""
    return Cost(
        total=_spread(summary.total),
        paid=_spread(summary.paid),
        confidence=summary.confidence,
        cvar_usd=summary.cvar_usd,
        worst_usd=summary.worst_usd,
        committed_usd=summary.committed_usd,
        beyond_horizon_usd=summary.beyond_horizon_usd,
        chronological_expected_usd=chronological_usd,
        by_line=summary.by_line,
        by_year=tuple(
            YearSpread(contract_year=year + 1, **_spread(spread).model_dump())
            for year, spread in enumerate(summary.by_year)
        ),
    )


def _spread(spread: Range) -> Spread:
    return Spread.model_validate(spread)


def _from_one(part: type[Part], item: PeriodSummary | SeatYear | YearOutcome) -> Any:
    return part.model_validate(item).model_copy(update={"contract_year": item.contract_year + 1})


def _deal(deal: Deal) -> DealFacts:
    return DealFacts(
        title=deal.title,
        start=f"{deal.start:%Y-%m}",
        horizon_months=deal.horizon_months,
        cost_of_capital_per_year=deal.cost_of_capital_per_year,
        rates=f"{deal.card.name}@{deal.card.as_of}",
    )


def _futures(scenarios: uncertainty.Futures) -> Futures:
    return Futures(kind=scenarios.kind, count=scenarios.size, groups=scenarios.groups, seed=scenarios.seed)


def result_of(deal: Deal, scenarios: ScenarioSet, solution: Solution, chronological_usd: float) -> Result:
    """Return a solution as data."""
    settlement = solution.settlement
    summary = summarise(deal, settlement, scenarios)
    return Result(
        status=solution.status,
        objective_usd=solution.objective_usd,
        bound_usd=_finite(solution.bound_usd),
        gap=_finite(solution.gap),
        seed=scenarios.seed,
        deal=_deal(deal),
        risk=RiskFacts.model_validate(deal.risk).model_copy(update={"confidence": summary.confidence}),
        scenarios=_futures(scenarios),
        plan=solution.plan,
        cost=cost_of(summary, chronological_usd),
        drawdown=tuple(_from_one(Period, item) for item in periods(settlement)),
        seats=tuple(_from_one(SeatCount, item) for item in seat_years(settlement)),
        limits=tuple(LimitFacts.model_validate(check) for check in limit_checks(deal, settlement)),
        reference=_reference(solution),
        agreements=tuple(map(_agreement, solution.branches)),
        solver=_solver(solution),
        notes=(*scenarios.notes, *solution.notes),
    )


def _reference(solution: Solution) -> Reference | None:
    if solution.reference is None:
        return None
    cost = solution.reference_cost
    expected = None if cost is None else float(solution.settlement.weights @ cost)
    return Reference(plan=solution.reference, expected_usd=expected)


def _agreement(branch: Branch) -> Agreement:
    return Agreement(
        offer=branch.offer,
        term_months=branch.term_months,
        band_usd_per_year=branch.band_usd_per_year,
        outcome=branch.outcome,
        objective_usd=_finite(branch.objective_usd),
        bound_usd=_finite(branch.bound_usd),
    )


def _solver(solution: Solution) -> SolverFacts:
    size = solution.size
    return SolverFacts(
        name=solution.solver,
        method=solution.method,
        rows=size.rows,
        columns=size.columns,
        integers=size.integers,
        nonzeros=size.nonzeros,
        build_seconds=solution.build_seconds,
        solve_seconds=solution.solve_seconds,
    )


def settlement_result_of(
    deal: Deal, settlement: Settlement, assumed: tuple[str, ...], scenario: int, chronological_usd: float
) -> SettlementResult:
    """Return a settlement as data, with the invoice of one scenario."""
    scenarios = settlement.scenarios
    return SettlementResult(
        deal=_deal(deal),
        scenarios=_futures(scenarios),
        plan=settlement.plan,
        assumed=assumed,
        order=settlement.order,
        cost=cost_of(summarise(deal, settlement, scenarios), chronological_usd),
        drawdown=tuple(_from_one(Period, item) for item in periods(settlement)),
        seats=tuple(_from_one(SeatCount, item) for item in seat_years(settlement)),
        limits=tuple(LimitFacts.model_validate(check) for check in limit_checks(deal, settlement)),
        scenario=scenarios.names[scenario],
        invoice=tuple(
            InvoiceLine.model_validate({**line, "contract_year": line["contract_year"] + 1})
            for line in settlement.invoice(scenario).to_dict("records")
        ),
    )


def simulation_result_of(deal: Deal, plan: Plan, simulation: Simulation, assumed: tuple[str, ...]) -> SimulationResult:
    """Return a simulation as data."""
    return SimulationResult(
        deal=_deal(deal),
        scenarios=_futures(simulation.futures),
        plan=plan,
        assumed=assumed,
        mean_usd=simulation.mean_usd,
        standard_error_usd=simulation.standard_error_usd,
        undiscounted_usd=simulation.undiscounted_usd,
        confidence=simulation.confidence,
        cvar_usd=simulation.cvar_usd,
        percentiles=tuple(map(PercentileFacts.model_validate, simulation.percentiles)),
        exceedance=tuple(map(ExceedanceFacts.model_validate, simulation.exceedance)),
        by_line=simulation.by_line,
        years=tuple(_from_one(SimulatedYear, year) for year in simulation.years),
        mean_loss_usd=simulation.mean_loss_usd,
        loss_probability=simulation.loss_probability,
        notes=simulation.notes,
    )


def to_text(part: Part) -> str:
    """Return a result as JSON text."""
    return part.model_dump_json(by_alias=True, indent=2) + "\n"


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
