"""Team seats, whose limits the vendor does not publish: closed where usage is above their price; 1 USD a request."""

import pytest

from deal_solve import scenarios_of, solve, varied
from deal_solve.analysis.check.findings import findings
from deal_solve.analysis.solve.proof import proof_rows
from deal_solve.errors import InputError
from deal_solve.facts.summary import summarise
from deal_solve.facts.today import today
from deal_solve.facts.unstated import unstated
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.report.unstated import unstated_sentences
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import DOLLAR, deal_of

HALF = {"input_usd_per_mtok": 500_000, "output_usd_per_mtok": 0}
RATES = {"card": "claude@2026-11-23", "models": {"claude-opus-5-5": DOLLAR, "claude-sonnet-5-5": HALF}}


def on_team(usd, seats=None, offers=None, cohort=None, **use):
    """Return a deal of 100 people who use so many dollars a month, on Team premium or Enterprise."""
    people = {"headcount": 100, "tracks": ["team-premium", "enterprise"], **(cohort or {})}
    used = {"requests_per_user_month": usd, "input_tokens": 1, "output_tokens": 0, "models": ["opus"], **use}
    rates = {**RATES, **({"seats": {"team-premium": seats}} if seats else {})}
    return deal_of(rates=rates, cohorts={"staff": {**people, "use": used}}, offers=offers or {})


def track(deal):
    """Return the track of the first year, and what is paid."""
    found = solve(deal)
    return found.plan.tracks["staff"][0], round(found.objective_usd)


ENTERPRISE, TEAM = 24_000, 120_000
OFFER = {"quote": {"terms": [12], "seats": {"team-premium": {"usd_per_user_month": 110}}}}
SONNET_TOO = {"models": ["opus", "sonnet"], "quality": {"scores": {"opus": 1.0, "sonnet": 0.8}}}


@pytest.mark.parametrize("usd", [100, 100.01, 2000])
def test_usage_is_held_against_the_cheapest_price_of_the_card(usd):
    """100 by the year, 125 by the month; above it Enterprise at 20 and all usage metered."""
    expected = ("team-premium", TEAM) if usd <= 100 else ("enterprise", ENTERPRISE + 12 * round(100 * usd))
    assert track(on_team(usd)) == expected


def test_an_offer_is_held_against_its_own_price():
    """At 105 list is closed and the offer of 110 is not."""
    assert track(on_team(105, offers=OFFER)) == ("team-premium", 132_000)
    assert track(on_team(111, offers=OFFER)) == ("enterprise", ENTERPRISE + 133_200)


@pytest.mark.parametrize(
    ("use", "is_open"),
    [
        (SONNET_TOO, True),
        ({**SONNET_TOO, "quality": {**SONNET_TOO["quality"], "floor": 0.9}}, False),
        ({**SONNET_TOO, "quality": {**SONNET_TOO["quality"], "mean_floor": 0.9}}, False),
        ({**SONNET_TOO, "shares": {"opus": {"minimum": 0.1}}}, False),
        ({**SONNET_TOO, "shares": {"sonnet": {"minimum": 0.1}}}, True),
    ],
)
def test_a_seat_is_open_as_long_as_some_routing_is_left(use, is_open):
    """Opus at 180 is closed, Sonnet at 90 is not."""
    assert (track(on_team(180, **use))[0] == "team-premium") is is_open


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"seats": {"allowance": "all"}}, ("team-premium", TEAM)),
        ({"seats": {"allowance": {"usd_per_user_month": 100}}}, ("team-premium", TEAM + 12 * 190_000)),
        ({"seats": {"covered_share": 1}}, ("team-premium", TEAM)),
        ({"cohort": {"covered_share": {"team-premium": 1}}}, ("team-premium", TEAM)),
        (
            {"offers": {"quote": {"terms": [12], "seats": {"team-premium": {"allowance": "all"}}}}},
            ("team-premium", TEAM),
        ),
    ],
)
def test_what_is_stated_is_known(how, expected):
    assert track(on_team(2000, **how)) == expected


def test_check_and_solve_say_what_is_closed_and_what_is_taken_as_included():
    closed, included = on_team(2000), on_team(90)
    (found,) = (str(each) for each in findings(closed, scenarios_of(closed)) if "tracks[0]" in each.path)
    assert (
        "team-premium is closed: a user uses 2,000.00 USD a month at list, more than the seat's price of 100.00"
        in found
    )
    assert not [each for each in findings(included, scenarios_of(included)) if "tracks[0]" in each.path]
    said = [" ".join(s for s in unstated_sentences(unstated(deal)) if "publishes" in s) for deal in (closed, included)]
    assert (
        "2,000.00 USD a user and month at list is above the seat's price of 100.00, so the seat is closed unless"
        in said[0]
    )
    assert "90.00 USD a user and month at list, no more than the seat's price, is taken as included" in said[1]
    assert today(closed).uses[0].track == "enterprise"


@pytest.mark.parametrize(("usd", "words"), [(2000, "so the seat is closed"), (90, "so 90.00 USD a user")])
def test_how_sure_the_answer_is_names_the_limits_and_how_much_is_used(usd, words):
    found = solve(on_team(usd))
    deal, scenarios = found.settlement.deal, found.settlement.scenarios
    rows = dict(proof_rows(deal, scenarios, found, summarise(deal, found.settlement, scenarios)))
    assert words in rows["limits"]


def test_a_plan_on_a_closed_seat_is_refused_with_the_remedy():
    deal = on_team(2000)
    seats = {"team-premium": {"offer": "list", "contracted": [100]}}
    proposal = Proposal.model_validate({"tracks": {"staff": "team-premium"}, "seats": seats})
    plan, _ = complete(deal, proposal, scenarios_of(deal))
    with pytest.raises(InputError, match=r"limits are not published; state rates.seats.team-premium.allowance"):
        refuse_impossible(deal, plan, first_users(scenarios_of(deal)))
    free, _ = complete(deal, Proposal(), scenarios_of(deal))
    assert free.tracks["staff"] == ("enterprise",)


def test_people_whose_use_is_not_stated_are_held_to_nothing():
    deal = varied(on_team(1), {"cohorts.staff.tracks": ["team-premium"]})
    bare = {key: value for key, value in deal.written["cohorts"]["staff"].items() if key != "use"}
    assert track(deal.model_validate({**deal.written, "cohorts": {"staff": bare}})) == ("team-premium", TEAM)
