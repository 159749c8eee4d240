"""Solutions and settlements as data, in the schema of `report.schema`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from deal_solve.analysis.calendar import calendar
from deal_solve.analysis.health import SeatYear, commitment_health, seat_health
from deal_solve.analysis.limits import limit_checks
from deal_solve.analysis.savings import savings
from deal_solve.analysis.sides import overtaking_month, sides
from deal_solve.analysis.summary import Range, Summary, periods, summarise
from deal_solve.deal.deal import Deal
from deal_solve.report.part import Part
from deal_solve.report.schema import (
    Agreement,
    Cost,
    DealFacts,
    Futures,
    InfeasibleResult,
    InvoiceLine,
    Period,
    Reference,
    Result,
    RiskFacts,
    SeatCount,
    SettlementResult,
    SolverFacts,
    Spread,
    YearSpread,
)
from deal_solve.report.schema_answers import AlternativeFacts, AnswerFacts, ConflictFacts, CriterionFacts, LeverFacts
from deal_solve.report.schema_health import CommitmentFacts
from deal_solve.report.schema_simulation import ExceedanceFacts, PercentileFacts, SimulatedYear, SimulationResult
from deal_solve.report.schema_uncertainty import UncertaintyFacts
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import scenarios as uncertainty

if TYPE_CHECKING:
    from deal_solve.analysis.alternatives import Alternative
    from deal_solve.analysis.conflict import Conflict
    from deal_solve.analysis.criteria import Criteria
    from deal_solve.analysis.simulate import Simulation
    from deal_solve.analysis.table import Table
    from deal_solve.analysis.uncertainty import UncertaintyCost
    from deal_solve.analysis.waterfall import Waterfall
    from deal_solve.analysis.why_not import WhyNot
    from deal_solve.optimise.solution import Solution
    from deal_solve.plan.plan import Plan

P = TypeVar("P", bound=Part)


class Asked(TypedDict, total=False):
    """What else was asked of a solution."""

    alternatives: Table[Alternative]
    wrong_tracks: Sequence[WhyNot]
    why_not: Sequence[WhyNot]
    levers: Waterfall
    criteria: Criteria
    uncertainty: UncertaintyCost


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


def _by_year(part: type[P], rows: Iterable[Any]) -> tuple[P, ...]:
    """Return rows as parts; contract years count from 1 there."""
    return tuple(part.model_validate(row).model_copy(update={"contract_year": row.contract_year + 1}) for row in rows)


def deal_of(deal: Deal) -> DealFacts:
    """Return what is said of a deal in every file."""
    return DealFacts(
        title=deal.title,
        start=f"{deal.start:%Y-%m}",
        horizon_months=deal.horizon_months,
        cost_of_capital_per_year=deal.cost_of_capital_per_year,
        rates=f"{deal.card.name}@{deal.card.as_of}",
    )


def futures_of(scenarios: uncertainty.Futures) -> Futures:
    """Return what is said of a set of futures in every file."""
    return Futures(kind=scenarios.kind, count=scenarios.size, groups=scenarios.groups, seed=scenarios.seed)


def _settled(deal: Deal, settlement: Settlement, summary: Summary, chronological_usd: float) -> dict[str, Any]:
    """Return what is said of every settled plan."""
    return {
        "cost": cost_of(summary, chronological_usd),
        "drawdown": _by_year(Period, periods(settlement)),
        "seats": tuple(map(_seats, seat_health(settlement))),
        "limits": limit_checks(deal, settlement),
        "commitment_health": _by_year(CommitmentFacts, commitment_health(settlement)),
        "sides": sides(settlement),
        "overtaking_month": overtaking_month(settlement),
        "savings": savings(settlement),
        "calendar": calendar(deal, settlement.plan),
    }


def _seats(row: SeatYear) -> SeatCount:
    return SeatCount(
        seat_type=row.seat_type,
        contract_year=row.contract_year + 1,
        contracted=row.contracted,
        expected_active=row.active,
        expected_peak=row.peak,
        expected_added=row.added,
        expected_idle=row.idle,
        added_probability=row.added_probability,
    )


def result_of(
    deal: Deal, scenarios: uncertainty.Futures, solution: Solution, chronological_usd: float, **asked: Unpack[Asked]
) -> Result:
    """Return a solution as data, with what else was asked of it."""
    summary = summarise(deal, solution.settlement, scenarios)
    return Result(
        status=solution.status,
        objective_usd=solution.objective_usd,
        bound_usd=solution.bound_usd,
        gap=solution.gap,
        seed=scenarios.seed,
        deal=deal_of(deal),
        risk=RiskFacts.model_validate(deal.risk).model_copy(update={"confidence": summary.confidence}),
        scenarios=futures_of(scenarios),
        plan=solution.plan,
        **_settled(deal, solution.settlement, summary, chronological_usd),
        reference=_reference(solution),
        agreements=tuple(map(Agreement.model_validate, solution.branches)),
        solver=_solver(solution),
        notes=(*scenarios.notes, *solution.notes),
        alternatives=rows_of(AlternativeFacts, asked.get("alternatives")),
        wrong_tracks=rows_of(AnswerFacts, asked.get("wrong_tracks")),
        why_not=rows_of(AnswerFacts, asked.get("why_not")),
        levers=LeverFacts.model_validate(asked["levers"]) if "levers" in asked else None,
        criteria=rows_of(CriterionFacts, asked.get("criteria")),
        uncertainty=UncertaintyFacts.model_validate(asked["uncertainty"]) if "uncertainty" in asked else None,
    )


def rows_of(part: type[P], rows: Iterable[Any] | None) -> tuple[P, ...] | None:
    """Return dataclasses as parts of a file, None for None."""
    return None if rows is None else tuple(map(part.model_validate, rows))


def _reference(solution: Solution) -> Reference | None:
    if solution.reference is None:
        return None
    cost = solution.reference_cost
    expected = None if cost is None else float(solution.settlement.weights @ cost)
    return Reference(plan=solution.reference, expected_usd=expected)


def _solver(solution: Solution) -> SolverFacts:
    return SolverFacts(
        name=solution.solver,
        method=solution.method,
        **dataclasses.asdict(solution.size),
        build_seconds=solution.build_seconds,
        solve_seconds=solution.solve_seconds,
    )


def infeasible_result_of(
    deal: Deal, scenarios: uncertainty.Futures, reason: str, conflict: Conflict | None
) -> InfeasibleResult:
    """Return as data that there is no plan, and why."""
    found = None if conflict is None else ConflictFacts.model_validate(conflict)
    return InfeasibleResult(deal=deal_of(deal), scenarios=futures_of(scenarios), reason=reason, conflict=found)


def settlement_result_of(
    deal: Deal, settlement: Settlement, assumed: tuple[str, ...], scenario: int, chronological_usd: float
) -> SettlementResult:
    """Return a settlement as data, with the invoice of one scenario."""
    scenarios = settlement.scenarios
    return SettlementResult(
        deal=deal_of(deal),
        scenarios=futures_of(scenarios),
        plan=settlement.plan,
        assumed=assumed,
        order=settlement.order,
        **_settled(deal, settlement, summarise(deal, settlement, scenarios), chronological_usd),
        scenario=scenarios.names[scenario],
        invoice=tuple(
            InvoiceLine.model_validate({**line, "contract_year": line["contract_year"] + 1})
            for line in settlement.invoice(scenario).to_dict("records")
        ),
    )


def simulation_result_of(deal: Deal, plan: Plan, simulation: Simulation, assumed: tuple[str, ...]) -> SimulationResult:
    """Return a simulation as data."""
    return SimulationResult(
        deal=deal_of(deal),
        scenarios=futures_of(simulation.futures),
        plan=plan,
        assumed=assumed,
        mean_usd=simulation.mean_usd,
        standard_error_usd=simulation.standard_error_usd,
        undiscounted_usd=simulation.undiscounted_usd,
        confidence=simulation.confidence,
        cvar_usd=simulation.cvar_usd,
        percentiles=rows_of(PercentileFacts, simulation.percentiles),
        exceedance=rows_of(ExceedanceFacts, simulation.exceedance),
        by_line=simulation.by_line,
        years=_by_year(SimulatedYear, simulation.years),
        mean_loss_usd=simulation.mean_loss_usd,
        loss_probability=simulation.loss_probability,
        notes=simulation.notes,
    )


def to_text(part: Part) -> str:
    """Return a result as JSON text."""
    return part.model_dump_json(by_alias=True, indent=2) + "\n"
