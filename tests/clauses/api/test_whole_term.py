"""One commitment period for a whole term, with a minimum for each contract year, by hand and optimised (model §4)."""

import numpy as np
import pytest

from deal_solve import scenarios_of, solve
from deal_solve.analysis.check.clauses import non_binding_clauses
from deal_solve.errors import Infeasible, InputError
from deal_solve.facts.accrual import months_of
from deal_solve.facts.allocation import allocate
from deal_solve.facts.health import commitment_health
from deal_solve.formulation.clauses.api.yearly_minimum_cost import YearlyMinimumCost
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.rate_groups import Item, PeriodUsage, RateGroups, YearUsage
from deal_solve.formulation.model.recourse import Linear
from tests.support.builders import api_deal, api_plan, lines, months, settled
from tests.support.hand_deals import certainly, explicit, fixed, quote, read

TERM = {"period": "term", "payment": "arrears", "overage": "contracted"}


def bill(usage, commitments=(100, 100, 100), rest=None, **api):
    """Return years with this usage under commitments of one term at contracted rates (no discount)."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **TERM, **api}
    horizon = 12 * len(usage)
    deal = api_deal(
        months(*(usd / 12 for usd in usage)), part, horizon=horizon, offer={"terms": [horizon]}, **(rest or {})
    )
    return settled(deal, api_plan((1, commitments), first=horizon), keep_rows=True)


@pytest.mark.parametrize(
    ("usage", "minimum", "charged", "last", "cost"),
    [
        ((80, 100, 120), 0.8, (0, 0, 0), 0, 300),
        ((120, 100, 80), 0.8, (0, 0, 0), 0, 300),
        ((50, 100, 150), 0.8, (30, 0, 0), 0, 330),
        ((90, 90, 90), 0.8, (0, 0, 0), 30, 300),
        ((79, 100, 121), 0.8, (1, 0, 0), 0, 301),  # one below the minimum
        ((81, 100, 119), 0.8, (0, 0, 0), 0, 300),  # one above it
        ((0, 0, 300), 0.8, (80, 80, 0), 0, 460),
        ((0, 0, 0), 0.8, (80, 80, 80), 60, 300),
        ((0, 0, 0), 1, (100, 100, 100), 0, 300),
        ((300, 0, 0), 1, (0, 100, 100), 0, 500),
        ((0, 0, 300), 0, (), 0, 300),
        ((0, 0, 299), None, (), 1, 300),
    ],
)
def test_a_term_is_one_period_and_each_year_has_its_minimum(usage, minimum, charged, last, cost):
    """C = 300 over three years: a year is charged what it lacks to m · 100, and in the end what all lack to 300."""
    result = bill(usage, yearly_minimum=minimum)
    (record,) = result.drawdown
    assert record.minimum_usd[:, 0] == pytest.approx(charged)
    assert record.own_shortfall_usd[0] == pytest.approx(sum(charged) + last)
    assert result.cost[0] == pytest.approx(cost)
    paid = np.array(usage, dtype=float) + (charged or (0, 0, 0))
    paid[-1] += last
    assert result.by_year[:, 0] == pytest.approx(paid)


def test_what_a_year_lacks_takes_balance_from_the_others():
    """50/100/150 with m = 0.8: 270 are left after s_1 = 30, so 30 are overage, 25 % above contracted: 337.50."""
    assert lines(bill((50, 100, 150), yearly_minimum=0.8, overage={"premium": 0.25})) == {
        "usage": 300,
        "overage": 7.5,
        "shortfall": 30,
    }
    assert bill((50, 100, 150), overage={"premium": 0.25}).cost[0] == pytest.approx(300)


def test_the_years_of_a_ramp_add_up_and_the_minimum_is_of_an_even_part():
    """C = 60 + 140: 0.9 · 100 is asked for in each year, 10 more than usage in year 1, 30 in year 2; 20 are left."""
    result = bill((80, 60), (60, 140), ramp=[0.6, 1.4], yearly_minimum=0.9)
    assert result.by_year[:, 0] == pytest.approx((90, 60 + 30 + 20))


def test_the_minimum_of_a_year_is_discounted_from_its_end():
    """s_1 = 30 at the end of year 1, 1.1 times less; the 20 that are left after it at the end of year 2."""
    result = bill((50, 100), (100, 100), {"cost_of_capital_per_year": 0.1}, yearly_minimum=0.8)
    assert lines(result)["shortfall"] == pytest.approx(30 / 1.1 + 20 / 1.21, abs=0.01)


def test_the_balance_runs_out_when_usage_and_what_was_charged_exceed_it():
    """200 a year of which 20 are charged in year 1 (m = 1): 180 are left, which 12 · 20 exceed in month 12 + 9."""
    usage = [15.0] * 12 + [20.0] * 12
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **TERM, "yearly_minimum": 1}
    deal = api_deal(usage, part, horizon=24, offer={"terms": [24]})
    assert settled(deal, api_plan((1, (200, 200)), first=24)).drawdown[0].exhausted_month[0] == 22


def test_a_second_term_is_a_period_of_its_own():
    """Two terms of a year each: what is above in the first does not help the second."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **TERM}
    deal = api_deal(months(150 / 12, 50 / 12), part, horizon=24)
    records = settled(deal, api_plan((1, (100,)), (1, (100,)))).drawdown
    assert [(record.start, record.end) for record in records] == [(0, 12), (12, 24)]
    assert [record.own_shortfall_usd[0] for record in records] == pytest.approx([0, 50])


