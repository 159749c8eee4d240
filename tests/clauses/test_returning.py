"""Taking an agreement again after leaving it: by hand, refused where it cannot be, and the same in both methods."""

import pytest

from deal_solve import InputError, Proposal, clauses, complete, scenarios_of, settle, solve, varied
from deal_solve.analysis.check.clauses import non_binding_clauses
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.facts.calendar import calendar
from deal_solve.plan.plan import ApiTerm
from deal_solve.plan.terms import TermSpan, possible_terms
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.report.sentences import api_sentence, seat_sentence
from deal_solve.uncertainty.first_users import first_users
from tests.support.hand_deals import APP, YEAR, fixed, quote, read

BOTH = pytest.mark.parametrize("method", ["decomposition", "extensive"])
LEFT = ApiTerm(offer="list", band_usd_per_year=0, commitment_usd=(0,))


def renewal(**more):
    """Return a renewal that may be left and taken again."""
    return {"may_return": True, **more}


def app(usage, again=None, terms=(12,), index=None, workload=None, **offer):
    """Return list value a year in thousands, and an offer with 20 % off from 200k, overage at list."""
    given = (
        quote((200_000, 0.2), overage="list", terms=terms) | {"renewal": renewal() if again is None else again} | offer
    )
    path = {"weight": 1, "requests_per_month": {"app": [1000 * usd / YEAR for usd in usage]}}
    path |= {} if index is None else {"list_price_index": {"opus": index}}
    return read(
        12 * len(usage), workloads={"app": APP | (workload or {})}, offers={"quote": given}, scenarios={"only": path}
    )


@BOTH
def test_the_api_is_left_for_the_year_of_little_usage_and_taken_again(method):
    """Usage 300k, 50k, 300k. Year 1 and 3: 240k each at 20 % off; a renewal in year 2 costs 200k, list 50k.

    Left and taken again 240k + 50k + 240k = 530k; staying 680k; left for good 590k.
    """
    solution = solve(app((300, 50, 300)), method=method)
    assert solution.objective_usd == pytest.approx(530_000)
    first, left, again = solution.plan.api.terms
    assert (first.commitment_usd, left, again.commitment_usd) == ((240_000,), LEFT, (240_000,))
    assert solution.settlement.by_year[:, 0] == pytest.approx([240_000, 50_000, 240_000])
    without = solve(app((300, 50, 300), {"may_return": False}), method=method)
    assert without.objective_usd == pytest.approx(590_000)


@BOTH
def test_a_return_is_the_next_renewal(method):
    """Prices rise by 10 % at every renewal: 0.8, then 0.88 for the return in year 3, though two terms have passed.

    240k + 50k + 300k · 0.88 = 554k.
    """
    solution = solve(app((300, 50, 300), renewal(price={"uplift": 0.1})), method=method)
    assert solution.settlement.by_year[:, 0] == pytest.approx([240_000, 50_000, 264_000])


@BOTH
def test_the_counter_goes_on_after_a_return(method):
    """Usage 300k, 50k, 300k, 300k: renewals at +10 % and +21 %: 240k + 50k + 264k + 290.4k."""
    solution = solve(app((300, 50, 300, 300), renewal(price={"uplift": 0.1})), method=method)
    assert solution.settlement.by_year[:, 0] == pytest.approx([240_000, 50_000, 264_000, 290_400])


@BOTH
def test_a_renewal_at_list_is_at_list_after_a_return(method):
    """Nothing is gained by taking the offer again at list prices: 240k + 50k + 300k."""
    deal = app((300, 50, 300), renewal(price="list"))
    assert solve(deal, method=method).objective_usd == pytest.approx(590_000)
    pinned = fixed(api={"offer": "quote", "at_list": [False, True, False]})
    again = solve(deal, method=method, fix=pinned)
    assert again.objective_usd == pytest.approx(590_000)
    assert [term.offer for term in again.plan.api.terms] == [None, "list", None]


@BOTH
def test_the_renewal_cap_counts_from_the_last_month_under_the_offer(method):
    """List is 1, 2, 4 in the years; locked at each start, a renewal at most 10 % above the last protected index.

    Usage 100k at today's list a year, 20 % off without commitment: kept 80k · (1 + 1.1 + 1.21) = 264.8k; left after
    year 1 and taken again in year 3, at 1.1 and not at 1.1 · 2: 80k + 200k + 88k.
    """
    offer = {"api": {"bands": [{"commit_usd_per_year": 0, "discount": 0.2}]}}
    deal = app((100, 100, 100), None, index=[1, 2, 4], price_protection="locked", renewal_cap=0.1, **offer)
    assert solve(deal, method=method).settlement.by_year[:, 0] == pytest.approx([80_000, 88_000, 96_800])
    pinned = fixed(api={"offer": "quote", "at_list": [False, True, False]})
    left = solve(deal, method=method, fix=pinned)
    assert left.settlement.by_year[:, 0] == pytest.approx([80_000, 200_000, 88_000])


