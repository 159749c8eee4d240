"""Seats priced by hand: fees, volume tiers, true-ups, hard cap, bundle, terms (deal model, sections 5, 6 and 9)."""

import pytest

from deal_solve.plan.plan import ApiAgreement, ApiTerm, Route, SeatAgreement
from tests.support.builders import APP, RATES, deal_of, lines, months, only, seat_deal, seat_plan, settled


def count(base=100.0, horizon=12, **changes):
    """Return `base` users a month but `mN=x` in month N."""
    path = [float(base)] * horizon
    for key, users in changes.items():
        path[int(key[1:])] = float(users)
    return path


def clause(check, counted, retroactive, price, ratchet):
    return {"check": check, "count": counted, "retroactive": retroactive, "price": price, "ratchet": ratchet}


def true_up(users, terms, contracted=(100,), first=None, **rest):
    """Return the true-up line of one seat type at 20 a month."""
    horizon = 12 * len(contracted)
    deal = seat_deal(users, {"true_up": terms}, horizon=horizon, offer={"terms": [first or horizon]}, **rest)
    result = settled(deal, seat_plan(contracted, first=first or horizon))
    return result.by_line["true_up"][0]


# --- fees and tiers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("billing", "paid"), [("yearly", [0]), ("monthly", range(12))])
def test_fees_in_advance(billing, paid):
    """100 seats at 20: 24 000 a year, or 2 000 at the start of each month; r = 10 %."""
    deal = seat_deal(100, {"billing": billing}, cost_of_capital_per_year=0.1)
    result = settled(deal, seat_plan((100,)))
    expected = sum(24_000 / len(paid) * 1.1 ** (-t / 12) for t in paid)
    assert lines(result) == {"seats": round(expected, 2)}


def test_list_is_billed_monthly_at_the_card_price():
    """50 seats at the card's 20, although the quote sells them at 12."""
    result = settled(seat_deal(50, {"usd_per_user_month": 12}), seat_plan((50,), offer="list"))
    frame = result.invoice()
    assert (len(frame), set(frame["amount_usd"]), list(frame["paid_month"])) == (12, {1000.0}, list(range(12)))


TIERS = ({"seats": 100, "discount": 0.1}, {"seats": 200, "discount": 0.25})


@pytest.mark.parametrize(
    ("kind", "seats", "month_usd"),
    [
        ("all_units", 99, 99 * 20),
        ("all_units", 100, 100 * 18),
        ("all_units", 101, 101 * 18),
        ("all_units", 199, 199 * 18),
        ("all_units", 200, 200 * 15),
        ("incremental", 99, 99 * 20),
        ("incremental", 100, 99 * 20 + 18),
        ("incremental", 101, 99 * 20 + 2 * 18),
        ("incremental", 199, 99 * 20 + 100 * 18),
        ("incremental", 200, 99 * 20 + 100 * 18 + 15),
        ("incremental", 250, 99 * 20 + 100 * 18 + 51 * 15),
    ],
)
def test_volume_tiers_below_at_and_above_each_step(kind, seats, month_usd):
    """20 a seat; 18 from the 100th seat, 15 from the 200th (all_units: on all seats once reached)."""
    result = settled(seat_deal(0, {"tiers": {"kind": kind, "steps": TIERS}}), seat_plan((seats,)))
    assert result.cost[0] == pytest.approx(12 * month_usd)
    assert result.committed_usd == pytest.approx(12 * month_usd)


@pytest.mark.parametrize("kind", ["all_units", "incremental"])
@pytest.mark.parametrize(("seats", "price"), [(99, 20), (100, 18), (150, 18), (200, 15)])
def test_true_up_at_the_rate_of_the_tier_of_n(kind, seats, price):
    """150 more users in month 6: at the rate of the tier N lies in, 6 months; added seats move no tier."""
    deal = seat_deal(count(seats, m6=seats + 150), {"tiers": {"kind": kind, "steps": TIERS}})
    assert lines(settled(deal, seat_plan((seats,))))["true_up"] == 150 * price * 6


def test_seat_price_follows_the_index_of_the_years_first_month():
    """Index 1 to month 5, 1.5 to month 17, 2 after: year 0 at 20, year 1 at 30; committed at index 1."""
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 12 + [2.0] * 6, horizon=24)
    result = settled(deal, seat_plan((100, 100)))
    assert list(result.by_year[:, 0]) == [24_000, 36_000]
    assert result.committed_usd == 48_000


