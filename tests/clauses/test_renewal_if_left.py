"""Tables of which a bucket decides one thing for a part that was left before and another for one that was not."""

import pytest

from deal_solve import InputError, Plan, Proposal, complete, scenarios_of, settle, solve
from deal_solve.plan.plan import EntriesIfLeft
from deal_solve.report.renewal import renewal_tables
from tests.support.builders import deal_of, months
from tests.support.hand_deals import APP, YEAR, explicit, quote, read


def app(paths, edge):
    """Return list values a year in thousands, and an offer with 20 % off from 200k; tables by usage at an edge."""
    monthly = {name: [1000 * usd / YEAR for usd in path] for name, path in paths.items()}
    offer = quote((200_000, 0.2), overage="list")
    decided = {"usage": [edge]}
    return read(
        36, workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit(monthly), renewal_decisions=decided
    )


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_the_api_is_left_in_one_row_and_stays_in_the_other(method):
    """(300, 50, 50) and (400, 400, 400). Year 1 commits 240k: 240k and 340k. After 300 the offer is left: 50k a year;
    after 400 it is renewed for 320k a year. (240 + 50 + 50 + 340 + 320 + 320) / 2 = 660k.
    """
    solution = solve(app({"low": (300, 50, 50), "high": (400, 400, 400)}, 350_000), method=method)
    assert solution.objective_usd == pytest.approx(660_000)
    low, high = solution.plan.later[0].rows
    assert (low.api.offer, high.api.offer) == ("list", None)
    assert solution.settlement.by_year.T.tolist() == [
        pytest.approx(own) for own in [[240e3, 50e3, 50e3], [340e3, 320e3, 320e3]]
    ]


CROSSING = {"a": (250, 50, 50), "b": (400, 150, 290), "c": (400, 600, 600)}


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_one_bucket_renews_what_stayed_and_not_what_was_left(method):
    """After 250 the offer is left: 200k, then 50k and 50k. After 400 it stays: 350k in year 1; year 2 commits 200k,
    which covers 250k: 200k for b and 550k for c. Then b is in the bucket of a, but was not left: it commits 232k for
    290k; c commits 480k. (200 + 50 + 50 + 350 + 200 + 232 + 350 + 550 + 480) / 3.
    """
    deal = app(CROSSING, 300_000)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(2_462_000 / 3)
    low, high = solution.plan.later[1].rows
    assert low.api.commitment_usd == pytest.approx((232_000,))
    assert high.api.commitment_usd == pytest.approx((480_000,))
    years = [[200e3, 50e3, 50e3], [350e3, 200e3, 232e3], [350e3, 550e3, 480e3]]
    assert solution.settlement.by_year.T.tolist() == [pytest.approx(own) for own in years]


def staff(decided, counts):
    """Return staff on a seat of 20 at list, sold at 16 from 60 seats on, with what is added by true-up at 20."""
    part = {"usd_per_user_month": 16, "list_usd_per_user_month": 20, "minimum": 60, "billing": "monthly"}
    part |= {"true_up": {"price": "list"}, "initial_order": "free"}
    return read(
        36,
        cohorts={"staff": {"headcount": 1, "tracks": ["seat"]}},
        offers={"quote": {"terms": [12], "seats": {"seat": part}}},
        scenarios={name: {"weight": 1, "active_users": {"staff": path}} for name, path in counts.items()},
        renewal_decisions=decided,
    )


COUNTS = {"a": (60, 10, 30), "b": (100, 70, 90)}


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_seats_are_left_in_one_row_and_the_next_table_has_both_entries(method):
    """Month's bills. Year 1: 60 seats, 960 and, with 40 added at 20, 1,760. Of a there are 10 users in year 2 where the
    quote sells 60: it is left; list asks for the 40 that are expected over all, 800. Of b 70 stay: 1,120. In year 3
    both are in the bucket of at most 80 users: what was left has 30 seats at list, 600, what stayed 90 at the quote,
    1,440.
    6 · (960 + 800 + 600 + 1,760 + 1,120 + 1,440) = 40,080.
    """
    deal = staff({"users": [80]}, COUNTS)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(40_080)
    first, second = solution.plan.later
    assert [row.at_list for row in first.rows] == [{"seat": "list"}, {}]
    assert [row.seats["seat"] for row in first.rows] == [(40,), (70,)]
    assert second.rows[0].seats == {"seat": (90,)}
    assert second.rows[0].if_left.seats == {"seat": (30,)}
    assert solution.settlement.seats["seat"].contracted.T.tolist() == [[60, 40, 30], [60, 70, 90]]


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_the_same_bucket_decides_another_track_in_a_later_month(method):
    """10 users or 20: both tables find the same bucket. A seat at 20 serves one in years 1 and 2; at 40, in year 3, he
    goes without at 30. The expected 15 are ordered at first, 300 a month, and 5 more of b added, 100. Then 10 and 20
    seats are 200 and 400, and nobody served is 300 and 600. 12 · (300 + 50 + 300 + 450) = 13,200.
    """
    people = {"headcount": 1, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 30}
    paths = {
        name: {"weight": 1, "active_users": {"staff": [users] * 3}, "list_price_index": {"seats": months(1, 1, 2)}}
        for name, users in {"a": 10, "b": 20}.items()
    }
    deal = deal_of(36, cohorts={"staff": people}, scenarios=paths, renewal_decisions={"users": [15]})
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(13_200)
    assert solution.settlement.by_line["unserved"].tolist() == pytest.approx([3_600, 7_200])


def test_both_entries_stand_in_the_plan_file_and_settle_again():
    """Through JSON and back as a plan and as a proposal; an entry that is left out leaves 40 seats at list."""
    deal = staff({"users": [80]}, COUNTS)
    solution = solve(deal)
    plan = Plan.model_validate_json(solution.plan.model_dump_json())
    assert plan == solution.plan
    assert complete(deal, Proposal.model_validate_json(plan.model_dump_json()), scenarios_of(deal))[0] == plan
    assert "if_left" not in plan.later[0].model_dump(mode="json")["rows"][0]
    first, second = plan.later
    rows = tuple(row.model_copy(update={"if_left": None}) for row in second.rows)
    without = plan.model_copy(update={"later": (first, second.model_copy(update={"rows": rows}))})
    assert settle(deal, without, scenarios_of(deal)).seats["seat"].contracted.T.tolist() == [[60, 40, 40], [60, 70, 90]]
    broken = rows[0].model_copy(update={"if_left": EntriesIfLeft(seats={"chair": (1,)})})
    unknown = without.model_copy(update={"later": (first, second.model_copy(update={"rows": (broken, rows[1])}))})
    with pytest.raises(InputError, match=r"later\[1\]\.rows\[0\]\.if_left\.seats\.chair: is not in the plan"):
        settle(deal, unknown, scenarios_of(deal))


def test_the_printed_table_tells_what_was_left_before_apart():
    """Seats of the second table stand in a column each, although its rows decide alike: nobody is above 80 users."""
    deal = staff({"users": [80]}, COUNTS)
    first, second = renewal_tables(deal, solve(deal).plan)
    assert "left, list 40" in first
    assert ", left before" not in first
    _, header, _, low, *_ = second.splitlines()
    assert header.endswith("seat seats  seat seats, left before")
    assert low.split()[-2:] == ["90", "30"]