@BOTH
def test_the_cap_goes_by_all_terms_before(method):
    """List 1, 2, 4, 8. Taken in years 1, 2 and 4: 1, 1.1, then 1.21 although the year before was at 4."""
    offer = {"api": {"bands": [{"commit_usd_per_year": 0, "discount": 0.2}]}}
    deal = app((100,) * 4, None, index=[1, 2, 4, 8], price_protection="locked", renewal_cap=0.1, **offer)
    pinned = fixed(api={"offer": "quote", "at_list": [False, False, True, False]})
    found = solve(deal, method=method, fix=pinned)
    assert found.settlement.by_year[:, 0] == pytest.approx([80_000, 88_000, 400_000, 96_800])


@BOTH
def test_a_return_has_the_longest_length_that_ends_by_the_horizon(method):
    """Terms of 12 and 24 months; usage 300k, 50k, 300k, 10k. Left for good: 240k + 50k + 300k + 10k = 600k. Taken again
    in year 3 it binds for two years: 200k a year, and in year 3 the 50k above what they cover at list.
    """
    deal = app((300, 50, 300, 10), terms=(12, 24))
    assert solve(deal, method=method).objective_usd == pytest.approx(600_000)
    pinned = {"offer": "quote", "term_months": 12, "at_list": [False, True, False, False]}
    again = solve(deal, method=method, fix=fixed(api=pinned))
    assert [len(term.commitment_usd) for term in again.plan.api.terms] == [1, 1, 2]
    assert again.objective_usd == pytest.approx(240_000 + 50_000 + 250_000 + 200_000)


def test_a_plan_that_returns_is_a_proposal():
    """Pinned whole, it is solved to itself; so is one whose bands differ by term."""
    deal = app((300, 50, 300))
    plan = solve(deal).plan
    refuse_impossible(deal, plan)
    again = solve(deal, fix=fixed(**plan.model_dump(mode="json")))
    assert again.plan.api == plan.api
    assert plan.api.left == ((12, 24),)


def test_the_terms_that_can_be_had():
    """Of 24 months first and 12 after that, four years: each may be left at its end and taken again each year."""
    offer = app((1,) * 4, terms=(12, 24)).offers["quote"]
    found = possible_terms(offer, 24, 48)
    taken = [(span.index, span.start, span.length) for span in found if not span.left]
    assert taken == [(0, 0, 24), (1, 24, 24), (1, 36, 12)]
    assert [(span.index, span.start) for span in found if span.left] == [(1, 24), (1, 36)]
    told = possible_terms(offer.model_copy(update={"renewal_cap": 0.1, "price_protection": "locked"}), 12, 48)
    last = [span.since for span in told if span.start == 36 and not span.left]
    assert sorted(last) == [(0,), (0, 12)]
    assert TermSpan(1, 36, 48, 12, since=(0,)) in told


# --- seats ------------------------------------------------------------------------------------------------------------


def staffed(counts, seat=None, again=None, monthly=None, **more):
    """Return a deal whose staff is on a seat of 20 at list, sold for 12 months by the quote; `counts` are monthly."""
    part = {"usd_per_user_month": 20} | (seat or {})
    offer = {"terms": [12], "seats": {"seat": part}, "renewal": renewal() if again is None else again}
    staff = {"headcount": 100, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1000}
    users = {"only": {"weight": 1, "active_users": {"staff": counts}}}
    deal = read(len(counts), cohorts={"staff": staff}, offers={"quote": offer | more}, scenarios=users)
    prices = {"yearly": 20} | ({} if monthly is None else {"monthly": monthly})
    return varied(deal, {"rates.seats.seat": {"usd_per_user_month": prices, "covered_share": 1, "provides": []}})


def seats(*at_list, **more):
    return fixed(seats={"seat": {"offer": "quote", "at_list": list(at_list), **more}})


@BOTH
def test_seats_are_left_for_the_year_of_few_users_and_taken_again(method):
    """12 a month from 50 seats on, 20 at list: users 50, 10, 50. 50 · 144 + 10 · 240 + 50 · 144 = 16,800; who stays
    pays 3 · 7,200 = 21,600; who left for good 7,200 + 2,400 + 12,000.
    """
    deal = staffed([50] * 12 + [10] * 12 + [50] * 12, {"usd_per_user_month": 12, "minimum": 50})
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(16_800)
    assert solution.plan.seats["seat"].at_list == (None, "list", None)
    assert solution.plan.seats["seat"].contracted == (50, 10, 50)
    refuse_impossible(deal, solution.plan)
    again = solve(deal, fix=Proposal.model_validate(solution.plan.model_dump(mode="json")))
    assert again.plan.seats == solution.plan.seats


