"""Where people are and what workloads run on before the month of signing, by hand: a request costs 1 USD at list."""

import pytest

from deal_solve import InputError, scenarios_of
from deal_solve.settlement.in_force.usage import Until, tracks_today, usage_before
from tests.support.builders import DOLLAR, bands, deal_of, only
from tests.support.clauses.rows_before import rows_before

HALF = {"input_usd_per_mtok": 500_000, "output_usd_per_mtok": 0}
MODELS = {"claude-opus-5-5": DOLLAR, "claude-sonnet-5-5": HALF}
USE = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
SEAT = {"usd_per_user_month": 20, "covered_share": 0.5}
LOW = {"quality": {"floor": 0.9, "scores": {"opus": 0.5}}}


def people(tracks, seats, unserved=0, use=USE, horizon=12, **rest):
    """Return a deal with ten people on these tracks and these seats of the card, signed in month 2."""
    staff = {"headcount": 10, "tracks": tracks, "unserved_usd_per_user_month": unserved, **rest.pop("cohort", {})}
    staff |= {"use": use} if use else {}
    given = {"scenarios": only(active_users={"staff": 10}), "signing": {"months": [2]}, **rest}
    rates = {"card": "claude@2026-11-23", "models": MODELS, "seats": seats}
    return deal_of(horizon, rates=rates, cohorts={"staff": staff}, **given)


def today(deal):
    """Return (track, USD of the seat in force, seller and USD at list, USD unserved) of the cohort."""
    at = tracks_today(deal.held)["staff"]
    listed = (at.at_list.offer_id, at.at_list.usd) if at.at_list else (None, None)
    return at.track, at.held.usd if at.held else None, *listed, at.unserved_usd


# --- the track of a cohort --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seat", "use", "usd"),
    [
        ({}, {}, 20 + 5),
        ({"covered_share": 1}, None, 20),
        ({"covered_share": 1}, {}, 20),
        ({}, {"other_usd_per_request": 0.2}, 20 + 6),
        ({}, {"models": ["opus", "sonnet"]}, 20 + 2.5),
        ({"covered_share": None, "allowance": {"usd_per_user_month": 4}}, {}, 20 + 6),
        ({"covered_share": None, "allowance": {"usd_per_user_month": 4, "extra_discount": 0.5}}, {}, 20 + 3),
        ({"covered_share": None, "allowance": {"usd_per_user_month": 12}}, {}, 20),
    ],
)
def test_people_are_on_a_seat_at_list_while_it_costs_no_more_than_going_without(seat, use, usd):
    """20 and what is metered of 10 a month: half of it; all above an allowance; of the cheapest model; with charges."""
    card = {"seat": {key: value for key, value in {**SEAT, **seat}.items() if value is not None}}
    used = None if use is None else {**USE, **use}
    assert today(people(["seat", "none"], card, usd, used)) == ("seat", None, "list", 20, 0)
    assert today(people(["seat", "none"], card, usd - 0.01, used)) == ("none", None, None, None, usd - 0.01)


@pytest.mark.parametrize(("monthly", "seller", "usd"), [(25, "list", 20), (15, "list-monthly", 15)])
def test_the_cheaper_billing_of_the_card_is_that_of_today(monthly, seller, usd):
    """With a seat in force, for the months after it too."""
    card = {"seat": {**SEAT, "usd_per_user_month": {"yearly": 20, "monthly": monthly}}}
    assert today(people(["seat"], card)) == ("seat", None, seller, usd, 0)
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18}}}
    own = {"offer": "current", "ends": "2027-03", "seats": {"seat": {"contracted": 10}}}
    found = today(people(["none", "seat"], card, offers={"current": current}, in_force=own, horizon=24))
    assert found == ("seat", 18, seller, usd, 0)


@pytest.mark.parametrize("tracks", [["seat", "alt"], ["alt", "seat"]])
def test_of_seats_that_cost_the_same_the_first_is_that_of_today(tracks):
    assert today(people(tracks, {"seat": SEAT, "alt": SEAT}))[0] == tracks[0]


