"""Leaving an agreement at the end of a term: by hand, refused where it cannot be, and the same in both methods."""

from pathlib import Path

import pytest
import yaml

from deal_solve import Infeasible, InputError, Proposal, complete, loads, scenarios_of, solve, varied
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.deal.offers.renewal import Renewal
from deal_solve.facts.calendar import calendar
from deal_solve.facts.notes import limit_note
from deal_solve.plan.plan import ApiTerm
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.first_users import first_users
from tests.support.hand_deals import APP, YEAR, explicit, fixed, quote, read

BUYER = Path(__file__).parents[1] / "models" / "buyer.yaml"
LEFT = ApiTerm(offer="list", band_usd_per_year=0, commitment_usd=(0,))


def falling(usage=(300, 50, 50), renewal=None, workload=None, **offer):
    """Return I8: list value a year in thousands, and one 12-month offer with 20 % off from 200k, overage at list."""
    paths = {"only": [1000 * usd / YEAR for usd in usage]}
    given = quote((200_000, 0.2), overage="list") | offer | ({} if renewal is None else {"renewal": renewal})
    work = APP | (workload or {})
    return read(36, workloads={"app": work}, offers={"quote": given}, scenarios=explicit(paths))


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_i8_an_offer_taken_for_the_year_that_pays_and_left(method):
    """Usage 300k, 50k, 50k at list; 20 % off from 200k contracted. Year 1: 240k. A renewal costs 200k for 50k of usage
    at list, so the agreement is left: 240k + 50k + 50k = 340k. Who signs nothing pays 400k, who must renew
    240k + 200k + 200k = 640k.
    """
    deal = falling()
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(340_000)
    assert solution.plan.api.offer == "quote"
    first, *left = solution.plan.api.terms
    assert first.commitment_usd == pytest.approx((240_000,))
    assert left == [LEFT, LEFT]
    assert solution.settlement.by_year[:, 0] == pytest.approx([240_000, 50_000, 50_000])
    bound = solve(falling(renewal={"may_leave": False}), method=method)
    assert bound.objective_usd == pytest.approx(400_000)
    assert bound.plan.api.offer == "list"


def test_a_commitment_stated_for_every_year_is_not_left():
    """240k, 200k and 200k fixed: the renewals cost what they commit, though leaving costs 50k a year."""
    kept = fixed(api={"offer": "quote", "commitment_usd": [240_000, 200_000, 200_000]})
    assert solve(falling(), fix=kept).objective_usd == pytest.approx(640_000)


def test_buyer_leaves_the_order_form_after_its_first_year():
    """A 12-month order form with bands from 250,000, renewed for ever, is worth nothing to this buyer; with the right
    to leave it is worth what a band from 0 at list prices is worth: 250,000 in year 1, nothing after it.
    """
    data = yaml.safe_load(BUYER.read_text())
    free = yaml.safe_load(BUYER.read_text())
    free["offers"]["order-form"]["api"]["bands"].insert(0, {"commit_usd_per_year": 0, "discount": "0%"})
    leaving, with_zero_band = (solve(loads(yaml.safe_dump(each))) for each in (data, free))
    assert leaving.objective_usd == pytest.approx(with_zero_band.objective_usd)
    assert [usd for term in leaving.plan.api.terms for usd in term.commitment_usd] == pytest.approx([250_000, 0, 0])
    assert leaving.plan.api.terms[1] == LEFT
    assert [term.offer for term in with_zero_band.plan.api.terms] == [None] * 3


def test_the_page_and_the_calendar_say_when_it_is_left():
    """The first term ends with December 2027; notice is due when negotiating what follows would begin."""
    solution = solve(falling())
    assert "left for list prices in years 2 to 3" in " ".join(solution_report(subject_of(solution)).split())
    said = [(event.day.year, event.what) for event in calendar(solution.settlement) if event.kind == "notice"]
    assert said == [(2027, "give notice that the API agreement with quote (ends 2027-12) is not renewed")]


