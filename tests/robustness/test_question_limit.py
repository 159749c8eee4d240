"""A time limit is that of a whole question: what it does not reach is said to be so, and nothing is made up."""

import itertools
import json
import os
import time
from functools import partial

import pytest

from deal_solve import (
    LimitReached,
    alternatives,
    breakeven,
    clauses,
    complete,
    criteria,
    curve,
    document,
    figure,
    frontier,
    loads,
    review,
    scenarios_of,
    sensitivity,
    solve,
    uncertainty_cost,
    waterfall,
    when,
)
from deal_solve.analysis.review.review import TOGETHER
from deal_solve.analysis.why_not.alternatives_text import alternatives_report
from deal_solve.cli.main import run
from deal_solve.optimise import neighbours
from deal_solve.optimise.options import SolveOptions
from deal_solve.outputs import text_of, to_json
from deal_solve.plan.proposal import Proposal
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.settlement.settle import settle
from tests.support.deals import LEVERS, LOW_OR_HIGH
from tests.support.hand_deals import APP, YEAR, certainly, explicit, newsvendor, quote, read, tail, two_years
from tests.support.interrupts import PLENTY, passes_after

TWO_BANDS = """
start: 2027-01
workloads:
  bot: {requests_per_month: {p10: 3M, p50: 5M, p90: 8M}, input_tokens: 6000, output_tokens: 500, models: [sonnet]}
offers:
  quote: {terms: [12, 36], api: {bands: [
    {commit_usd_per_year: 500k, discount: 10%}, {commit_usd_per_year: 1M, discount: 40%}]}}
"""
AT_LIST = TWO_BANDS.replace("3M", "300k").replace("10%", "1%").replace("40%", "2%")
"""With these discounts nothing committed is best."""


@pytest.fixture(name="deal")
def stated_deal():
    return two_years()


def test_clauses_that_were_not_reached_have_no_value_in_print_in_json_and_in_python(deal, monkeypatch):
    whole = clauses(deal, scenarios_of(deal), "quote", pairs=0)
    done = passes_after(monkeypatch, 3)
    found = clauses(deal, scenarios_of(deal), "quote", pairs=0, time_limit=PLENTY)
    assert len(done) == 3
    assert {row.clause for row in found.values} == {row.clause for row in whole.values}
    known = {row.clause: row for row in whole.values}
    late = [row for row in found.values if row.finding == NOT_IN_TIME]
    assert late and len(late) == found.not_in_time and not found.is_proven
    for row in found.values:
        if row in late:
            assert (row.value_usd, row.expected_usd, row.tail_usd, row.points, row.plan) == (None,) * 5
        else:
            assert row.value_usd == pytest.approx(known[row.clause].value_usd)
    text = " ".join(text_of(found).split())
    assert f"the time limit passed before {len(late)} rows of clauses and pairs had a value" in text
    assert text.count("not in time") == len(late) + sum(not row.has_points_in_time for row in found.values)
    written = json.loads(to_json(found))["values"]
    assert [row["value_usd"] for row in written if row["finding"] == NOT_IN_TIME] == [None] * len(late)


def test_points_that_were_not_found_in_time_are_not_out_of_reach(deal, monkeypatch):
    """All clauses are valued by as many solves; of the curve of discount points none is left."""
    whole = clauses(deal, scenarios_of(deal), "quote", pairs=0)
    steps = [row for row in whole.values if row.finding not in ("at best", "not priced")]
    passes_after(monkeypatch, 1 + len(steps))
    found = clauses(deal, scenarios_of(deal), "quote", pairs=0, time_limit=PLENTY)
    worth = [row for row in found.values if row.worth_usd > 0]
    assert worth and not any(row.finding == NOT_IN_TIME for row in found.values)
    late = [row for row in worth if not row.has_points_in_time]
    assert late and all(row.points is None for row in late) and not found.is_proven
    assert "not in time" in text_of(found) and "points of discount of" in text_of(found)


