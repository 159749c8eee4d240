"""Decide the structure of a Claude deal before it is signed.

The public names are listed in `__all__`, explained in docs/embedding.md, and imported on first use, so that
`import deal_solve` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.alternatives import Alternative, alternatives
    from deal_solve.analysis.breakeven import Breakeven, Flip, Nearest, Stretch, breakeven
    from deal_solve.analysis.calendar import Event, calendar
    from deal_solve.analysis.changes import Change, Decision, decisions
    from deal_solve.analysis.clause_values import ClausePair, Clauses, ClauseValue, DiscountPoint
    from deal_solve.analysis.clauses import clauses
    from deal_solve.analysis.conflict import Conflict, Conflicting, Relaxation, explain_infeasible
    from deal_solve.analysis.controls import ControlRow, control_table
    from deal_solve.analysis.criteria import Criteria, Criterion, criteria
    from deal_solve.analysis.curve import Curve, CurvePoint, curve
    from deal_solve.analysis.difference import Difference, LineDifference, difference
    from deal_solve.analysis.drivers import DriverBreakeven, driver_breakevens
    from deal_solve.analysis.findings import Finding, findings
    from deal_solve.analysis.first_term import FirstTerm, value_of_shorter_term
    from deal_solve.analysis.frontier import Frontier, FrontierPoint, frontier
    from deal_solve.analysis.health import CommitmentYear, SeatYear, commitment_health, seat_health
    from deal_solve.analysis.limits import LimitCheck, limit_checks
    from deal_solve.analysis.mean_value import MeanValue, mean_future, vss
    from deal_solve.analysis.out_of_sample import FreshLimit, OutOfSample, out_of_sample
    from deal_solve.analysis.perfect_information import PerfectInformation, evpi
    from deal_solve.analysis.regions import FieldStep, Region, Regions, regions
    from deal_solve.analysis.replicates import Estimate, Replicates, replicates
    from deal_solve.analysis.review import Review, ReviewStep, review
    from deal_solve.analysis.routing import Routed, routing
    from deal_solve.analysis.savings import Savings, savings
    from deal_solve.analysis.sensitivity import Bar, Sensitivity, sensitivity
    from deal_solve.analysis.sides import Side, overtaking_month, sides
    from deal_solve.analysis.signing import Signing, signings
    from deal_solve.analysis.simulate import Exceedance, Percentile, Simulation, YearOutcome, simulate
    from deal_solve.analysis.sobol import Sobol, SobolIndex, sobol
    from deal_solve.analysis.summary import PeriodSummary, Range, Summary, periods, summarise
    from deal_solve.analysis.sweep import Sweep, SweepProgress, sweep
    from deal_solve.analysis.sweep_row import SweepRow
    from deal_solve.analysis.table import Table
    from deal_solve.analysis.tell_apart import Apart, Gap, optimality_gap, tell_apart
    from deal_solve.analysis.uncertainty import UncertaintyCost, uncertainty_cost
    from deal_solve.analysis.waterfall import Step, Waterfall, waterfall
    from deal_solve.analysis.why_not import WhyNot, why_not
    from deal_solve.analysis.wrong_track import wrong_tracks
    from deal_solve.deal.card import load_card
    from deal_solve.deal.deal import Deal
    from deal_solve.deal.dimension import Design
    from deal_solve.deal.load import load, loads
    from deal_solve.deal.vary import value_at, varied
    from deal_solve.errors import (
        Cancelled,
        DealSolveError,
        Infeasible,
        InputError,
        InternalError,
        LimitReached,
        Problem,
    )
    from deal_solve.optimise.export import export
    from deal_solve.optimise.memory import Memory
    from deal_solve.optimise.progress import Progress
    from deal_solve.optimise.solution import Branch, Solution
    from deal_solve.optimise.solve import solve
    from deal_solve.plan.complete import complete
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal, load_proposal
    from deal_solve.plan.validity import refuse_impossible
    from deal_solve.report.notebook import Shown, show
    from deal_solve.report.round_trip import from_json, to_json
    from deal_solve.report.schema import InfeasibleResult, Result, SettlementResult
    from deal_solve.report.schema_breakeven import BreakevenResult
    from deal_solve.report.schema_clauses import ClausesResult
    from deal_solve.report.schema_curve import CurveResult
    from deal_solve.report.schema_frontier import FrontierResult
    from deal_solve.report.schema_review import ReviewResult
    from deal_solve.report.schema_sensitivity import SensitivityResult
    from deal_solve.report.schema_simulation import SimulationResult
    from deal_solve.report.schema_sweep import SweepResult
    from deal_solve.settlement.settle import Settlement, settle
    from deal_solve.uncertainty.expand import scenarios_of
    from deal_solve.uncertainty.parquet import read_scenarios, write_scenarios
    from deal_solve.uncertainty.sample import SampledSet, sample
    from deal_solve.uncertainty.scenarios import Futures, ScenarioSet

_MODULES = {
    "analysis.alternatives": "Alternative alternatives",
    "analysis.breakeven": "Breakeven Flip Nearest Stretch breakeven",
    "analysis.calendar": "Event calendar",
    "analysis.changes": "Change Decision decisions",
    "analysis.clause_values": "ClausePair Clauses ClauseValue DiscountPoint",
    "analysis.clauses": "clauses",
    "analysis.conflict": "Conflict Conflicting Relaxation explain_infeasible",
    "analysis.controls": "ControlRow control_table",
    "analysis.criteria": "Criteria Criterion criteria",
    "analysis.curve": "Curve CurvePoint curve",
    "analysis.difference": "Difference LineDifference difference",
    "analysis.drivers": "DriverBreakeven driver_breakevens",
    "analysis.findings": "Finding findings",
    "analysis.first_term": "FirstTerm value_of_shorter_term",
    "analysis.frontier": "Frontier FrontierPoint frontier",
    "analysis.health": "CommitmentYear SeatYear commitment_health seat_health",
    "analysis.limits": "LimitCheck limit_checks",
    "analysis.mean_value": "MeanValue mean_future vss",
    "analysis.out_of_sample": "FreshLimit OutOfSample out_of_sample",
    "analysis.perfect_information": "PerfectInformation evpi",
    "analysis.regions": "FieldStep Region Regions regions",
    "analysis.replicates": "Estimate Replicates replicates",
    "analysis.review": "Review ReviewStep review",
    "analysis.routing": "Routed routing",
    "analysis.savings": "Savings savings",
    "analysis.sensitivity": "Bar Sensitivity sensitivity",
    "analysis.sides": "Side overtaking_month sides",
    "analysis.signing": "Signing signings",
    "analysis.simulate": "Exceedance Percentile Simulation YearOutcome simulate",
    "analysis.sobol": "Sobol SobolIndex sobol",
    "analysis.summary": "PeriodSummary Range Summary periods summarise",
    "analysis.sweep": "Sweep SweepProgress sweep",
    "analysis.sweep_row": "SweepRow",
    "analysis.table": "Table",
    "analysis.tell_apart": "Apart Gap optimality_gap tell_apart",
    "analysis.uncertainty": "UncertaintyCost uncertainty_cost",
    "analysis.waterfall": "Step Waterfall waterfall",
    "analysis.why_not": "WhyNot why_not",
    "analysis.wrong_track": "wrong_tracks",
    "deal.card": "load_card",
    "deal.deal": "Deal",
    "deal.dimension": "Design",
    "deal.load": "load loads",
    "deal.vary": "value_at varied",
    "errors": "Cancelled DealSolveError Infeasible InputError InternalError LimitReached Problem",
    "optimise.export": "export",
    "optimise.memory": "Memory",
    "optimise.progress": "Progress",
    "optimise.solution": "Branch Solution",
    "optimise.solve": "solve",
    "plan.complete": "complete",
    "plan.plan": "Plan",
    "plan.proposal": "Proposal load_proposal",
    "plan.validity": "refuse_impossible",
    "report.notebook": "Shown show",
    "report.round_trip": "from_json to_json",
    "report.schema": "InfeasibleResult Result SettlementResult",
    "report.schema_breakeven": "BreakevenResult",
    "report.schema_clauses": "ClausesResult",
    "report.schema_curve": "CurveResult",
    "report.schema_frontier": "FrontierResult",
    "report.schema_review": "ReviewResult",
    "report.schema_sensitivity": "SensitivityResult",
    "report.schema_simulation": "SimulationResult",
    "report.schema_sweep": "SweepResult",
    "settlement.settle": "Settlement settle",
    "uncertainty.expand": "scenarios_of",
    "uncertainty.parquet": "read_scenarios write_scenarios",
    "uncertainty.sample": "SampledSet sample",
    "uncertainty.scenarios": "Futures ScenarioSet",
}
_HOMES = {name: home for home, names in _MODULES.items() for name in names.split()}

__version__ = VERSION
__all__ = [
    "Alternative",
    "Apart",
    "Bar",
    "Branch",
    "Breakeven",
    "BreakevenResult",
    "Cancelled",
    "Change",
    "ClausePair",
    "ClauseValue",
    "Clauses",
    "ClausesResult",
    "CommitmentYear",
    "Conflict",
    "Conflicting",
    "ControlRow",
    "Criteria",
    "Criterion",
    "Curve",
    "CurvePoint",
    "CurveResult",
    "Deal",
    "DealSolveError",
    "Decision",
    "Design",
    "Difference",
    "DiscountPoint",
    "DriverBreakeven",
    "Estimate",
    "Event",
    "Exceedance",
    "FieldStep",
    "Finding",
    "FirstTerm",
    "Flip",
    "FreshLimit",
    "Frontier",
    "FrontierPoint",
    "FrontierResult",
    "Futures",
    "Gap",
    "Infeasible",
    "InfeasibleResult",
    "InputError",
    "InternalError",
    "LimitCheck",
    "LimitReached",
    "LineDifference",
    "MeanValue",
    "Memory",
    "Nearest",
    "OutOfSample",
    "Percentile",
    "PerfectInformation",
    "PeriodSummary",
    "Plan",
    "Problem",
    "Progress",
    "Proposal",
    "Range",
    "Region",
    "Regions",
    "Relaxation",
    "Replicates",
    "Result",
    "Review",
    "ReviewResult",
    "ReviewStep",
    "Routed",
    "SampledSet",
    "Savings",
    "ScenarioSet",
    "SeatYear",
    "Sensitivity",
    "SensitivityResult",
    "Settlement",
    "SettlementResult",
    "Shown",
    "Side",
    "Signing",
    "Simulation",
    "SimulationResult",
    "Sobol",
    "SobolIndex",
    "Solution",
    "Step",
    "Stretch",
    "Summary",
    "Sweep",
    "SweepProgress",
    "SweepResult",
    "SweepRow",
    "Table",
    "UncertaintyCost",
    "Waterfall",
    "WhyNot",
    "YearOutcome",
    "alternatives",
    "breakeven",
    "calendar",
    "clauses",
    "commitment_health",
    "complete",
    "control_table",
    "criteria",
    "curve",
    "decisions",
    "difference",
    "driver_breakevens",
    "evpi",
    "explain_infeasible",
    "export",
    "findings",
    "from_json",
    "frontier",
    "limit_checks",
    "load",
    "load_card",
    "load_proposal",
    "loads",
    "mean_future",
    "optimality_gap",
    "out_of_sample",
    "overtaking_month",
    "periods",
    "read_scenarios",
    "refuse_impossible",
    "regions",
    "replicates",
    "review",
    "routing",
    "sample",
    "savings",
    "scenarios_of",
    "seat_health",
    "sensitivity",
    "settle",
    "show",
    "sides",
    "signings",
    "simulate",
    "sobol",
    "solve",
    "summarise",
    "sweep",
    "tell_apart",
    "to_json",
    "uncertainty_cost",
    "value_at",
    "value_of_shorter_term",
    "varied",
    "vss",
    "waterfall",
    "why_not",
    "write_scenarios",
    "wrong_tracks",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"deal_solve.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deal_solve' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
