"""A plan with tables has to be possible on the paths of rows that scenarios take, and on no others."""

import re

import pytest

from deal_solve import InputError, complete, scenarios_of, settle, solve
from deal_solve.plan.dearer import dearer_in
from deal_solve.plan.plan import ApiTerm, RenewalRow, RenewalTable, Route
from deal_solve.plan.resolved import resolve
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import deal_of
from tests.support.hand_deals import fixed, read

BOTH = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def staff(decided, counts, offer, prices=None, **people):
    """Return staff on a seat that an offer sells, by table over the users observed; list sells it at 20 or `prices`."""
    rates = {
        "card": "claude@2026-11-23",
        "seats": {"seat": {"usd_per_user_month": prices or 20, "covered_share": 1}},
        "plans": {"desk": {"seats": ["seat"], "minimum": 2}},
    }
    cohort = {"headcount": 1, "tracks": ["seat"]} | people
    paths = {name: {"weight": 1, "active_users": {"staff": path}} for name, path in counts.items()}
    return deal_of(
        36,
        cohorts={"staff": cohort},
        offers={"quote": {"terms": [12], **offer}},
        scenarios=paths,
        renewal_decisions={"users": decided},
        rates=rates,
    )


def away(counts):
    """Return staff of whom a seat at 10, from 10 seats on and never left, may serve all or nobody, at 25 each."""
    offer = {"seats": {"seat": {"usd_per_user_month": 10, "minimum": 10}}, "renewal": {"may_leave": False}}
    return staff([30], counts, offer, tracks=["seat", "none"], unserved_usd_per_user_month=25)


FEW_AND_MANY = {"few": (20, 2, 40), "many": (60, 60, 10)}


@BOTH
def test_seats_that_stay_need_no_initial_order_for_those_who_only_come_back_in_another_bucket(method):
    """40 seats are ordered for the expected 40: 4,800, and 20 more of many, 2,400. In year 2 few go without, for
    2 · 25 · 12 = 600, where 10 seats are 1,200; 60 seats of many are 7,200. In year 3 few come back, with more than the
    25 of all who are expected: 40 seats, 4,800. Many stay, with 10 seats, 1,200: they are not ordered anew.
    (4,800 + 600 + 4,800 + 7,200 + 7,200 + 1,200) / 2 = 12,900.
    """
    deal = away(FEW_AND_MANY)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(12_900)
    assert [row.seats["seat"] for row in solution.plan.later[-1].rows] == [(40,), (10,)]
    scenarios = scenarios_of(deal)
    refuse_impossible(deal, solution.plan, first_users(scenarios), scenarios)
    assert settle(deal, solution.plan, scenarios).cost.tolist() == pytest.approx([10_200, 15_600])


def test_a_path_that_scenarios_take_is_refused_by_its_rows():
    """Few of year 1, many of year 2: the 10 seats are of those who stayed; here they come back, and 25 are expected."""
    deal = away(FEW_AND_MANY)
    plan, first = solve(deal).plan, first_users(scenarios_of(deal))
    crossing = scenarios_of(away({"crossing": (20, 60, 10)}))
    with pytest.raises(InputError, match="10 seats contracted in contract year 3, at least the 25") as caught:
        refuse_impossible(deal, plan, first, crossing)
    assert str(caught.value).endswith("; after later[0].rows[0], later[1].rows[1]")


def with_seats(plan, row, seats):
    """Return a plan whose last table contracts other seats in a row."""
    *before, last = plan.later
    rows = list(last.rows)
    rows[row] = rows[row].model_copy(update={"seats": {"seat": (seats,)}})
    return plan.model_copy(update={"later": (*before, last.model_copy(update={"rows": tuple(rows)}))})