def test_reports_by_year_show_the_years_of_the_period():
    result = bill((50, 100, 120), yearly_minimum=0.8)
    (row,) = commitment_health(result)
    assert (row.first_contract_year, row.contract_year) == (0, 2)
    assert (row.committed_usd, row.drawdown_usd, row.forfeited_usd) == pytest.approx((300, 270, 30))
    charged = [months_of(result, row) for row in result.rows if row.line == "shortfall" and row.amount[0] > 0]
    assert charged == [slice(0, 12)]
    overage = next(row for row in result.rows if row.line == "overage")
    assert months_of(result, overage) == slice(0, 36)
    assert sum(total.expected_usd for total in allocate(result).totals) == pytest.approx(result.cost[0])


def _three_years(usage, minimum=None, **sections):
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    offer = quote((100 * 12, 0.2), terms=(36,), **{**TERM, "yearly_minimum": minimum})
    return read(36, workloads={"app": app}, offers={"quote": offer}, scenarios=explicit(usage), **sections)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize(("minimum", "cost"), [(None, 300), (0.8, 300 + 40)])
def test_the_optimum_takes_the_discount_over_the_whole_term(method, minimum, cost):
    """List 50, 100, 250 a month at 20 %: V = 40, 80, 200. C_T = 300 is used, 20 more at contracted rates, no shortfall.
    With m = 0.8 year 1 lacks 40 (and year 2 nothing), and 360 are still less than the 400 of list.
    """
    solution = solve(_three_years({"only": [50, 100, 250]}, minimum), method=method)
    assert solution.objective_usd == pytest.approx(12 * (cost + 20))
    assert solution.bound_usd == pytest.approx(12 * (cost + 20))


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_more_than_the_usage_is_committed_where_years_below_their_minimum_take_balance(method):
    """V = 0 and 160 a month (list 0 and 200), overage five times list, m = 0.5: 40 are charged for C_T = 160 in year 1
    and leave 120 for 160. With C_T = 320/1.5 the rest is exactly 160: 53.33 are charged, and no usage is above.
    """
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    api = {**TERM, "overage": {"premium": 4}, "yearly_minimum": 0.5}
    offer = quote((12 * 40, 0.2), terms=(24,), **api)
    deal = read(24, workloads={"app": app}, offers={"quote": offer}, scenarios=explicit({"only": [0, 200]}))
    agreed = {"offer": "quote", "term_months": 24}
    solution = solve(deal, fix=fixed(api=agreed), method=method)
    assert sum(solution.plan.api.terms[0].commitment_usd) == pytest.approx(12 * 160 * 4 / 3, abs=0.02)
    assert solution.objective_usd == pytest.approx(12 * (160 + 160 / 3), abs=0.1)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_limit_on_one_year_does_not_move_a_shortfall_forward(method):
    """V = 80, 80, 40 a month, C_T = 300, m = 0.8: 40 in year 1 to 3 are 0, 0, 40 below 80, and 60 in the end; to charge
    60 in year 1 instead would be a program's way out of a limit on year 3 below 12 · 140.
    """
    limit = {"measure": "worst", "of": "contract year 3", "at_most": 12 * 139, "discounted": False}
    deal = _three_years({"only": [100, 100, 50]}, 0.8, limits=[limit])
    agreed = {"offer": "quote", "term_months": 36, "terms": [{"band_usd_per_year": 1200, "commitment_usd": [1200] * 3}]}
    with pytest.raises(Infeasible, match="no plan"):
        solve(deal, fix=fixed(api=agreed), method=method)
    assert solve(deal.model_copy(update={"limits": ()}), fix=fixed(api=agreed), method=method).settlement.by_year[
        2, 0
    ] == pytest.approx(12 * 140)


