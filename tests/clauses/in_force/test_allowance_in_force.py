"""What is used beyond the allowance of seats before the month of signing, by hand: a request costs 1 USD at list."""

import pytest

from deal_solve import solve
from deal_solve.errors import InputError
from tests.support.builders import RATES, before, deal_of, lines, only

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
HEAVY_AND_LIGHT = [{"share": 0.8, "factor": 5 / 24}, {"share": 0.2, "factor": 100 / 24}]
CARD = {**RATES, "seats": {"seat": {"usd_per_user_month": 20, "allowance": {"usd_per_user_month": 19}}}}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def held(allowance, users=None, usd=25, index=1, use=None, channel=None, **rest):
    """Return a deal whose seats in force, billed yearly and paid, end in month 6; `next` includes all usage."""
    users = users or {"staff": 100}
    per_user = usd if isinstance(usd, dict) else dict.fromkeys(users, usd)
    path = only(active_users=users, requests_per_user_month=per_user, list_price_index={"opus": index})
    people = {name: {"headcount": 0, "tracks": ["seat"], "use": {**USE, **(use or {})}} for name in users}
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": (allowance and {"allowance": allowance}) or {}}}
    current |= {"channel": channel} if channel else {}
    quote = {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16, "allowance": "all"}}}
    in_force = {"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100, "licensed": 100}}}
    offers = {"current": current, "next": quote}
    given = {"cohorts": people, "offers": offers, "in_force": in_force, "scenarios": path, **rest}
    return deal_of(24, **given)


@METHODS
@pytest.mark.parametrize(("usd", "extra"), [(15, {}), (19, {}), (25, {"extra_usage": 3_600})])
@pytest.mark.parametrize("pooled", [True, False])
def test_users_who_are_all_alike(method, pooled, usd, extra):
    """100 users with 19 each: 1,500 and 1,900 a month are inside, of 2,500 are 600 beyond, six times."""
    assert before(solve(held({"usd_per_user_month": 19, "pooled": pooled}, usd=usd), method=method)) == extra


@pytest.mark.parametrize(("usd", "extra"), [(12, 600), (24, 1_600), (48, 3_600)])
def test_heavy_users_are_beyond_though_the_mean_is_not(usd, extra):
    """80 users at 5 and 20 at 100, 20 included: 1,600 a month."""
    deal = held({"usd_per_user_month": 20}, usd=usd, use={"spread": HEAVY_AND_LIGHT})
    assert before(solve(deal)) == {"extra_usage": 6 * extra}


def test_a_pool_takes_what_other_cohorts_leave():
    """50 users at 10 and 50 at 40, 20 included: 2,500 - 2,000 are beyond, a tenth off; each alone 1,000."""
    how = {"users": {"a": 50, "b": 50}, "usd": {"a": 10, "b": 40}}
    pooled = {"usd_per_user_month": 20, "pooled": True, "extra_discount": 0.1}
    assert before(solve(held(pooled, **how))) == {"extra_usage": 2_700}
    assert before(solve(held({"usd_per_user_month": 20}, **how))) == {"extra_usage": 6_000}


def test_what_is_beyond_is_at_the_list_prices_of_the_month():
    """25 a month from month 3 on at twice the price: 3 · 100 · 6 and 3 · 100 · 31."""
    deal = held({"usd_per_user_month": 19}, index=[1, 1, 1] + [2] * 21)
    assert before(solve(deal)) == {"extra_usage": 11_100}


@METHODS
def test_blocked_usage_costs_what_the_buyer_says(method):
    blocked = {"usd_per_user_month": 19, "beyond": "blocked", "refused_usd_per_usd": 2}
    assert before(solve(held(blocked), method=method)) == {"refused_usage": 7_200}


@METHODS
def test_what_is_beyond_retires_the_commitment_of_the_channel(method):
    """3,600 with a fee of a tenth: of 10,000 and 0 committed 6,400 are short."""
    cloud = {"aws": {"usd_per_year": [10_000, 0], "other_spend_usd_per_year": 0}}
    deal = held({"usd_per_user_month": 19}, channel={"through": "aws", "fee": 0.1}, cloud_commitments=cloud)
    solution = solve(deal, method=method)
    assert before(solution) == {"extra_usage": 3_600, "fee": 360}
    assert lines(solution.settlement)["cloud_shortfall"] == 6_400


@METHODS
def test_seats_that_outlast_the_month_of_signing_keep_their_allowance(method):
    """Signed in month 3, in force until month 6: six months of 600."""
    deal = held({"usd_per_user_month": 19}, signing={"months": [3], "early": "forfeited"})
    assert before(solve(deal, method=method)) == {"extra_usage": 3_600}


def test_between_agreements_the_allowance_is_that_of_the_card():
    """Signed in month 8: 24 included for six months, 19 for two, in which 20 are paid a user."""
    deal = held({"usd_per_user_month": 24}, rates=CARD, signing={"months": [8]})
    assert before(solve(deal)) == {"seats": 4_000, "extra_usage": 6 * 100 + 2 * 600}


def test_seats_in_force_that_state_none_have_that_of_the_card():
    assert before(solve(held(None, rates=CARD))) == {"extra_usage": 3_600}


@pytest.mark.parametrize(("included", "found"), [(19, {"unserved": 7_200}), (23, {"seats": 6_000, "extra_usage": 600})])
def test_the_track_of_today_is_the_cheapest_with_what_is_beyond(included, found):
    """A user costs 20 and 25 less what is included, or 24 unserved: 26 against 24, and 22 against 24, for 3 months."""
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": 20, "allowance": {"usd_per_user_month": included}}}}
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 24, "use": USE}
    path = only(active_users={"staff": 100}, requests_per_user_month={"staff": 25})
    staff["use"] = {**USE, "requests_per_user_month": 25}
    deal = deal_of(cohorts={"staff": staff}, offers={}, scenarios=path, rates=rates, signing={"months": [3]})
    assert before(solve(deal)) == found


def test_what_is_used_has_to_be_known():
    people = {"staff": {"headcount": 0, "tracks": ["seat"]}}
    with pytest.raises(InputError, match="current, in force, includes 19 USD a user and month, so the cohort needs"):
        held({"usd_per_user_month": 19}, cohorts=people, scenarios=only(active_users={"staff": 100}))


def test_a_covered_share_cannot_stand_beside_the_allowance_of_seats_in_force():
    people = {"staff": {"headcount": 0, "tracks": ["seat"], "use": USE, "covered_share": {"seat": 0.5}}}
    with pytest.raises(InputError, match="covered_share and the allowance of 'seat' in current cannot stand together"):
        held({"usd_per_user_month": 19}, cohorts=people)
