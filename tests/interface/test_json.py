"""Results as JSON: what is written reads back as the same, and another schema is refused."""

import json
import re

import pytest

from deal_solve import (
    InputError,
    alternatives,
    from_json,
    seat_health,
    to_json,
    why_not,
    wrong_tracks,
)
from deal_solve.analysis.solve.schema import InfeasibleResult, SettlementResult
from deal_solve.cli.main import run
from deal_solve.record import to_text
from tests.support.deals import INFEASIBLE
from tests.support.paths import EXAMPLES
from tests.support.solved import levers_of_many_clauses, many_clauses, solved

SOLUTION = many_clauses()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_reads_back_as_it_was(path):
    solution = solved(path.stem)
    text = to_json(solution)
    result = from_json(text)
    assert to_text(result) == text
    assert from_json(to_text(result)) == result
    assert result.plan == solution.plan
    assert result.objective_usd == solution.objective_usd
    settled = to_json(solution.settlement)
    assert to_text(from_json(settled, SettlementResult)) == settled


def test_a_result_holds_what_else_was_asked_and_reads_back():
    """Differences, plans and shares are those of the analyses, to the last digit."""
    rows, tracks = alternatives(SOLUTION, every=True), wrong_tracks(SOLUTION)
    answers = [why_not(SOLUTION, "offer=list"), why_not(SOLUTION, f"offer={SOLUTION.plan.api.offer}")]
    levers = levers_of_many_clauses()
    text = to_json(SOLUTION, alternatives=rows, wrong_tracks=tracks, why_not=answers, levers=levers)
    result = from_json(text)
    assert to_text(result) == text
    assert [row.above_usd for row in result.alternatives] == [row.above_usd for row in rows]
    assert [row.plan for row in result.alternatives] == [row.plan for row in rows]
    asked = result.why_not[0]
    assert asked.difference.objective_usd == answers[0].difference.objective_usd
    assert sum(line.difference_usd for line in asked.difference.lines) == pytest.approx(asked.difference.expected_usd)
    assert asked.plan == answers[0].solution.plan
    assert (result.why_not[1].outcome, result.why_not[1].plan) == ("already", None)
    assert [answer.outcome for answer in result.wrong_tracks] == [answer.outcome for answer in tracks]
    assert [step.lever for step in result.levers.from_today] == [step.lever for step in levers.from_today]
    assert result.levers.api_cut == levers.api_cut


def test_a_result_always_holds_health_savings_and_calendar_and_nothing_that_was_not_asked():
    result = from_json(to_json(SOLUTION))
    assert result.seats == seat_health(SOLUTION.settlement)
    assert sum(side.expected_usd for side in result.sides) == pytest.approx(result.cost.total.expected_usd)
    assert result.savings.effective == pytest.approx(1 - result.savings.paid_usd / result.savings.list_usd)
    assert [event.day for event in result.calendar] == sorted(event.day for event in result.calendar)
    assert all(row.committed_usd > 0 for row in result.commitment_health)
    assert (result.alternatives, result.wrong_tracks, result.why_not, result.levers) == (None, None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-result/1", "-result/2", "result:2: schema: 'deal-solve-result/2' is not known here; expected deal-solve-r"),
        ("-result/1", "-settlement/1", "'deal-solve-settlement/1' is not known here; expected deal-solve-result/1"),
        ('"status"', '"statua"', "statua: is not a known key; did you mean 'status'?"),
        ('"status": "optimal"', '"status": "fine"', "status: 'fine' is not possible; expected 'optimal' or 'limit'"),
        ('"schema": "deal-solve-result/1",', "", "schema: None is not known here"),
        ("{", "[{", "is not valid YAML"),
    ],
)
def test_what_is_not_such_a_result_is_an_input_error(old, new, message):
    text = to_json(SOLUTION).replace(old, new, 1)
    with pytest.raises(InputError, match=re.escape(message)):
        from_json(text)


def test_text_that_is_no_map_is_an_input_error():
    with pytest.raises(InputError, match="schema: None is not known here"):
        from_json("[1, 2]")


def test_the_command_line_writes_what_was_asked(tmp_path, capsys):
    (tmp_path / "deal.yaml").write_text(INFEASIBLE.replace("limits", "#"))
    out = tmp_path / "result.json"
    asked = ["--all", "--levers", "--why-not", "offer=list"]
    assert run(["solve", str(tmp_path / "deal.yaml"), "--json", str(out), *asked]) == 0
    result = from_json(out.read_text())
    assert [answer.outcome for answer in result.why_not] == ["already"]
    assert [row.offer for row in result.alternatives] == ["list"]
    assert result.levers.from_today[-1].lever == "clauses"
    assert result.wrong_tracks is None, "nobody works there"
    assert "Savings from all Opus at list" in capsys.readouterr().out


def test_an_infeasible_deal_writes_its_conflict(tmp_path, capsys):
    """1M requests a month of 1000 and 200 tokens cost far more than 1,000 a year: the limit is what conflicts."""
    (tmp_path / "deal.yaml").write_text(INFEASIBLE)
    out = tmp_path / "result.json"
    assert run(["solve", str(tmp_path / "deal.yaml"), "--json", str(out)]) == 3
    result = from_json(out.read_text(), InfeasibleResult)
    assert to_text(result) == out.read_text()
    assert result.status == "infeasible"
    (each,) = result.conflict.requirements
    assert (each.path, each.amount) == ("limits[0]", 1000)
    (way,) = result.conflict.relaxations
    assert way.to_usd == (each.least_usd,)
    assert way.objective_usd == pytest.approx(each.least_usd, abs=0.02)
    capsys.readouterr()
    assert run(["solve", str(tmp_path / "deal.yaml"), "--json", "-"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads(out.read_text())
    assert "This cannot be met" in printed.err


def test_a_settlement_takes_no_answers():
    with pytest.raises(TypeError, match="why_not: nothing was asked of a Settlement"):
        to_json(SOLUTION.settlement, why_not=[])
