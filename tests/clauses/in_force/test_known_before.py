"""What a plan is told of the time before signing, over all futures, and what seats that nobody takes on still cost."""

import pytest

from deal_solve import scenarios_of, settle
from deal_solve.settlement.in_force.before import paid_before, retired_before, seats_at_end, undrawn_before
from deal_solve.settlement.lines import LINES
from deal_solve.uncertainty import scenario_set
from tests.support.builders import NEXT, api_deal, bands, count, held, seat_deal, seat_plan

ON_DEMAND = {"check": 1, "count": "peak", "retroactive": True, "ratchet": "year"}
FORWARD = {"check": 3, "count": "peak", "retroactive": False, "ratchet": "year"}


@pytest.fixture(params=[4096, 1])
def block(request, monkeypatch):
    """Futures are worked through all at once, and one by one."""
    monkeypatch.setattr(scenario_set, "BLOCK", request.param)


def seated(true_up, month=6, grown=0, peaks=(110, 100), **rest):
    """Return a deal whose 100 seats at 18 in force end in month 6; in each future so many users in one month."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, "true_up": true_up}}}
    own = {"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100}}}
    users = {peak: count(100, 24, **{f"m{grown}": peak}) for peak in peaks}
    futures = {f"f{peak}": {"weight": 1, "active_users": {"staff": path}} for peak, path in users.items()}
    given = {"offers": {"current": current}, "in_force": own, "scenarios": futures, **rest}
    return seat_deal(100, horizon=24, signing={"months": [month], "early": "forfeited"}, **given).signed_in(month)


def plain(found):
    return {key: usd.tolist() for key, usd in found.items()}


def test_what_is_paid_before_signing_in_each_future(block):
    """10 users more in the first month of one future, to the end of June: 10 · 18 · 6, five months before signing."""
    deal = seated(ON_DEMAND)
    assert plain(paid_before(deal, scenarios_of(deal))) == {-5: [1080, 0]}


def test_what_is_undrawn_before_signing_in_each_future(block):
    """1,200 less 700 drawn: three months use 36, 90 or 270 of the 500 that are left."""
    futures = {f"f{usd}": {"weight": 1, "requests_per_month": {"app": usd}} for usd in (40, 100, 300)}
    current = {"on_the_table": False, "terms": [12], "api": bands((1_200, 0.1))}
    offers = {"current": current, "next": {**NEXT, "api": {**bands((730, 0.2)), "overage": "contracted"}}}
    for early, expected in (("credited", [392, 230, 0]), ("forfeited", None)):
        signing = {"months": [3], "early": early}
        deal = held(in_force={"drawn_usd": 700}, offers=offers, scenarios=futures, signing=signing).signed_in(3)
        found = undrawn_before(deal, scenarios_of(deal))
        assert found is None if expected is None else found.tolist() == pytest.approx(expected)


def test_what_is_retired_before_signing_in_each_future(block):
    """Fees of 1,800 by the month go through a channel, to month 6; and 180 a month for ten users more in one future."""
    seat = {"usd_per_user_month": 18, "billing": "monthly", "true_up": ON_DEMAND}
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": seat}, "channel": {"through": "aws"}}
    spend = {"usd_per_year": [5_000, 0], "other_spend_usd_per_year": 0}
    deal = seated(ON_DEMAND, offers={"current": current}, cloud_commitments={"aws": spend, "other": spend})
    expected = {"aws": [[10_800 + 1080, 10_800], [0, 0]], "other": [[0, 0], [0, 0]]}
    assert plain(retired_before(deal, scenarios_of(deal))) == expected


def test_nothing_is_retired_before_a_deal_that_is_signed_at_once():
    spend = {"usd_per_year": [100], "other_spend_usd_per_year": 0}
    deal = api_deal(100, cloud_commitments={"aws": spend})
    assert retired_before(deal, scenarios_of(deal)) == {}


@pytest.mark.parametrize(("month", "due"), [(4, [540, 0]), (6, [540, 0]), (7, None)])
def test_what_seats_leave_is_known_unless_they_ended_before_signing(block, month, due):
    """110 users in May in one future: 10 · 18 for the three months from July on."""
    deal = seated(FORWARD, month, grown=4)
    found = seats_at_end(deal, scenarios_of(deal))
    assert {name: left.due_usd.tolist() for name, left in found.items()} == ({"seat": due} if due else {})


def test_without_an_agreement_in_force_no_seats_are_left():
    deal = seat_deal(100, horizon=24, signing={"months": [2]}).signed_in(2)
    assert seats_at_end(deal, scenarios_of(deal)) == {}


@pytest.mark.parametrize(
    ("month", "tracks", "due"),
    [
        (6, ("none", "none"), [(30 * 3 * 18, -1, -1, 0)]),
        (4, ("none", "seat"), [(30 * 3 * 18, 1, 1, 2)]),
        (6, ("seat", "none"), []),
        (7, ("none", "none"), []),
    ],
)
def test_the_last_count_of_seats_is_due_at_their_end_unless_they_are_taken_on_there(month, tracks, due):
    """130 users in May are added for the three months from July on. Signed after June, people are at list by then."""
    deal = seated(FORWARD, month, grown=4, peaks=(130,))
    plan = seat_plan((100, 100), offer="list", signing_month=month, tracks={"staff": tracks})
    rows = settle(deal, plan, scenarios_of(deal), keep_rows=True).rows
    found = [row for row in rows if row.line == "before" and row.item == LINES["true_up"].title and row.amount.any()]
    assert [(float(row.amount[0]), row.first, row.last, row.paid) for row in found] == due
    assert [row.of(0)[0] for row in found] == [usd for usd, *_ in due]