def test_without_any_time_the_base_stands_and_nothing_is_priced(deal):
    found = clauses(deal, scenarios_of(deal), "quote", time_limit=1e-9)
    assert found.base.is_simple and not any(row.worth_usd for row in found.values)
    assert found.not_in_time > 0 and "not in time" in text_of(found)
    text = " ".join(text_of(found).split())
    assert "expected, the best deal found in the time (not proven)" in text
    assert "no part of the best deal" not in text and "no points of discount" not in text


def base_of(deal):
    return solve(deal, scenarios_of(deal))


@pytest.mark.parametrize("processes", [1, 2])
def test_questions_after_the_limit_have_no_answer_in_either_process(processes):
    base = base_of(newsvendor())
    options = SolveOptions(until=time.monotonic() - 1)
    assert neighbours.answers([lambda options: 1] * 3, options, base, processes) == [None] * 3


def test_what_the_second_process_said_in_time_is_kept_and_the_rest_given_up():
    """It answers one question, and sits in the next one beyond the limit."""
    base, here = base_of(newsvendor()), os.getpid()

    def stuck(options):
        if os.getpid() != here:
            time.sleep(60)
        return "here"

    began = time.monotonic()
    options = SolveOptions(until=began + 0.3)
    asked = [lambda options: 1, lambda options: 2, lambda options: 3, stuck]
    assert neighbours.answers(asked, options, base, 2) == [1, 2, 3, None]
    assert time.monotonic() - began < 0.3 + neighbours.GRACE + 2.0


def test_ends_of_a_tornado_that_were_not_reached_are_not_taken_for_no_deal(monkeypatch):
    deal = loads(LOW_OR_HIGH)
    whole = sensitivity(deal)
    passes_after(monkeypatch, 4)
    found = sensitivity(deal, time_limit=PLENTY)
    assert sorted(bar.path for bar in found.bars) == sorted(bar.path for bar in whole.bars)
    ends = [(bar.low_usd, bar.low_in_time, bar.flips_low) for bar in found.bars]
    ends += [(bar.high_usd, bar.high_in_time, bar.flips_high) for bar in found.bars]
    assert sum(usd is not None for usd, *_ in ends) == 3
    assert all((usd is None, flips) == (True, False) for usd, in_time, flips in ends if not in_time)
    assert not found.is_proven
    assert f"the time limit passed before {len(ends) - 3} of {len(ends)} ends were solved" in found.notes
    assert "not in time" in text_of(found)


def test_without_time_a_tornado_has_no_indices_and_says_so(monkeypatch):
    deal = loads(LOW_OR_HIGH)
    passes_after(monkeypatch, 1)
    found = sensitivity(deal, time_limit=PLENTY)
    assert found.sobol is None
    assert "no Sobol indices, as the time limit passed before they were found" in found.notes


def test_a_frontier_says_which_risk_weights_it_did_not_reach(monkeypatch):
    """Weight 1 and 0 are solved, of the weights between none: no range is stated over them."""
    deal = newsvendor(risk=tail("cost", 0.8))
    passes_after(monkeypatch, 2)
    found = frontier(deal, scenarios_of(deal), steps=5, time_limit=PLENTY)
    assert found.not_in_time == (0.25, 0.5, 0.75) and not found.is_proven
    assert [(point.weight, point.last_weight) for point in found.points] == [(0, 0), (1, 1)]
    text = " ".join(text_of(found).split())
    assert "the time limit passed before the risk weights 0.25, 0.5, 0.75 had a deal" in text
    assert json.loads(to_json(found))["not_in_time"] == [0.25, 0.5, 0.75]
    passes_after(monkeypatch, 1)
    alone = frontier(deal, scenarios_of(deal), steps=5, time_limit=PLENTY)
    assert "one deal is known, that of weight 1" in text_of(alone)