@pytest.mark.parametrize(
    ("protection", "second"),
    [("none", 36_000), ("locked", 24_000), ("pass_through", 24_000), ({"capped": 0.1}, 26_400)],
)
def test_price_protection_of_seats_in_one_term(protection, second):
    """The same index in one term of 24 months; capped at 10 % a year: 22 a seat in year 1."""
    offer = {"terms": [24], "price_protection": protection}
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 18, horizon=24, offer=offer)
    assert settled(deal, seat_plan((100, 100), first=24)).by_year[1, 0] == pytest.approx(second)


def test_renewal_cap_of_seats():
    """Locked a year at a time, cap 5 %, list 1.5 from month 6: 20, 21, 22.05 a seat."""
    offer = {"price_protection": "locked", "renewal_cap": 0.05}
    deal = seat_deal(100, {}, index=[1.0] * 6 + [1.5] * 30, horizon=36, offer=offer)
    assert settled(deal, seat_plan((100,) * 3)).by_year[:, 0] == pytest.approx([24_000, 25_200, 26_460])


# --- true-ups ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "users", "contracted", "expected"),
    [
        (clause(1, "peak", True, "contracted", "year"), count(m4=130), (100,), 30 * 20 * 8),
        (clause(1, "peak", True, "contracted", "none"), count(m4=130), (100,), 30 * 20 * 1),
        (clause(3, "snapshot", True, "contracted", "year"), count(m4=130), (100,), 0),
        (clause(3, "peak", True, "contracted", "year"), count(m4=130), (100,), 30 * 20 * 9),
        (clause(3, "peak", True, "contracted", "none"), count(m4=130), (100,), 30 * 20 * 3),
        (clause(1, "peak", True, "contracted", "term"), count(m4=130, horizon=24), (100, 100), 4800 + 30 * 20 * 12),
        (clause(1, "peak", True, "contracted", "year"), count(m4=130, horizon=24), (100, 100), 4800),
    ],
)
def test_examples_of_section_5(terms, users, contracted, expected):
    """N = 100 at 20, A = 130 in month 4 only: 8 months to the year's end; ratchet none 1; window 3-5 ends at 100; term
    keeps the 30 for all of year 1.
    """
    assert true_up(users, terms, contracted) == expected


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("add-on-demand", 30 * 20 * 8 + 10 * 20 * 4 + 30 * 20 * 12),
        ("quarterly-reconciliation", 30 * 20 * 9 + 10 * 20 * 6 + 30 * 20 * 12),
        ("annual-true-up", 40 * 20 * 12 + 40 * 20 * 12),
        ("true-forward", 0 + 40 * 20 * 12),
    ],
)
def test_presets(preset, expected):
    """N = 100; A = 130 in month 4, 140 in month 8, 130 in month 12. By month: 30 from 4, 10 more from 8, 30 again in
    year 1. By quarter: 30 from 3, 10 from 6, 30 from 12. Yearly with ratchet term: 40 all of year 0, 40 carried through
    year 1. True-forward: nothing in year 0, 40 through year 1.
    """
    assert true_up(count(m4=130, m8=140, m12=130, horizon=24), preset, (100, 100)) == expected


def test_growth_is_charged_step_by_step():
    """A = 110 in month 2, 105 in month 5, 125 from month 9: 10 · 10 months + 15 · 3 months at 20."""
    users = count(m2=110, m5=105, m9=125, m10=125, m11=125)
    assert true_up(users, "add-on-demand") == 20 * (10 * 10 + 15 * 3)


def test_counts_are_not_rounded():
    assert true_up(count(m11=100.25), "add-on-demand") == 0.25 * 20


@pytest.mark.parametrize(("price", "expected"), [("contracted", 12 * 1.5 * 0.9), ("list", 20 * 1.5)])
def test_true_up_price_contracted_or_list(price, expected):
    """Own price 12, term discount 10 %, protected index 1.5 of year 1; one more user in the last month. List is the
    card's 20: neither own price nor discount, but the same index.
    """
    part = {"usd_per_user_month": 12, "true_up": {"price": price}}
    offer = {"terms": {12: {"seats": 0.1}}}
    deal = seat_deal(count(m23=101, horizon=24), part, index=[1.0] * 6 + [1.5] * 18, horizon=24, offer=offer)
    assert lines(settled(deal, seat_plan((100, 100))))["true_up"] == pytest.approx(expected)


