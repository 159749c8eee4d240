"""The frontier of expected cost against CVaR: case 1 of the deal model (model §9) by hand, its laws, the command."""

import csv
import math

import pytest

from deal_solve import SolveCache, from_json, frontier, scenarios_of, solve
from deal_solve.analysis.frontier.result import FrontierResult
from deal_solve.analysis.frontier.text import frontier_report
from deal_solve.cli.main import run
from deal_solve.optimise import neighbours
from deal_solve.optimise.search import agreement_search
from deal_solve.settlement.objective import objective_of
from deal_solve.uncertainty.measures import Against
from tests.support.deals import SMALL
from tests.support.hand_deals import APP, YEAR, explicit, newsvendor, quote, read, tail


def drawn(deal, **asked):
    return frontier(deal, scenarios_of(deal), **asked)


def test_case_1_on_cost_by_hand():
    """Covering 60 costs 48, 88, 148: expected 88, worst fifth 148. Covering 100: 80, 80, 140: 92 and 140. Covering 160
    always 128.

    Equal at (1-w)·88 + w·148 = (1-w)·92 + w·140, w = 1/3, and at 92 + 48w = 128, w = 3/4: of the weights 0, 0.1, …, 1
    the first is best to 0.3, the second to 0.7. The knee: at 140 the line from (148, 88) to (128, 128) has 104, not 92.
    """
    found = drawn(newsvendor(risk=tail("cost", 0.8)))
    assert [(p.weight, p.last_weight) for p in found.points] == [(0, 0.3), (0.4, 0.7), (0.8, 1)]
    assert [p.expected_usd / YEAR for p in found.points] == pytest.approx([88, 92, 128])
    assert [p.cvar_usd / YEAR for p in found.points] == pytest.approx([148, 140, 128])
    assert [p.is_knee for p in found.points] == [False, True, False]
    assert found.knee == found.points[1]
    assert (found.on, found.confidence) == ("cost", 0.8)
    assert found.knee.deal.startswith("API agreement: quote, 12 months; band, from USD a year: 0.01; commitment, USD")


@pytest.mark.parametrize(
    ("weight", "said"), [(0.3, "weight 0.3, that of the deal file: point 1"), (0.35, ""), (1, "weight 1, that ")]
)
def test_the_deals_own_weight_is_said_where_a_point_is_known_to_be_that(weight, said):
    """Case 1 as above: 0.35 lies between two points, of which either may be best there."""
    deal = newsvendor(risk={**tail("cost", 0.8), "weight": weight})
    (own,) = [line for line in frontier_report(deal, drawn(deal)).splitlines() if line.startswith("Own")] or [""]
    assert said in own and bool(own) == bool(said)


def test_case_1_on_loss_is_one_point():
    """Covering 60 saves 12 in every scenario, and is best by expected cost: one deal, 12 gained at every weight."""
    found = drawn(newsvendor(risk=tail("loss", 0.8)), steps=3)
    (point,) = found.points
    assert (point.weight, point.last_weight, found.knee) == (0, 1, None)
    assert point.cvar_usd == pytest.approx(-12 * YEAR)
    assert found.to_frame()["expected_usd"].tolist() == pytest.approx([88 * YEAR])


@pytest.mark.parametrize("on", ["cost", "loss"])
def test_every_point_is_the_solve_of_its_weight_and_none_beats_another(on):
    paths = {"low": 60, "middle": 100, "high": 160, "peak": 400}
    chances = {"low": 0.3, "middle": 0.4, "high": 0.2, "peak": 0.1}
    deal = newsvendor(paths, chances, risk={"on": on, "confidence": 0.7, "weight": 0})
    points = drawn(deal, steps=6).points
    assert points[0].expected_usd == pytest.approx(solve(deal).objective_usd, rel=2e-6)
    for point in points:
        for weight in (point.weight, point.last_weight):
            asked = deal.model_copy(update={"risk": deal.risk.model_copy(update={"weight": weight})})
            again, mine = solve(asked), point.solution.settlement
            against = Against(again.baseline_cost, again.best_cost)
            assert objective_of(asked, mine.cost, mine.weights, against) == pytest.approx(again.objective_usd, rel=2e-6)
    expected, tails = ([getattr(point, name) for point in points] for name in ("expected_usd", "cvar_usd"))
    assert expected == sorted(expected) and tails == sorted(tails, reverse=True)


