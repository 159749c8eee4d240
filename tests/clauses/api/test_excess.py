"""Usage above a commitment that counts toward the next ones, priced by hand and optimised (model §4)."""

import re

import numpy as np
import pytest

from deal_solve import solve
from deal_solve.analysis.clauses.steps import clause_steps
from deal_solve.errors import Infeasible, InputError
from deal_solve.facts.summary import periods
from deal_solve.report.plan_tables import commitment_table
from deal_solve.report.text import Page, printed_on
from tests.support.builders import api_deal, api_plan, lines, months, settled
from tests.support.hand_deals import certainly, explicit, fixed, quote, read

COUNTS_NEXT = {"excess": "counts_next", "payment": "arrears", "overage": "contracted"}
YEARS_3 = {"horizon": 36, "offer": {"terms": [36]}}


def bill(usage, commitments, **api):
    """Return the lines of three years with this usage and these commitments at contracted rates (no discount)."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **COUNTS_NEXT, **api}
    deal = api_deal(months(*(usd / 12 for usd in usage)), part, **YEARS_3)
    return settled(deal, api_plan((1, commitments), first=36))


@pytest.mark.parametrize(
    ("usage", "commitments", "shortfalls"),
    [
        ((57, 118, 200), (50, 125, 200), (0, 0, 0)),
        ((300, 0, 0), (100, 100, 100), (0, 0, 0)),
        ((200, 50, 50), (100, 100, 100), (0, 0, 0)),
        ((200, 49, 50), (100, 100, 100), (0, 0, 1)),
        ((50, 200, 50), (100, 100, 100), (50, 0, 0)),
        ((0, 0, 300), (100, 100, 100), (100, 100, 0)),
        ((150, 100, 40), (100, 100, 100), (0, 0, 10)),
    ],
)
def test_excess_counts_until_it_is_used_and_never_back(usage, commitments, shortfalls):
    """E = 200 after 300 in year 1; 150, 100 leave E = 50 for the 60 that year 3 lacks; what was short stays paid."""
    result = bill(usage, commitments)
    assert [record.own_shortfall_usd[0] for record in result.drawdown] == pytest.approx(shortfalls)
    assert result.cost[0] == pytest.approx(sum(usage) + sum(shortfalls))


def test_excess_pays_its_overage_rate_in_its_own_period():
    """300 at 25 % above list in year 1: 200 are above the commitment, 50 more; nothing is short afterwards."""
    assert lines(bill((300, 0, 0), (100, 100, 100), overage={"premium": 0.25})) == {"usage": 300, "overage": 50}


def test_what_earlier_excess_met_is_a_column_of_the_commitment():
    """Usage of 50 leaves 50 of 100 to the 100 above the commitment of year 1; 40 and the 50 left fall 10 short."""
    result = bill((200, 50, 40), (100, 100, 100))
    assert [row.excess_met_usd for row in periods(result)] == pytest.approx([0, 50, 50])
    assert [row.forfeited_usd for row in periods(result)] == pytest.approx([0, 0, 10])
    with printed_on(Page(140)):
        text = commitment_table(result.deal, result)
    assert re.search(r"^2028-01 to 2028-12 +100\.00 +50\.00 +50\.00 +50\.00 ", text, re.MULTILINE)
    assert "met by earlier excess" in text
    with printed_on(Page(140)):
        assert "earlier excess" not in commitment_table(result.deal, bill((100, 100, 100), (100, 100, 100)))


def test_the_counter_starts_each_term_at_0():
    """Two terms of a year in halves: the 40 above in the last half of year 1 do not count in year 2."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **COUNTS_NEXT, "period": "half"}
    deal = api_deal([10.0] * 6 + [15.0] * 6 + [5.0] * 12, part, horizon=24)
    records = settled(deal, api_plan((1, (100,)), (1, (100,)))).drawdown
    assert [record.own_shortfall_usd[0] for record in records] == pytest.approx([0, 0, 20, 20])


def _three_years(usage, **sections):
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    offer = quote((100 * 12, 0.2), terms=(36,), **COUNTS_NEXT)
    return read(36, workloads={"app": app}, offers={"quote": offer}, scenarios=explicit(usage), **sections)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_the_optimum_commits_the_mean_where_excess_counts(method):
    """List 300, 100, 50 a month at 20 %: V = 240, 80, 40. C = 120 is covered by E = 120 in years 2 and 3: no shortfall,
    so 12 · 360; the threshold alone, 100, leaves none either, and the least is committed.
    """
    solution = solve(_three_years({"only": [300, 100, 50]}), method=method)
    assert solution.objective_usd == pytest.approx(12 * 360)
    assert solution.plan.api.terms[0].commitment_usd == pytest.approx((1200, 1200, 1200))
    assert solution.bound_usd == pytest.approx(12 * 360)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_limit_on_one_year_does_not_move_a_shortfall_forward(method):
    """V = 40, 80, 240 a month with C = 100: 60 are short in year 1, 20 in year 2; no limit on year 2 below 12 · 100."""
    limit = {"measure": "worst", "of": "contract year 2", "at_most": 12 * 99, "discounted": False}
    deal = _three_years({"only": [50, 100, 300]}, limits=[limit])
    agreed = {"offer": "quote", "term_months": 36, "terms": [{"band_usd_per_year": 1200, "commitment_usd": [1200] * 3}]}
    with pytest.raises(Infeasible, match="no plan"):
        solve(deal, fix=fixed(api=agreed), method=method)