def test_cost_is_convex_in_commitment_and_usage():
    """At the middle of two commitments and usages no scenario costs more than the mean of theirs."""
    rng = np.random.default_rng(11)
    for _ in range(60):
        ends = rng.uniform(1, 200, (2, 4))
        api = {"overage": {"premium": float(rng.uniform(0, 2))}, "yearly_minimum": float(rng.uniform(0, 1))}
        rest = {"cost_of_capital_per_year": 0.2}
        costs = [bill(tuple(p[:3]), (p[3],) * 3, rest, **api).cost[0] for p in (*ends, ends.mean(axis=0))]
        assert costs[2] <= (costs[0] + costs[1]) / 2 + 1e-9


@pytest.mark.parametrize(("factors", "is_tight"), [((1.0, 0.9, 0.8), True), ((0.0, 0.0, 1.0), False)])
def test_a_cut_of_a_whole_term_holds_for_every_plan(factors, is_tight):
    """Variables 0 to 5 are usage of two models in three years, 6 the commitment; year 3 alone is not tight."""
    rng = np.random.default_rng(5)
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    for _ in range(200):
        requests = rng.uniform(0.2, 2, (6, 4))
        items = [Item(number, number, 0.8) for number in range(6)]
        ratios = list(rng.uniform(1, 2, (2, 4)))
        balance = Linear(np.array([6]), np.array([3.0]))
        term = Period(RateGroups(requests, items, [0, 1] * 3), ratios, balance, (36, 35))
        years = tuple(
            YearUsage(
                range(12 * year, 12 * year + 12),
                PeriodUsage(RateGroups(requests, items[2 * year : 2 * year + 2], [0, 1]), tuple(ratios)),
            )
            for year in range(3)
        )
        cost = YearlyMinimumCost(term, years, 0.8)
        here, there = rng.uniform(0, 2, 7), rng.uniform(0, 2, 7)
        at = np.array(factors)
        slope = cost.slope(here, at, weights)
        assert slope.at(there) <= weights @ cost.cost(there, at) + 1e-9
        assert slope.at(here) <= weights @ cost.cost(here, at) + 1e-9
        if is_tight:
            assert slope.at(here) == pytest.approx(weights @ cost.cost(here, at), abs=1e-9)


def test_300_over_three_years_with_at_least_80_in_each_costs_what_is_used():
    """300M of list dollars over three years, rising or falling, are 300M at 20 % off a list of 375M."""
    app = {"requests_per_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    rising = [100e6 / 12, 125e6 / 12, 150e6 / 12]
    offer = quote((100e6, 0.2), terms=(36,), **TERM, yearly_minimum=0.8)
    paths = explicit({"rising": rising, "falling": rising[::-1]})
    solution = solve(read(36, workloads={"app": app}, offers={"cloud": offer}, scenarios=paths))
    assert solution.objective_usd == pytest.approx(300e6)
    assert solution.plan.api.terms[0].commitment_usd == pytest.approx((100e6,) * 3)


@pytest.mark.parametrize(
    ("terms", "api", "idle"),
    [
        ((12,), {**TERM, "yearly_minimum": 0.5}, ["every term is one contract year"]),
        ((24,), {**TERM, "yearly_minimum": 0}, ["a minimum of 0 asks for nothing"]),
        ((24,), {**TERM, "yearly_minimum": 0.5}, []),
        ((12,), {}, []),
        ((12,), {"payment": "arrears"}, []),
    ],
)
def test_check_finds_a_minimum_that_asks_for_nothing(terms, api, idle):
    offer = quote((100, 0.1), terms=terms, **{"overage": "list", **api})
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    deal = read(24, workloads={"app": app}, offers={"quote": offer}, scenarios=explicit({"only": 100}))
    found = non_binding_clauses(deal, scenarios_of(deal))
    assert [reason for loc, reason in found if loc[-1] in ("yearly_minimum", "excess")] == idle


@pytest.mark.parametrize(
    ("api", "refused"),
    [
        ({"payment": "prepaid"}, "period: term needs payment: arrears"),
        ({"unused": {"rollover": 0.5}}, "period: term and unused: rollover"),
        ({"excess": "counts_next"}, "period: term and excess: counts_next"),
        ({"ramp": "free"}, "period: term and ramp: free"),
        ({"period": "year", "yearly_minimum": 0.8}, "yearly_minimum needs period: term"),
        ({"yearly_minimum": 1.2}, "yearly_minimum"),
    ],
)
def test_refused_combinations_name_both_clauses(api, refused):
    with pytest.raises(InputError, match=refused):
        certainly(100, quote=quote((100, 0.1), **{**TERM, **api}))