def test_an_agreement_that_two_weights_leave_out_is_not_built_between_them(monkeypatch):
    """With 60 % off list is far above at weights 0.4 and 1, which are solved first, and so at all between them."""
    paths = {"low": 60, "middle": 100, "high": 160, "peak": 400}
    chances = {"low": 0.3, "middle": 0.4, "high": 0.2, "peak": 0.1}
    risk, offers = {"on": "cost", "confidence": 0.7, "weight": 0}, {"quote": quote((0.01, 0.6), terms=(12,))}
    deal = read(12, workloads={"app": APP}, offers=offers, scenarios=explicit(paths, chances), risk=risk)
    whole, built = agreement_search.formulate, []

    def formulate(*given):
        built.append((given[0].risk.weight, given[2][0].offer))
        return whole(*given)

    monkeypatch.setattr(neighbours, "_worth", lambda seconds, base: 1)
    monkeypatch.setattr(agreement_search, "formulate", formulate)
    assert all(point.is_proven for point in drawn(deal, steps=6).points)
    weights = {offer: {weight for weight, own in built if own == offer} for offer in ("list", "quote")}
    assert weights["list"] < weights["quote"]


def test_bounds_that_together_say_nothing_leave_no_agreement_out():
    """No bound at one weight, for want of time, and no plan at the other one are no number between the two."""
    offers = {"quote": quote((0.01, 0.6), terms=(12,))}
    deal = read(12, workloads={"app": APP}, offers=offers, scenarios=explicit({"low": 60, "high": 160}))
    cache = SolveCache()
    first = solve(deal, cache=cache)
    riskier = deal.model_copy(update={"risk": deal.risk.model_copy(update={"weight": 0.5})})
    found = solve(riskier, cache=cache, lower_bounds={("list", 12): math.nan})
    assert found.objective_usd == pytest.approx(solve(riskier).objective_usd)
    assert first.lower_bounds.keys() == found.lower_bounds.keys()
    assert found.lower_bounds["list", 12] > found.objective_usd == pytest.approx(found.bound_usd)


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


def test_the_command_prints_draws_and_writes(capsys, tmp_path):
    deal, picture, table, data = (tmp_path / name for name in ("deal.yaml", "f.svg", "f.csv", "f.json"))
    deal.write_text(SMALL)
    asked = ["frontier", str(deal), "--risk-on", "cost", "--confidence", "0.8"]
    code, out, err = called(capsys, *asked, "--picture", str(picture), "--out", str(table))
    assert (code, err) == (0, "")
    assert "CVaR    of cost: mean of the worst 20% of scenarios" in out
    assert "The deal at each point\n- 1: API agreement: quote, 12 months;" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    svg = picture.read_text()
    assert len(rows) > 1 and f">{len(rows)}: weight " in svg and ">1: weight 0" in svg
    assert called(capsys, *asked, "--out", str(data))[:2] == (0, out)
    result = from_json(data.read_text(), FrontierResult)
    assert [point.expected_usd for point in result.points] == [float(row["expected_usd"]) for row in rows]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--out", "f.xlsx"], "--out: 'f.xlsx' does not end in .csv or .parquet or .json"),
        (["--confidence", "2"], "--confidence: "),
    ],
)
def test_mistakes_are_one_sentence(capsys, tmp_path, args, message):
    deal = tmp_path / "deal.yaml"
    deal.write_text(SMALL)
    code, out, err = called(capsys, "frontier", str(deal), *args)
    assert (code, out) == (2, "")
    assert err.startswith(message) and err.count("\n") == 1


def test_a_solution_that_was_solved_without_risk_is_no_baseline_of_its_own():
    """What a document of several months of signing hands on: the frontier works out the baseline that it needs."""
    deal = newsvendor(risk=tail("loss", 0.8))
    neutral = solve(newsvendor())
    assert neutral.baseline_cost is None
    assert [p.cvar_usd for p in drawn(deal, baseline=neutral).points] == [p.cvar_usd for p in drawn(deal).points]
