"""Seats in force: who counts, what growth is charged, what stays licensed at their end, by hand without a solve."""

import pytest

from deal_solve import scenarios_of
from deal_solve.settlement.in_force.before import seats_at_end
from tests.support.builders import RATES, count, deal_of, only
from tests.support.clauses.rows_before import rows_before

ON_DEMAND = {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"}


def seated(users, part=None, own=None, ends="2027-07", **rest):
    """Return a deal of 24 months whose 100 seats of each type at 18 in force end in month 6, where it is signed.

    `users` are those of each type, of a cohort of its own; or of several cohorts on `seat`, with `costs` unserved.
    """
    costs = rest.pop("costs", None)
    types = {name: "seat" if costs else name for name in users}
    sold = {"usd_per_user_month": 18, **(part or {})}
    seats = {name: {"contracted": 100, **(own or {})} for name in types.values()}
    card = {**RATES, "seats": {name: {"usd_per_user_month": 20, "covered_share": 1} for name in types.values()}}
    cohorts = {
        name: {"headcount": 0, "tracks": [track, "none"], "unserved_usd_per_user_month": (costs or {}).get(name, 7)}
        for name, track in types.items()
    }
    current = {"on_the_table": False, "terms": [12], "seats": dict.fromkeys(seats, sold), **rest.pop("offer", {})}
    given = {"offers": {"current": current}, "scenarios": only(active_users=users, **rest.pop("paths", {})), **rest}
    in_force = {"offer": "current", "ends": ends, "seats": seats, **given.pop("in_force", {})}
    return deal_of(24, cohorts=cohorts, rates=card, in_force=in_force, **given)


@pytest.mark.parametrize(("ratchet", "second"), [("none", (45, 810)), ("year", (15, 270))])
def test_growth_in_a_second_window(ratchet, second):
    """Quarters from July: 110 users in February, 115 in May: 15 for their window, or 5 above the 110 kept so far."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": True, "ratchet": ratchet}}
    first = (30, 540, 0, 2, 3) if ratchet == "none" else (60, 1080, 0, 2, 3)
    assert rows_before(seated({"seat": count(100, 24, m1=110, m4=115)}, part), "true_up") == [first, (*second, 3, 5, 6)]


def test_without_a_ratchet_growth_in_force_is_counted_above_the_contracted_seats():
    """115 users in February by quarter, 110 licensed of 100 contracted: 15 for three months."""
    part = {"true_up": {"check": 3, "count": "peak", "retroactive": True, "ratchet": "none"}}
    deal = seated({"seat": count(100, 24, m1=115)}, part, {"licensed": 110})
    assert rows_before(deal, "true_up") == [(45, 810, 0, 2, 3)]


def test_a_year_that_begins_with_the_horizon_is_paid_then():
    """Seats in force to the end of 2027: 1,200 seat-months, and 10 that stay licensed, at the start."""
    part = {"true_up": {**ON_DEMAND, "ratchet": "term"}}
    deal = seated({"seat": count(100, 24, m0=110)}, part, {"licensed": 110}, ends="2028-01")
    assert rows_before(deal, "seats") == [(1200, 21_600, 0, 11, 0)]
    assert rows_before(deal, "true_up") == [(120, 2160, 0, 11, 0)]


def test_growth_in_the_first_month():
    """10 users more in January, to the end of June."""
    assert rows_before(seated({"seat": count(100, 24, m0=110)}, {"true_up": ON_DEMAND}), "true_up") == [
        (60, 1080, 0, 0, 1)
    ]


def test_prices_in_force_are_those_of_the_first_month_of_the_year():
    """List is 1 in January and 3 from February on; and locked at a base of 1.5 that is stated."""
    users, paths = {"seat": count(100, 24, m1=110)}, {"list_price_index": {"seats": [1.0] + [3.0] * 23}}
    part = {"billing": "monthly", "true_up": ON_DEMAND}
    deal = seated(users, part, paths=paths)
    assert rows_before(deal, "seats") == [(100, 1800, t, t, t) for t in range(6)]
    assert rows_before(deal, "true_up") == [(50, 900, 1, 1, 2)]
    locked = {"offer": {"price_protection": "locked"}, "in_force": {"index": {"seats": 1.5}}}
    deal = seated(users, part, paths=paths, **locked)
    assert rows_before(deal, "seats") == [(100, 2700, t, t, t) for t in range(6)]
    assert rows_before(deal, "true_up") == [(50, 1350, 1, 1, 2)]


def test_fees_in_force_are_those_of_the_volume_tier():
    """10 % off from 100 seats on: 100 · 16.20."""
    part = {"billing": "monthly", "tiers": {"kind": "all_units", "steps": [{"seats": 100, "discount": 0.1}]}}
    assert rows_before(seated({"seat": 100}, part), "seats") == [(100, 1620, t, t, t) for t in range(6)]


def test_seats_in_force_that_nobody_is_on_are_paid_alone():
    """100 of each type by the month, and 130 users on one: 30 are added to it."""
    part = {"billing": "monthly", "true_up": ON_DEMAND}
    seats = {name: {"contracted": 100} for name in ("seat", "other")}
    sold = {name: {"usd_per_user_month": 18, "covered_share": 1, **part} for name in seats}
    deal = seated(
        {"seat": 130},
        part,
        in_force={"seats": seats},
        offers={
            "current": {"on_the_table": False, "terms": [12], "seats": sold},
        },
    )
    assert rows_before(deal, "seats") == [(100, 1800, t, t, t) for _ in range(2) for t in range(6)]
    assert rows_before(deal, "true_up") == [(180, 3240, 0, 0, 1)]


def test_each_type_in_force_counts_its_own_users():
    """130 on one type and 50 on the other, 100 seats of each: 30 added in January, to the end of June."""
    assert rows_before(seated({"seat": 130, "other": 50}, {"true_up": ON_DEMAND}), "true_up") == [(180, 3240, 0, 0, 1)]


def test_users_above_capped_seats_go_without_the_cheapest_first():
    """70 and 55 on 100 seats in February: 25 of those at 3; in March 120 and 55: all 55, and 20 of those at 9."""
    users = {"a": count(50, 24, m1=70, m2=120), "b": count(50, 24, m1=55, m2=55)}
    deal = seated(users, {"true_up": "hard_cap"}, costs={"a": 9, "b": 3})
    assert rows_before(deal, "unserved") == [(25, 75, 1, 1, 2), (55, 165, 2, 2, 3), (20, 180, 2, 2, 3)]
    free = seated(users, {"true_up": "hard_cap"}, costs={"a": 9, "b": 0})
    assert rows_before(free, "unserved") == [(20, 180, 2, 2, 3)]


@pytest.mark.parametrize(
    ("clause", "carried", "due"),
    [
        ({"check": 12, "retroactive": False, "ratchet": "term"}, 130, 30 * 12 * 18),
        ({"check": 3, "retroactive": False, "ratchet": "term"}, 130, 30 * 3 * 18),
        ({"check": 3, "retroactive": False, "ratchet": "year"}, None, 30 * 3 * 18),
        ({"check": 3, "retroactive": True, "ratchet": "term"}, None, 0),
        ({"check": 3, "retroactive": True, "ratchet": "none"}, None, 0),
        ("hard_cap", None, 0),
    ],
)
def test_what_seats_in_force_leave_behind(clause, carried, due):
    """130 users in May, 100 else; in another future 100 throughout."""
    true_up = clause if isinstance(clause, str) else {"count": "peak", **clause}
    futures = {
        name: {"weight": 1, "active_users": {"seat": count(100, 24, m4=peak)}}
        for name, peak in (("high", 130), ("low", 100))
    }
    signed = seated({"seat": 100}, {"true_up": true_up}, scenarios=futures).signed_in(6)
    left = seats_at_end(signed, scenarios_of(signed))["seat"]
    assert left.due_usd == pytest.approx([due, 0])
    assert (left.carried is None) if carried is None else left.carried.tolist() == [carried, 100]
