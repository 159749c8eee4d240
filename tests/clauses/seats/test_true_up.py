"""True-ups priced by hand: the examples of model §5, presets, prices, ratchets, and what is solved with them."""

import pytest

from deal_solve import scenarios_of, settle, solve
from tests.support.builders import count, deal_of, lines, months, seat_deal, seat_plan, settled
from tests.support.hand_deals import fixed, read


def clause(check, counted, retroactive, price, ratchet):
    return {"check": check, "count": counted, "retroactive": retroactive, "price": price, "ratchet": ratchet}


def true_up(users, terms, contracted=(100,), first=None, **rest):
    """Return the true-up line of one seat type at 20 a month."""
    horizon = 12 * len(contracted)
    deal = seat_deal(users, {"true_up": terms}, horizon=horizon, offer={"terms": [first or horizon]}, **rest)
    result = settled(deal, seat_plan(contracted, first=first or horizon))
    return result.by_line["true_up"][0]


# --- counts and windows -----------------------------------------------------------------------------------------------


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
    """As above, not retroactive, but the cohort leaves after year 0: the fees of 100 seats go on, and 30 seats added
    at the end of year 0 are charged 12 months there.
    """
    terms = clause(12, "peak", False, "contracted", "term")
    deal = seat_deal(months(130, 130), {"true_up": terms}, horizon=24)
    result = settled(deal, seat_plan((100, 100), tracks={"staff": ("seat", "none")}))
    assert lines(result) == {"seats": 48_000, "true_up": 30 * 20 * 12, "unserved": 130 * 7 * 12}


def test_facts_count_and_seats_above_n():
    """A = 130 in month 4, N = 100: 30 above in year 0, none in year 1 (ratchet year)."""
    facts = settled(seat_deal(count(m4=130, horizon=24), horizon=24), seat_plan((100, 100))).seats["seat"]
    assert facts.count.shape == (24, 1)
    assert facts.true_up_seats[:, 0].tolist() == [30, 0]


def test_seats_of_section_9_9():
    """24 000 + 10·20·9 + 24 000 + 10·20·12 + 10·20·9 = 54 000."""
    part = {"true_up": clause(1, "peak", True, "contracted", "term")}
    deal = seat_deal(count(m3=110, m15=120, horizon=24), part, horizon=24, offer={"terms": [24]})
    assert lines(settled(deal, seat_plan((100, 100), first=24))) == {"seats": 48_000, "true_up": 6_000}


# --- prices -----------------------------------------------------------------------------------------------------------


TIERS = ({"seats": 100, "discount": 0.1}, {"seats": 200, "discount": 0.25})


@pytest.mark.parametrize("kind", ["all_units", "incremental"])
@pytest.mark.parametrize(("seats", "price"), [(99, 20), (100, 18), (150, 18), (200, 15)])
def test_true_up_at_the_rate_of_the_tier_of_n(kind, seats, price):
    """150 more users in month 6: at the rate of the tier N lies in, 6 months; added seats move no tier."""
    deal = seat_deal(count(seats, m6=seats + 150), {"tiers": {"kind": kind, "steps": TIERS}})
    assert lines(settled(deal, seat_plan((seats,))))["true_up"] == 150 * price * 6


def test_yearly_prices_of_users_who_are_not_there_yet():
    """A cohort that starts in month 6 with 10 users and no seats: ten seats added for the last six months."""
    staff = {"headcount": 10, "starts": "2027-07", "tracks": ["seat"]}
    deal = deal_of(cohorts={"staff": staff}, offers={"quote": {"seats": {"seat": {}}}})
    assert lines(settled(deal, seat_plan((0,)))) == {"true_up": 10 * 20 * 6}


# --- solved -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "years", "charged"),
    [
        ({"check": 1, "count": "peak", "ratchet": "year"}, 1, 30 * 20 * 8),
        ({"check": 1, "count": "peak", "ratchet": "none"}, 1, 30 * 20 * 1),
        ({"check": 3, "count": "snapshot", "ratchet": "year"}, 1, 0),
        ({"check": 1, "count": "peak", "ratchet": "term"}, 2, 30 * 20 * 8 + 30 * 20 * 12),
    ],
    ids=["year", "none", "snapshot", "term"],
)
def test_true_up_examples_of_section_5(clause, years, charged):
    """N = 100 at 20, A = 130 in month 4 only. Ratchet year: 30·20·8 months (4 … 11) = 4 800; none: 30·20·1 = 600;
    {3, snapshot}: window 3–5 ends with A(5) = 100, nothing; term, two years: 4 800 + 30·20·12 = 12 000.
    """
    horizon = 12 * years
    users = [100] * 4 + [130] + [100] * (horizon - 5)
    deal = read(
        horizon,
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        offers={"quote": {"terms": [horizon], "seats": {"seat": {"true_up": {"price": "contracted", **clause}}}}},
        scenarios={"only": {"weight": 1, "active_users": {"staff": users}}},
    )
    signed = fixed(seats={"seat": {"offer": "quote", "contracted": 100}}, tracks={"staff": "seat"})
    solution = solve(deal, fix=signed)
    assert solution.plan.seats["seat"].contracted == (100,) * years
    assert solution.settlement.by_line["true_up"][0] == pytest.approx(charged)
    assert solution.objective_usd == pytest.approx(years * 24_000 + charged)
    assert settle(deal, solution.plan, scenarios_of(deal)).cost[0] == pytest.approx(years * 24_000 + charged)
