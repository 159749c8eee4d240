"""Questions about similar deals give the same bits in one process as in two, whatever becomes of the second."""

import os
import pickle
from functools import partial

import pytest

from deal_solve import Cancelled, InputError, breakeven, frontier, scenarios_of, solve
from deal_solve.analysis.breakeven import parametric
from deal_solve.analysis.frontier import frontier as frontier_module
from deal_solve.deal.risk import Risk
from deal_solve.optimise import neighbours
from deal_solve.optimise.options import SolveOptions
from deal_solve.stopping import cancellable
from tests.support.hand_deals import newsvendor, tail

WEIGHTS = (0.5, 0.6, 0.7, 0.8, 0.9)


@pytest.fixture(name="base", scope="module")
def solved_base():
    deal = newsvendor(risk=tail("cost", 0.8))
    return solve(deal, scenarios_of(deal))


def weighed(base, weight, options):
    deal = base.settlement.deal
    risk = deal.risk.model_copy(update={"weight": weight})
    return solve(deal.model_copy(update={"risk": risk}), base.settlement.scenarios, options=options)


def asked(base, processes, questions=None, **options):
    questions = questions or [partial(weighed, base, weight) for weight in WEIGHTS]
    return neighbours.answers(questions, SolveOptions(**options).cached(), base, processes)


def test_two_processes_answer_as_one_does_to_the_bit(base):
    one, two = asked(base, 1), asked(base, 2)
    assert [each.objective_usd for each in one] == [each.objective_usd for each in two]
    assert [each.plan for each in one] == [each.plan for each in two]
    assert [each.settlement.deal.risk.weight for each in two] == list(WEIGHTS)


def test_scenarios_are_not_sent_back(base):
    assert all(each.settlement.scenarios is base.settlement.scenarios for each in asked(base, 2))


def test_the_second_process_answers_every_other_question(base):
    here = os.getpid()
    found = asked(base, 2, [lambda options: os.getpid()] * 4)
    assert [each == here for each in found] == [True, False, True, False]
    assert found[1] == found[3]


def test_what_a_lost_process_was_asked_is_answered_here(base):
    here = os.getpid()

    def lost(options):
        if os.getpid() != here:
            os._exit(1)
        return "here"

    assert asked(base, 2, [lambda options: "first", lost]) == ["first", "here"]


def test_an_answer_that_cannot_be_sent_is_given_here(base):
    found = asked(base, 2, [lambda options: 1, lambda options: lambda: 2])
    assert found[1]() == 2
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(found[1])


def test_what_a_question_raises_is_raised_from_either_process(base):
    def refused(options):
        raise InputError("no such clause")

    for questions in ([lambda options: 1, refused], [refused, lambda options: 1]):
        with pytest.raises(InputError, match="no such clause"):
            asked(base, 2, questions)


def test_the_progress_of_both_is_reported_here(base):
    said = []
    asked(base, 2, [lambda options: 1, partial(weighed, base, 0.5)], progress=lambda at: said.append(at.phase))
    assert any("solving" in phase for phase in said)


@pytest.mark.parametrize("stopped", ["watcher", "checkpoint"])
def test_what_is_stopped_ends_both(base, stopped):
    def never(options):
        while True:
            solve(base.settlement.deal, base.settlement.scenarios, options=options)

    questions = [lambda options: 1, never]
    with pytest.raises(Cancelled), cancellable(lambda: stopped == "checkpoint"):
        asked(base, 2, questions, progress=lambda _: stopped != "watcher")


def test_a_frontier_is_the_same_on_two_processes_and_solves_no_weight_between_two_of_one_plan(monkeypatch):
    """Case 1 on cost: three plans, 0 to 0.3, to 0.7 and to 1. Of 41 weights those at the two kinks are looked for."""
    deal, weights = newsvendor(risk=tail("cost", 0.8)), []

    def counted(deal, *given, **asked):
        weights.append(deal.risk.weight)
        return solve(deal, *given, **asked)

    monkeypatch.setattr(frontier_module, "solve", counted)
    one = frontier(deal, scenarios_of(deal), steps=41)
    assert len(weights) < 20
    alone = [(point.weight, point.last_weight, point.expected_usd, point.cvar_usd) for point in one.points]
    monkeypatch.setattr(frontier_module, "answers", partial(neighbours.answers, processes=2))
    two = frontier(deal, scenarios_of(deal), steps=41)
    assert [(point.weight, point.last_weight, point.expected_usd, point.cvar_usd) for point in two.points] == alone
    every = [
        solve(deal.model_copy(update={"risk": Risk(**{**tail("cost", 0.8), "weight": each / 40})}))
        for each in range(41)
    ]
    for number, each in enumerate(every):
        (mine,) = [p for p in one.points if p.weight <= number / 40 <= p.last_weight]
        share = number / 40
        assert (1 - share) * mine.expected_usd + share * mine.cvar_usd == pytest.approx(each.objective_usd, rel=2e-6)


def test_a_break_even_is_the_same_on_two_processes_and_on_one_that_solves_value_after_value(monkeypatch):
    """Case 1, cheaper with every discount. Under a time limit values are solved in rising order."""
    deal, path = newsvendor(), "offers.quote.api.bands[0].discount"
    found = []
    for processes, limit in ((1, None), (2, None), (1, 600.0)):
        monkeypatch.setattr(parametric, "answers", partial(neighbours.answers, processes=processes))
        one = breakeven(deal, path, 0.1, 0.4, points=5, time_limit=limit)
        assert one.is_proven
        found.append((one.solved, [stretch.deal for stretch in one.stretches]))
    assert found[0] == found[1]
    assert len(found[0][0]) >= 5
    assert len({usd for _, usd in found[0][0]}) > 1
    assert dict(found[2][0]) == pytest.approx(dict(found[0][0]), rel=1e-6)
    assert found[2][1] == found[0][1]