def test_a_frontier_with_risk_weights_left_out_has_no_knee(monkeypatch):
    """With three of eleven weights solved the point that is farthest from the line may be one that is not known."""
    deal = loads(TWO_BANDS.replace("40%", "18%") + "risk: {on: cost}\n")
    assert frontier(deal, scenarios_of(deal)).knee is not None
    passes_after(monkeypatch, 3)
    found = frontier(deal, scenarios_of(deal), time_limit=PLENTY)
    assert len(found.points) == 3 and len(found.not_in_time) == 8
    assert found.knee is None and "nee" not in text_of(found)


def test_points_of_a_curve_that_were_not_reached_are_named(monkeypatch):
    deal = newsvendor()
    whole = curve(deal, scenarios_of(deal))
    passes_after(monkeypatch, 3)
    found = curve(deal, scenarios_of(deal), time_limit=PLENTY)
    assert 0 < len(found.points) < len(whole.points)
    assert found.not_in_time and not found.is_proven
    assert "left out (the time limit passed before it had a plan): " in " ".join(text_of(found).split())


def test_a_curve_without_a_point_in_time_is_stopped_not_infeasible(monkeypatch):
    """The best plan commits nothing, so that no point of the curve is that of the first solve."""
    deal = loads(AT_LIST)
    passes_after(monkeypatch, 1)
    with pytest.raises(LimitReached, match="before any point of the curve had a plan"):
        curve(deal, scenarios_of(deal), time_limit=PLENTY)


def test_the_best_point_of_a_curve_is_that_of_the_first_solve_however_early_the_limit_passes(monkeypatch):
    """It is in the second band, at 40 %; with two solves the first band has an optimum too, which is dearer."""
    deal = loads(TWO_BANDS)
    whole = curve(deal, scenarios_of(deal))
    assert whole.best.plan.api.terms[0].band_usd_per_year == 1_000_000 and whole.has_optimum
    for solves in range(1, 5):
        passes_after(monkeypatch, solves)
        found = curve(deal, scenarios_of(deal), time_limit=PLENTY)
        assert found.optimum == whole.optimum and found.optimum.plan == found.best.plan
        assert found.has_optimum and min(len(found.not_in_time), len(whole.points) - len(found.points)) > 0
        assert not any(point == "band from 1,000,000" for point in found.not_in_time)


def test_the_best_of_the_points_in_time_is_not_called_the_best(monkeypatch):
    """Nothing committed is best here: of the curve some points were in time, and which one is best is not known."""
    deal = loads(AT_LIST)
    assert curve(deal, scenarios_of(deal)).has_optimum
    passes_after(monkeypatch, 2)
    found = curve(deal, scenarios_of(deal), time_limit=PLENTY)
    assert not found.has_optimum and "the best of the points in time" in " ".join(text_of(found).split())


def test_steps_of_a_waterfall_that_were_not_reached_have_no_amounts(monkeypatch):
    deal = loads(LEVERS)
    best = solve(deal)
    whole = waterfall(deal, scenarios_of(deal), best)
    passes_after(monkeypatch, 2)
    found = waterfall(deal, scenarios_of(deal), best, time_limit=PLENTY)
    for steps, every in ((found.from_all_opus, whole.from_all_opus), (found.from_today, whole.from_today)):
        assert [step.lever for step in steps] == [step.lever for step in every]
        known = [(step.expected_usd, other.expected_usd) for step, other in zip(steps, every, strict=True)]
        assert all(usd is None or usd == pytest.approx(other) for usd, other in known)
        assert any(usd is None for usd, _ in known) and steps[-1].expected_usd is not None
        for before, step in itertools.pairwise(steps):
            is_late = step.expected_usd is None or before.expected_usd is None
            assert (step.change_usd is None) == is_late
    text = " ".join(text_of(found).split())
    assert "The time limit passed before the optimum of" in text and "not in time" in text
    assert "before every fitting commitment was found" in text and "not a proven one" not in text


def test_a_waterfall_that_ends_with_a_plan_that_is_not_proven_says_so():
    deal = loads(LEVERS)
    stopped = solve(deal, time_limit=1e-9)
    found = waterfall(deal, scenarios_of(deal), stopped)
    assert stopped.status != "optimal" and not found.is_in_time
    assert "not a proven one" in " ".join(text_of(found).split())