def test_people_are_on_no_seat_that_lacks_a_control_they_need():
    card = {"seat": {**SEAT, "provides": []}, "alt": {**SEAT, "usd_per_user_month": 30, "provides": ["sso"]}}
    assert today(people(["seat", "alt"], card))[0] == "seat"
    assert today(people(["seat", "alt"], card, cohort={"requires": ["sso"]}))[0] == "alt"


@pytest.mark.parametrize(("usd", "track"), [(90, "team-premium"), (100, "team-premium"), (101, "enterprise")])
def test_people_are_on_no_seat_of_unknown_limits_that_costs_less_than_they_use(usd, track):
    """Team premium is 100 a month, Enterprise 20 and all that is used."""
    deal = people(["team-premium", "enterprise"], {}, use={**USE, "requests_per_user_month": usd})
    assert today(deal)[0] == track


def test_people_on_a_seat_for_whom_no_model_is_open_are_refused_unless_it_includes_all():
    """Going without at 21 costs more than the seat alone."""
    use = {**USE, **LOW}
    with pytest.raises(InputError, match=r"cohorts.staff: nothing is open without a project before the month of"):
        rows_before(people(["seat", "none"], {"seat": SEAT}, 20.5, use), "seats")
    whole = people(["seat", "none"], {"seat": {**SEAT, "covered_share": 1}}, 20.5, use)
    assert rows_before(whole, "seats", "uncounted_usage") == [(10, 200, 0, 0, 0), (10, 200, 1, 1, 1)]


def test_a_seat_in_force_that_the_card_does_not_sell_goes_on_at_its_own_price():
    """18 a month for the two months after its end; half of 100 used counts while the agreement runs, and then not."""
    seat = {"usd_per_user_month": 18, "covered_share": 0.5, "counts_toward_commitment": True, "billing": "monthly"}
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0)), "seats": {"own": seat}}
    own = {"offer": "current", "ends": "2027-02", "api": {}, "seats": {"own": {"contracted": 10}}}
    deal = people(["own"], {}, offers={"current": current}, in_force=own, signing={"months": [3]}, horizon=24)
    assert rows_before(deal, "seats") == [(10, 180, t, t, t) for t in range(3)]
    assert rows_before(deal, "usage") == [(50, 50, 0, 0, 1)]
    assert rows_before(deal, "uncounted_usage") == [(50, 50, 1, 1, 2), (50, 50, 2, 2, 3)]


# --- what a workload runs on ------------------------------------------------------------------------------------------


def work(app, signing=2, newer=None):
    """Return a deal with 100 requests a month of `app`, signed in this month."""
    given = {"requests_per_month": 100, "input_tokens": 1, "output_tokens": 0, "models": ["opus", "sonnet"], **app}
    rates = {"card": "claude@2026-11-23", "models": {**MODELS, **(newer or {})}}
    return deal_of(12, rates=rates, workloads={"app": given}, signing={"months": [signing]})


def plain(table):
    return {key: usd[:, 0].tolist() for key, usd in table.items()}


OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
OF_SONNET = {"quality": {"floor": 0.9, "scores": {"opus": 0.5, "sonnet": 1}}}


@pytest.mark.parametrize(
    ("app", "usd"),
    [
        ({}, 50),
        ({"models": ["opus"]}, 100),
        ({"today": {"model": "opus"}}, 100),
        ({"today": {"model": "opus"}, **OF_SONNET}, 100),
        ({"batchable": 1}, 25),
        ({"batchable": 1, "projects": {"batch": {"usd": 1, "ready_month": 0}}}, 50),
    ],
)
def test_a_workload_runs_on_what_it_runs_on_today_or_the_cheapest_that_needs_no_project(app, usd):
    """1 on opus, though below the floor; half on sonnet; half of that in batch, unless that is still to be built."""
    assert rows_before(work(app), "uncounted_usage") == [(usd, usd, t, t, t + 1) for t in range(2)]