@BOTH
@pytest.mark.parametrize("seller", ["list", "list-monthly"])
def test_the_largest_count_is_carried_to_list_and_not_back_from_it(method, seller):
    """True-forward at 20, M = 150 at the end of year 1: charged at list in year 2, where 80 use seats. The list adds on
    demand, so nothing of it is carried into the return: 100 seats for 80 users in year 3.
    """
    deal = staffed([100] * 11 + [150] + [80] * 24, {"true_up": "true-forward"}, monthly=25)
    at_list = 150 * 240 if seller == "list" else 150 * 25 * 12
    counts = [100, 80 if seller == "list" else 0, 100]
    found = solve(deal, method=method, fix=seats(False, seller, False, contracted=counts))
    assert found.objective_usd == pytest.approx(100 * 240 + at_list + 100 * 240)


@BOTH
def test_the_largest_count_after_a_return_counts_from_it(method):
    """Taken again in year 3 of four: 150 users in its last month are M of year 4, where 80 use seats."""
    deal = staffed([100] * 35 + [150] + [80] * 12, {"true_up": "true-forward"})
    found = solve(deal, method=method, fix=seats(False, "list", False, False, contracted=[100, 100, 100, 80]))
    assert found.objective_usd == pytest.approx((100 + 100 + 100 + 150) * 240)


@BOTH
def test_the_initial_order_is_asked_for_at_a_return(method):
    """50 expected users are ordered in the year in which the type is taken again, though 20 are free to add."""
    counts = [50] * 36
    deal = staffed(counts, {"usd_per_user_month": 12})
    solution = solve(deal, method=method, fix=seats(False, "list", False))
    assert solution.plan.seats["seat"].contracted == (50, 50, 50)
    broken = complete(deal, seats(False, "list", False, contracted=[50, 50, 20]), scenarios_of(deal))[0]
    with pytest.raises(InputError, match=r"quote\.seats\.seat\.initial_order: 20 seats contracted in contract year 3"):
        refuse_impossible(deal, broken, first_users(scenarios_of(deal)))


@BOTH
def test_seats_of_a_second_leaving_may_go_to_the_other_list(method):
    """Users 50, 10, 50, 10 for a month: list billed yearly for 10, then by the month, 25 a user."""
    counts = [50] * 12 + [10] * 12 + [50] * 12 + [10] + [0] * 11
    deal = staffed(counts, {"usd_per_user_month": 12, "minimum": 50}, monthly=25)
    solution = solve(deal, method=method)
    assert solution.plan.seats["seat"].at_list == (None, "list", None, "list-monthly")
    assert solution.objective_usd == pytest.approx(7_200 + 2_400 + 7_200 + 250)


# --- both -------------------------------------------------------------------------------------------------------------


def bundled(usage, counts, terms=(12,), first=None, **more):
    """Return usage in thousands a year and users a year, 20 % off from 200k, seats at 12 from 50 on, and a bundle of
    10 % on both from 200k together.
    """
    offer = quote((200_000, 0.2), overage="list", terms=terms) | {
        "seats": {"seat": {"usd_per_user_month": 12, "minimum": 50}},
        "bundle": [{"combined_usd_per_year": 200_000, "seats": 0.1, "api": 0.1}],
        "renewal": renewal(),
    }
    staff = {"headcount": 100, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1000}
    path = {
        "weight": 1,
        "requests_per_month": {"app": [1000 * usd / YEAR for usd in usage]},
        "active_users": {"staff": [n for n in counts for _ in range(YEAR)]},
    }
    deal = read(
        12 * len(usage),
        workloads={"app": APP},
        cohorts={"staff": staff},
        offers={"quote": offer | more},
        scenarios={"only": path},
    )
    return varied(
        deal, {"rates.seats.seat": {"usd_per_user_month": {"yearly": 20}, "covered_share": 1, "provides": []}}
    )


@BOTH
def test_both_parts_return_and_the_bundle_with_them(method):
    """Year 1 and 3: 300k · 0.72 = 216k and 50 · 144 · 0.9 = 6,480; year 2 at list: 50k and 10 · 240."""
    deal = bundled((300, 50, 300), (50, 10, 50))
    solution = solve(deal, method=method)
    assert solution.settlement.by_year[:, 0] == pytest.approx([222_480, 52_400, 222_480])


