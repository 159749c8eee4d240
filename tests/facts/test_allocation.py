"""Who pays: every line of cost by workload and cohort, by hand, and on generated deals that nothing is lost."""

import numpy as np
import pytest

from deal_solve.errors import Infeasible
from deal_solve.facts.allocation import RULES, allocate
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Plan, Route, SeatAgreement
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import APP, bands, deal_of, list_api, months, only
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.samples import seeds

ON_OPUS = (Route(from_month=0, shares={"opus": 1}),)


def allocated(deal, plan):
    """Return the allocation of a plan over the deal's own scenarios, and (name, line, year) -> expected dollars."""
    found = allocate(settle(deal, plan, scenarios_of(deal)))
    return found, {(row.name, row.line, row.contract_year): round(row.expected_usd, 6) for row in found.lines}


def api_deal(horizon=12, scenarios=None, cohorts=None, **api):
    """Return a deal of the workloads `app` and `bot`, and the offer `quote`: 10 % off from 1 USD a year."""
    offer = {"terms": [12], "api": {**bands((1, 0.1)), **api}}
    workloads = {"app": APP, "bot": APP}
    more = {"cohorts": cohorts} if cohorts else {}
    return deal_of(horizon, workloads=workloads, offers={"quote": offer}, scenarios=scenarios, **more)


def api_plan(*commitments, **rest):
    api = {"offer": "quote", "term_months": 12}
    terms = [{"band_usd_per_year": 1, "commitment_usd": [usd]} for usd in commitments]
    return Plan(api={**api, "terms": terms}, routing={"app": ON_OPUS, "bot": ON_OPUS}, **rest)


def uses(app, bot):
    return only(requests_per_month={"app": app, "bot": bot})


def test_a_commitment_and_its_overage_are_in_proportion_to_counted_usage():
    """app uses 300 and bot 100 a month at list, 4,800 a year, 4,320 contracted; the commitment is 1,200.

    Uncovered are 3,120 at contracted rates, which at list (overage) are 3,466.67: three quarters of each is app's.
    """
    deal = api_deal(scenarios=uses(300, 100), overage="list")
    _, found = allocated(deal, api_plan(1200))
    overage = 3120 / 0.9
    assert found == pytest.approx(
        {
            ("app", "commitment", 0): 900,
            ("bot", "commitment", 0): 300,
            ("app", "overage", 0): 0.75 * overage,
            ("bot", "overage", 0): 0.25 * overage,
        },
        abs=1e-5,
    )


def test_each_scenario_has_its_own_proportion():
    """Commitment 1,000, all of it used: half the time app alone uses it, half the time app and bot use 3 and 1.

    app bears 1,000 or 750, in expectation 875 (P10 750, P90 1,000), bot 0 or 250: 125.
    """
    paths = {
        "alone": {"weight": 1, "requests_per_month": {"app": 1000 / 0.9 / 12, "bot": 0}},
        "both": {"weight": 1, "requests_per_month": {"app": 750 / 0.9 / 12, "bot": 250 / 0.9 / 12}},
    }
    found, _ = allocated(api_deal(scenarios=paths), api_plan(1000))
    app, bot = found.totals
    assert (app.expected_usd, app.p10_usd, app.p90_usd) == pytest.approx((875, 750, 1000))
    assert (bot.expected_usd, bot.p10_usd, bot.p90_usd) == pytest.approx((125, 0, 250))


def test_a_quarters_shortfall_is_for_those_who_used_in_that_quarter():
    """400 a year in quarters of 100, in arrears. app uses 30 contracted dollars in the first quarter alone: 70 are lost
    in it and 100 in each of the others.

    bot uses 10 in the second quarter. The first 70 are app's; of the second quarter's 90, all are bot's; the other two,
    without usage, go by the year's, 30 and 10: 150 and 50. In all 220 and 140, 360 = 400 - 40.
    """
    app = [10 / 0.9] * 3 + [0] * 9
    bot = [0] * 3 + [10 / 3 / 0.9] * 3 + [0] * 6
    deal = api_deal(scenarios=uses(app, bot), period="quarter", payment="arrears", overage="contracted")
    _, found = allocated(deal, api_plan(400))
    assert found["app", "shortfall", 0] == pytest.approx(220)
    assert found["bot", "shortfall", 0] == pytest.approx(140)
    assert found["app", "usage", 0] == pytest.approx(30) and found["bot", "usage", 0] == pytest.approx(10)


def test_a_year_without_usage_is_in_equal_parts_of_all():
    """Nobody uses the 900 of the second year: 300 each for both workloads and the cohort, which is on nothing."""
    cohort = {"headcount": 5, "tracks": ["none"], "unserved_usd_per_user_month": 0}
    deal = api_deal(24, uses(months(100, 0), months(100, 0)), {"staff": cohort})
    _, found = allocated(deal, api_plan(900, 900, tracks={"staff": ("none", "none")}))
    assert found["app", "commitment", 0] == pytest.approx(450)
    assert [found[name, "commitment", 1] for name in ("app", "bot", "staff")] == pytest.approx([300, 300, 300])


def seats_of(users, billing="yearly", contracted=40, **part):
    """Return what is allocated of 40 seats at 20 USD a month, taken by `shop` and `desk`; (name, line, year)."""
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 7}
    seat = {"billing": billing, "usd_per_user_month": 20, "initial_order": "free", **part}
    deal = deal_of(
        cohorts={"shop": staff, "desk": staff},
        offers={"quote": {"terms": [12], "seats": {"seat": seat}}},
        scenarios=only(active_users=users),
    )
    agreement = SeatAgreement(offer="quote", term_months=12, contracted=(contracted,))
    tracks = dict.fromkeys(deal.cohorts, ("seat",))
    return allocated(deal, Plan(api=list_api(12), seats={"seat": agreement}, tracks=tracks))[1]