def _within_months(paths, at_most):
    """Return two years of monthly periods of 100 a month, with a limit on the second one, and that plan."""
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    offer = quote((100 * 12, 0), terms=(24,), **COUNTS_NEXT, period="month")
    limit = {"measure": "expected", "of": "contract year 2", "at_most": at_most}
    deal = read(24, workloads={"app": app}, offers={"quote": offer}, scenarios=explicit(paths), limits=[limit])
    agreed = {"offer": "quote", "term_months": 24, "terms": [{"band_usd_per_year": 1200, "commitment_usd": [1200] * 2}]}
    return deal, fixed(api=agreed)


def _owed_in_year_2(path):
    """Return what year 2 costs: usage, and by how much the most that was ever owed rises in it (model §4)."""
    owed = np.cumsum(100 - np.array(path))
    return sum(path[12:]) + max(owed.max(), 0) - max(owed[:12].max(), 0)


YEAR_OF_USE = {
    "no month of year 1 is short": [200] * 6 + [0] * 6 + [50] * 12,
    "the first months are short": [0] * 6 + [200] * 6 + [50] * 12,
    "months in the middle are": [150, 150, 0, 0, 0, 0, 150, 150, 120, 90, 90, 90] + [40] * 12,
    "the last one is": [*range(200, 80, -10), *range(80, 20, -5)],
    "usage grows": [*range(40, 160, 10), *range(20, 140, 10)],
}


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("second", YEAR_OF_USE)
def test_a_limit_on_year_2_holds_to_the_dollar_whichever_month_was_the_last_one_short(second, method):
    """One plan, and half of two futures each: it is one at the limit, and none below it."""
    paths = {"first": YEAR_OF_USE["usage grows"], "second": YEAR_OF_USE[second]}
    least = sum(_owed_in_year_2(path) for path in paths.values()) / 2
    deal, plan = _within_months(paths, least + 0.01)
    solution = solve(deal, fix=plan, method=method)
    assert solution.settlement.weights @ solution.settlement.by_year[1] == pytest.approx(least)
    deal, plan = _within_months(paths, least - 1)
    with pytest.raises(Infeasible, match="no plan"):
        solve(deal, fix=plan, method=method)


def test_cost_is_convex_in_the_commitment():
    """At the middle of two commitments no scenario costs more than the mean of theirs."""
    rng = np.random.default_rng(7)
    for _ in range(50):
        usage, (low, high) = tuple(rng.uniform(0, 200, 3)), sorted(rng.uniform(1, 200, 2))
        costs = [bill(usage, (each,) * 3).cost[0] for each in (low, (low + high) / 2, high)]
        assert costs[1] <= (costs[0] + costs[2]) / 2 + 1e-9


@pytest.mark.parametrize(
    ("api", "refused"),
    [
        ({"payment": "prepaid"}, "counts_next needs payment: arrears"),
        ({"unused": {"rollover": 0.5}}, "unused: rollover"),
        ({}, "two commitment periods in every term, and that of 12 months has one"),
    ],
)
def test_refused_combinations_name_both_clauses(api, refused):
    with pytest.raises(InputError, match=refused):
        certainly(100, quote=quote((100, 0.1), **{**COUNTS_NEXT, **api}))


def test_every_term_has_two_periods_not_the_longest_alone():
    with pytest.raises(InputError, match="two commitment periods in every term, and that of 12 months has one"):
        certainly(100, quote=quote((100, 0.1), terms=(12, 24), **COUNTS_NEXT))
    assert certainly(100, quote=quote((100, 0.1), terms=(12, 24), **COUNTS_NEXT, period="half")).offers


@pytest.mark.parametrize(("terms", "asked"), [((12,), None), ((12, 24), None), ((24,), "counts next")])
def test_it_is_asked_for_where_a_term_has_two_periods(terms, asked):
    offer = quote((100, 0.1), terms=terms, payment="arrears")
    app = {"requests_per_month": 100, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    steps = {
        step.clause: step for step in clause_steps(read(24, workloads={"app": app}, offers={"quote": offer}), "quote")
    }
    assert ("excess usage" in steps) == (asked is not None)
    assert asked is None or steps["excess usage"].requested == asked
