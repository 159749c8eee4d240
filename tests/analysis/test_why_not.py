"""Why not: every answer equals a solve with the choice forced, and says what it costs and what else it changes."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.analysis.why_not.single_track import wrong_tracks
from deal_solve.analysis.why_not.single_track_text import single_track_report
from deal_solve.analysis.why_not.text import MAX_CHANGES, why_not_report
from deal_solve.analysis.why_not.why_not import why_not
from deal_solve.cli.main import run
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.errors import Infeasible, InputError
from deal_solve.facts.decisions import NAMES, deal_in_a_line, decisions, plan_changes
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.proposal import Proposal
from tests.support.builders import APP, RATES, deal_of, only
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.solved import solved

SEATS = {"seat": {"minimum": 5, "true_up": "annual-true-up", "initial_order": "free"}}
BOTH = {
    "start": "2027-01",
    "horizon_months": 24,
    "cost_of_capital_per_year": 0.08,
    "risk": "balanced",
    "rates": {**RATES, "seats": {name: {"usd_per_user_month": usd} for name, usd in (("seat", 20), ("plus", 31))}},
    "workloads": {
        "app": {
            "requests_per_month": {"p10": 700, "p50": 1000, "p90": 1700},
            "input_tokens": 1,
            "output_tokens": 0,
            "today": {"model": "opus"},
            "models": ["opus", "sonnet"],
            "batchable": 0.5,
            "projects": {"batch": {"usd": 600, "ready_month": 3}, "rerouting": {"usd": 100, "ready_month": 1}},
        }
    },
    "cohorts": {
        "staff": {
            "headcount": 20,
            "active_share": {"p10": 0.4, "p50": 0.6, "p90": 0.9},
            "tracks": ["seat", "plus", "chat", "none"],
            "unserved_usd_per_user_month": 60,
            "use": {"requests_per_user_month": 30, "input_tokens": 1, "output_tokens": 0, "models": ["sonnet"]},
            "covered_share": {"seat": 0.8, "plus": 1},
        }
    },
    "internal_tools": {"chat": {"build_usd": 400, "run_usd_per_month": 20}},
    "offers": {
        "quote": {
            "terms": {"12": {}, "24": {"api": 0.04, "seats": 0.1}},
            "api": {
                "bands": [
                    {"commit_usd_per_year": 6000, "discount": 0.1},
                    {"commit_usd_per_year": 9000, "discount": 0.18},
                ]
            },
            "seats": SEATS,
        },
        "rival": {
            "terms": [24],
            "api": {"bands": [{"commit_usd_per_year": 5000, "discount": 0.04}], "payment": "arrears"},
        },
    },
}


@cache
def deal() -> Deal:
    return loads(json.dumps(BOTH))


@cache
def best() -> Solution:
    return solve(deal())


def fixed(**parts: Any) -> Solution:
    return solve(deal(), fix=Proposal.model_validate(parts))


def least(proposals: Iterable[dict[str, Any]], of: Deal | None = None) -> float:
    """Return the least objective with one of some proposals pinned."""
    worths = []
    for parts in proposals:
        try:
            worths.append(solve(of or deal(), fix=Proposal.model_validate(parts)).objective_usd)
        except Infeasible:
            continue
    return min(worths)


def agrees(answer: WhyNot, worth: float) -> None:
    """Assert that an answer is a solve of this objective, and that its difference is the whole difference."""
    assert answer.outcome == "solved"
    assert answer.solution.objective_usd == pytest.approx(worth, rel=2e-6)
    apart, before, after = answer.difference, best(), answer.solution
    assert apart.objective_usd == pytest.approx(after.objective_usd - before.objective_usd, abs=1e-6)
    assert apart.objective_usd >= -2e-6 * worth
    expected = [float(s.settlement.weights @ s.settlement.cost) for s in (before, after)]
    assert apart.expected_usd == pytest.approx(expected[1] - expected[0], abs=1e-6)
    assert sum(row.difference_usd for row in apart.lines) == pytest.approx(apart.expected_usd, abs=1e-6)


def test_the_deal_of_these_tests():
    """What the best deal does, so that every choice below is another one."""
    plan = best().plan
    assert (plan.api.offer, plan.api.term_months) == ("quote", 24)
    assert set(plan.tracks["staff"]) == {"seat"}
    assert plan.projects["app"] == ("batch",)


@pytest.mark.parametrize(
    ("choice", "parts"),
    [
        ("offer=rival", {"api": {"offer": "rival"}}),
        ("term=12", {"api": {"term_months": 12}}),
        ("band=9k", {"api": {"band_usd_per_year": 9000}}),
        ("band=0", {"api": {"band_usd_per_year": 0}}),
        ("commitment=12k", {"api": {"commitment_usd": 12_000}}),
        ("seats.seat=19", {"seats": {"seat": {"contracted": 19}}}),
        ("seats.seat=9/13", {"seats": {"seat": {"contracted": [9, 13]}}}),
        ("seats.seat.offer=list", {"seats": {"seat": {"offer": "list"}}}),
        ("seats.seat.term=12", {"seats": {"seat": {"term_months": 12}}}),
        ("track.staff=chat", {"tracks": {"staff": "chat"}}),
        ("track.staff=none/seat", {"tracks": {"staff": ["none", "seat"]}}),
        ("routing.app=sonnet", {"routing": {"app": "sonnet"}}),
        ("offer=quote,term=12", {"api": {"offer": "quote", "term_months": 12}}),
    ],
)
def test_the_answer_is_a_solve_with_the_choice_forced(choice: str, parts: dict[str, Any]):
    agrees(why_not(best(), choice), fixed(**parts).objective_usd)


@pytest.mark.parametrize(
    ("choice", "bought"),
    [
        ("project.app.batch=no", [[], ["rerouting"]]),
        ("project.app.rerouting=yes", [["rerouting"], ["batch", "rerouting"]]),
    ],
)
def test_one_project_is_forced_and_the_other_stays_free(choice: str, bought: list[list[str]]):
    agrees(why_not(best(), choice), least({"projects": {"app": some}} for some in bought))


def test_a_free_project_that_opens_nothing_is_bought_where_it_is_forced():
    """Batch is ready when the horizon is over."""
    app = {**BOTH["workloads"]["app"], "projects": {"batch": {"usd": 0, "ready_month": 24}}}
    winner = solve(loads(json.dumps({**BOTH, "workloads": {"app": app}, "cohorts": {}, "offers": {}})))
    answer = why_not(winner, "project.app.batch=yes")
    assert answer.solution.plan.projects == {"app": ("batch",)}
    assert answer.difference.objective_usd == pytest.approx(0, abs=0.01)
    assert "It costs the same" in why_not_report(winner.settlement.deal, answer)


def test_several_choices_hold_together():
    worth = fixed(api={"offer": "rival"}, tracks={"staff": "chat"}).objective_usd
    agrees(why_not(best(), "offer=rival,track.staff=chat"), worth)
    agrees(why_not(best(), "offer=rival", "track.staff=chat"), worth)


def test_a_choice_the_best_deal_makes_is_said_and_not_solved():
    answer = why_not(best(), "offer=quote", "track.staff=seat")
    assert (answer.outcome, answer.already) == ("already", ("offer=quote", "track.staff=seat"))
    assert answer.solution is None
    assert "It is what this deal does." in why_not_report(deal(), answer)


def test_of_several_choices_those_made_anyway_are_said():
    answer = why_not(best(), "offer=quote,track.staff=chat")
    assert answer.already == ("offer=quote",)
    assert "- This deal does already: offer=quote." in why_not_report(deal(), answer)


@pytest.mark.parametrize(
    "choice",
    [
        "offer=rival,commitment=100",  # below its band
        "routing.app=opus+batch",  # only half of the requests can wait
        "seats.seat=4,seats.seat.offer=quote,track.staff=seat",  # below the minimum
    ],
)
def test_an_impossible_choice_says_so(choice: str):
    answer = why_not(best(), choice)
    assert answer.outcome == "impossible"
    assert answer.solution is None and answer.difference is None and len(answer.changes) == 0
    assert "It is not possible: no plan meets every limit and rule of this deal." in why_not_report(deal(), answer)


def test_a_limit_of_time_is_no_answer():
    answer = why_not(best(), "offer=rival", time_limit=1e-9)
    assert answer.outcome == "stopped"
    assert "It is not answered: the time limit" in why_not_report(deal(), answer)


def test_a_wrong_choice_is_an_input_error():
    with pytest.raises(InputError, match="there is no offer 'qoute'; did you mean 'quote'"):
        why_not(best(), "offer=qoute")


def test_what_was_pinned_stays_pinned():
    fix = Proposal.model_validate({"tracks": {"staff": "chat"}})
    answer = why_not(solve(deal(), fix=fix), "offer=rival", fix=fix)
    assert set(answer.solution.plan.tracks["staff"]) == {"chat"}
    worth = fixed(api={"offer": "rival"}, tracks={"staff": "chat"}).objective_usd
    assert answer.solution.objective_usd == pytest.approx(worth, rel=2e-6)


# What else changes


def test_changes_are_named_in_the_words_of_the_deal():
    answer = why_not(best(), "offer=rival,track.staff=chat")
    changes = {change.what: (change.winner, change.other) for change in answer.changes}
    assert changes["API agreement"] == ("quote, 24 months", "rival, 24 months")
    assert changes["track of staff"] == ("seat", "chat")
    assert changes["seat seats from"] == ("quote, 24 months", "none")
    assert list(answer.changes.to_frame().columns) == ["what", "winner", "other"]


def test_a_plan_does_nothing_otherwise_than_itself():
    assert len(plan_changes(best().settlement, best().settlement)) == 0


def test_every_decision_is_called_by_its_kind_and_subject():
    found = decisions(best().settlement)
    assert [each.what for each in found] == [NAMES[each.kind].format(subject=each.subject) for each in found]
    assert [each.kind for each in found][:3] == ["api_agreement", "band", "commitment"]
    assert found.to_frame().columns.tolist() == ["what", "plan"]
    assert all(each.kind != "routing" for each in found if each.what in deal_in_a_line(best().settlement))


def test_the_answer_in_print():
    answer = why_not(best(), "track.staff=none")
    text = why_not_report(deal(), answer)
    title, sentence = text.splitlines()[:2]
    assert title == "Why not track.staff=none?"
    assert sentence.startswith("- It costs ") and "more: " in sentence
    assert "users left unserved" in text and "- track of staff: none instead of seat" in text
    assert max(map(len, text.splitlines())) <= 100
    assert text.split("Decisions that change")[1].count("\n- ") <= MAX_CHANGES


def test_the_command_line_answers_below_the_page_and_above_the_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "deal.json"
    path.write_text(json.dumps(BOTH))
    assert run(["solve", str(path), "--why-not", "offer=rival", "--why-not", "track.staff=chat", "--full"]) == 0
    out = capsys.readouterr().out
    indices = [
        out.index(part) for part in ("\nProof ", "\nWhy not offer=rival, track.staff=chat?", "\nAPI commitment per")
    ]
    assert indices == sorted(indices)
    assert run(["solve", str(path), "--why-not", "offer=rivals"]) == 2
    assert "there is no offer 'rivals'; did you mean 'rival'?" in capsys.readouterr().err
    assert run(["solve", str(path), "--why-not", "offer=rival", "--export", str(tmp_path / "model.lp")]) == 2
    assert "--why-not: needs a solve" in capsys.readouterr().err


def test_whatever_is_forced_on_a_generated_deal_costs_no_less():
    """Every other offer and both wrong tracks: not below the best, and the lines add up; impossible says why."""
    rng, seen = np.random.default_rng(5), Counter()
    for _ in range(8):
        generated = read(random_deal(rng))
        try:
            winner = solve(generated)
        except Infeasible:
            continue
        asked = [why_not(winner, f"offer={paper}") for paper, each in generated.on_table.items() if each.api]
        for answer in (*asked, *wrong_tracks(winner)):
            seen[answer.outcome] += 1
            if answer.difference is None:
                assert bool(answer.reason) == (answer.outcome == "impossible")
                continue
            apart, worth = answer.difference, abs(winner.objective_usd)
            assert apart.objective_usd >= -max(2e-6 * worth, 0.02)
            assert sum(row.difference_usd for row in apart.lines) == pytest.approx(apart.expected_usd, abs=1e-6)
    assert min(seen[outcome] for outcome in ("solved", "already", "impossible")) >= 3


# Single tracks


def test_everyone_on_seats_is_the_best_choice_of_seats():
    """Staff on seat or plus in each year, whichever is best; the best deal here is one of them already."""
    everyone, _ = wrong_tracks(best())
    assert everyone.outcome == "already"
    cheap = loads(json.dumps({**BOTH, "internal_tools": {"chat": {}}, "risk": "neutral"}))
    winner = solve(cheap)
    assert set(winner.plan.tracks["staff"]) == {"chat"}
    answer, _ = wrong_tracks(winner)
    pairs = itertools.product(("seat", "plus"), repeat=2)
    assert answer.solution.objective_usd == pytest.approx(
        least(({"tracks": {"staff": p}} for p in pairs), cheap), rel=2e-6
    )
    rival = {"api": {"offer": "rival"}}
    pinned, _ = wrong_tracks(winner, fix=Proposal.model_validate(rival))
    assert pinned.solution.plan.api.offer == "rival"


def test_everything_on_the_api_is_the_best_without_seats():
    _, everything = wrong_tracks(best())
    combinations = itertools.product(("chat", "none"), repeat=2)
    agrees(everything, least({"tracks": {"staff": list(tracks)}} for tracks in combinations))
    assert not any(any(seats.contracted) for seats in everything.solution.plan.seats.values())
    assert everything.difference.of("seats") < 0 < everything.difference.of("metered_usage")
    assert "Single track: everything on the API\n- It costs " in single_track_report(deal(), wrong_tracks(best()))


def test_a_cohort_without_another_track_makes_a_wrong_track_impossible():
    everyone, everything = wrong_tracks(solved("three-quotes"))
    assert (everyone.outcome, everyone.reason) == ("impossible", "no cohort may take a seat type")
    assert everything.outcome == "already"
    staff = {"headcount": 3, "tracks": ["seat"]}
    people = deal_of(cohorts={"staff": staff, "field": staff}, scenarios=only(active_users={"staff": 3, "field": 3}))
    everyone, everything = wrong_tracks(solve(people))
    assert everyone.outcome == "already"
    assert (everything.outcome, everything.reason) == ("impossible", "staff, field: no track without a seat")


def test_nobody_needs_a_seat_before_the_cohort_starts():
    """Staff come in year 2 and take an annual seat only then; nobody is on a seat in year 1 because nobody is there."""
    staff = {"headcount": 3, "starts": "2028-01", "tracks": ["none", "seat"], "unserved_usd_per_user_month": 1}
    late = deal_of(
        24,
        workloads={"app": APP},
        cohorts={"staff": staff},
        offers={"quote": {"terms": [12], "seats": {"seat": {"minimum": 3, "usd_per_user_month": 10}}}},
        scenarios=only(requests_per_month={"app": 10}),
    )
    winner = solve(late)
    everyone, everything = wrong_tracks(winner)
    assert everything.outcome == "already"
    assert everyone.difference.of("seats") + everyone.difference.of("true_up") == pytest.approx(3 * 10 * 12)
    assert everyone.difference.of("unserved") == pytest.approx(-3 * 1 * 12)