def test_not_retroactive_charges_from_the_windows_end():
    """{3, peak, no, year}: 30 seen in month 4 count from month 6: 6 months; 40 more in month 11, the last count of the
    horizon: 3 months; in a year that another follows: none.
    """
    terms = clause(3, "peak", False, "contracted", "year")
    assert true_up(count(m4=130, m11=170), terms) == 20 * (30 * 6 + 40 * 3)
    assert true_up(count(m4=130, m11=170, horizon=24), terms, (100, 100)) == 20 * 30 * 6


def test_true_forward_charges_the_last_count_of_the_horizon_a_year():
    """{12, peak, no, term} in one year: 30 added at the end of the horizon, 12 months."""
    assert true_up(count(m4=130), "true-forward") == 30 * 20 * 12


def test_ratchet_term_counts_the_largest_of_the_term_above_each_n():
    """Annual true-up over three years, N = 100, 120, 150; A = 130 in year 0, 110 after: year 0 30 · 12; year 1 (130 -
    120) · 12 at its start; year 2 none. At 20 a month.
    """
    users = [130.0] * 12 + [110.0] * 24
    assert true_up(users, "annual-true-up", (100, 120, 150)) == 20 * 12 * (30 + 10)


@pytest.mark.parametrize(
    ("retroactive", "expected"),
    [(True, [30 * 12, 10 * 12, 0]), (False, [0, 30 * 12, 10 * 12])],
)
def test_ratchet_term_across_a_renewal(retroactive, expected):
    """Terms of a year, {12, peak, term}, N = 100; A = 130 in year 0, 110 in year 1, 0 in year 2. Retroactive: year 0
    pays 30 for the year, and 10 in year 1. Not: 30 carried into year 1, its own largest 110 into year 2.
    """
    terms = clause(12, "peak", retroactive, "contracted", "term")
    deal = seat_deal(months(130, 110, 0), {"true_up": terms}, horizon=36)
    frame = settled(deal, seat_plan((100, 100, 100))).invoice()
    charged = frame[frame["line"] == "true_up"].groupby("contract_year")["quantity"].sum()
    assert [charged.get(year, 0) for year in range(3)] == expected


def test_not_carried_into_a_term_in_which_no_cohort_takes_the_type():
    """As above, not retroactive, but the cohort leaves after year 0: only the fees of 100 seats go on."""
    terms = clause(12, "peak", False, "contracted", "term")
    deal = seat_deal(months(130, 130), {"true_up": terms}, horizon=24)
    result = settled(deal, seat_plan((100, 100), tracks={"staff": ("seat", "none")}))
    assert lines(result) == {"seats": 48_000, "unserved": 130 * 7 * 12}


def test_facts_count_and_seats_above_n():
    """A = 130 in month 4, N = 100: 30 above in year 0, none in year 1 (ratchet year)."""
    facts = settled(seat_deal(count(m4=130, horizon=24), horizon=24), seat_plan((100, 100))).seats["seat"]
    assert facts.count.shape == (1, 24)
    assert facts.true_up_seats[:, 0].tolist() == [30, 0]


def test_seats_of_section_9_9():
    """24 000 + 10·20·9 + 24 000 + 10·20·12 + 10·20·9 = 54 000."""
    part = {"true_up": clause(1, "peak", True, "contracted", "term")}
    deal = seat_deal(count(m3=110, m15=120, horizon=24), part, horizon=24, offer={"terms": [24]})
    assert lines(settled(deal, seat_plan((100, 100), first=24))) == {"seats": 48_000, "true_up": 6_000}


# --- hard cap ---------------------------------------------------------------------------------------------------


def test_hard_cap_leaves_the_cheapest_users_unserved():
    """120 users on 100 seats: 15 of `b` at 3 (all of them) and 5 of `a` at 8, each month; seats 24 000."""
    path = only(active_users={"a": 105, "b": 15})
    cohort = {"headcount": 0, "tracks": ["seat"]}
    cohorts = {"a": {**cohort, "unserved_usd_per_user_month": 8}, "b": {**cohort, "unserved_usd_per_user_month": 3}}
    deal = deal_of(cohorts=cohorts, scenarios=path, offers={"quote": {"seats": {"seat": {"true_up": "hard_cap"}}}})
    result = settled(deal, seat_plan((100,), tracks={"a": ("seat",), "b": ("seat",)}))
    assert lines(result) == {"seats": 24_000, "unserved": 12 * (15 * 3 + 5 * 8)}
    assert result.seats["seat"].true_up_seats.tolist() == [[0]]


