"""What is billed through a channel before signing, by the month that it is for, and what is carried on from there."""

import pytest

from deal_solve import scenarios_of
from deal_solve.settlement.in_force.before import before_signing
from deal_solve.settlement.lines import LINES
from tests.support.builders import APP, bands, deal_of, held, only, seat_deal
from tests.support.clauses.rows_before import rows_before

USAGE = LINES["uncounted_usage"].title
USE = {"input_tokens": 1, "output_tokens": 0, "models": ["opus"], "other_usd_per_request": 0.1}
CARD = {
    "card": "claude@2026-11-23",
    "models": {"claude-opus-5-5": {"input_usd_per_mtok": 1_000_000, "output_usd_per_mtok": 0}},
    "seats": {name: {"usd_per_user_month": 20, "covered_share": 0.5} for name in ("seat", "plain")},
}


def billed(signing, ends="2027-07", channel=True, **rest):
    """Return a deal with 100 a month of `app` and 10 people each on a seat in force, at 18, and on one of the card.

    Of 40 a month of the ones and 20 of the others half is metered, and not counted; 0.10 a request are beside it, 0.20
    for `app`. The agreement in force goes through a channel with a fee of a tenth.
    """
    seat = {"usd_per_user_month": 18, "billing": "monthly", "counts_toward_commitment": False}
    current = {"on_the_table": False, "terms": [12], "api": bands((0, 0)), "seats": {"seat": seat}}
    current |= {"channel": {"through": "aws", "fee": 0.1}} if channel else {}
    people = {"staff": ("seat", 4), "others": ("plain", 2)}
    return deal_of(
        24,
        rates=CARD,
        workloads={"app": {**APP, "models": ["opus"], "other_usd_per_request": 0.2}},
        cohorts={
            name: {"headcount": 10, "tracks": [track], "use": {**USE, "requests_per_user_month": each}}
            for name, (track, each) in people.items()
        },
        offers={"current": current},
        in_force={"offer": "current", "ends": ends, "api": {}, "seats": {"seat": {"contracted": 10}}},
        scenarios=only(requests_per_month={"app": 100}),
        signing={"months": [signing], "early": "forfeited"},
        cloud_commitments={"aws": {"usd_per_year": [5_000] * 2, "other_spend_usd_per_year": 0, "cap_share": 1}},
        **rest,
    )


def fees(deal):
    """Return the fee of each line by the month that it is for, from the start on."""
    month = deal.signing_months[0]
    signed = deal.signed_in(month)
    found = {}
    for row in before_signing(signed, scenarios_of(signed)).rows:
        if row.fee_of:
            of = found.setdefault(row.fee_of, {})
            of[row.first + month] = round(of.get(row.first + month, 0.0) + float(row.amount[0]), 6)
    return found


@pytest.mark.parametrize(("signing", "api"), [(8, 6), (6, 6), (4, 4), (0, 0)])
def test_usage_goes_through_the_channel_in_force_as_long_as_what_it_is_billed_under_runs(signing, api):
    """Of `app` 100 and 20 beside it a month, while the API runs; of those on a seat in force 20, 2 and 180 for six
    months, whatever is signed; of those at list nothing.
    """
    beside = {t: round(2.0 * (t < api) + 0.2, 6) for t in range(6)}
    expected = {"uncounted_usage": dict.fromkeys(range(6), 2), "other_charges": beside}
    expected |= {"seats": dict.fromkeys(range(6), 18)} | ({"usage": dict.fromkeys(range(api), 10)} if api else {})
    assert fees(billed(signing)) == expected


def test_what_is_paid_before_signing_retires_the_cloud_commitment_of_its_year():
    """Signed in month 8: six months of 100 + 20 + 20 + 2 + 180."""
    signed = billed(8).signed_in(8)
    before = before_signing(signed, scenarios_of(signed))
    assert {row.line for row in before.rows} == {"before"}
    assert {name: usd.tolist() for name, usd in before.retiring.items()} == {"aws": [[pytest.approx(6 * 322)], [0]]}


@pytest.mark.parametrize("channel", [True, False])
def test_usage_at_list_before_signing_is_of_nobody_alone_unless_a_channel_bills_it(channel):
    """In month 6 100, 20 and 10 on one model: in one row, or in three that say whose they are."""
    deal = billed(7, channel=channel).signed_in(7)
    rows = before_signing(deal, scenarios_of(deal)).rows
    found = {row.user: float(row.amount[0]) for row in rows if row.item == USAGE and row.first == -1}
    assert found == ({"app": 100, "staff": 20, "others": 10} if channel else {"": 130})


def test_without_an_agreement_in_force_nothing_is_carried_on():
    """Two workloads of 100 and 50 on one model at list, in one row a month."""
    apps = {name: {**APP, "models": ["opus"]} for name in "ab"}
    use = only(requests_per_month={"a": 100, "b": 50})
    deal = deal_of(24, workloads=apps, scenarios=use, signing={"months": [2]})
    assert rows_before(deal, "uncounted_usage") == [(150, 150, 0, 0, 1), (150, 150, 1, 1, 2)]
    signed = deal.signed_in(2)
    before = before_signing(signed, scenarios_of(signed))
    assert (before.periods, before.seats, before.retiring) == ((), {}, {})


def test_seats_in_force_alone_leave_nothing_undrawn():
    """Signed early in month 3 on credit: there is no commitment to credit."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {}}}
    own = {"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100}}}
    early = {"months": [3], "early": "credited"}
    signed = seat_deal(100, horizon=24, offers={"current": current}, in_force=own, signing=early).signed_in(3)
    assert before_signing(signed, scenarios_of(signed)).undrawn.tolist() == [0]


def test_who_is_on_no_seat_needs_no_track_where_no_month_is_before_signing():
    """Signed at once; the only track of `staff` is a tool, which does not run before."""
    deal = held(
        in_force={"drawn_usd": 900},
        cohorts={"staff": {"headcount": 10, "tracks": ["chat"], "use": {**USE, "requests_per_user_month": 1}}},
        internal_tools={"chat": {}},
        signing={"months": [0], "early": "forfeited"},
    )
    assert rows_before(deal, "usage", "uncounted_usage", "seats", "unserved") == []
