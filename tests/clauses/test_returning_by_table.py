"""Taking an agreement again by table: one bucket returns, another stays left, and what stayed has its own entry."""

import pytest

from deal_solve import Plan, Proposal, complete, scenarios_of, settle, solve
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.report.renewal import renewal_tables
from deal_solve.uncertainty.first_users import first_users
from tests.support.hand_deals import APP, YEAR, explicit, quote, read

BOTH = pytest.mark.parametrize("method", ["decomposition", "extensive"])
AGAIN = {"may_return": True}


def app(paths, edge, weights=None, **offer):
    """Return list values a year in thousands, and an offer with 20 % off from 200k; tables by usage at an edge."""
    monthly = {name: [1000 * usd / YEAR for usd in path] for name, path in paths.items()}
    return read(
        YEAR * len(next(iter(paths.values()))),
        workloads={"app": APP},
        offers={"quote": quote((200_000, 0.2), overage="list") | {"renewal": AGAIN} | offer},
        scenarios=explicit(monthly, weights),
        renewal_decisions={"usage": [edge]},
    )


def by_year(solution):
    return [pytest.approx(own) for own in solution.settlement.by_year.T.tolist()]


@BOTH
def test_one_row_takes_the_api_again_and_the_other_does_not(method):
    """(300, 100, 300) and (300, 50, 50): 240k in year 1, left in year 2. After 100 it is taken again for 240k; after 50
    usage stays at list. (240 + 100 + 240 + 240 + 50 + 50) / 2 = 460k.
    """
    deal = app({"back": (300, 100, 300), "gone": (300, 50, 50)}, 75_000)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(460_000)
    assert by_year(solution) == [[240e3, 100e3, 240e3], [240e3, 50e3, 50e3]]
    (table,) = solution.plan.later
    low, high = table.rows
    assert (table.month, low.if_left.api, high.if_left.api.commitment_usd) == (24, None, (240_000,))
    refuse_impossible(deal, solution.plan, first_users(scenarios_of(deal)))


CROSSING = {"a": (300, 100, 300), "d": (600, 260, 500)}


@BOTH
def test_one_bucket_takes_again_what_was_left_and_renews_what_stayed(method):
    """Year 1 commits 240k: 240k and, with 300k more at list, 540k. After 300 the offer is left: 100k; after 600 it is
    renewed for 208k. Then both are in the bucket of at most 300: what was left is taken again for 240k, what stayed
    commits 400k. (580 + 1,148) / 2 = 864k.
    """
    deal = app(CROSSING, 300_000)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(864_000)
    assert by_year(solution) == [[240e3, 100e3, 240e3], [540e3, 208e3, 400e3]]
    low, _ = solution.plan.later[1].rows
    assert (low.api.commitment_usd, low.if_left.api.commitment_usd) == ((400_000,), (240_000,))


@BOTH
def test_prices_of_a_bucket_are_those_of_each_paths_renewal(method):
    """10 % uplift at every renewal: the return is the first one, 0.88, what stayed is at its second, 0.968; both commit
    what they are to use: 264k and 484k. Year 2 of d: 260k · 0.88 = 228.8k.
    """
    solution = solve(app(CROSSING, 300_000, renewal={"price": {"uplift": 0.1}, **AGAIN}), method=method)
    assert by_year(solution) == [[240e3, 100e3, 264e3], [540e3, 228_800, 484e3]]


def test_a_term_of_one_path_starts_in_a_month_in_which_none_of_the_likeliest_path_does():
    """Year 1 commits the 240k of who stays at 300: 240k, and 340k for growing. After 300 the offer is left: 50k, and
    taken again for two years: 240k each. After 400 it is renewed for two years, 320k each; the last year, a term of its
    own in month 36, commits 400k. (1,380 + 3 · 770) / 4 = 922.5k.
    """
    paths = {"growing": (400, 400, 400, 500), "back": (300, 50, 300, 300)}
    deal = app(paths, 350_000, {"growing": 1, "back": 3}, terms=[12, 24])
    solution = solve(deal)
    assert solution.objective_usd == pytest.approx(922_500)
    assert by_year(solution) == [[340e3, 320e3, 320e3, 400e3], [240e3, 50e3, 240e3, 240e3]]
    scenarios = scenarios_of(deal)
    refuse_impossible(deal, solution.plan, first_users(scenarios), scenarios)
    assert solution.plan.later[-1].month == 36


def test_both_entries_stand_in_the_plan_file_and_settle_again():
    """Through JSON and back as a plan and as a proposal; without the entry to return what was left stays left."""
    deal = app(CROSSING, 300_000)
    solution = solve(deal)
    plan = Plan.model_validate_json(solution.plan.model_dump_json())
    assert plan == solution.plan
    assert complete(deal, Proposal.model_validate_json(plan.model_dump_json()), scenarios_of(deal))[0] == plan
    first, second = plan.later
    rows = tuple(
        row.model_copy(update={"if_left": row.if_left and row.if_left.model_copy(update={"api": None})})
        for row in second.rows
    )
    without = plan.model_copy(update={"later": (first, second.model_copy(update={"rows": rows}))})
    assert settle(deal, without, scenarios_of(deal)).by_year.T.tolist() == [
        pytest.approx([240e3, 100e3, 300e3]),
        pytest.approx([540e3, 208e3, 400e3]),
    ]
    _, printed = renewal_tables(deal, solution.plan)
    assert "again, 200,000" in " ".join(printed.split())


def staff(decided, counts, **more):
    """Return staff on a seat of 20 at list, sold at 16 from 60 seats on, with what is added by true-up at 20."""
    part = {"usd_per_user_month": 16, "list_usd_per_user_month": 20, "minimum": 60, "billing": "monthly"}
    part |= {"true_up": {"price": "list"}, "initial_order": "free"}
    return read(
        12 * len(next(iter(counts.values()))),
        cohorts={"staff": {"headcount": 1, "tracks": ["seat"]}},
        offers={"quote": {"terms": [12], "seats": {"seat": part}, "renewal": AGAIN} | more},
        scenarios={name: {"weight": 1, "active_users": {"staff": path}} for name, path in counts.items()},
        renewal_decisions=decided,
    )


@BOTH
def test_seats_are_taken_again_in_one_row(method):
    """Month's bills. Year 1: 60 seats, 960, for both. In year 2 there are 10 and 20 users where the quote sells 60:
    left, 15 seats at list (the expected users), 300, and 5 more are added at 20, 100. In year 3 there are 20 and 90:
    after at most 15 users the type stays at list, 20 seats, 400; after more it is taken again, 90 seats at 16, 1,440.
    6 · (960 + 300 + 400 + 960 + 400 + 1,440) = 26,760.
    """
    deal = staff({"users": [15]}, {"few": (60, 10, 20), "many": (60, 20, 90)})
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(26_760)
    low, high = solution.plan.later[-1].rows
    assert (low.if_left.taken_again, high.if_left.taken_again) == ((), ("seat",))
    assert (low.if_left.seats, high.if_left.seats) == ({"seat": (20,)}, {"seat": (90,)})
    assert solution.settlement.seats["seat"].contracted.T.tolist() == [[60, 15, 20], [60, 15, 90]]