@BOTH
def test_the_bundle_ends_while_one_part_is_left(method):
    """The API is left in year 2 and the seats are not: 50k at list and seats without bundle, 7,200."""
    deal = bundled((300, 50, 300), (50, 50, 50))
    solution = solve(deal, method=method)
    assert solution.settlement.by_year[:, 0] == pytest.approx([222_480, 57_200, 222_480])
    assert solution.plan.seats["seat"].terms == ()


@BOTH
def test_a_part_comes_back_only_where_the_other_one_starts_a_term(method):
    """First 12 months, renewed for 24: usage 300k, 50k, 300k; 50 users throughout.

    Terms of 12 and 24 months in three years: the seats are renewed for years 2 and 3, so the API, left after year 1,
    cannot come back in year 3. Left for good: 222,480 + 50k + 300k + 2 · 7,200 = 586,880. Seats leaving too, for list
    in year 2, lets both return: 222,480 + 50k + 12,000 + 222,480 = 506,960.
    """
    deal = bundled((300, 50, 300), (50, 50, 50), terms=(12, 24))
    pins = {"api": {"offer": "quote", "term_months": 12}}
    solution = solve(deal, method=method, fix=fixed(**pins))
    assert solution.plan.seats["seat"].at_list == (None, "list", None)
    assert solution.objective_usd == pytest.approx(506_960)
    stays = {"seats": {"seat": {"offer": "quote", "at_list": False}}}
    kept = solve(deal, method=method, fix=fixed(**pins, **stays))
    assert [term.offer for term in kept.plan.api.terms] != [None, "list", None]
    alone = {"api": {**pins["api"], "at_list": [False, True, False]}, **stays}
    with pytest.raises(InputError, match="the API agreement is taken again in contract year 3, inside a term of seat"):
        refuse_impossible(deal, complete(deal, fixed(**alone), scenarios_of(deal))[0])


# --- refused ----------------------------------------------------------------------------------------------------------


def test_returning_is_refused_where_it_cannot_be():
    with pytest.raises(InputError, match="may_return: nobody returns who may not leave"):
        app((1, 1), {"may_leave": False, "may_return": True})
    deal = app((300, 50, 300), {"may_return": False})
    plan = complete(deal, fixed(api={"offer": "quote", "at_list": [False, True, False]}), scenarios_of(deal))[0]
    with pytest.raises(InputError, match=r"may_return: the API agreement is taken again in contract year 3 after"):
        refuse_impossible(deal, plan)
    assert settle(deal, plan, scenarios_of(deal)).by_year[:, 0] == pytest.approx([200_000 + 50_000, 50_000, 250_000])


def test_check_says_where_nothing_can_be_taken_again():
    """Two years: left after the first one there is no year to come back in. Or only the quote has a control."""
    said = "no term ends two contract years before the horizon, so nothing is left and taken again"
    for deal, reasons in (
        (app((300, 50, 300)), []),
        (app((300, 50)), [said]),
        (app((300, 50, 300), provides=["baa"], workload={"requires": ["baa"]}), ["list does not sell it, or lacks a"]),
    ):
        found = dict(non_binding_clauses(deal, scenarios_of(deal)))
        reason = found.get(("offers", "quote", "renewal", "may_return"))
        assert [reason[: len(each)] for each in reasons] == reasons if reasons else reason is None


def test_the_step_towards_the_buyer_is_worth_what_returning_saves():
    """590k without the right, 530k with it."""
    deal = app((300, 50, 300), {"may_return": False})
    found = clauses(deal, scenarios_of(deal), "quote", pairs=0)
    (row,) = [each for each in found.values if each.clause == "returning"]
    assert (row.was, row.asked) == ("left for good", "may be taken again")
    assert row.value_usd == pytest.approx(60_000)


def test_the_page_the_calendar_and_the_sentences_say_when_it_is_taken_again():
    deal = bundled((300, 50, 300), (50, 10, 50))
    solution = solve(deal)
    page = " ".join(solution_report(subject_of(solution)).split())
    assert "left for list prices in year 2, then 216,000 in year 3" in page
    assert "planned after: 50 in year 3; planned after: list, 10 in year 2" in page
    events = [event for event in calendar(solution.settlement) if event.kind in ("start", "renewal", "notice", "end")]
    assert [f"{event.day:%Y-%m}" for event in events] == ["2027-01", "2027-07", "2029-01", "2030-01"]
    assert events[2].what == "quote is renewed for 12 months: API (taken again), seat seats (taken again)"
    said = api_sentence(deal, solution.plan.api)
    assert "left at the end of 2027-12, taken again from 2029-01: 216,000 USD committed in contract year 1 / 3" in said
    said = seat_sentence(deal, solution.plan, "seat")
    assert "left for list billed yearly at the end of 2027-12, taken again from 2029-01" in said
