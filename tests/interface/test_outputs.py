"""Any result can be looked at, written as JSON and, where there is something to draw, drawn."""

import json
import re
from functools import cache

import pytest
from jsonschema import Draft202012Validator
from matplotlib.figure import Figure

from deal_solve import (
    InputError,
    Proposal,
    alternatives,
    breakeven,
    clauses,
    complete,
    criteria,
    curve,
    explain_infeasible,
    figure,
    findings,
    from_json,
    frontier,
    loads,
    regions,
    review,
    savings,
    scenarios_of,
    sensitivity,
    show,
    simulate,
    sobol,
    solve,
    sweep,
    to_json,
    uncertainty_cost,
    wait,
    waterfall,
    when,
    why_not,
)
from deal_solve.analysis.breakeven.result import BreakevenResult
from deal_solve.analysis.clauses.result import ClausesResult
from deal_solve.analysis.curve.result import CurveResult
from deal_solve.analysis.frontier.result import FrontierResult
from deal_solve.analysis.review.result import ReviewResult
from deal_solve.analysis.sensitivity.result import SensitivityResult
from deal_solve.analysis.simulate.result import SimulationResult
from deal_solve.analysis.sweep.result import SweepResult
from deal_solve.analysis.wait.result import WaitResult
from deal_solve.analysis.when.result import WhenResult
from deal_solve.deal.offers.in_force import Signing
from deal_solve.frames import Table
from deal_solve.record import adapter_of
from tests.support.deals import INFEASIBLE, SMALL

BANDS = """
schema: deal-solve/1
start: 2027-01
horizon_months: 12
workloads:
  app: {requests_per_month: {p10: 600k, p50: 1M, p90: 1.4M}, input_tokens: 1000, output_tokens: 200, models: [sonnet]}
offers:
  quote: {api: {bands: [{commit_usd_per_year: 1k, discount: 20%}], overage: list}}
"""
DISCOUNT = "offers.quote.api.bands[0].discount"
FILES = {
    "breakeven": BreakevenResult,
    "clauses": ClausesResult,
    "curve": CurveResult,
    "frontier": FrontierResult,
    "review": ReviewResult,
    "sensitivity": SensitivityResult,
    "simulation": SimulationResult,
    "sweep": SweepResult,
    "wait": WaitResult,
    "when": WhenResult,
}


@cache
def results():
    """Return a result of every kind, over a deal that is solved at once."""
    deal = loads(BANDS)
    scenarios, tight = scenarios_of(deal), loads(INFEASIBLE)
    best = solve(deal, scenarios)
    plan, _ = complete(deal, Proposal.model_validate({"api": {"offer": "list"}}), scenarios)
    found = sweep(deal, {DISCOUNT: [0, 0.1, 0.2]})
    return {
        "solution": best,
        "settlement": best.settlement,
        "breakeven": breakeven(deal, DISCOUNT, 0.0, 0.2),
        "clauses": clauses(deal, scenarios, pairs=0),
        "curve": curve(deal, scenarios, points=2),
        "frontier": frontier(deal, scenarios, steps=2),
        "review": review(deal, plan, scenarios),
        "sensitivity": sensitivity(deal, samples=64),
        "simulation": simulate(deal, best.plan, scenarios),
        "sweep": found,
        "regions": regions(found),
        "criteria": criteria(deal, scenarios, ["neutral", "cautious"], best),
        "uncertainty": uncertainty_cost(best),
        "levers": waterfall(deal, scenarios, best),
        "why_not": why_not(best, "offer=list"),
        "conflict": explain_infeasible(tight, scenarios_of(tight)),
        "sobol": sobol(deal, best.plan, None, 64),
        "savings": savings(best.settlement),
        "alternatives": alternatives(best),
        "findings": findings(tight, scenarios_of(tight)),
        "wait": wait(deal, scenarios, 1, 4),
        "when": when(deal.model_copy(update={"signing": Signing(months=(0, 1))}), scenarios),
    }


NAMES = (
    "solution",
    "settlement",
    *FILES,
    "regions",
    "criteria",
    "uncertainty",
    "levers",
    "why_not",
    "conflict",
    "sobol",
)
NAMES = (*NAMES, "savings", "alternatives", "findings")


def test_every_kind_is_here():
    assert tuple(sorted(NAMES)) == tuple(sorted(results()))


@pytest.mark.parametrize("name", NAMES)
def test_every_result_is_shown(name):
    shown = show(results()[name])
    assert shown.text.strip() and repr(shown) == shown.text
    assert shown._repr_html_().startswith("<pre>")
    for table in shown.tables.values():
        assert len(table.to_frame()) == len(table)


@pytest.mark.parametrize("name", NAMES)
def test_every_result_is_written_as_json(name):
    found = results()[name]
    written = json.loads(to_json(found))
    assert len(written) == len(found) if isinstance(found, Table) else written


@pytest.mark.parametrize("name", FILES)
def test_what_has_a_file_reads_back(name):
    """As the command writes it, by its published schema, with the figures that were found."""
    text = to_json(results()[name])
    read = from_json(text, FILES[name])
    assert to_json(read) == text
    schema = adapter_of(FILES[name]).json_schema(mode="serialization", by_alias=True)
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(text)))
    with pytest.raises(InputError, match=r"read from a file has no deal; expected what the analysis returned"):
        show(read)


@pytest.mark.parametrize("name", [*FILES, "regions", "solution", "why_not", "criteria"])
def test_a_picture_is_a_figure(name, tmp_path):
    drawn = figure(results()[name])
    assert isinstance(drawn, Figure)
    drawn.savefig(tmp_path / "picture.png")


def test_what_has_no_picture_says_so():
    with pytest.raises(
        InputError, match=re.escape("has no picture; expected what solve, curve, frontier, sweep … return")
    ):
        figure(Table(()))


def test_the_regions_of_a_sweep_are_those_of_its_file():
    found = results()["sweep"]
    read = from_json(to_json(found), SweepResult)
    assert read.is_complete
    assert [row.deal for row in read.rows] == [row.deal for row in found.rows]
    one, other = regions(found), regions(read)
    assert other.regions == one.regions and len(one.regions) == 2
    assert (other.letters, other.steps, other.axes, other.where("A")) == (
        one.letters,
        one.steps,
        one.axes,
        one.where("A"),
    )


def test_answers_go_with_a_solution_alone():
    with pytest.raises(TypeError, match="levers: nothing was asked of a Curve; expected a solution"):
        to_json(results()["curve"], levers=results()["levers"])


def test_a_listed_deal_has_no_sobol_indices():
    deal = loads(SMALL)
    found = sensitivity(deal)
    assert (found.sobol, found.indices, found.factors_are_inputs) == (None, (), None)
    assert from_json(to_json(found), SensitivityResult).indices == ()