def test_what_is_left_stays_left():
    """Usage 300k, 50k, 300k: 240k + 50k + 300k = 590k after leaving; staying costs 240k + 200k + 240k = 680k."""
    solution = solve(falling((300, 50, 300)))
    assert solution.objective_usd == pytest.approx(590_000)
    assert solution.plan.api.terms[1] == LEFT


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_left_agreement_follows_list_without_protection_or_uplift(method):
    """List is 1, 2, 1 in the years; the quote, 20 % off without commitment, is locked at each start, with 10 % uplift.

    Usage 100 a month: 960 in year 1; renewed 0.8 · 1.1 · 2 = 1.76, left 2; then renewed 0.8 · 1.21 = 0.968, left 1.
    So it is kept: 960 + 2112 + 1161.60 = 4233.60; left after year 1: 960 + 2400 + 1200.
    """
    offer = quote((0, 0.2)) | {"price_protection": "locked", "renewal": {"price": {"uplift": 0.1}}}
    path = {"weight": 1, "requests_per_month": {"app": 100}, "list_price_index": {"opus": [1, 2, 1]}}
    deal = read(36, workloads={"app": APP}, offers={"quote": offer}, scenarios={"only": path})
    assert solve(deal, method=method).objective_usd == pytest.approx(4233.60)
    left = solve(deal, method=method, fix=fixed(api={"offer": "quote", "at_list": [False, True, True]}))
    assert left.settlement.by_year[:, 0] == pytest.approx([960, 2400, 1200])


def test_an_offer_whose_controls_list_lacks_is_not_left():
    """Only the quote provides baa, so it is renewed: 240k + 200k + 200k."""
    deal = falling(workload={"requires": ["baa"]}, provides=["baa"])
    assert solve(deal).objective_usd == pytest.approx(640_000)
    with pytest.raises(InputError, match="left for list, which lacks baa"):
        proposal = fixed(api={"offer": "quote", "at_list": [False, True, True]})
        refuse_impossible(deal, complete(deal, proposal, scenarios_of(deal))[0])


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_seat_usage_counts_toward_an_agreement_only_until_it_is_left(method):
    """10 users at 20 a month from the quote, whose metered usage of 100 a month each counts. App 300k, 0, 0 a year.

    Year 1: 312k of list usage at 20 % off is 249,600. Then the agreement is left; the seats go on, and their usage of
    12k a year is billed at list. Seats 2,400 a year: 249,600 + 2 · 12,000 + 7,200 = 280,800.
    """
    offer = quote((200_000, 0.2)) | {
        "seats": {"seat": {"usd_per_user_month": 20, "covered_share": 0, "counts_toward_commitment": True}}
    }
    use = {"input_tokens": 1, "output_tokens": 0, "requests_per_user_month": 100, "models": ["opus"]}
    paths = {"only": {"weight": 1, "requests_per_month": {"app": [25_000, 0, 0]}}}
    staff = {"headcount": 10, "active_share": 1, "tracks": ["seat"], "use": use}
    deal = read(36, workloads={"app": APP}, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=paths)
    solution = solve(deal, method=method, fix=fixed(seats={"seat": {"offer": "quote", "at_list": False}}))
    assert solution.plan.api.terms[1] == LEFT
    assert solution.objective_usd == pytest.approx(280_800)
    assert solution.settlement.by_line["uncounted_usage"] == pytest.approx([24_000])


def test_a_renewal_is_a_price_or_a_map():
    for written, price in ((None, "same"), ("list", "list"), ({"price": "list"}, "list")):
        renewal = falling(renewal=written).offers["quote"].renewal
        assert renewal == Renewal(price=price)
        assert (renewal.may_leave, renewal.may_return) == (True, False)
    assert falling(renewal={"uplift": 0.05}).offers["quote"].renewal.price.uplift == 0.05
    both = {"price": {"uplift": 0.05}, "may_leave": False}
    assert not falling(renewal=both).offers["quote"].renewal.may_leave
    with pytest.raises(InputError, match="may_return: nobody returns who may not leave"):
        falling(renewal={"may_leave": False, "may_return": True})


def test_a_list_bill_above_what_is_sold_without_a_contract_is_said():
    """Usage of 300k in year 1 is 25,000 a month; only years 2 and 3 are at list, 4,167 a month: below 5,000 it is."""
    for limit, said in ((5_000, 0), (4_000, 1)):
        deal = varied(falling(), {"rates.list_usd_per_month_limit": limit})
        notes = limit_note(solve(deal).settlement)
        assert len(notes) == said
    assert notes[0].startswith("API usage at list exceeds 4,000 USD in some month with a probability of 100%")
    nothing = solve(varied(falling(), {"rates.list_usd_per_month_limit": 20_000}), fix=fixed(api={"offer": "list"}))
    assert limit_note(nothing.settlement)