def test_what_runs_today_is_followed_to_its_next_model():
    """From March on the newest opus is one at 2. What is used to the end of February counts."""
    newer = {"input_usd_per_mtok": 2_000_000, "output_usd_per_mtok": 0, "family": "opus", "released": "2027-02-15"}
    deal = work({"today": {"model": "opus"}}, 4, {"claude-next": newer}).signed_in(4)
    usage = usage_before(deal.held, scenarios_of(deal).before, {}, Until(2, 0, 4))
    assert plain(usage.counted) == {OPUS: [100, 100, 0, 0]}
    assert plain(usage.uncounted) == {"claude-next": [0, 0, 200, 200]}
    assert usage.other == {}


def test_what_runs_in_batch_today_hits_the_cache_as_batch_does():
    """1,000 tokens at 10 a million, all cached: read at a tenth and written at 1.25, half each in batch, at half price.

    10,000 requests are 100 · (0.05 + 0.625) / 2, and 0.01 each beside them.
    """
    model = {"input_usd_per_mtok": 10, "output_usd_per_mtok": 0, "family": "opus", "released": "2026-11-20"}
    model |= {"cache_read_multiplier": 0.1, "min_cacheable_tokens": 1000}
    app = {"requests_per_month": 10_000, "input_tokens": 1000, "models": ["m"], "batchable": 1}
    app |= {"cache": {"share": 1, "hit_rate": 0.8, "batch_hit_rate": 0.5}, "other_usd_per_request": 0.01}
    app |= {"today": {"model": "m", "cached": True, "batch": True}}
    deal = work(app, 2, {"m": model}).signed_in(2)
    usage = usage_before(deal.held, scenarios_of(deal).before, {}, Until(0, 0, 2))
    assert plain(usage.uncounted) == {"m": [pytest.approx(33.75)] * 2}
    assert plain(usage.other) == {"app": [100, 100]}


# --- usage by model ---------------------------------------------------------------------------------------------------


def both(counts, covered=0.5):
    """Return a deal with `app` and ten people on a seat in force to month 4, and the time before it is signed."""
    seat = {"usd_per_user_month": 18, "covered_share": covered, "counts_toward_commitment": counts}
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0)), "seats": {"seat": seat}}
    own = {"offer": "current", "ends": "2027-05", "api": {}, "seats": {"seat": {"contracted": 10}}}
    app = {"requests_per_month": 7, "input_tokens": 1, "output_tokens": 0, "models": ["sonnet"]}
    rest = {"offers": {"current": current}, "in_force": own, "horizon": 24, "workloads": {"app": app}}
    deal = people(["seat"], {"seat": SEAT}, signing={"months": [2, 4], "early": "forfeited"}, **rest)
    signed = deal.signed_in(4)
    return signed.held, scenarios_of(signed).before


@pytest.mark.parametrize(
    ("counts", "counted", "uncounted"),
    [
        (True, {OPUS: [50, 50, 0, 0]}, {OPUS: [0, 0, 50, 50]}),
        (0.4, {OPUS: [20, 20, 0, 0]}, {OPUS: [30, 30, 50, 50]}),
        (False, {}, {OPUS: [50, 50, 50, 50]}),
    ],
)
def test_usage_of_people_counts_while_the_api_in_force_runs(counts, counted, uncounted):
    """The API to month 2, seats to month 4. Half of 100 is metered; 3.50 a month of `app` count, for two months."""
    held, before = both(counts)
    until = Until(2, 4, 4)
    usage = usage_before(held, before, tracks_today(held), until)
    assert plain(usage.counted) == counted | {SONNET: [3.5, 3.5, 0, 0]}
    assert plain(usage.uncounted) == uncounted | {SONNET: [0, 0, 3.5, 3.5]}
    assert usage.other == {}
    alone = usage_before(held, before, tracks_today(held), until, ("staff",))
    assert (plain(alone.counted), plain(alone.uncounted)) == (counted, uncounted)
    alone = usage_before(held, before, tracks_today(held), until, ("app",))
    assert plain(alone.counted) == {SONNET: [3.5, 3.5, 0, 0]}


def test_people_whose_seats_include_all_use_nothing_beside_them():
    held, before = both(True, covered=1)
    assert plain(usage_before(held, before, tracks_today(held), Until(4, 4, 4), ("staff",)).counted) == {}
