"""The options of a solve: one list of names, taken whole or as keywords."""

import dataclasses
import logging

import pytest

from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.errors import InputError
from deal_solve.optimise.options import SettingKeywords, SolveKeywords, SolveOptions
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.solve import solve
from tests.support.builders import api_deal
from tests.support.solved import loaded, solved


def test_every_field_is_a_keyword():
    fields = {field.name for field in dataclasses.fields(SolveOptions)}
    assert SolveKeywords.__optional_keys__ == {"options", *fields}
    assert SettingKeywords.__optional_keys__ < fields


def test_keywords_replace_fields_of_options():
    options = SolveOptions(gap=1e-3, time_limit=7.0)
    assert SolveOptions.of({}) == SolveOptions()
    assert SolveOptions.of({"options": options}) == options
    assert SolveOptions.of({"options": options, "gap": 0.1}) == dataclasses.replace(options, gap=0.1)


def test_a_keyword_that_is_none_is_refused():
    with pytest.raises(TypeError, match="gapp"):
        SolveOptions.of({"gapp": 0.1})


def test_a_given_cache_or_baseline_stays():
    cache = SolveCache()
    assert SolveOptions(cache=cache).cached().cache is cache
    assert isinstance(SolveOptions().cached().cache, SolveCache)
    assert SolveOptions(baseline="mine").measured_against("theirs").baseline == "mine"
    assert SolveOptions().measured_against("theirs").baseline == "theirs"


@pytest.mark.parametrize("name", ["three-quotes", "hybrid"])
def test_a_plan_and_the_plan_of_a_solution_are_pinned_whole(name):
    best = solved(name)
    for fix in (best, best.plan):
        again = solve(best.settlement.deal, fix=fix)
        assert again.plan.model_copy(update={"api": best.plan.api}) == best.plan
        assert [term.band_usd_per_year for term in again.plan.api.terms] == [
            term.band_usd_per_year for term in best.plan.api.terms
        ]
        assert again.objective_usd == pytest.approx(best.objective_usd)


def test_what_is_no_plan_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="fix: is a dict; expected a Proposal, a Plan or a Solution"):
        SolveOptions(fix={"api": {"offer": "list"}})


def test_the_page_says_that_parts_are_pinned_and_that_nothing_else_was_open():
    """All is fixed: there is no runner-up under what is pinned, though other offers are on the table."""
    best = solved("three-quotes")
    again = solve(best.settlement.deal, fix=best)
    text = " ".join(solution_report(subject_of(again, comparisons(again, SolveOptions(fix=best)), None, True)).split())
    assert "Runner-up no other API agreement is left open by what is pinned" in text
    assert "Proof optimal (gap 0%) with what is pinned, by 70% expected cost" in text


def test_a_solve_logs_its_steps_and_its_bounds_and_prints_nothing(caplog, capsys):
    with caplog.at_level("DEBUG", logger="deal_solve"):
        found = solve(loaded("three-quotes"))
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert all(record.name.startswith("deal_solve.") for record in caplog.records)
    assert any(level == "INFO" and "12 months" in text for level, text in said)
    assert any(level == "DEBUG" and text.startswith("best objective ") and ", bound " in text for level, text in said)
    assert said[-1] == (
        "INFO",
        f"settled: objective {found.objective_usd:.2f} USD, bound {found.bound_usd:.2f} USD, gap {found.gap:.2g}",
    )
    assert capsys.readouterr() == ("", "")
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("deal_solve").handlers)


def test_a_baseline_from_an_offer_that_a_change_took_away_is_no_first_plan():
    """10 % off without a commitment; the same deal with the offer under another name is measured against it."""
    part = {"bands": [{"commit_usd_per_year": 0, "discount": 0.1}, {"commit_usd_per_year": 1, "discount": 0.2}]}
    known = solve(api_deal(100, part, risk="balanced"))
    assert known.baseline.api.offer == "quote"
    renamed = api_deal(100, offers={"renamed": {"terms": [12], "api": part}}, risk="balanced")
    again = solve(renamed, baseline=known)
    assert again.plan.api.offer == "renamed"
    assert again.baseline_cost.tolist() == known.baseline_cost.tolist()
