"""Decide the structure of a Claude deal before it is signed.

The public names are listed in `__all__`, explained in docs/guides/embedding.md, and imported on first use, so that
`import deal_solve` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deal_solve.version import VERSION

if TYPE_CHECKING:
    from deal_solve.analysis.breakeven.breakeven import Breakeven, Flip, Nearest, Stretch, breakeven
    from deal_solve.analysis.breakeven.result import BreakevenResult
    from deal_solve.analysis.check.findings import Finding, findings
    from deal_solve.analysis.clauses.clauses import clauses
    from deal_solve.analysis.clauses.result import ClausesResult
    from deal_solve.analysis.clauses.values import ClausePair, Clauses, ClauseValue, DiscountPoint
    from deal_solve.analysis.conflict.conflict import Conflict, Conflicting, Relaxation, explain_infeasible
    from deal_solve.analysis.criteria.criteria import Criteria, Criterion, criteria
    from deal_solve.analysis.curve.curve import Curve, CurvePoint, curve
    from deal_solve.analysis.curve.result import CurveResult
    from deal_solve.analysis.frontier.frontier import Frontier, FrontierPoint, frontier
    from deal_solve.analysis.frontier.result import FrontierResult
    from deal_solve.analysis.levers.waterfall import Step, Waterfall, waterfall
    from deal_solve.analysis.review.drivers import DriverBreakeven, driver_breakevens
    from deal_solve.analysis.review.result import ReviewResult
    from deal_solve.analysis.review.review import Review, ReviewStep, review
    from deal_solve.analysis.sensitivity.result import SensitivityResult
    from deal_solve.analysis.sensitivity.sensitivity import Bar, Sensitivity, sensitivity
    from deal_solve.analysis.sensitivity.sobol import Sobol, SobolIndex, sobol
    from deal_solve.analysis.signing.signing import Signing, signings
    from deal_solve.analysis.simulate.result import SimulationResult
    from deal_solve.analysis.simulate.simulate import Exceedance, Percentile, Simulation, YearOutcome, simulate
    from deal_solve.analysis.solve.json import from_json, to_json
    from deal_solve.analysis.solve.schema import InfeasibleResult, Result, SettlementResult
    from deal_solve.analysis.sweep.design import Design
    from deal_solve.analysis.sweep.regions import FieldStep, Region, Regions, regions
    from deal_solve.analysis.sweep.result import SweepResult
    from deal_solve.analysis.sweep.row import SweepRow
    from deal_solve.analysis.sweep.sweep import Sweep, SweepProgress, sweep
    from deal_solve.analysis.uncertainty.evpi import PerfectInformation, evpi
    from deal_solve.analysis.uncertainty.optimality_gap import Apart, Gap, optimality_gap, tell_apart
    from deal_solve.analysis.uncertainty.out_of_sample import FreshLimit, OutOfSample, out_of_sample
    from deal_solve.analysis.uncertainty.replicates import Estimate, Replicates, replicates
    from deal_solve.analysis.uncertainty.shorter_term import FirstTerm, value_of_shorter_term
    from deal_solve.analysis.uncertainty.uncertainty import UncertaintyCost, uncertainty_cost
    from deal_solve.analysis.uncertainty.vss import MeanValue, mean_scenario, vss
    from deal_solve.analysis.why_not.alternatives import Alternative, alternatives
    from deal_solve.analysis.why_not.single_track import wrong_tracks
    from deal_solve.analysis.why_not.why_not import WhyNot, why_not
    from deal_solve.deal.deal import Deal
    from deal_solve.deal.edit import value_at, varied
    from deal_solve.deal.load import load, loads
    from deal_solve.deal.rate_card import load_card
    from deal_solve.errors import (
        Cancelled,
        DealSolveError,
        Infeasible,
        InputError,
        InternalError,
        LimitReached,
        Problem,
    )
    from deal_solve.facts.calendar import Event, calendar
    from deal_solve.facts.controls import ControlRow, control_table
    from deal_solve.facts.decisions import Change, Decision, decisions
    from deal_solve.facts.difference import Difference, LineDifference, difference
    from deal_solve.facts.health import CommitmentYear, SeatYear, commitment_health, seat_health
    from deal_solve.facts.limit_checks import LimitCheck, limit_checks
    from deal_solve.facts.routing import Routed, routing
    from deal_solve.facts.savings import Savings, savings
    from deal_solve.facts.sides import Side, overtaking_month, sides
    from deal_solve.facts.summary import PeriodSummary, Range, Summary, periods, summarise
    from deal_solve.frames import Table
    from deal_solve.notebook import Shown, show
    from deal_solve.optimise.export import export
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.optimise.search.cache import SolveCache
    from deal_solve.optimise.solution import CandidateAgreement, Solution
    from deal_solve.optimise.solve import solve
    from deal_solve.optimise.solver.progress import Progress
    from deal_solve.plan.completion.complete import complete
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal, load_proposal
    from deal_solve.plan.validation.validity import refuse_impossible
    from deal_solve.settlement.settle import Settlement, settle
    from deal_solve.uncertainty.expansion import scenarios_of
    from deal_solve.uncertainty.parquet import read_scenarios, write_scenarios
    from deal_solve.uncertainty.sampling import SampledSet, sample
    from deal_solve.uncertainty.scenario_set import Scenarios, ScenarioSet

_MODULES = {
    "analysis.why_not.alternatives": "Alternative alternatives",
    "analysis.breakeven.breakeven": "Breakeven Flip Nearest Stretch breakeven",
    "facts.calendar": "Event calendar",
    "facts.decisions": "Change Decision decisions",
    "analysis.clauses.values": "ClausePair Clauses ClauseValue DiscountPoint",
    "analysis.clauses.clauses": "clauses",
    "analysis.conflict.conflict": "Conflict Conflicting Relaxation explain_infeasible",
    "facts.controls": "ControlRow control_table",
    "analysis.criteria.criteria": "Criteria Criterion criteria",
    "analysis.curve.curve": "Curve CurvePoint curve",
    "facts.difference": "Difference LineDifference difference",
    "analysis.review.drivers": "DriverBreakeven driver_breakevens",
    "analysis.check.findings": "Finding findings",
    "analysis.uncertainty.shorter_term": "FirstTerm value_of_shorter_term",
    "analysis.frontier.frontier": "Frontier FrontierPoint frontier",
    "facts.health": "CommitmentYear SeatYear commitment_health seat_health",
    "facts.limit_checks": "LimitCheck limit_checks",
    "analysis.uncertainty.vss": "MeanValue mean_scenario vss",
    "analysis.uncertainty.out_of_sample": "FreshLimit OutOfSample out_of_sample",
    "analysis.uncertainty.evpi": "PerfectInformation evpi",
    "analysis.sweep.regions": "FieldStep Region Regions regions",
    "analysis.uncertainty.replicates": "Estimate Replicates replicates",
    "analysis.review.review": "Review ReviewStep review",
    "facts.routing": "Routed routing",
    "facts.savings": "Savings savings",
    "analysis.sensitivity.sensitivity": "Bar Sensitivity sensitivity",
    "facts.sides": "Side overtaking_month sides",
    "analysis.signing.signing": "Signing signings",
    "analysis.simulate.simulate": "Exceedance Percentile Simulation YearOutcome simulate",
    "analysis.sensitivity.sobol": "Sobol SobolIndex sobol",
    "facts.summary": "PeriodSummary Range Summary periods summarise",
    "analysis.sweep.sweep": "Sweep SweepProgress sweep",
    "analysis.sweep.row": "SweepRow",
    "frames": "Table",
    "analysis.uncertainty.optimality_gap": "Apart Gap optimality_gap tell_apart",
    "analysis.uncertainty.uncertainty": "UncertaintyCost uncertainty_cost",
    "analysis.levers.waterfall": "Step Waterfall waterfall",
    "analysis.why_not.why_not": "WhyNot why_not",
    "analysis.why_not.single_track": "wrong_tracks",
    "deal.rate_card": "load_card",
    "deal.deal": "Deal",
    "analysis.sweep.design": "Design",
    "deal.load": "load loads",
    "deal.edit": "value_at varied",
    "errors": "Cancelled DealSolveError Infeasible InputError InternalError LimitReached Problem",
    "optimise.export": "export",
    "optimise.options": "SolveOptions",
    "optimise.search.cache": "SolveCache",
    "optimise.solver.progress": "Progress",
    "optimise.solution": "CandidateAgreement Solution",
    "optimise.solve": "solve",
    "plan.completion.complete": "complete",
    "plan.plan": "Plan",
    "plan.proposal": "Proposal load_proposal",
    "plan.validation.validity": "refuse_impossible",
    "notebook": "Shown show",
    "analysis.solve.json": "from_json to_json",
    "analysis.solve.schema": "InfeasibleResult Result SettlementResult",
    "analysis.breakeven.result": "BreakevenResult",
    "analysis.clauses.result": "ClausesResult",
    "analysis.curve.result": "CurveResult",
    "analysis.frontier.result": "FrontierResult",
    "analysis.review.result": "ReviewResult",
    "analysis.sensitivity.result": "SensitivityResult",
    "analysis.simulate.result": "SimulationResult",
    "analysis.sweep.result": "SweepResult",
    "settlement.settle": "Settlement settle",
    "uncertainty.expansion": "scenarios_of",
    "uncertainty.parquet": "read_scenarios write_scenarios",
    "uncertainty.sampling": "SampledSet sample",
    "uncertainty.scenario_set": "Scenarios ScenarioSet",
}
_HOMES = {name: home for home, names in _MODULES.items() for name in names.split()}

__version__ = VERSION
__all__ = [
    "Alternative",
    "Apart",
    "Bar",
    "Breakeven",
    "BreakevenResult",
    "Cancelled",
    "CandidateAgreement",
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
    "Gap",
    "Infeasible",
    "InfeasibleResult",
    "InputError",
    "InternalError",
    "LimitCheck",
    "LimitReached",
    "LineDifference",
    "MeanValue",
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
    "Scenarios",
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
    "SolveCache",
    "SolveOptions",
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
    "mean_scenario",
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