def test_pictures_of_what_was_not_reached_are_drawn(monkeypatch):
    deal = newsvendor(risk=tail("cost", 0.8))
    scenarios = scenarios_of(deal)
    asked = (
        partial(sensitivity, deal),
        partial(frontier, deal, scenarios),
        partial(curve, deal, scenarios),
        partial(clauses, deal, scenarios),
        partial(waterfall, deal, scenarios),
    )
    for ask in asked:
        passes_after(monkeypatch, 3)
        assert figure(ask(time_limit=PLENTY)).axes


def test_a_criterion_without_a_deal_in_time_is_named_and_the_others_stand(monkeypatch):
    deal = newsvendor()
    known = solve(deal)
    passes_after(monkeypatch, 1)
    found = criteria(deal, scenarios_of(deal), ["neutral", "cautious", "worst"], known, time_limit=PLENTY)
    assert [(row.criterion, row.plan is None, row.is_proven) for row in found] == [
        ("neutral", False, True),
        ("cautious", False, True),
        ("worst", True, False),
    ]
    assert found[0].under.keys() == {"neutral", "cautious"}
    text = " ".join(text_of(found).split())
    assert "worst: not in time, the time limit passed before it had a deal" in text
    assert figure(found).axes
    passes_after(monkeypatch, 0)
    none = criteria(deal, scenarios_of(deal), ["cautious"], time_limit=PLENTY)
    assert "cautious: not in time" in text_of(none)


def test_an_agreement_that_was_not_solved_in_time_keeps_the_bound_of_the_search(monkeypatch):
    """It is not taken for impossible."""
    solution = solve(newsvendor())
    passes_after(monkeypatch, 0)
    found = alternatives(solution, every=True, time_limit=PLENTY)
    others = [row for row in found if not row.is_recommended]
    known = {(c.offer, c.term_months, c.band_usd_per_year): c for c in solution.agreements}
    for row in others:
        candidate = known[row.offer, row.term_months, row.band_usd_per_year]
        least = candidate.bound_usd if candidate.objective_usd is None else candidate.objective_usd
        assert row.above_usd == pytest.approx(least - solution.objective_usd)
    assert others and not any(row.is_in_time for row in others)
    text = alternatives_report(newsvendor(), found, solution.objective_usd)
    assert text.count("(not in time)") == len(others) and "impossible" not in text
    assert text.count("at least") == len(others)


def test_what_uncertainty_costs_is_named_where_the_time_did_not_suffice(monkeypatch):
    """With two solves all is known but how far the next agreement is, with none nothing is."""
    solution = solve(newsvendor())
    passes_after(monkeypatch, 2)
    found = uncertainty_cost(solution, time_limit=PLENTY)
    assert found.mean_value and found.information and found.apart is None
    assert found.not_in_time == ("the next agreement",)
    assert "The time limit passed before this was found: the next agreement." in " ".join(text_of(found).split())
    passes_after(monkeypatch, 0)
    none = uncertainty_cost(solution, time_limit=PLENTY)
    assert (none.mean_value, none.information, none.first_term, none.fresh, none.apart) == (None,) * 5
    assert len(none.not_in_time) == 5 and "(VSS), knowing the future (EVPI)" in " ".join(text_of(none).split())


