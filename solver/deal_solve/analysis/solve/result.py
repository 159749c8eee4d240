"""Solutions and settlements as data, in the schema of `analysis.solve.schema`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

from deal_solve.analysis.solve.schema import (
    Baseline,
    Cost,
    InfeasibleResult,
    InvoiceLine,
    Result,
    RiskMeasure,
    SettledPlan,
    SettlementResult,
    SolverRun,
)
from deal_solve.deal.deal import Deal
from deal_solve.facts.allocation import allocate, allocated
from deal_solve.facts.baseline_usage import observed_buckets
from deal_solve.facts.calendar import calendar
from deal_solve.facts.cloud import cloud_years
from deal_solve.facts.cost_split import cost_split, crossover_month
from deal_solve.facts.health import commitment_health, seat_health
from deal_solve.facts.notes import chronological_usd, note_in_one_pass
from deal_solve.facts.savings import savings, valued
from deal_solve.facts.summary import Summary, periods, summarise
from deal_solve.facts.unstated import unstated
from deal_solve.facts.years import YearCost, by_contract_year, years
from deal_solve.frames import Table
from deal_solve.report.basics import deal_of, scenarios_from
from deal_solve.settlement.in_force.position import position_of
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty import scenario_set as uncertainty

if TYPE_CHECKING:
    from deal_solve.analysis.conflict.result import Conflict
    from deal_solve.analysis.criteria.result import Criteria
    from deal_solve.analysis.levers.result import Waterfall
    from deal_solve.analysis.solve.comparisons import Comparisons
    from deal_solve.analysis.uncertainty.result import UncertaintyCost
    from deal_solve.analysis.why_not.result import Alternative, WhyNot
    from deal_solve.optimise.solution import Solution


class Answers(TypedDict, total=False):
    """What else was asked of a solution."""

    alternatives: Table[Alternative]
    wrong_tracks: Sequence[WhyNot]
    why_not: Sequence[WhyNot]
    levers: Waterfall
    criteria: Criteria
    uncertainty: UncertaintyCost
    comparisons: Comparisons


def cost_of(summary: Summary, years: Table[YearCost], chronological_usd: float) -> Cost:
    """Return the cost section; `chronological_usd` is the expected total drawn down as used."""
    return Cost(**vars(summary), years=years, chronological_expected_usd=chronological_usd)


def _settled(settlement: Settlement, summary: Summary) -> SettledPlan:
    """Return what is said of every settled plan."""
    note_in_one_pass(settlement, by_contract_year, allocated, valued)
    deal, overtaking = settlement.deal, crossover_month(settlement)
    return SettledPlan(
        cost=cost_of(summary, years(settlement), chronological_usd(settlement)),
        drawdown=periods(settlement),
        seats=seat_health(settlement),
        limits=limit_checks(deal, settlement),
        commitment_health=commitment_health(settlement),
        sides=cost_split(settlement),
        overtaking_month=overtaking,
        overtaking=deal.year_month(overtaking),
        observed_buckets=observed_buckets(deal, settlement),
        calendar_months=tuple(f"{deal.calendar(month):%Y-%m}" for month in range(deal.horizon_months + 1)),
        allocation=allocate(settlement),
        clouds=cloud_years(settlement),
        savings=savings(settlement),
        position=position_of(settlement.deal, settlement.scenarios),
        calendar=calendar(settlement),
    )


def result_of(
    deal: Deal,
    scenarios: uncertainty.Scenarios,
    solution: Solution,
    **answers: Unpack[Answers],
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
        risk=RiskMeasure(deal.risk.weight, summary.confidence, deal.risk.on, deal.risk.criterion),
        scenarios=scenarios_from(scenarios),
        plan=solution.plan,
        **vars(_settled(solution.settlement, summary)),
        reference=_baseline(solution),
        agreements=solution.agreements,
        signing=solution.months,
        solver=_solver(solution),
        notes=(*scenarios.notes, *solution.notes),
        unstated=unstated(deal),
        alternatives=answers.get("alternatives"),
        wrong_tracks=_as_tuple(answers.get("wrong_tracks")),
        why_not=_as_tuple(answers.get("why_not")),
        levers=answers.get("levers"),
        criteria=answers.get("criteria"),
        uncertainty=answers.get("uncertainty"),
        comparisons=answers.get("comparisons"),
    )


def _as_tuple(answers: Sequence[WhyNot] | None) -> tuple[WhyNot, ...] | None:
    return None if answers is None else tuple(answers)


def _baseline(solution: Solution) -> Baseline | None:
    if solution.baseline is None:
        return None
    cost = solution.baseline_cost
    expected = None if cost is None else float(solution.settlement.weights @ cost)
    return Baseline(plan=solution.baseline, expected_usd=expected)


def _solver(solution: Solution) -> SolverRun:
    return SolverRun(
        name=solution.solver,
        method=solution.method,
        **vars(solution.size),
        build_seconds=solution.build_seconds,
        solve_seconds=solution.solve_seconds,
    )


def infeasible_result_of(
    deal: Deal, scenarios: uncertainty.Scenarios, reason: str, conflict: Conflict | None
) -> InfeasibleResult:
    """Return as data that there is no plan, and why."""
    return InfeasibleResult(deal=deal_of(deal), scenarios=scenarios_from(scenarios), reason=reason, conflict=conflict)


def settlement_result_of(
    deal: Deal, settlement: Settlement, assumed: tuple[str, ...], scenario: int
) -> SettlementResult:
    """Return a settlement as data, with the invoice of one scenario."""
    scenarios = settlement.scenarios
    return SettlementResult(
        deal=deal_of(deal),
        scenarios=scenarios_from(scenarios),
        plan=settlement.plan,
        assumed=assumed,
        order=settlement.order,
        **vars(_settled(settlement, summarise(deal, settlement, scenarios))),
        scenario=scenarios.names[scenario],
        invoice=tuple(
            InvoiceLine(**{str(name): value for name, value in line.items()})
            for line in settlement.invoice(scenario).to_dict("records")
        ),
    )
