"""Tables of a plan that cannot be looked up are refused by one sentence, which names the row."""

import json

import pytest

from deal_solve import InputError, Plan, Proposal, complete, scenarios_of, settle, solve
from deal_solve.plan.validation.validity import refuse_impossible
from tests.support.builders import deal_of
from tests.support.hand_deals import APP, quote

AGAIN = {"may_return": True}


def deal(**renewal):
    """Return software and staff over three years, tables by usage, and an offer of both that may be left."""
    futures = {
        name: {"weight": 1, "requests_per_month": {"app": usage}, "active_users": {"staff": users}}
        for name, usage, users in (("low", (30, 10, 10), 20), ("high", (60, 60, 60), 40))
    }
    offer = quote((300, 0.2), overage="list") | {
        "renewal": renewal or "same",
        "seats": {"seat": {"usd_per_user_month": 16}},
    }
    return deal_of(
        36,
        workloads={"app": APP | {"models": ["opus"]}},
        cohorts={"staff": {"headcount": 1, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 90}},
        offers={"quote": offer | {"renewal": renewal or "same"}},
        scenarios=futures,
        renewal_decisions={"usage": [500]},
    )


DEAL = deal(**AGAIN)
FUTURES = scenarios_of(DEAL)
PLAN = json.loads(solve(DEAL).plan.model_dump_json())
COMMITS = {"band_usd_per_year": 300, "commitment_usd": [300]}
STAYS = {"api": COMMITS, "seats": {"seat": [20]}, "tracks": {"staff": ["seat"]}}
ROUTED = {"app": [{"from_month": 12, "shares": {"opus": 1.0}}]}


def later(row, **table):
    """Return a proposal with a table of month 12, the row in its first bucket."""
    rows = [STAYS | row, STAYS]
    return Proposal.model_validate(PLAN | {"later": [{"month": 12, "usage_edges_usd": [500], "rows": rows} | table]})


def refused(where, proposal):
    plan, _ = complete(where, proposal, FUTURES)
    for check in (refuse_impossible, lambda *of: settle(*of, FUTURES)):
        with pytest.raises(InputError) as caught:
            check(where, plan)
    return str(caught.value)


def test_a_table_that_can_be_looked_up_is_taken():
    plan, _ = complete(DEAL, later({"routing": ROUTED}), FUTURES)
    refuse_impossible(DEAL, plan, scenarios=FUTURES)
    assert settle(DEAL, plan, FUTURES).cost.shape == (2,)


ROW = "later[0].rows[0]"
LEFT = {"api": {"offer": "list", "band_usd_per_year": 0, "commitment_usd": [5]}}


TERM, TRACK = "expected 1, one per contract year of the term", "expected one of seat, none, the same for all its years"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"api": COMMITS | {"commitment_usd": [300] * 2}}, f".api.commitment_usd: 2 given; {TERM} that starts then"),
        (LEFT, ".api: a commitment is given; what is left for list has none"),
        ({"seats": {"seat": []}}, f".seats.seat: 0 numbers given; {TERM}"),
        ({"seats": {"seat": [20, 20]}}, f".seats.seat: 2 numbers given; {TERM}"),
        ({"seats": {}, "at_list": {"seat": "list"}}, f".seats.seat: 0 numbers given; {TERM}"),
        ({"tracks": {"staff": []}}, f".tracks.staff: nothing given; {TRACK}"),
        ({"tracks": {"staff": ["seat", "none"]}}, f".tracks.staff: seat, none given; {TRACK}"),
        ({"tracks": {"staff": ["tool"]}}, f".tracks.staff: tool given; {TRACK}"),
        (
            {"routing": {"app": [ROUTED["app"][0] | {"from_month": 0}]}},
            ".routing.app: routes from month 0 (2027-01); expected some of 12 (2028-01)",
        ),
        ({"if_left": {"taken_again": ["seat"]}}, f".if_left.seats.seat: 0 numbers given; {TERM}"),
    ],
)
def test_an_entry_that_fits_no_term_is_refused(row, message):
    """Nothing is cut to fit, and no row changes what was before its month."""
    assert refused(DEAL, later(row)) == ROW + message


def test_what_may_not_be_taken_again_has_no_entry_for_it():
    entries = {"api": COMMITS, "taken_again": ["seat"], "seats": {"seat": [20]}}
    api, seats = refused(deal(), later({"if_left": entries})).splitlines()
    ending = "is taken again, and may not be: offers.quote.renewal.may_return is no"
    assert api == f"{ROW}.if_left.api: {ending}"
    assert seats == f"{ROW}.if_left.taken_again.seat: {ending}"


def test_edges_rise():
    """Of falling ones no bucket could be told."""
    found = refused(DEAL, later({}, usage_edges_usd=[500, 200], rows=[STAYS] * 3))
    assert found == "later[0].usage_edges_usd: 500, 200; edges out of order, expected each above the one before"


@pytest.mark.parametrize("by_table", [True, False])
def test_a_list_that_does_not_sell_the_type_is_named(by_table):
    """The card sells the seat billed yearly; a plan that leaves it for list billed monthly is refused, in a row too."""
    terms = [{"years": 1}, {"offer": "list-monthly", "years": 1}, {"offer": "list-monthly", "years": 1}]
    seat = {"offer": "quote", "term_months": 12, "contracted": [30, 0, 0], "terms": terms}
    plain = Plan.model_validate(PLAN | {"seats": {"seat": seat}, "later": []})
    row = {"seats": {"seat": [0]}, "at_list": {"seat": "list-monthly"}}
    plan = complete(DEAL, later(row), FUTURES)[0] if by_table else plain
    where = "; after later[0].rows[0]" if by_table else ""
    with pytest.raises(InputError) as caught:
        refuse_impossible(DEAL, plan, scenarios=FUTURES)
    assert str(caught.value) == f"seats.seat.terms: left for list-monthly, which does not sell 'seat'{where}"
