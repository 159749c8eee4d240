"""The public API: one list, the same everywhere, and cheap to import."""

import ast
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import deal_solve
from tests.support.paths import ROOT, SCENARIOS

HEAVY = {"numpy", "pandas", "pulp", "highspy", "pydantic", "yaml", "click"}
PUBLIC = [
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


def test_the_public_names_are_these():
    """A name that goes or comes is a change of the API: it is made here too, and in the changelog."""
    assert deal_solve.__all__ == PUBLIC


def test_what_is_imported_on_use_is_what_type_checkers_see():
    tree = ast.parse(Path(deal_solve.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {name.name: node.module for node in guarded.body for name in node.names}
    assert {name: f"deal_solve.{home}" for name, home in deal_solve._HOMES.items()} == seen
    assert sorted(seen) == sorted(deal_solve.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_is_there_and_documented(name):
    thing = getattr(deal_solve, name)
    assert thing.__name__ == name
    assert thing.__doc__
    assert not thing.__doc__.startswith(f"{name}("), "a dataclass without a docstring"


def test_the_guide_lists_every_public_name_once():
    text = (ROOT / "docs" / "guides" / "embedding.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", text.partition("## Every name")[2], re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(PUBLIC)


def test_an_unknown_name_is_an_attribute_error_and_dir_lists_the_known():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = deal_solve.nothing
    assert set(PUBLIC) <= set(dir(deal_solve))


def test_importing_is_cheap():
    code = "import json, sys, deal_solve; print(json.dumps(sorted(sys.modules)))"
    path = str(Path(deal_solve.__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not HEAVY & loaded


def test_results_are_frozen():
    """What a solve or an analysis returns, a deal, a plan, and what is read from JSON."""
    for thing in (getattr(deal_solve, name) for name in PUBLIC):
        if dataclasses.is_dataclass(thing):
            assert thing.__dataclass_params__.frozen, thing
        elif isinstance(thing, type) and issubclass(thing, BaseModel):
            assert thing.model_config["frozen"], thing


def test_nothing_is_printed(capfd):
    deal = deal_solve.load(SCENARIOS / "three-quotes.yaml")
    solution = deal_solve.solve(deal)
    deal_solve.why_not(solution, "offer=list")
    deal_solve.to_json(solution)
    repr(deal_solve.show(solution))
    assert capfd.readouterr() == ("", "")


def test_the_package_is_typed():
    assert (Path(deal_solve.__path__[0]) / "py.typed").exists()