def test_without_scenarios_a_row_is_refused_that_is_possible_after_no_other():
    """10 seats are the minimum: 9 are too few, whatever was decided before, and said once."""
    deal = away(FEW_AND_MANY)
    plan = solve(deal).plan
    refuse_impossible(deal, plan)
    with pytest.raises(
        InputError, match=re.escape("9 seats contracted in contract year 3, the minimum is 10")
    ) as caught:
        refuse_impossible(deal, with_seats(plan, 1, 9))
    assert len(caught.value.problems) == 1


PEAK = [10] * 5 + [30] + [10] * 6


@BOTH
def test_seats_of_one_list_are_not_held_against_the_minimum_of_a_plan_at_the_other(method):
    """At the quote 50 seats are the fewest, 6,000; many add 10, 1,200. Then 10 users: left. Few take list billed
    yearly, 10 · 240 = 2,400 a year; many, who are 30 in one month, list billed monthly, (11 · 10 + 30) · 25 =
    3,500, for 2,400 and 20 · 20 · 7 = 2,800 of true-up. In year 3 the row of few has 10 seats, the one of many none.
    (6,000 + 2,400 + 2,400 + 7,200 + 3,500 + 3,500) / 2 = 12,500.
    """
    part = {"usd_per_user_month": 10, "minimum": 50, "initial_order": "free"}
    counts = {"few": [50] * 12 + [10] * 24, "many": [60] * 12 + PEAK * 2}
    deal = staff([20, 55], counts, {"seats": {"seat": part}}, {"yearly": 20, "monthly": 25})
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(12_500)
    assert solution.settlement.by_year.T.tolist() == [
        pytest.approx(own) for own in [[6_000, 2_400, 2_400], [7_200, 3_500, 3_500]]
    ]
    scenarios = scenarios_of(deal)
    refuse_impossible(deal, solution.plan, first_users(scenarios), scenarios)
    refuse_impossible(deal, solution.plan)


def test_an_option_that_is_closed_under_a_commitment_may_be_used_on_a_path_without():
    """Of two years from month 12 on, high usage commits 60 and low usage nothing; what the tool runs on in year 3 is
    in a table of its own. Only who had high usage and then low usage is committed and on the closed option.
    """
    tool = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus", "sonnet"]}
    api = {"measured_at": "list", "payment": "arrears", "overage": "contracted"}
    api["bands"] = [{"commit_usd_per_year": usd, "discount": 0.1} for usd in (0, 60)]

    def futures(**counts):
        paths = {name: {"weight": 1, "active_users": {"staff": path}} for name, path in counts.items()}
        return read(
            36,
            internal_tools={"portal": {}},
            cohorts={"staff": {"headcount": 1, "tracks": ["portal"], "use": tool}},
            offers={"quote": {"terms": [12, 24], "api": api}},
            scenarios=paths,
            renewal_decisions={"users": [5]},
        )

    deal = futures(low=(1, 1, 1), high=(9, 9, 9))
    scenarios = scenarios_of(deal)
    proposal = fixed(api={"offer": "quote", "term_months": 12, "band_usd_per_year": 0}, tracks={"staff": ["portal"]})
    plan, _ = complete(deal, proposal, scenarios)
    closed, open_ = (option.key for option in resolve(deal).epochs("staff")[0].options[:2])
    terms = [ApiTerm(band_usd_per_year=usd, commitment_usd=(usd, usd)) for usd in (0, 60)]
    routed = [{"staff": (Route(from_month=24, shares={key: 1.0}),)} for key in (closed, open_)]
    first = RenewalTable(month=12, users_edges=(5,), rows=tuple(RenewalRow(api=term) for term in terms))
    second = RenewalTable(month=24, users_edges=(5,), rows=tuple(RenewalRow(use=use) for use in routed))
    plan = plan.model_copy(update={"later": (first, second)})
    dearer = frozenset({("staff", 24, closed)})
    assert dearer_in(deal, plan, dearer, scenarios) == ()
    assert dearer_in(deal, plan, dearer, scenarios_of(futures(falling=(9, 1, 1)))) == (*dearer,)
    refuse_impossible(deal, plan, scenarios=scenarios)