def test_track_none_costs_every_active_user_month():
    """120 users at 7 for 12 months."""
    result = settled(seat_deal(120), seat_plan((0,), tracks={"staff": ("none",)}))
    assert lines(result) == {"unserved": 120 * 7 * 12}


# --- renewal ----------------------------------------------------------------------------------------------------


def test_renewal_at_list_takes_seats_back_to_the_card_price():
    """Own price 12, tier 10 %, term 5 % in year 0; year 1 at 20 flat; true-up goes on: one more in month 23."""
    part = {"usd_per_user_month": 12, "tiers": {"kind": "all_units", "steps": [{"seats": 100, "discount": 0.1}]}}
    offer = {"terms": {12: {"seats": 0.05}}, "renewal": "list"}
    deal = seat_deal(count(m23=101, horizon=24), part, horizon=24, offer=offer)
    result = settled(deal, seat_plan((100, 100)))
    assert result.by_year[:, 0] == pytest.approx([1200 * 12 * 0.9 * 0.95, 24_000 + 20])
    assert result.committed_usd == pytest.approx(1200 * 12 * 0.9 * 0.95 + 24_000)


def test_uplift_of_seats_and_of_a_contracted_true_up_but_not_of_a_list_one():
    """Own price 12 · 1.1 and · 1.21; one more user in the last month at 14.52, or at the card's 20."""
    for price, extra in (("contracted", 14.52), ("list", 20)):
        part = {"usd_per_user_month": 12, "true_up": {"price": price}}
        deal = seat_deal(count(m35=101, horizon=36), part, horizon=36, offer={"renewal": {"uplift": 0.1}})
        by_year = settled(deal, seat_plan((100,) * 3)).by_year[:, 0]
        assert by_year == pytest.approx([14_400, 15_840, 17_424 + extra])


def test_a_seat_term_that_runs_beyond_the_horizon():
    """Terms of 36 in 48 months: the second ends in month 72; two more years of 120 · 20 · 12 are owed."""
    deal = seat_deal(100, {}, horizon=48, offer={"terms": [36]}, index=[1.0] * 6 + [2.0] * 42)
    result = settled(deal, seat_plan((100, 100, 110, 120), first=36))
    assert result.beyond_horizon_usd == 2 * 120 * 20 * 12


# --- bundle -----------------------------------------------------------------------------------------------------


def bundle(commitment, contracted=(100,), seats_offer="quote", renewal="same", **part):
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
    return settled(deal, plan)


FULL, BUNDLED = 21_600 * 0.5, 21_600 * 0.5 * 0.95


@pytest.mark.parametrize(
    ("commitment", "seats", "usage"),
    [(8399, FULL, 12_000), (8400, BUNDLED, 9600), (8399.996, BUNDLED, 9600), (9000, BUNDLED, 9600)],
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
    """No commitment, or no seats, or seats from another paper: no extra discount, however large the rest."""
    assert bundle(0, contracted=(10_000,)).by_line["usage"][0] == pytest.approx(12_000)
    assert bundle(50_000, contracted=(0,)).drawdown[0].usage_usd[0] == pytest.approx(12_000)
    apart = bundle(50_000, seats_offer="other")
    assert (apart.drawdown[0].usage_usd[0], apart.by_line["seats"][0]) == pytest.approx((12_000, 24_000))


def test_bundle_is_tested_again_at_every_term():
    """C = 8 400 then 8 000: the extra discount is lost in year 1; renewed at list there is none at all."""
    again = bundle((8400, 8000), contracted=(100, 100))
    assert [record.usage_usd[0] for record in again.drawdown] == pytest.approx([9600, 12_000])
    at_list = bundle((8400, 0), contracted=(100, 100), renewal="list")
    assert at_list.by_line["usage"][0] == pytest.approx(12_000)
    assert at_list.by_line["seats"][0] == pytest.approx(BUNDLED + 24_000)


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
