"""The bundle discount priced by hand: below, at and above its threshold, term by term (model §6)."""

import pytest

from deal_solve.plan.plan import ApiAgreement, ApiTerm, Route, SeatAgreement, SeatTerm
from tests.support.builders import APP, RATES, deal_of, lines, only, seat_plan, settled


def bundle(commitment, contracted=(100,), seats_offer="quote", renewal="same", seat_terms=(), **part):
    """Seats at 20 with a tier of 10 % from 100, API 0 % from 1 USD; combined 30 000 gives 5 % seats and 20 % API."""
    years = len(contracted)
    tiers = {"kind": "all_units", "steps": [{"seats": 100, "discount": 0.1}]}
    quote = {
        "terms": {12: {"seats": 0.5}},
        "renewal": renewal,
        "api": {"bands": [{"commit_usd_per_year": 0, "discount": 0}, {"commit_usd_per_year": 1, "discount": 0}]},
        "seats": {"seat": {"tiers": tiers, **part}},
        "bundle": [{"combined_usd_per_year": 30_000, "seats": 0.05, "api": 0.2}],
    }
    staff = {"headcount": 0, "tracks": ["seat"]}
    path = only(requests_per_month={"app": 1000}, active_users={"staff": 0})
    deal = deal_of(
        12 * years,
        workloads={"app": APP},
        cohorts={"staff": staff},
        scenarios=path,
        offers={"quote": quote, "other": {"terms": [12], "seats": {"seat": {}}}},
    )
    spent = (commitment,) * years if isinstance(commitment, int | float) else commitment
    api = tuple(ApiTerm(band_usd_per_year=1 if usd else 0, commitment_usd=(usd,)) for usd in spent)
    plan = seat_plan(
        contracted,
        offer=seats_offer,
        api=ApiAgreement(offer="quote", term_months=12, terms=api),
        routing={"app": (Route(from_month=0, shares={"opus": 1}),)},
    )
    seat = plan.seats["seat"].model_copy(update={"terms": seat_terms})
    return settled(deal, plan.model_copy(update={"seats": {"seat": seat}}))


FULL, BUNDLED = 21_600 * 0.5, 21_600 * 0.5 * 0.95


@pytest.mark.parametrize(
    ("commitment", "seats", "usage"),
    [
        *((8399, FULL, 12_000), (8399.99, FULL, 12_000)),
        *((8399.995, BUNDLED, 9600), (8399.996, BUNDLED, 9600), (8400, BUNDLED, 9600), (9000, BUNDLED, 9600)),
    ],
)
def test_bundle_below_at_and_above_its_threshold(commitment, seats, usage):
    """100 seats after volume tier: 12 · 100 · 18 = 21 600, before the 50 % of the term; so C >= 8 400 (to half a cent)
    reaches 30 000. Then seats 5 % and API 20 % less: V = 0.8 · 12 000.
    """
    result = bundle(commitment)
    assert result.by_line["seats"][0] == pytest.approx(seats)
    assert result.drawdown[0].usage_usd[0] == pytest.approx(usage)
    assert result.committed_usd == pytest.approx(seats + commitment)


def test_bundle_needs_both_parts_positive_and_from_one_offer():
    """No commitment, or no seats, or seats from another offer: no extra discount, however large the rest."""
    assert bundle(0, contracted=(10_000,)).by_line["usage"][0] == pytest.approx(12_000)
    assert bundle(50_000, contracted=(0,)).drawdown[0].usage_usd[0] == pytest.approx(12_000)
    apart = bundle(50_000, seats_offer="other")
    assert (apart.drawdown[0].usage_usd[0], apart.by_line["seats"][0]) == pytest.approx((12_000, 24_000))