def test_leaving_is_refused_where_it_cannot_be():
    """Before the first term ends, where the offer forbids it, and taken again."""
    for renewal, at_list, message in (
        ({"may_leave": False}, [False, True, True], "may_leave: the API agreement with 'quote' is left"),
        (
            None,
            [False, True, False],
            "may_return: the API agreement is taken again in contract year 3 after it was left",
        ),
        (None, [True, True, True], "left at month 0 \\(2027-01\\); expected the end of a term"),
    ):
        deal = falling(renewal=renewal)
        with pytest.raises(InputError, match=message):
            proposal = fixed(api={"offer": "quote", "at_list": at_list})
            refuse_impossible(deal, complete(deal, proposal, scenarios_of(deal))[0])


def test_a_plan_that_leaves_is_a_proposal():
    """Pinned whole, it is solved to itself; pinned to stay, to 640k."""
    deal = falling()
    plan = solve(deal).plan
    again = solve(deal, fix=fixed(**plan.model_dump(mode="json")))
    assert again.plan.api.left == plan.api.left == ((12, 36),)
    assert again.objective_usd == pytest.approx(340_000)
    stays = solve(deal, fix=fixed(api={"offer": "quote", "at_list": False}))
    assert stays.objective_usd == pytest.approx(640_000)
    refuse_impossible(deal, plan)
    with pytest.raises(Infeasible):
        solve(deal, fix=fixed(api={"offer": "quote", "at_list": True}))


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize(("preset", "paid"), [("true-forward", 24_000 + 12_000), ("annual-true-up", 24_000 + 12_000)])
def test_i8_true_forward_is_no_escape(method, preset, paid):
    """100 users, 150 in the last month of year 1, on seats at 20 for that year only.

    Seats cost 24,000. Under true-forward the count at the end adds 50 seats for the next year, in which nobody is on
    the type: they are charged 12 months at that end, 50 · 12 · 20 = 12,000, as the annual true-up charges for year 1.
    """
    offer = {"seats": {"seat": {"true_up": preset}}}
    staff = {"headcount": 100, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 0}
    users = {"only": {"weight": 1, "active_users": {"staff": [100] * 11 + [150] * 13}}}
    deal = read(24, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=users)
    pins = fixed(seats={"seat": {"offer": "quote"}}, tracks={"staff": ["seat", "none"]})
    assert solve(deal, method=method, fix=pins).objective_usd == pytest.approx(paid)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_true_forward_by_month_given_up_after_a_term(method):
    """Counted monthly, charged from the window's end: 30 more in month 5 for 6 months, 20 more in month 11 for 1."""
    clause = {"check": 1, "count": "peak", "retroactive": False, "price": "contracted", "ratchet": "term"}
    offer = {"seats": {"seat": {"true_up": clause, "maximum": 100}}}
    staff = {"headcount": 100, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 0}
    counts = [100] * 5 + [130] * 6 + [150] + [0] * 12
    users = {"only": {"weight": 1, "active_users": {"staff": counts}}}
    deal = read(24, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=users)
    pins = fixed(seats={"seat": {"offer": "quote", "contracted": [100, 0]}}, tracks={"staff": ["seat", "none"]})
    expected = 100 * 20 * 12 + 30 * 20 * 6 + 20 * 20 * 1
    assert solve(deal, method=method, fix=pins).objective_usd == pytest.approx(expected)


# --- seats ------------------------------------------------------------------------------------------------------------


def staffed(counts, seat=None, renewal=None, horizon=24, monthly=None, **more):
    """Return a deal whose staff is on a seat of 20 at list, sold for 12 months by the quote; `counts` are monthly."""
    part = {"usd_per_user_month": 20} | (seat or {})
    offer = {"terms": [12], "seats": {"seat": part}} | ({} if renewal is None else {"renewal": renewal})
    staff = {"headcount": 100, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1000} | more.pop("staff", {})
    prices = {"yearly": 20} | ({} if monthly is None else {"monthly": monthly})
    users = {"only": {"weight": 1, "active_users": {"staff": counts}}}
    deal = read(horizon, cohorts={"staff": staff}, offers={"quote": offer | more}, scenarios=users)
    seats = {"usd_per_user_month": prices, "covered_share": 1} | ({"provides": ["sso"]} if "provides" in more else {})
    return varied(deal, {"rates.seats.seat": {**seats, "provides": []}})