def test_a_year_of_seats_goes_by_the_users_of_its_months():
    """shop has 30 users all year, 360 user-months; desk 20 from July on, 120: three quarters of 9,600 are shop's."""
    found = seats_of({"shop": 30, "desk": [0] * 6 + [20] * 6}, contracted=40)
    assert (found["shop", "seats", 0], found["desk", "seats", 0]) == pytest.approx((7200, 2400))


def test_a_month_of_seats_goes_by_the_users_of_that_month():
    """Of 800 a month shop bears all of six months, and three fifths of the other six: 4,800 + 2,880."""
    found = seats_of({"shop": 30, "desk": [0] * 6 + [20] * 6}, billing="monthly")
    assert (found["shop", "seats", 0], found["desk", "seats", 0]) == pytest.approx((7680, 1920))


def test_a_month_without_users_goes_by_those_of_the_year_and_a_year_without_in_equal_parts():
    """Nobody in the first half, then shop 30 and desk 10: three quarters of twelve months. Nobody at all: halves."""
    half = [0] * 6 + [1] * 6
    found = seats_of({"shop": [30 * on for on in half], "desk": [10 * on for on in half]}, billing="monthly")
    assert (found["shop", "seats", 0], found["desk", "seats", 0]) == pytest.approx((7200, 2400))
    found = seats_of({"shop": 0, "desk": 0})
    assert (found["shop", "seats", 0], found["desk", "seats", 0]) == pytest.approx((4800, 4800))


def test_seats_added_go_by_the_users_of_the_months_charged():
    """20 contracted; in the last quarter shop has 30 and desk 10 users, 20 above: 3 months of 20 at 20 USD are 1,200.

    Three quarters of it are shop's, however many it had before.
    """
    clause = {"check": 3, "ratchet": "year"}
    users = {"shop": [10] * 9 + [30] * 3, "desk": [10] * 12}
    found = seats_of(users, contracted=20, true_up=clause)
    assert (found["shop", "true_up", 0], found["desk", "true_up", 0]) == pytest.approx((900, 300))


def test_what_is_somebodys_own_goes_to_them():
    """A project of 500, 1 cent for each of 1,200 requests, usage at list; 4 users unserved at 7 USD for 12 months."""
    app = {**APP, "other_usd_per_request": 0.01, "projects": {"rerouting": {"usd": 500}}, "today": {"model": "haiku"}}
    staff = {"headcount": 4, "tracks": ["none"], "unserved_usd_per_user_month": 7}
    deal = deal_of(
        workloads={"app": app, "bot": APP},
        cohorts={"staff": staff},
        scenarios=only(requests_per_month={"app": 100, "bot": 50}, active_users={"staff": 4}),
    )
    routing = {"app": ON_OPUS, "bot": ON_OPUS}
    plan = Plan(api=list_api(12), routing=routing, tracks={"staff": ("none",)}, projects={"app": ("rerouting",)})
    _, found = allocated(deal, plan)
    assert found == pytest.approx(
        {
            ("app", "usage", 0): 1200,
            ("bot", "usage", 0): 600,
            ("app", "other_charges", 0): 12,
            ("app", "projects", 0): 500,
            ("staff", "unserved", 0): 336,
        }
    )


def test_a_tool_goes_by_its_users_and_their_metered_usage_to_each():
    """Built for 400 in January and run for 100 a month, 30 and 10 users: three quarters of 400 and of 1,200.

    Each user asks once a month for 1 USD: 360 and 120.
    """
    use = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    cohort = {"headcount": 0, "tracks": ["tool"], "use": use}
    deal = deal_of(
        cohorts={"shop": cohort, "desk": cohort},
        internal_tools={"tool": {"build_usd": 400, "run_usd_per_month": 100}},
        scenarios=only(active_users={"shop": 30, "desk": 10}),
    )
    both = ("shop", "desk")
    plan = Plan(api=list_api(12), tracks=dict.fromkeys(both, ("tool",)), use=dict.fromkeys(both, ON_OPUS))
    _, found = allocated(deal, plan)
    shop = {line: found["shop", line, 0] for line in ("build", "run", "usage")}
    assert shop == pytest.approx({"build": 300, "run": 900, "usage": 360})
    assert found["desk", "run", 0] == pytest.approx(300)


def test_every_line_has_a_rule():
    assert RULES.keys() == LINES.keys() - {"before"}


@pytest.mark.parametrize("number", seeds((0, 1, 2, *range(4, 10)), 24))
def test_nothing_is_lost_on_generated_deals(number):
    """By line and by contract year, the shares of all workloads and cohorts add up to what is settled, to the cent."""
    rng = np.random.default_rng([31, number])
    while True:
        try:
            settlement = solve(read(random_deal(rng))).settlement
            break
        except Infeasible:
            continue
    found = allocate(settlement)
    weights = settlement.weights
    for line, usd in settlement.by_line.items():
        own = sum(row.expected_usd for row in found.lines if row.line == line)
        assert own == pytest.approx(float(weights @ usd), abs=0.005, rel=1e-9), line
    for year, usd in enumerate(settlement.by_year_discounted):
        for table in (found.lines, found.years):
            own = sum(row.expected_usd for row in table if row.contract_year == year)
            assert own == pytest.approx(float(weights @ usd), abs=0.005, rel=1e-9)
    assert sum(row.expected_usd for row in found.totals) == pytest.approx(float(weights @ settlement.cost), abs=0.005)
