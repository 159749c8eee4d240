"""Seats in force that outlast the month of signing: by hand, before, in and after the month in which they end."""

import re

import pytest

from deal_solve import InputError, allocate, solve
from deal_solve.facts.years import years
from deal_solve.report.allocation import allocation_tables
from tests.support.builders import APP, RATES, bands, before, count, deal_of, only, seat_deal

STAFF = {"staff": {"headcount": 0, "tracks": ["seat"]}}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def held(users, part=None, quote=None, month=3, **rest):
    """Return a deal of 24 months whose 100 seats at 18 in force end in month 6; `next` sells them at 16, list at 20."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18, **(part or {})}}}
    quoted = {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16, **(quote or {})}}}
    given = {
        "offers": {"current": current, "next": quoted},
        "in_force": {"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100}}},
        "signing": {"months": [month], "early": "forfeited"},
        "cohorts": STAFF,
    }
    return seat_deal(users, horizon=24, **{**given, **rest})


def by_year(solution):
    return [float(usd) for usd in solution.settlement.by_year[:, 0]]


@METHODS
def test_a_new_agreement_is_charged_from_the_end_of_the_old_one_on(method):
    """Signed in month 3, charged from month 6: 9 months of its first year, and 9 of the one that the horizon cuts."""
    solution = solve(held(count(horizon=24)), method=method)
    assert solution.plan.seats["seat"].contracted == (100, 100)
    assert by_year(solution) == pytest.approx([100 * 16 * 9, 100 * 16 * 9])
    assert before(solution) == {}
    assert solution.settlement.committed_usd == pytest.approx(100 * 16 * 18)
    assert solution.settlement.signed_usd == pytest.approx(100 * 16 * 9)


@pytest.mark.parametrize(("month", "usd"), [(5, 28_800), (6, 28_800), (7, 20 * 100 + 16 * 100 * 17)])
def test_signing_a_month_before_at_and_a_month_after_the_end_of_the_old_seats(month, usd):
    assert solve(held(count(horizon=24), month=month)).objective_usd == pytest.approx(usd)


@METHODS
def test_monthly_fees_of_the_old_seats_go_on_to_their_end(method):
    """80 users on 100 seats at 18 to month 6; then 80 at 16 for 18 months."""
    solution = solve(held(count(80, horizon=24), {"billing": "monthly"}), method=method)
    assert before(solution) == {"seats": 10_800}
    assert solution.objective_usd == pytest.approx(10_800 + 80 * 16 * 18)


@METHODS
def test_growth_after_signing_is_added_to_the_old_seats_while_they_run(method):
    """110 users in month 4, on the 100 seats in force: 10·18 for months 4 and 5. The new agreement has none of it."""
    solution = solve(held(count(horizon=24, m4=110)), method=method)
    assert before(solution) == {"true_up": 360}
    assert solution.settlement.by_line["true_up"] == pytest.approx([0])
    assert solution.objective_usd == pytest.approx(360 + 28_800)


def test_a_window_of_the_old_seats_spans_the_month_of_signing():
    """Quarterly, windows of the year from 2026-07: 108 users in month 3, signed in month 4: 8·18·3 at month 6."""
    assert before(solve(held(count(horizon=24, m3=108), {"true_up": "quarterly-reconciliation"}, month=4))) == {
        "true_up": 432
    }


@METHODS
@pytest.mark.parametrize(
    ("counting", "month", "months"), [("peak", 9, 7), ("peak", 8, 10), ("snapshot", 15, 1), ("snapshot", 9, 0)]
)
def test_windows_of_the_new_agreement_begin_at_the_end_of_the_old_one(method, counting, month, months):
    """Signed in month 4, so that windows of 3 months are those from 6, 9, 12 and, cut by the contract year, 15.

    30 more users in one month are charged from the start of its window to the end of the contract year in month 16:
    in month 9 for 7 months, in month 8 for 10. Their last months are 8, 11, 14 and 15, which alone snapshots count.
    """
    clause = {"true_up": {"check": 3, "count": counting, "retroactive": True, "ratchet": "year"}}
    users = count(horizon=24, **{f"m{month}": 130})
    solution = solve(held(users, quote=clause, month=4), method=method)
    assert solution.objective_usd == pytest.approx(28_800 + 30 * 16 * months)


@METHODS
def test_the_largest_count_since_the_end_of_the_old_seats_stays_licensed(method):
    """One term of 24 months, annual true-up with ratchet term: 130 users in month 4 count for the old seats alone, and
    120 in month 8 for the new ones: 20·16 for 8 months, again for the 10 of the second contract year.
    """
    quote = {"true_up": "annual-true-up"}
    deal = held(count(horizon=24, m4=130, m8=120), quote=quote, month=2)
    term = deal.offers["next"].model_copy(update={"terms": {24: next(iter(deal.offers["next"].terms.values()))}})
    deal = deal.model_copy(update={"offers": {**deal.offers, "next": term}})
    solution = solve(deal, method=method)
    assert before(solution) == {"true_up": 30 * 18 * 2}
    assert solution.objective_usd == pytest.approx(30 * 18 * 2 + 120 * 16 * 18)


@METHODS
@pytest.mark.parametrize(("month", "ordered"), [(5, 100), (6, 120), (7, 100)])
def test_the_initial_order_is_for_the_users_of_the_month_in_which_the_old_seats_end(method, month, ordered):
    """20 more users in the month before, in that month, and in the one after: only those of month 6 are ordered."""
    quote = {"true_up": {"check": 12, "count": "snapshot", "retroactive": True, "ratchet": "year"}}
    solution = solve(held(count(horizon=24, **{f"m{month}": 120}), quote=quote), method=method)
    assert solution.plan.seats["seat"].contracted[0] == ordered


@METHODS
def test_what_people_on_the_old_seats_use_is_at_list_once_the_api_agreement_ends(method):
    """Half of 10 list dollars a person is metered: 500 a month. It counts at 10 % off until the API agreement in force
    is replaced in month 3; to month 6 it is at list; then the new seats include all.
    """
    use = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    current = {
        "on_the_table": False,
        "terms": [12],
        "api": bands((0, 0.1)),
        "seats": {"seat": {"usd_per_user_month": 18, "covered_share": 0.5, "counts_toward_commitment": True}},
    }
    quoted = {"terms": [12], "api": bands((0, 0.2)), "seats": {"seat": {"usd_per_user_month": 16, "covered_share": 1}}}
    in_force = {"offer": "current", "ends": "2027-07", "api": {}, "seats": {"seat": {"contracted": 100}}}
    deal = held(
        count(horizon=24),
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"], "use": use}},
        offers={"current": current, "next": quoted},
        in_force=in_force,
    )
    solution = solve(deal, method=method)
    assert before(solution) == {"usage": 3 * 450, "uncounted_usage": 3 * 500}
    assert solution.objective_usd == pytest.approx(3 * 450 + 3 * 500 + 28_800)


@METHODS
def test_a_tool_that_takes_the_place_of_the_old_seats_runs_from_their_end_on(method):
    """Built for 1,000 and run for 100 a month in the 18 months from month 6 on, with 100 of usage; seats are 28,800."""
    use = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    staff = {"staff": {"headcount": 0, "tracks": ["seat", "chat"], "use": use}}
    tools = {"chat": {"build_usd": 1_000, "run_usd_per_month": 100}}
    solution = solve(held(count(horizon=24), cohorts=staff, internal_tools=tools), method=method)
    assert solution.plan.tracks["staff"] == ("chat", "chat")
    assert solution.objective_usd == pytest.approx(1_000 + 18 * 200)


@METHODS
def test_list_billed_monthly_begins_at_the_end_of_the_old_seats(method):
    """80 users at 15 a month, billed monthly at list, for 18 months; a contract at 16 costs more."""
    rates = RATES | {"seats": {"seat": {"usd_per_user_month": {"yearly": 20, "monthly": 15}, "covered_share": 1}}}
    solution = solve(held(count(80, horizon=24), rates=rates), method=method)
    assert solution.plan.seats["seat"].offer == "list-monthly"
    assert solution.objective_usd == pytest.approx(80 * 15 * 18)


@METHODS
def test_the_api_may_be_signed_at_once_while_seats_run(method):
    """Nothing in force of the API: signed in month 0 at 20 % off, 100 a month for 24 months; seats from month 6 on."""
    current = {"on_the_table": False, "terms": [12], "seats": {"seat": {"usd_per_user_month": 18}}}
    deal = deal_of(
        24,
        workloads={"app": APP},
        cohorts=STAFF,
        offers={
            "current": current,
            "next": {"terms": [24], "api": bands((0, 0.2)), "seats": {"seat": {"usd_per_user_month": 16}}},
        },
        in_force={"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100}}},
        signing={"months": [0, 6], "early": "forfeited"},
        scenarios=only(active_users={"staff": 100}, requests_per_month={"app": 100}),
    )
    solution = solve(deal, method=method)
    assert solution.plan.signing_month == 0
    assert solution.objective_usd == pytest.approx(24 * 80 + 28_800)


def test_seats_that_run_for_a_year_or_more_are_refused_with_what_to_do():
    with pytest.raises(InputError, match=r"signing.months: month 0 .* is a year or more before seats in force end"):
        held(count(horizon=24), month=0, in_force={"offer": "current", "ends": "2028-01", "seats": HELD})
    assert held(count(horizon=24), month=1, in_force={"offer": "current", "ends": "2028-01", "seats": HELD})


HELD = {"seat": {"contracted": 100}}


def test_two_types_of_a_plan_with_a_maximum_are_refused_by_name():
    card = {
        "card": "claude@2026-11-23",
        "seats": {
            "one": {"usd_per_user_month": 20, "covered_share": 1},
            "two": {"usd_per_user_month": 30, "covered_share": 1},
        },
        "plans": {"small": {"seats": ["one", "two"], "maximum": 150}},
    }
    current = {"on_the_table": False, "terms": [12], "seats": {"one": {"usd_per_user_month": 18}}}
    rest = {
        "rates": card,
        "offers": {"current": current},
        "in_force": {"offer": "current", "ends": "2027-07", "seats": {"one": {"contracted": 100}}},
    }
    people = {"headcount": 100, "unserved_usd_per_user_month": 5}
    assert deal_of(
        24, cohorts={"staff": {**people, "tracks": ["one"]}}, signing={"months": [3], "early": "forfeited"}, **rest
    )
    with pytest.raises(InputError, match=r"signing before the end of in_force and two in tracks cannot stand together"):
        deal_of(
            24,
            cohorts={"staff": {**people, "tracks": ["one", "two"]}},
            signing={"months": [3], "early": "forfeited"},
            **rest,
        )


@METHODS
def test_people_on_old_seats_without_an_api_agreement_are_metered_as_those_seats_say(method):
    """Seats in force include all, those at list and of the next offer half of 10 list dollars a person: 500 a month."""
    use = {"requests_per_user_month": 10, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    deal = held(
        count(horizon=24),
        {"covered_share": 1},
        {"covered_share": 0.5},
        month=7,
        rates=RATES | {"seats": {"seat": {"usd_per_user_month": 20, "covered_share": 0.5}}},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"], "use": use}},
    )
    solution = solve(deal, method=method)
    assert before(solution) == {"seats": 2_000, "uncounted_usage": 500}
    assert solution.objective_usd == pytest.approx(2_500 + 17 * (1_600 + 500))


def test_who_pays_says_what_is_paid_before_signing_and_for_old_seats_in_a_row_of_its_own():
    """Signed in month 3: three months at list, 300, and six monthly fees of 1,800 are divided among nobody; three of
    them, 5,400, are for months of contract year 1, so that each year adds up to what the page says of it.
    """
    current = {
        "on_the_table": False,
        "terms": [12],
        "seats": {"seat": {"usd_per_user_month": 18, "billing": "monthly"}},
    }
    quoted = {"terms": [24], "api": bands((0, 0.2)), "seats": {"seat": {"usd_per_user_month": 16}}}
    deal = held(
        0,
        workloads={"app": APP},
        offers={"current": current, "next": quoted},
        scenarios=only(active_users={"staff": 100}, requests_per_month={"app": 100}),
    )
    solution = solve(deal)
    found = allocate(solution.settlement)
    assert {(total.kind, total.name): round(total.expected_usd) for total in found.totals} == {
        ("workload", "app"): 21 * 80,
        ("cohort", "staff"): 28_800,
        ("before", "before signing"): 300 + 10_800,
    }
    assert sum(total.expected_usd for total in found.totals) == pytest.approx(solution.objective_usd)
    table = allocation_tables(solution.settlement.deal, solution.plan, found)[0]
    own = [(row.contract_year, row.expected_usd) for row in found.years if row.kind == "before"]
    assert own == [(0, pytest.approx(5_400))]
    of_years = [float(year.cost.expected_usd) for year in years(solution.settlement)]
    (line,) = [line.split() for line in table.splitlines() if line.startswith("total")]
    assert line[1:5] == [f"{usd:,.2f}" for usd in (*of_years, solution.objective_usd)]
    assert re.search(r"^before signing +5,700.00 +5,400.00 +0.00 +11,100.00", table, re.MULTILINE)
    assert f"{solution.objective_usd:,.2f}" in table


@METHODS
def test_fees_of_old_seats_after_signing_retire_the_cloud_commitment_of_their_month(method):
    """Monthly fees of 1,800 to month 6 through the channel; 20,000 are committed in year 1: 9,200 are short. Seats of
    the next offer are bought directly.
    """
    current = {"seats": {"seat": {"usd_per_user_month": 18, "billing": "monthly"}}, "channel": {"through": "aws"}}
    deal = held(
        count(horizon=24),
        offers={
            "current": {"on_the_table": False, "terms": [12], **current},
            "next": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16}}},
        },
        cloud_commitments={"aws": {"usd_per_year": [20_000, 0], "other_spend_usd_per_year": 0}},
    )
    solution = solve(deal, method=method)
    assert solution.settlement.clouds["aws"].short[:, 0] == pytest.approx([9_200, 0])
    assert solution.objective_usd == pytest.approx(10_800 + 28_800 + 9_200)