def left(seller, contracted=None):
    """Return the seats of the quote, left after the first of two years."""
    part = {"offer": "quote", "at_list": [False, seller]}
    return fixed(seats={"seat": part | ({} if contracted is None else {"contracted": contracted})})


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_seats_are_left_where_the_renewal_is_dearer_than_list(method):
    """10 users: 12 at the quote in year 1, renewed at +100 %: 24; list is 20. 10 · 12 · (12 + 20) = 3,840."""
    deal = staffed([10] * 24, {"usd_per_user_month": 12}, {"price": {"uplift": 1.0}})
    solution = solve(deal, method=method)
    agreement = solution.plan.seats["seat"]
    assert solution.objective_usd == pytest.approx(3_840)
    assert (agreement.sellers, agreement.contracted) == (("quote", "list"), (10, 10))
    assert agreement.model_dump(mode="json")["terms"] == [{"years": 1}, {"offer": "list", "years": 1}]
    bound = varied(deal, {"offers.quote.renewal": {"price": {"uplift": 1.0}, "may_leave": False}})
    assert solve(bound, method=method).objective_usd == pytest.approx(10 * 12 * (12 + 24))


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_seats_are_left_for_list_billed_monthly_where_users_go(method):
    """10 users for 14 months, then nobody: 10 · 20 · 12 = 2,400, and 2 · 10 · 25 = 500 by the month."""
    deal = staffed([10] * 14 + [0] * 10, monthly=25)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(2_900)
    assert solution.plan.seats["seat"].at_list == (None, "list-monthly")
    assert solution.plan.seats["seat"].contracted == (10, 0)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize(
    ("seller", "paid"), [("list", 100 * 240 + 150 * 240), ("list-monthly", 100 * 240 + 150 * 25 * 12)]
)
def test_the_largest_count_of_true_forward_goes_along_to_list(method, seller, paid):
    """100 users, 150 in the last month of year 1, 80 in year 2 at list: charged for 150 seats, or 150 users a month."""
    deal = staffed([100] * 11 + [150] + [80] * 12, {"true_up": "true-forward"}, monthly=25)
    assert solve(deal, method=method, fix=left(seller)).objective_usd == pytest.approx(paid)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_list_billed_monthly_charges_users_above_the_largest_count(method):
    """M is 150; 170 users in the first half of year 2 and 80 in the second: (6 · 170 + 6 · 150) · 25."""
    deal = staffed([100] * 11 + [150] + [170] * 6 + [80] * 6, {"true_up": "true-forward"}, monthly=25)
    found = solve(deal, method=method, fix=left("list-monthly"))
    assert found.objective_usd == pytest.approx(100 * 240 + (6 * 170 + 6 * 150) * 25)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_i8_leaving_true_forward_for_list_is_no_escape(method):
    """I8: 100 users growing to 300 over three years. In year 1 100 seats, then M = 200 (year 2) and 300 (year 3).

    Renewed: 12 · 20 · (100 + 200 + 300) and the last count's 100 added at the horizon's end, if counted above. Left
    after year 1: M = 200 goes along to list, so year 2 costs the same; what leaving gains is nothing.
    """
    counts = [100] * 11 + [200] * 12 + [300] * 13
    deal = staffed(counts, {"true_up": "true-forward"}, horizon=36)
    stays = fixed(seats={"seat": {"offer": "quote", "at_list": False}})
    leaves = fixed(seats={"seat": {"offer": "quote", "at_list": [False, "list", "list"]}})
    kept, went = (solve(deal, method=method, fix=fix).objective_usd for fix in (stays, leaves))
    assert kept == pytest.approx(12 * 20 * (100 + 200 + 300))
    assert went == pytest.approx(12 * 20 * (100 + 200 + 300) + 100 * 20)


