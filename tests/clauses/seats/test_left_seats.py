"""Seats that are left for list and taken again, and terms beyond the horizon: contracts and prices by hand."""

import numpy as np
import pytest

from deal_solve import InputError
from deal_solve.plan.plan import ApiAgreement, ApiTerm, SeatAgreement, SeatTerm
from deal_solve.settlement.seats.seats import beyond_horizon_usd, committed_usd, seat_contracts, signed_usd
from deal_solve.settlement.usage import metered_share, priced_share
from tests.support.builders import deal_of, seat_deal, seat_plan, settled

TIERS = {"kind": "all_units", "steps": [{"seats": 20, "discount": 0.5}]}


def contracts(agreement, part, horizon=36, bundle=(), **offer):
    """Return the contracts of a seat type that costs 20 at list and is sold by `quote`."""
    deal = seat_deal(0, part, horizon=horizon, offer=offer)
    return seat_contracts(deal, "seat", agreement, bundle, np.ones((horizon, 1)))


RETURNED = SeatAgreement(
    offer="quote",
    term_months=12,
    contracted=(10, 20, 30),
    terms=(SeatTerm(years=1), SeatTerm(offer="list", years=1), SeatTerm(years=1)),
)


def test_seats_left_for_a_year_and_taken_again():
    """12 a seat, 5 % off for the term, 10 % by bundle, half from 20 seats on: 10 · 12 · 0.855 = 102.60 in year 1.

    In year 2 20 seats at list, 20 each; in year 3 30 · 12 · 0.5 · 0.855 = 153.90.
    """
    part = {"usd_per_user_month": 12, "tiers": TIERS}
    own, at_list = contracts(
        RETURNED, part, bundle=(0.1, 0.1, 0.1), terms={12: {"seats": 0.05}}, renewal={"may_return": True}
    )
    assert (own.taken.offer_id, own.years, own.contracted, own.bundle) == ("quote", (0, 2), (10, 0, 30), (0.1,) * 3)
    assert [own.month_usd(year) for year in own.years] == pytest.approx([102.6, 153.9])
    assert (at_list.taken.offer_id, at_list.years) == ("list", (1,))
    assert (at_list.contracted, at_list.bundle) == ((0, 20, 0), (0, 0, 0))
    assert [(span.start, span.end) for span in at_list.taken.spans] == [(0, 12), (12, 24), (24, 36)]
    assert at_list.taken.first_months == 12
    assert (at_list.month_usd(1), at_list.marginal_usd(1), at_list.seat.usd) == (400, 20, 20)
    assert (committed_usd(own), committed_usd(at_list)) == pytest.approx((12 * 256.5, 12 * 400))
    assert (signed_usd(own), signed_usd(at_list)) == pytest.approx((12 * 102.6, 0))


def test_volume_tiers_end_with_a_renewal_at_list():
    """Half from 20 seats on; from year 2 on 20 a seat, and no tier."""
    agreement = SeatAgreement(offer="quote", term_months=12, contracted=(20, 20, 20))
    (own,) = contracts(agreement, {"usd_per_user_month": 12, "tiers": TIERS}, renewal="list")
    assert own.tiers(0) == own.seat.part.tiers
    assert [step.seats for step in own.tiers(0).steps] == [20]
    assert (own.tiers(1), own.tiers(2)) == (None, None)
    assert [own.month_usd(year) for year in range(3)] == pytest.approx([120, 400, 400])
    assert own.prices_usd(0) == (0, 12)
    assert own.prices_usd(1) == own.prices_usd(2) == (20, 0)


@pytest.mark.parametrize(("terms", "years", "beyond"), [(12, 3, 0), (24, 3, 1), (36, 3, 0), (36, 4, 2), (36, 5, 1)])
def test_what_a_term_beyond_the_horizon_owes(terms, years, beyond):
    """12 a month for each seat of the last year inside, 10 in year 1 and 10 more each year, for whole years beyond."""
    contracted = (10, 20, 30, 40, 50)[:years]
    agreement = SeatAgreement(offer="quote", term_months=terms, contracted=contracted)
    (own,) = contracts(agreement, {"usd_per_user_month": 12}, 12 * years, terms=[terms])
    assert beyond_horizon_usd(own) == beyond * 12 * 12 * contracted[-1]


USE = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}


def used(tracks=("seat",) * 3, part=None):
    """Return a deal and a plan of three years on seats with half of the usage covered; the API is left for year 2."""
    staff = {"headcount": 10, "tracks": ["seat", "chat", "none"], "unserved_usd_per_user_month": 1, "use": USE}
    seat = part or {"covered_share": 0.5, "counts_toward_commitment": 0.8}
    api = {"bands": [{"commit_usd_per_year": 0, "discount": 0.1}]}
    offer = {"terms": [12], "api": api, "seats": {"seat": seat}, "renewal": {"may_return": True}}
    deal = deal_of(36, cohorts={"staff": staff}, offers={"quote": offer}, internal_tools={"chat": {}})
    own, left = (ApiTerm(offer=at, band_usd_per_year=0, commitment_usd=(0,)) for at in (None, "list"))
    agreement = ApiAgreement(offer="quote", term_months=12, terms=(own, left, own))
    return deal, seat_plan((10,) * 3, api=agreement, tracks={"staff": tracks})


def test_usage_of_seats_counts_but_for_the_year_in_which_the_api_is_left():
    """Half is metered; of that 0.8 counts, in the year after it is taken again too, and nothing in between."""
    deal, plan = used()
    assert plan.api.left == ((12, 24),)
    assert [metered_share(deal, plan, "staff", year) for year in range(3)] == [(0.5, 0.8), (0.5, 0), (0.5, 0.8)]
    deal, plan = used(("seat", "chat", "none"))
    assert [metered_share(deal, plan, "staff", year) for year in range(3)] == [(0.5, 0.8), (1, 1), (0, 0)]


def test_usage_has_a_price_where_it_is_metered_or_against_an_allowance():
    """All of it on an internal tool, half on the seat, none without a track; all of it against an allowance."""
    deal, plan = used(("seat", "chat", "none"))
    assert [priced_share(deal, plan, "staff", year) for year in range(3)] == [0.5, 1, 0]
    deal, plan = used(("seat", "chat", "none"), {"allowance": {"usd_per_user_month": 5}})
    assert [priced_share(deal, plan, "staff", year) for year in range(3)] == [1, 1, 0]
    left = (SeatTerm(years=1), SeatTerm(offer="list", years=1), SeatTerm(years=1))
    deal, plan = used(part={"allowance": {"usd_per_user_month": 5}})
    plan = plan.model_copy(update={"seats": {"seat": plan.seats["seat"].model_copy(update={"terms": left})}})
    assert [priced_share(deal, plan, "staff", year) for year in range(3)] == [1, 0, 1]


def test_metered_usage_that_is_not_stated_is_refused():
    deal, plan = used()
    staff = deal.cohorts["staff"].model_copy(update={"use": None})
    without = deal.model_copy(update={"cohorts": {"staff": staff}})
    with pytest.raises(InputError, match=r"cohorts.staff: its usage is metered, so it needs a use section"):
        settled(without, plan)