def test_seats_of_another_offer_beside_it_get_nothing_of_it():
    """100 seats and 6,000 reach 30,000: 5 % off 24,000. Ten chairs of another offer stay at 20: 2,400."""
    seat = RATES["seats"]["seat"]
    quote = {
        "terms": [12],
        "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0}]},
        "seats": {"seat": {}},
        "bundle": [{"combined_usd_per_year": 30_000, "seats": 0.05, "api": 0.2}],
    }
    deal = deal_of(
        rates={**RATES, "seats": {"seat": seat, "chair": seat}},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat", "chair"]}},
        offers={"quote": quote, "other": {"terms": [12], "seats": {"chair": {}}}},
    )
    terms = (ApiTerm(band_usd_per_year=1, commitment_usd=(6000,)),)
    plan = seat_plan((100,), api=ApiAgreement(offer="quote", term_months=12, terms=terms))
    chairs = SeatAgreement(offer="other", term_months=12, contracted=(10,))
    result = settled(deal, plan.model_copy(update={"seats": {**plan.seats, "chair": chairs}}))
    assert lines(result) == {"commitment": 6000, "seats": 24_000 * 0.95 + 2400}


def test_bundle_is_tested_again_at_every_term():
    """C = 8 400 then 8 000: the extra discount is lost in year 1; renewed at list there is none at all."""
    again = bundle((8400, 8000), contracted=(100, 100))
    assert [record.usage_usd[0] for record in again.drawdown] == pytest.approx([9600, 12_000])
    at_list = bundle((8400, 0), contracted=(100, 100), renewal="list")
    assert at_list.by_line["usage"][0] == pytest.approx(12_000)
    assert at_list.by_line["seats"][0] == pytest.approx(BUNDLED + 24_000)


def test_bundle_of_a_year_counts_its_own_seats():
    """100 seats reach it with C = 8 400; 60 in year 1 cost 14 400 after the tier that they do not reach, and do not."""
    result = bundle((8400, 8400), contracted=(100, 60))
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([9600, 12_000])


def test_seats_that_are_left_for_list_do_not_count():
    """100 seats and C = 8 400 reach it in year 0; in year 1 the seats are bought at list, 20 a month each."""
    terms = (SeatTerm(years=1), SeatTerm(offer="list", years=1))
    result = bundle((8400, 8400), contracted=(100, 100), renewal={"may_return": True}, seat_terms=terms)
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([9600, 12_000])
    assert result.by_year[1, 0] == pytest.approx(24_000 + 12_000)


def test_a_part_of_less_than_a_dollar_is_positive():
    """One seat at 0.05 a month is 0.60 a year, beside 30 000 committed; and C = 0.50 beside 32 400 of seats."""
    assert bundle(30_000, contracted=(1,), usd_per_user_month=0.05).drawdown[0].usage_usd[0] == pytest.approx(9600)
    assert bundle(0.5, contracted=(150,)).drawdown[0].usage_usd[0] == pytest.approx(9600)


def test_uplift_does_not_enter_the_bundle_test():
    """Uplift 100 %: year 1 pays twice, yet 21 600 + 8 000 stays below 30 000."""
    result = bundle((8000, 8000), contracted=(100, 100), renewal={"uplift": 1})
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([12_000, 24_000])


def test_bundle_counts_every_seat_type_of_the_offer_and_discounts_each():
    """Two types at 20 and 40: 12 · (50 · 20 + 50 · 40) = 36 000 and C = 4 000 reach 40 000: 10 % off both."""
    rates = {**RATES, "seats": {**RATES["seats"], "pro": {"usd_per_user_month": 40, "covered_share": 1}}}
    quote = {
        "terms": [12],
        "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0}]},
        "seats": {"seat": {}, "pro": {}},
        "bundle": [{"combined_usd_per_year": 40_000, "seats": 0.1}],
    }
    cohorts = {"staff": {"headcount": 0, "tracks": ["seat", "pro"]}}
    deal = deal_of(rates=rates, cohorts=cohorts, offers={"quote": quote})
    agreement = SeatAgreement(offer="quote", term_months=12, contracted=(50,))
    api = ApiAgreement(offer="quote", term_months=12, terms=(ApiTerm(band_usd_per_year=1, commitment_usd=(4000,)),))
    plan = seat_plan((50,), api=api).model_copy(update={"seats": {"seat": agreement, "pro": agreement}})
    assert lines(settled(deal, plan)) == {"seats": 32_400, "commitment": 4000}
