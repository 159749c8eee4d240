"""Usage beyond the allowance of seats before the month of signing, row by row: a request costs 1 USD at list."""

import pytest

from deal_solve import InputError, scenarios_of
from deal_solve.settlement.in_force.before import before_signing
from deal_solve.settlement.lines import LINES
from tests.support.builders import RATES, deal_of, only
from tests.support.clauses.rows_before import rows_before

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
OF_CARD = {"usd_per_user_month": 20, "allowance": {"usd_per_user_month": 19}}
CARD = {**RATES, "seats": {"seat": OF_CARD, "plain": OF_CARD, "open": {"usd_per_user_month": 20, "covered_share": 1}}}


def held(allowance, cohorts=None, signing=3, index=1, channel=None, **use):
    """Return a deal whose seats in force end in month 2; by cohort, so many people use so much a month on a track."""
    cohorts = cohorts or {"staff": (100, 25)}
    seats = {"seat": {"billing": "monthly", "usd_per_user_month": 0, **({"allowance": allowance} if allowance else {})}}
    current = {"on_the_table": False, "terms": [12], "seats": seats, **({"channel": channel} if channel else {})}
    path = only(
        active_users={name: users for name, (users, *_) in cohorts.items()},
        requests_per_user_month={name: usd for name, (_, usd, *_) in cohorts.items() if usd},
        list_price_index={"opus": index},
    )
    return deal_of(
        24,
        rates=CARD,
        cohorts={
            name: {"headcount": 0, "tracks": list(track or ("seat",)), **({"use": {**USE, **use}} if usd else {})}
            for name, (_, usd, *track) in cohorts.items()
        },
        offers={"current": current},
        in_force={"offer": "current", "ends": "2027-03", "seats": {"seat": {"contracted": 100}}},
        scenarios=path,
        signing={"months": [signing], "early": "forfeited"},
        cloud_commitments={"aws": {"usd_per_year": [100, 100], "other_spend_usd_per_year": 0}} if channel else {},
    )


def test_beyond_the_allowance_in_force_and_then_beyond_that_of_the_card():
    """100 people use 25: 24 are included for two months, 19 for the third; 1 and 6 each are beyond."""
    deal = held({"usd_per_user_month": 24})
    assert rows_before(deal, "extra_usage") == [(100, 100, 0, 0, 1), (100, 100, 1, 1, 2), (600, 600, 2, 2, 3)]


def test_seats_in_force_outlast_the_month_of_signing_with_their_allowance():
    deal = held({"usd_per_user_month": 24}, signing=1)
    assert rows_before(deal, "extra_usage") == [(100, 100, 0, 0, 1), (100, 100, 1, 1, 2)]


def test_what_is_included_of_all_is_never_beyond():
    assert rows_before(held("all"), "extra_usage") == [(600, 600, 2, 2, 3)]


def test_beyond_is_at_the_list_prices_of_its_month_with_charges_beside_the_model():
    """A request and 0.20 beside it: 30 of 24 are 6; twice the price from month 1 on, 55 and 31; of 19 then 36."""
    deal = held({"usd_per_user_month": 24}, index=[1.0] + [2.0] * 23, other_usd_per_request=0.2)
    assert rows_before(deal, "extra_usage") == [(600, 600, 0, 0, 1), (3100, 3100, 1, 1, 2), (3600, 3600, 2, 2, 3)]


def test_what_is_refused_costs_what_the_buyer_says():
    deal = held({"usd_per_user_month": 24, "beyond": "blocked", "refused_usd_per_usd": 2}, signing=2)
    assert rows_before(deal, "refused_usage") == [(100, 200, 0, 0, 1), (100, 200, 1, 1, 2)]


@pytest.mark.parametrize(("pooled", "beyond"), [(True, {"a": 100, "b": 400}), (False, {"b": 1_000})])
def test_a_pool_takes_what_other_cohorts_leave(pooled, beyond):
    """50 people at 10 and 50 at 40, 20 included: of 2,500 are 500 beyond, a fifth of each; or 20 each of the others."""
    cohorts = {"a": (50, 10), "b": (50, 40)}
    signed = held({"usd_per_user_month": 20, "pooled": pooled}, cohorts, signing=2).signed_in(2)
    rows = [row for row in before_signing(signed, scenarios_of(signed)).rows if row.item == LINES["extra_usage"].title]
    assert [float(row.amount[0]) for row in rows] == [usd for usd in beyond.values() for _ in range(2)]


def test_people_on_a_seat_of_the_card_are_beyond_its_allowance_from_the_start_on():
    """100 of them use 25, 6 beyond 19; those on a seat in force 24 of 24; of people whose use is not stated none is."""
    deal = held(
        {"usd_per_user_month": 24}, {"idle": (10, 0, "open"), "others": (100, 25, "plain"), "staff": (100, 24)}, 2
    )
    assert rows_before(deal, "extra_usage") == [(600, 600, 0, 0, 1), (600, 600, 1, 1, 2)]


def test_people_for_whom_no_model_is_open_are_refused_by_name():
    closed = {"quality": {"floor": 0.9, "scores": {"opus": 0.5}}}
    with pytest.raises(InputError, match=r"cohorts.staff: nothing is open without a project before the month of"):
        rows_before(held({"usd_per_user_month": 24}, **closed), "extra_usage")


def test_beyond_is_billed_through_the_channel_of_the_seats_in_force_alone():
    """A fee of a tenth of 100, for two months; none of what is beyond the card's."""
    deal = held({"usd_per_user_month": 24}, channel={"through": "aws", "fee": 0.1})
    assert rows_before(deal, "fee") == [(100, 10, 0, 0, 1), (100, 10, 1, 1, 2)]