@pytest.mark.parametrize("solves", [1, 2, 3])
def test_steps_of_a_review_that_were_not_reached_leave_their_saving_to_a_later_one(monkeypatch, solves):
    deal = newsvendor()
    scenarios = scenarios_of(deal)
    plan, _ = complete(deal, Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 1000}}), scenarios)
    passes_after(monkeypatch, solves)
    found = review(deal, plan, scenarios, time_limit=PLENTY)
    late = [step for step in found.steps if step.finding == NOT_IN_TIME]
    assert late and all(step.saved_usd is None for step in late) and not found.is_proven
    assert sum(step.saved_usd or 0 for step in found.steps) == pytest.approx(found.loss_usd)
    assert len(found.breakevens) == 0
    assert "what it saves is in a later step" in " ".join(text_of(found).split())
    assert figure(found).axes
    offer = next(step for step in found.steps if step.step == "offer and term")
    assert found.offer_lines is None
    assert offer.finding == (TOGETHER if offer.saved_usd > 0.01 else "no loss")
    routing = next(step for step in found.steps if step.step == "routing and projects")
    loss = " ".join(text_of(found).partition("Plan ")[0].split())
    assert ("by routing and projects" in loss) == (routing.saved_usd is not None)
    assert ("was not found in the time" in loss) == (routing.saved_usd is None)


def test_a_proposal_is_not_as_good_as_a_best_deal_that_was_not_found():
    """Covering 60 for 48 costs 48 + 40 = 88 expected; what is known without time is list, 100.

    Its objective stays its own, nothing is said to be lost or saved, and no risk makes up for what lies between.
    """
    deal = newsvendor()
    scenarios = scenarios_of(deal)
    plan, _ = complete(
        deal, Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 48 * YEAR}}), scenarios
    )
    own = settle(deal, plan, scenarios)
    expected = own.mean(own.cost)
    assert expected == pytest.approx(88 * YEAR)
    found = review(deal, plan, scenarios, time_limit=1e-9)
    assert found.best.is_simple and found.best.objective_usd == pytest.approx(100 * YEAR)
    first, *later = found.steps
    assert (first.objective_usd, first.expected_usd) == pytest.approx((expected, expected))
    assert later and all((step.finding, step.saved_usd) == (NOT_IN_TIME, None) for step in later)
    assert found.loss_usd is None and found.offer_lines is None and not found.is_proven
    assert found.lines.risk_usd == pytest.approx(0, abs=0.01)
    text = " ".join(text_of(found).split())
    assert "Loss unknown: no better deal was found in the time" in text
    assert "as good as" not in text and "later step" not in text and "risk" not in text
    assert text.count("what it saves is not known") == len(later)
    assert json.loads(to_json(found))["loss_usd"] is None
    assert figure(found).axes


def test_a_loss_against_a_deal_that_is_not_proven_is_the_least_there_is():
    """The proposal pays 200 whatever is used; what is known without time is list, 100, and may not be the best."""
    deal = newsvendor()
    scenarios = scenarios_of(deal)
    plan, _ = complete(
        deal, Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 200 * YEAR}}), scenarios
    )
    found = review(deal, plan, scenarios, time_limit=1e-9)
    assert found.best.status == "limit" and not found.is_proven
    assert found.loss_usd == pytest.approx(100 * YEAR)
    text = " ".join(text_of(found).split())
    assert "Loss at least" in text and "above the best deal found in the time by objective" in text
    assert "of the best deal" not in text


@pytest.mark.parametrize("solves", [1, 2])
def test_limits_that_a_proposal_breaks_are_no_saving_of_offers_that_were_not_found(monkeypatch, solves):
    """At most 32 committed costs 92 at best, covering 60 costs 88: known 4 below, but not by which step."""
    limit = {"measure": "expected", "of": "committed", "at_most": 32 * YEAR}
    deal = newsvendor()
    deal = deal.model_copy(
        update={"limits": read(workloads={"app": APP}, scenarios=explicit({"only": 1}), limits=[limit]).limits}
    )
    scenarios = scenarios_of(deal)
    proposal = Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 48 * YEAR}})
    plan, _ = complete(deal, proposal, scenarios)
    passes_after(monkeypatch, solves)
    found = review(deal, plan, scenarios, time_limit=PLENTY)
    assert found.loss_usd == pytest.approx(-4 * YEAR)
    last = found.steps[-1]
    assert last.step == "limits" and last.finding == ("broken" if solves > 1 else TOGETHER)


