"""Credits of an API agreement, priced by hand and optimised (model §4)."""

import numpy as np
import pytest

from deal_solve import scenarios_of, solve
from deal_solve.analysis.check.clauses import non_binding_clauses
from deal_solve.analysis.clauses.steps import clause_steps
from deal_solve.errors import Infeasible, InputError
from deal_solve.facts.calendar import calendar
from deal_solve.plan.terms import TermSpan
from deal_solve.settlement.api.credit import charges_paid
from tests.support.builders import api_deal, api_plan, lines, months, settled
from tests.support.hand_deals import APP, certainly, commitment, explicit, fixed, quote, read

ARREARS = {"payment": "arrears", "overage": "contracted"}
CAPITAL = {"cost_of_capital_per_year": 0.12}
FUTURES = {"low": [50, 90], "middle": [100, 100], "high": [160, 220]}
FREE = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}


def credit(usd, pays="balance", within=None):
    """Return the clause."""
    return {"credit": {"usd": usd, "pays": pays, **({} if within is None else {"within_months": within})}}


def bill(usage, committed, horizon=12, terms=(12,), **api):
    """Return a settlement of usage per year (or month by month) at contracted rates: no discount, commitments C."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **ARREARS, **api}
    path = months(*(usd / 12 for usd in usage)) if len(usage) < 12 else list(usage)
    deal = api_deal(path, part, horizon=horizon, offer={"terms": list(terms)})
    band = 0 if part["bands"][0]["commit_usd_per_year"] == 0 else 1
    return settled(deal, api_plan(*((band, each) for each in committed), first=terms[0]))


# --- balance: the first usage of the first commitment period --------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "billed", "credited", "shortfall"),
    [(120, 120, -30, 10), (150, 150, -30, 0), (60, 60, -30, 70), (30, 30, -30, 100), (20, 20, -20, 100)],
)
def test_hand_case_5_a_balance_pays_the_first_usage_which_does_not_count(usage, billed, credited, shortfall):
    """K = 30, C = 100, overage contracted, arrears. 120: 90 billed, R + C = 130 covers, 10 short: 100. 150: 120. 60: 30
    billed, 70 short: 100. Usage of 20 leaves 10 of the credit, which expire for nothing.
    """
    result = bill((usage,), [(100,)], **credit(30))
    assert lines(result) == {
        line: usd for line, usd in {"usage": billed, "credit": credited, "shortfall": shortfall}.items() if usd
    }
    assert result.credited_usd == pytest.approx([-credited])


@pytest.mark.parametrize(("usage", "overage"), [(129, 0), (130, 0), (131, 1), (160, 30)])
def test_under_prepaid_a_balance_covers_and_shows_on_no_line(usage, overage):
    """C = 100 is paid in advance, and 30 more are covered."""
    result = bill((usage,), [(100,)], payment="prepaid", **credit(30))
    assert lines(result) == {"commitment": 100, **({"overage": overage} if overage else {})}
    assert result.drawdown[0].covered_usd == pytest.approx([usage - overage])
    assert result.credited_usd == pytest.approx([30])


def test_a_balance_expires_with_the_first_period_and_is_granted_once():
    """Quarters of 30 each with C = 25: the credit of 10 is used in the first alone, in the two months of use."""
    path = [5.0, 25.0, 0.0] * 4 + [5.0, 25.0, 0.0] * 4
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **ARREARS, "period": "quarter", **credit(10)}
    result = settled(api_deal(path, part, horizon=24), api_plan((1, (100,)), (1, (100,))))
    paid = result.invoice()
    found = paid[paid.line == "credit"]
    assert [*found.amount_usd] == pytest.approx([-5, -5])
    assert [*found.period] == ["2027-01", "2027-02"]
    assert [record.carried_in_usd[0] for record in result.drawdown] == pytest.approx([10] + [0] * 7)
    assert [record.own_shortfall_usd[0] for record in result.drawdown] == pytest.approx([5] + [0] * 7)


def test_a_balance_that_is_left_is_not_forfeited_and_rolls_nowhere():
    """Usage 10 of K = 30 + C = 100, all of the shortfall of 100 rolls over; the 20 left of the credit are gone."""
    api = {"period": "half", "unused": {"rollover": 1}, "payment": "prepaid"}
    result = bill((20,), [(200,)], **api, **credit(30))
    first, second = result.drawdown
    assert first.rolled_over_usd == pytest.approx([100])
    assert first.forfeited_usd == pytest.approx([0])
    assert second.carried_in_usd == pytest.approx([100])
    assert lines(result) == {"commitment": 200}


def test_a_balance_in_arrears_is_worth_more_the_earlier_it_is_used():
    """At 10 % a year, usage 10 a month, C = 120, K = 30: three months are free, their 30 are short at the end."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], **ARREARS, **credit(30)}
    deal = api_deal([10.0] * 12, part, cost_of_capital_per_year=0.1)
    result = settled(deal, api_plan((1, (120,))))
    by_hand = sum(10 / 1.1 ** ((t + 1) / 12) for t in range(3, 12)) + 30 / 1.1
    assert result.cost[0] == pytest.approx(by_hand)