def test_a_bundle_ends_when_seats_leave():
    """Seats at 20 and 12,000 of usage a year: the bundle gives 50 % on both; left, year 2 has neither."""
    offer = quote((1_000, 0.0), overage="contracted") | {
        "seats": {"seat": {"usd_per_user_month": 20}},
        "bundle": [{"combined_usd_per_year": 1_000, "seats": 0.5, "api": 0.5}],
    }
    staff = {"headcount": 10, "tracks": ["seat"]}
    paths = {"only": {"weight": 1, "requests_per_month": {"app": 1_000}}}
    deal = read(24, workloads={"app": APP}, cohorts={"staff": staff}, offers={"quote": offer}, scenarios=paths)
    pins = {
        "api": {"offer": "quote", "at_list": False},
        "seats": {"seat": {"offer": "quote", "at_list": [False, "list"]}},
    }
    for method in ("decomposition", "extensive"):
        solution = solve(deal, method=method, fix=fixed(**pins))
        assert solution.settlement.by_year[:, 0] == pytest.approx([6_000 + 1_200, 12_000 + 2_400])


def test_a_cohort_whose_controls_list_lacks_does_not_follow():
    """The quote provides sso, list does not: at list the staff would go unserved, so the dearer renewal is taken."""
    renewal = {"price": {"uplift": 1.0}}
    deal = staffed([10] * 24, {"usd_per_user_month": 12}, renewal, staff={"requires": ["sso"]}, provides=["sso"])
    assert solve(deal).objective_usd == pytest.approx(10 * 12 * (12 + 24))
    with pytest.raises(InputError, match="seat from 'list' provides nothing"):
        refuse_impossible(deal, complete(deal, left("list"), scenarios_of(deal))[0])


def test_the_initial_order_is_asked_for_where_a_type_is_left():
    """At list an agreement begins: fewer seats than the expected users are refused, in the name of list."""
    deal = staffed([10] * 24)
    plan = complete(deal, left("list", [10, 4]), scenarios_of(deal))[0]
    with pytest.raises(InputError, match=r"list\.seats\.seat\.initial_order: 4 seats contracted in contract year 2"):
        refuse_impossible(deal, plan, first_users(scenarios_of(deal)))


def test_leaving_seats_is_refused_where_it_cannot_be():
    """Where the offer forbids it, before the first term, inside a term, and taken again or otherwise."""
    for horizon, renewal, terms, at_list, message in (
        (24, {"may_leave": False}, [12], [False, True], "may_leave: seat from 'quote' is left"),
        (24, None, [12], [True, True], "expected the terms of 'quote'"),
        (24, None, [24], [False, True], "left at the start of contract year 2, but its terms end with contract year 2"),
        (36, None, [12], [False, True, False], "may_return: seat is taken again in contract year 3 after it was left"),
        (36, None, [12], [False, "list", "list-monthly"], "stays with one billing"),
    ):
        deal = staffed([10] * horizon, None, renewal, horizon, 25, terms=terms)
        with pytest.raises(InputError, match=message):
            proposal = Proposal.part_of_file({"seats": {"seat": {"offer": "quote", "at_list": at_list}}})
            refuse_impossible(deal, complete(deal, proposal, scenarios_of(deal))[0])


def test_seats_stated_for_every_year_are_those_of_the_offer():
    """A renewal at 24 is dearer than list, but 10 seats of the quote are stated for both years."""
    deal = staffed([10] * 24, {"usd_per_user_month": 12}, {"price": {"uplift": 1.0}})
    kept = fixed(seats={"seat": {"offer": "quote", "contracted": [10, 10]}})
    assert solve(deal, fix=kept).objective_usd == pytest.approx(10 * 12 * (12 + 24))


def test_a_plan_whose_seats_leave_is_a_proposal_and_is_said():
    """Pinned whole, it is solved to itself; the page says what is planned after, the calendar that notice is due."""
    deal = staffed([10] * 24, {"usd_per_user_month": 12}, {"price": {"uplift": 1.0}})
    solution = solve(deal)
    again = solve(deal, fix=Proposal.model_validate(solution.plan.model_dump(mode="json")))
    assert again.plan.seats == solution.plan.seats
    assert "planned after: list" in " ".join(solution_report(subject_of(solution)).split())
    notices = [event.what for event in calendar(solution.settlement) if event.kind == "notice"]
    assert len(notices) == 1
    assert "is not renewed" in notices[0]
