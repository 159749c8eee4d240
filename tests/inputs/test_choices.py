"""Choices in the deal's own words: what each forces, what it says when it cannot be, whether a plan keeps it."""

from typing import Any

import pytest

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.plan.choices.choices import restriction_from
from deal_solve.plan.choices.restriction import Restriction, overlay
from deal_solve.plan.choices.satisfied import satisfies
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import APP, api_plan, deal_of
from tests.support.proposals import example

DEAL = example()


@pytest.mark.parametrize(
    ("choice", "forced"),
    [
        ("offer=quote", {"api": {"offer": "quote"}}),
        ("term=24", {"api": {"term_months": 24}}),
        ("band=200k", {"api": {"band_usd_per_year": [200_000]}}),
        ("commitment=0.9M", {"api": {"commitment_usd": [900_000]}}),
        ("commitment=100k/150k/200k", {"api": {"commitment_usd": [100_000, 150_000, 200_000]}}),
        ("seats.team-premium=1k", {"seats": {"team-premium": {"contracted": [1000]}}}),
        ("seats.enterprise=50/60/70", {"seats": {"enterprise": {"contracted": [50, 60, 70]}}}),
        ("seats.enterprise.offer=list", {"seats": {"enterprise": {"offer": "list"}}}),
        ("seats.enterprise.term=12", {"seats": {"enterprise": {"term_months": 12}}}),
        ("track.makers=tool", {"tracks": {"makers": ["tool"]}}),
        ("track.sellers=none/none/enterprise", {"tracks": {"sellers": ["none", "none", "enterprise"]}}),
        ("project.bot.caching=no", {"decided": {"bot": {"caching": False}}}),
        ("project.bot.caching=yes", {"decided": {"bot": {"caching": True}}}),
        ("routing.bot=haiku+cache", {"routing": {"bot": "haiku+cache"}}),
        ("routing.makers=opus", {"use": {"makers": "opus"}}),
        ("offer = quote, term = 24", {"api": {"offer": "quote", "term_months": 24}}),
    ],
)
def test_a_choice_is_a_part_of_a_plan(choice: str, forced: dict[str, Any]):
    assert restriction_from(DEAL, [choice]) == Restriction.model_validate(forced)


def test_choices_with_commas_and_in_turn_are_one():
    apart = restriction_from(DEAL, ["offer=quote", "seats.enterprise=60", "seats.enterprise.offer=list"])
    assert restriction_from(DEAL, ["offer=quote,seats.enterprise=60", "seats.enterprise.offer=list"]) == apart
    assert apart.seats["enterprise"].contracted == (60,) and apart.seats["enterprise"].offer == "list"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("", "nothing is chosen; expected offer=NAME, term=MONTHS"),
        ("quote", "quote: is not a choice; expected one of offer=NAME"),
        ("offer=", "offer=: is not a choice"),
        ("price=3", "price=3: price cannot be chosen; expected one of offer=NAME"),
        ("offer=qoute", "offer=qoute: there is no offer 'qoute'; did you mean 'quote'?"),
        ("offer=quote,offer=list", "offer=list: offer is chosen twice"),
        ("term=two", "term=two: 'two' is not a number"),
        ("term=18", "term=18: no offer has a first term of 18 months; expected 12, 24, 36"),
        ("offer=quote,term=36", "offer=quote: a first term of 36 months cannot be had from 'quote'; it offers 12, 24"),
        ("band=300k", "band=300,000: the offers have no band from there; bands start at 0, 50,000, 100,000"),
        ("offer=quote,band=120k", "band=120,000: quote has no band from there; bands start at 0, 100,000, 200,000"),
        ("commitment=-5", "commitment=-5: -5 is below 0; expected USD a year"),
        ("commitment=1/2", "2 values; expected one for all contract years, or 3, one for each, divided by /"),
        ("seats.enterprize=5", "there is no seat type 'enterprize'; did you mean 'enterprise'?"),
        ("seats.enterprise=5.5", "seats.enterprise=5.5: 5.5 is not a whole number"),
        ("seats.enterprise.offer=free", "seats.enterprise.offer=free: 'free' does not sell 'enterprise'"),
        ("seats.enterprise=quote", "quote is an offer, not a number of seats; write seats.enterprise.offer=quote"),
        ("seats.enterprise.term=36", "no offer has a first term of 36 months; expected 12, 24"),
        ("track.makers=none", "makers cannot take 'none'; it may take team-premium, enterprise, tool"),
        ("track.buyers=none", "there is no cohort 'buyers'; expected makers, sellers"),
        ("project.bot.batch=yes", "bot has no project 'batch'; it has caching, rerouting"),
        ("project.bot.caching=maybe", "'maybe' is neither yes nor no"),
        ("routing.bot=fable", "'fable' is open to bot in no month; open are sonnet"),
        ("routing.bots=opus", "there is no workload 'bots'; did you mean 'bot'?"),
    ],
)
def test_a_wrong_choice_says_what_is_expected(choice: str, message: str):
    with pytest.raises(InputError) as error:
        restriction_from(DEAL, [choice])
    assert message in str(error.value)