def test_a_balance_is_void_where_nothing_is_committed():
    bands = [{"commit_usd_per_year": 0, "discount": 0}, {"commit_usd_per_year": 100, "discount": 0}]
    part = {"bands": bands, **ARREARS, **credit(30)}
    deal = api_deal([10.0] * 12, part)
    assert lines(settled(deal, api_plan((0, (0,))))) == {"usage": 120}
    assert lines(settled(deal, api_plan((100, (100,))))) == {"usage": 120, "credit": -30, "shortfall": 10}


@pytest.mark.parametrize(
    ("api", "clause"),
    [
        ({"period": "term"}, "period: term"),
        ({"excess": "counts_next", "period": "half"}, "excess: counts_next"),
        (FREE, "bands without a commitment"),
    ],
)
def test_refused_combinations_name_both_clauses(api, clause):
    with pytest.raises(InputError, match=f"balance and {clause} cannot stand together"):
        certainly(100, quote=quote((100, 0.1), **{**ARREARS, **credit(30), **api}))


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ({"usd": 10, "pays": "charges"}, "needs within_months"),
        ({"usd": 10, "pays": "balance", "within_months": 6}, "within_months is for pays: charges"),
        ({"usd": 0, "pays": "balance"}, "not above 0"),
    ],
)
def test_a_credit_that_makes_no_sense_is_refused(clause, message):
    with pytest.raises(InputError, match=message):
        certainly(100, quote=quote((100, 0.1), credit=clause))


