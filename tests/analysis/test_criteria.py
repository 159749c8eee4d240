"""Criteria side by side: what each would sign, and what that costs under the others."""

import json

import pytest

from deal_solve import InputError, criteria, sample, scenarios_of, solve
from deal_solve.cli.main import run
from tests.support.deals import LOW_OR_HIGH
from tests.support.hand_deals import APP, YEAR, covers, explicit, newsvendor, quote, read


def table(deal, *names, **options):
    """Return the criteria of a deal by name."""
    return {row.criterion: row for row in criteria(deal, scenarios_of(deal), names, **options)}


def test_9_1_every_deal_by_every_criterion():
    """Costs of C: 60 gives 48/88/148, 80 gives 64/84/144, 160 gives 128. Least for each scenario: 48/80/128.

    Regret of C between 60 and 100: 0.8·(C-60) in the low future, 128·0.25 - 0.2·C = 32 - 0.2·C in the high one; equal
    at C = 80: 16. The deal at 80 costs 0.3·64 + 0.5·84 + 0.2·144 = 90.
    """
    rows = table(newsvendor(), "neutral", "worst", "regret")
    assert [covers(row.solution) for row in rows.values()] == pytest.approx([60, 160, 80])
    assert {name: pytest.approx(row.under) for name, row in rows.items()} == {
        "neutral": {"neutral": YEAR * 88, "worst": YEAR * 148, "regret": YEAR * 20},
        "worst": {"neutral": YEAR * 128, "worst": YEAR * 128, "regret": YEAR * 80},
        "regret": {"neutral": YEAR * 90, "worst": YEAR * 144, "regret": YEAR * 16},
    }


def test_on_cost_caution_commits_more_and_each_is_the_cheapest_by_its_own():
    """Slope at C: 0.8 - (1-λ)·P(D > C) - λ·P(D > C, in the tail of 0.5). Between 60 and 100 (0.7, and all of the tail):
    0.1 - 0.3·λ, so 0.01 with λ = 0.3 and -0.11 with 0.7; from 100 on (0.2 and 0.4): 0.6 - 0.2·λ > 0.
    """
    risk = {"weight": 0.3, "on": "cost", "confidence": 0.5}
    rows = table(newsvendor(risk=risk), "neutral", "balanced", "cautious")
    assert [covers(row.solution) for row in rows.values()] == pytest.approx([60, 60, 100])
    for name in rows:
        assert rows[name].under[name] == min(row.under[name] for row in rows.values())
        assert rows[name].under[name] == pytest.approx(rows[name].solution.objective_usd)


def test_a_solution_that_is_known_is_not_solved_again():
    deal = newsvendor(risk="balanced")
    solution = solve(deal)
    rows = table(deal, "neutral", "balanced", known=solution)
    assert rows["balanced"].solution is solution
    assert rows["neutral"].solution is not solution


def test_a_frame_has_a_column_for_each_criterion():
    deal = newsvendor()
    frame = criteria(deal, scenarios_of(deal), ["neutral", "worst"]).to_frame()
    assert frame.columns.tolist() == ["criterion", "neutral", "worst"]
    assert frame["worst"].tolist() == pytest.approx([YEAR * 148, YEAR * 128])


def test_over_sampled_futures():
    band = {"requests_per_month": {"p10": 60, "p50": 100, "p90": 160}}
    deal = read(workloads={"app": {**APP, **band}}, offers={"quote": quote((0.01, 0.2))})
    rows = criteria(deal, sample(deal, 256).in_memory(), ["neutral", "cautious"])
    for row in rows:
        assert row.under[row.criterion] == pytest.approx(row.solution.objective_usd)


@pytest.mark.parametrize(
    ("names", "count", "words"),
    [
        (["worst"], None, "worst is for lists of at most 300 scenarios, not for 128 sampled scenarios"),
        (["regret"], 301, "regret is for lists of at most 300 scenarios, not for 301 scenarios"),
        (["bold"], 3, "'bold' is not one; expected some of neutral, balanced, cautious, worst, regret"),
        ([], 3, "none is named"),
    ],
)
def test_what_cannot_be_asked_is_refused(names, count, words):
    if count is None:
        deal = read(workloads={"app": {**APP, "requests_per_month": {"low": 50, "high": 150}}})
        held = sample(deal, 128)
    else:
        paths = {f"d{each}": 100 + each for each in range(count)}
        deal = read(workloads={"app": APP}, scenarios=explicit(paths))
        held = scenarios_of(deal)
    with pytest.raises(InputError, match=words):
        criteria(deal, held, names)


DEAL = LOW_OR_HIGH.replace("contracted", "list")


def test_the_command_line_prints_them_side_by_side(tmp_path, capsys):
    path, result = tmp_path / "deal.yaml", tmp_path / "result.json"
    path.write_text(DEAL)
    assert run(["solve", str(path), "--criteria", "neutral,worst", "--json", str(result)]) == 0
    out = capsys.readouterr().out
    for words in (
        "- worst: cost in the worst scenario",
        "What each would sign",
        "What the deal of each costs by every",
    ):
        assert words in out
    rows = json.loads(result.read_text())["criteria"]
    assert [row["criterion"] for row in rows] == ["neutral", "worst"]
    assert rows[0]["under"]["neutral"] <= rows[1]["under"]["neutral"]
    assert rows[0]["decisions"][0] == {"what": "API agreement", "plan": "quote, 12 months"}


def test_the_command_line_refuses_before_it_solves(tmp_path, capsys):
    path = tmp_path / "deal.yaml"
    path.write_text(DEAL)
    assert run(["solve", str(path), "--criteria", "neutral, worst", "--scenarios", "128"]) == 2
    assert "criteria: worst is for lists of at most 300 scenarios" in capsys.readouterr().err