def test_a_search_for_breakpoints_says_up_to_where_all_is_known(monkeypatch):
    """12 % on 400k from a threshold pays up to 400k. Of 300k, 375k and 450k the first two are solved: no change yet."""
    deal, path = certainly(400_000 / YEAR, one=quote((352_000, 0.12))), "offers.one.api.bands[0].commit_usd_per_year"
    asked = partial(breakeven, deal, path, 300_000, 450_000, points=3)
    whole = asked()
    assert whole.searched_to == 450_000 and [round(flip.value, -3) for flip in whole.flips] == [400_000]
    passes_after(monkeypatch, 2)
    found = asked(time_limit=PLENTY)
    assert found.searched_to == 375_000 == found.stretches[-1].high
    assert not (found.flips or found.is_proven or found.is_complete)
    text = " ".join(text_of(found).split())
    assert "the time limit passed at 375,000, above which nothing is known" in text
    assert "the best deal changes nowhere up to 375,000" in text
    assert figure(found).axes
    passes_after(monkeypatch, 0)
    with pytest.raises(LimitReached):
        asked(time_limit=PLENTY)


def test_values_that_cost_the_same_say_nothing_of_those_the_limit_left_out(monkeypatch):
    """Up to 13.75 % the deal takes the other band; above, nothing is known, and both solves are proven."""
    deal, path = loads(TWO_BANDS.replace("40%", "18%")), "offers.quote.api.bands[1].discount"
    passes_after(monkeypatch, 2)
    found = breakeven(deal, path, 0.1, 0.4, time_limit=PLENTY)
    assert len(found.solved) == 2 and len({round(usd, 2) for _, usd in found.solved}) == 1
    text = " ".join(text_of(found).split())
    assert "every value costs the same" not in text and "does not use this field" not in text
    assert "2 values solved; the time limit passed at 0.1375" in text and "GAP" not in text
    assert not found.is_proven


def test_a_document_says_which_sections_the_time_did_not_suffice_for(monkeypatch):
    deal = newsvendor()
    assert document(deal, is_quick=True).is_in_time
    passes_after(monkeypatch, 1)
    found = document(deal, time_limit=PLENTY)
    assert found.left_out.keys() == {"clauses", "curve", "frontier", "levers"}
    assert set(found.left_out.values()) == {"the time limit passed before this was worked out"}
    assert not found.is_in_time
    assert found.to_html().count("the time limit passed before this was worked out") >= 4
    assert "the time limit passed before this was worked out" in found.to_markdown()


@pytest.mark.parametrize(
    ("asked", "solves"),
    [
        (["solve", "deal.yaml", "--levers"], 2),
        (["solve", "deal.yaml", "--all"], 2),
        (["solve", "deal.yaml", "--criteria", "neutral,cautious"], 1),
        (["solve", "deal.yaml", "--uncertainty"], 2),
        (["solve", "deal.yaml", "--why-not", "offer=list"], 1),
    ],
)
def test_the_exit_code_is_4_where_something_asked_for_was_not_in_time(asked, solves, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deal.yaml").write_text(TWO_BANDS)
    passes_after(monkeypatch, solves)
    assert run([*asked, "--time-limit", str(PLENTY)]) == 4
    capsys.readouterr()
    passes_after(monkeypatch, 1000)
    assert run([*asked, "--time-limit", str(PLENTY)]) == 0
    capsys.readouterr()
    passes_after(monkeypatch, 1)
    assert run(["solve", "deal.yaml", "--time-limit", str(PLENTY)]) == 0


def test_months_of_signing_after_the_limit_are_not_solved(monkeypatch):
    deal = loads(LOW_OR_HIGH + "signing: {months: [0, 3, 6]}\n")
    done = passes_after(monkeypatch, 3 + 2)  # what each of three months is compared with, and two months
    found = when(deal, scenarios_of(deal), time_limit=PLENTY)
    assert len(done) == 5 and found.solution.status == "limit"
    assert [row.outcome for row in found.months] == ["solved", "solved", "limit"]
    assert found.months[-1].objective_usd is None