@pytest.mark.parametrize(("pays", "within"), [("balance", None), ("charges", 5), ("charges", 12)])
def test_cost_is_convex_in_the_commitment_and_in_usage(pays, within):
    """At the middle of two plans no scenario costs more than the mean of theirs."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        paths = rng.uniform(0, 20, (2, 12))
        low, high = rng.uniform(1, 200, 2)
        points = [(paths[0], low), (paths.mean(axis=0), (low + high) / 2), (paths[1], high)]
        part = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], "payment": "arrears"}
        part |= credit(rng.uniform(1, 90), pays, within)
        costs = [
            settled(api_deal([*path], part, cost_of_capital_per_year=0.3), api_plan((1, (usd,)))).cost[0]
            for path, usd in points
        ]
        assert costs[1] <= (costs[0] + costs[2]) / 2 + 1e-9


# --- charges: usage billed and overage, as they fall due ------------------------------------------------------------


def paid_by_month(result, month_count):
    """Return what is paid for each month."""
    rows = result.invoice()
    return [rows[rows.paid_month == month + 1].amount_usd.sum() for month in range(month_count)]


def test_hand_case_5_charges_without_a_commitment_are_paid_until_the_credit_is_used():
    """20 a month in a band without a commitment, K = 50, e = 12: 0, 0, 10, 20, …"""
    result = bill([20.0] * 12, [(0,)], **FREE, **credit(50, "charges", 12))
    assert paid_by_month(result, 12) == pytest.approx([0, 0, 10] + [20] * 9)
    assert lines(result) == {"usage": 240, "credit": -50}


def test_hand_case_5_charges_count_toward_the_commitment():
    """C = V = 100 in a year, K = 30, arrears, e at least 4: 70, and nothing is short."""
    assert lines(bill((100,), [(100,)], **credit(30, "charges", 4))) == {"usage": 100, "credit": -30}


@pytest.mark.parametrize(("within", "paid"), [(1, 20), (2, 40), (3, 50), (4, 50), (40, 50)])
def test_what_falls_due_later_is_paid_in_full_and_the_rest_lapses(within, paid):
    """20 a month: by the end of month 2 only 40 of the 50 are used, by that of month 3 all of them."""
    result = bill([20.0] * 12, [(0,)], **FREE, **credit(50, "charges", within))
    assert lines(result) == {"usage": 240, "credit": -paid}
    assert result.credited_usd == pytest.approx([paid])


@pytest.mark.parametrize(
    ("usd", "within", "paid"), [(29, 12, 29), (30, 12, 30), (31, 12, 30), (30, 11, 0), (50, 18, 30), (50, 24, 50)]
)
def test_in_advance_it_pays_overage_only_at_the_periods_ends_it_reaches(usd, within, paid):
    """C = 100, usage 130 a year at the contracted rate: 30 of overage at the end of each of two years; the commitment
    itself is not paid.
    """
    api = {"payment": "prepaid", **credit(usd, "charges", within)}
    result = bill((130, 130), [(100, 100)], horizon=24, terms=(24,), **api)
    assert lines(result) == {"commitment": 200, "overage": 60, **({"credit": -paid} if paid else {})}


def test_it_ends_with_the_first_term():
    """A term of a year, K = 500, e = 24: the 240 of the first year, none of the renewal."""
    assert lines(bill([20.0] * 24, [(0,), (0,)], horizon=24, **FREE, **credit(500, "charges", 24))) == {
        "usage": 480,
        "credit": -240,
    }


def test_what_is_left_has_no_credit():
    """A first term is granted K, a renewal and what is left of the agreement are not."""
    part = api_deal(0, credit(30, "charges", 6)).offers["quote"].api
    spans = TermSpan(0, 0, 12, 12), TermSpan(1, 12, 24, 12), TermSpan(0, 0, 12, 12, left=True)
    assert [charges_paid(part, span) for span in spans] == [(30, 6), (0, 0), (0, 0)]


def test_a_shortfall_is_never_paid():
    """Usage 60 of C = 100: 60 are billed and paid, 40 fall due."""
    assert lines(bill((60,), [(100,)], **credit(80, "charges", 12))) == {"usage": 60, "credit": -60, "shortfall": 40}


# --- optimised ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("payment", ["prepaid", "arrears"])
def test_the_optimum_commits_what_the_balance_leaves(method, payment):
    """Certain usage of 100 a month at list, 20 % off from any commitment, overage at list: V = 960 a year, and K = 240
    is covered, so C = 720: in advance 720, in arrears 960 billed, less 240 (nothing is short).
    """
    deal = certainly(100, quote=quote((0.01, 0.2), payment=payment, **credit(240)))
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(720)
    assert commitment(solution) == pytest.approx(720)
    assert solution.bound_usd == pytest.approx(720)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_the_optimum_with_a_cost_of_capital_pays_the_later_months(method):
    """In arrears at 12 % a year: 80 a month from month 3 on are billed (K = 240 pays three), C = 720 is used up."""
    offer = quote((0.01, 0.2), payment="arrears", **credit(240))
    deal = read(workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit({"only": 100}), **CAPITAL)
    solution = solve(deal, method=method)
    by_hand = sum(80 / 1.12 ** ((t + 1) / 12) for t in range(3, 12))
    assert solution.objective_usd == pytest.approx(by_hand)
    assert solution.bound_usd == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("api", [{}, {"payment": "arrears"}, {"period": "half", "unused": {"rollover": 1}}])
def test_both_methods_agree_where_usage_is_uncertain(api):
    """Three futures around the commitment, cost of capital 12 %: rows and cuts find the same optimum."""
    offer = quote((600, 0.2), (1000, 0.25), terms=(24,), **api, **credit(200))
    sections = {"workloads": {"app": APP}, "offers": {"quote": offer}, "scenarios": explicit(FUTURES), **CAPITAL}
    found = [solve(read(24, **sections), method=method).objective_usd for method in ("decomposition", "extensive")]
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_an_offer_with_a_credit_is_taken_for_it(method):
    """Without a discount nothing but 300 of the first charges makes 100 a month at list cheaper: 900."""
    deal = certainly(100, quote=quote((0, 0), **credit(300, "charges", 6)))
    solution = solve(deal, method=method)
    assert solution.plan.api.offer == "quote"
    assert solution.objective_usd == pytest.approx(900)
    assert solution.bound_usd == pytest.approx(900)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_overage_that_a_credit_pays_is_not_committed_for(method):
    """V = 80 a month, threshold 720, overage at 100 a month of list, K = 200 at the year's end: 160 more than 800 would
    cost 200; committed 960 are 960, 800 and the credit are 800.
    """
    deal = certainly(100, quote=quote((720, 0.2), **credit(200, "charges", 12)))
    solution = solve(deal, method=method)
    assert commitment(solution) == pytest.approx(800)
    assert solution.objective_usd == pytest.approx(800)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_credit_that_would_lapse_does_not_pay_for_balance_that_is_saved(method):
    """Halves with 40 and 60 a month at 20 %: a program that left usage of the first half uncovered, for the credit of
    that half to pay, would carry balance over. Settlement does not: both methods say what it does.
    """
    clauses = {"period": "half", "unused": {"rollover": 0.5}, **credit(400, "charges", 6)}
    offer = quote((240, 0.2), **clauses)
    deal = read(workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit({"only": [25.0] * 6 + [75.0] * 6}))
    solution = solve(deal, method=method)
    assert solution.gap <= 1e-6
    assert solution.bound_usd == pytest.approx(solution.objective_usd)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_limit_on_one_year_does_not_keep_a_credit_for_it(method):
    """20 a month, K = 240 for two years: all of it is used in year 1, so year 2 costs 240 and no limit is below."""
    limit = {"measure": "worst", "of": "contract year 2", "at_most": 239, "discounted": False}
    offer = quote((0, 0), terms=(24,), **credit(240, "charges", 24))
    deal = read(24, workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit({"only": 20}), limits=[limit])
    agreed = {"offer": "quote", "term_months": 24}
    with pytest.raises(Infeasible, match="no plan"):
        solve(deal, fix=fixed(api=agreed), method=method)


@pytest.mark.parametrize(
    "api",
    [
        {},
        {"payment": "arrears"},
        {"payment": "arrears", "excess": "counts_next"},
        {"payment": "arrears", "period": "term", "yearly_minimum": 0.9},
        {"period": "half", "unused": {"rollover": 1}},
        {"period": "half", "unused": {"rollover": 1}, "payment": "arrears"},
    ],
)
def test_rows_and_cuts_agree_on_charges_where_usage_is_uncertain(api):
    offer = quote((600, 0.2), (1000, 0.25), terms=(24,), **api, **credit(300, "charges", 18))
    sections = {"workloads": {"app": APP}, "offers": {"quote": offer}, "scenarios": explicit(FUTURES), **CAPITAL}
    found = [solve(read(24, **sections), method=method).objective_usd for method in ("decomposition", "extensive")]
    assert found[0] == pytest.approx(found[1], rel=1e-6)


# --- asked for, checked, dated --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "asked"),
    [
        ({}, "60 USD as balance"),
        ({"payment": "arrears"}, "60 USD of charges within 12 months"),
        (credit(400), "600 USD as balance"),
        (credit(400, "charges", 6), "600 USD of charges within 6 months"),
    ],
)
def test_the_step_asks_for_a_credit_or_a_larger_one_and_never_costs_more(api, asked):
    """A twentieth of the lowest commitment, 1,200, where there is none; else half as much again."""
    deal = certainly(150, quote=quote((1200, 0.2), **api))
    step = next(step for step in clause_steps(deal, "quote") if step.clause == "credit")
    assert step.requested == asked
    assert solve(step.deal).objective_usd <= solve(deal).objective_usd + 1e-6


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        (credit(400), None),
        (credit(400, "charges", 12), None),
        (credit(400, "charges", 13), "within_months never binds: a credit ends with the first term, after 12 months"),
        (credit(400, "charges", 11), "pays nothing: overage is first due after 12 months"),
        ({**credit(400, "charges", 11), "payment": "arrears"}, None),
    ],
)
def test_check_finds_a_credit_that_never_binds(clause, found):
    deal = certainly(150, quote=quote((1200, 0.2), **clause))
    said = [reason for loc, reason in non_binding_clauses(deal, scenarios_of(deal)) if loc[-1] == "credit"]
    assert len(said) == (found is not None)
    assert not said or said[0].startswith(found)


def test_the_calendar_says_when_a_credit_ends():
    deal = certainly(150, quote=quote((1200, 0.2), **credit(400, "charges", 6)))
    events = [event for event in calendar(solve(deal).settlement) if event.kind == "credit"]
    assert [(f"{event.day:%Y-%m}", event.what) for event in events] == [
        ("2027-07", "the credit with quote ends; what is left of it is lost")
    ]