def test_an_offer_of_seats_alone_is_chosen_for_its_seats():
    api = "api: {bands: [{commit_usd_per_year: 100k, discount: 8%}], ramp: free}"
    deal = example(replace=[(api, "seats: {enterprise: {usd_per_user_month: 20}}")])
    with pytest.raises(InputError, match=r"'free' has no api part; for its seats write seats\.enterprise\.offer=free$"):
        restriction_from(deal, ["offer=free"])


def test_everything_wrong_is_said_at_once():
    with pytest.raises(InputError) as error:
        restriction_from(DEAL, ["offer=none,term=x", "band=y"])
    assert len(error.value.problems) == 3


def plan_of(**parts: Any):
    return complete(DEAL, Proposal.model_validate(parts), scenarios_of(DEAL))[0]


QUOTE = {"offer": "quote", "term_months": 12, "commitment_usd": 210_000}
RAMPED = {"offer": "ramped", "commitment_usd": 150_000}
SEATS = {"enterprise": {"offer": "quote", "contracted": [60, 70, 80]}}
ON_SEATS = {"api": QUOTE, "seats": SEATS, "tracks": {"makers": "enterprise", "sellers": "none"}}


@pytest.mark.parametrize(
    ("parts", "kept", "broken"),
    [
        (
            {"api": QUOTE},
            "offer=quote,term=12,band=200k,commitment=210k,commitment=210k/210k/210k",
            "offer=list,term=24,band=100k,commitment=210001",
        ),
        ({"api": RAMPED}, "commitment=150k,commitment=75k/150k/225k", "commitment=150k/150k/150k,commitment=120k"),
        ({"api": {"offer": "free", "commitment_usd": 110_000}}, "band=100k,commitment=110k", "band=0,commitment=0"),
        (
            ON_SEATS,
            "seats.enterprise=60/70/80,seats.enterprise.offer=quote,seats.enterprise.term=12,seats.team-premium=0,"
            "seats.team-premium.offer=list,track.makers=enterprise,track.sellers=none/none/none",
            "seats.enterprise=60,seats.enterprise.offer=list,seats.enterprise.term=24,seats.team-premium=1,"
            "track.makers=tool,track.sellers=none/none/enterprise",
        ),
        (
            {"projects": {"bot": ["caching"]}, "routing": {"bot": "sonnet+cache"}},
            "project.bot.caching=yes,project.bot.rerouting=no,routing.bot=sonnet+cache",
            "project.bot.caching=no,project.bot.rerouting=yes,routing.bot=sonnet",
        ),
    ],
)
def test_a_plan_keeps_what_it_does_already(parts: dict[str, Any], kept: str, broken: str):
    plan = plan_of(**parts)
    assert [choice for choice in kept.split(",") if not satisfies(DEAL, plan, restriction_from(DEAL, [choice]))] == []
    assert [choice for choice in broken.split(",") if satisfies(DEAL, plan, restriction_from(DEAL, [choice]))] == []


def test_an_option_is_kept_under_any_of_its_names():
    """sonnet is claude-sonnet-5-5, the newest of its family: the same model at the same price."""
    deal = deal_of(workloads={"app": {**APP, "models": ["opus", "sonnet", "claude-sonnet-5-5"]}})
    routes = {"app": ({"from_month": 0, "shares": {"claude-sonnet-5-5": 0.4, "sonnet": 0.6}},)}
    plan = api_plan((0, (0,)), offer="list", routing=routes)
    kept = [key for key in ("opus", "sonnet", "claude-sonnet-5-5") if satisfies(deal, plan, _routed(deal, key))]
    assert kept == ["sonnet", "claude-sonnet-5-5"]


def _routed(deal: Deal, option: str) -> Restriction:
    return restriction_from(deal, [f"routing.app={option}"])


def test_what_is_forced_counts_beside_what_was_pinned():
    fix = Proposal.model_validate({"api": {"offer": "quote", "term_months": 12}, "tracks": {"makers": "tool"}})
    both = overlay(restriction_from(DEAL, ["term=24", "seats.enterprise=60"]), fix)
    assert (both.api.offer, both.api.term_months) == ("quote", 24)
    assert both.tracks == {"makers": ("tool",)}
    assert both.seats["enterprise"].contracted == (60,)
