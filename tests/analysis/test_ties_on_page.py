"""The page says why one of two plans that cost the same is taken, why a renewal is as long as it is, and which plan is
the cheapest where risk passes over it: loss is measured against nothing committed."""

import re

import pytest

from deal_solve import solve
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.facts.calendar import calendar
from deal_solve.optimise.options import SolveOptions
from tests.support.hand_deals import APP, explicit, quote, read


def deal_with(**offers):
    """Return 36 months of a usage of 100 a month, known for certain."""
    return read(36, workloads={"app": APP}, offers=offers, scenarios=explicit({"only": 100}))


def quoted(*terms):
    return quote((0.01, 0.2), terms=terms, overage="contracted")


@pytest.mark.parametrize(
    ("offers", "why"),
    [
        ({"one": quoted(12, 36)}, "the shorter first term"),
        ({"one": quoted(36), "two": quoted(36)}, "the offer that stands first in the file"),
        ({"one": quoted(36), "two": quote((12, 0.2), terms=(36,), overage="contracted")}, "fewer committed dollars"),
    ],
)
def test_the_page_says_what_decides_between_plans_that_cost_the_same(offers, why):
    """Everything is 20 % off, whatever is committed and for how long."""
    best = solve(deal_with(**offers))
    text = " ".join(solution_report(subject_of(best, comparisons(best, SolveOptions()))).split())
    assert re.search(
        f"Runner-up [^;]* costs the same(, \\d+ more signed)?; of the two this one is taken for {why}", text
    )


def test_a_dearer_runner_up_has_no_such_reason():
    best = solve(deal_with(one=quoted(36)))
    assert "is taken for" not in solution_report(subject_of(best, comparisons(best, SolveOptions())))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ((12, 24), "one is renewed for 24 months (the longest term on offer that fits): API"),
        ((12,), "one is renewed for 12 months: API"),
    ],
)
def test_the_calendar_says_why_a_renewal_is_longer_than_the_first_term(terms, said):
    events = [event.what for event in calendar(solve(deal_with(one=quoted(*terms))).settlement)]
    assert said in events


USAGE, CHANCES = {"low": 60, "middle": 100, "high": 160}, {"low": 0.2, "middle": 0.4, "high": 0.4}
DEEP, SHALLOW = quote((1_000, 0.2), overage="contracted"), quote((800, 0.05), overage="contracted")


def compared(risk, **offers):
    deal = read(workloads={"app": APP}, offers=offers, scenarios=explicit(USAGE, CHANCES), risk=risk)
    best = solve(deal)
    found = comparisons(best, SolveOptions())
    return best, found, " ".join(solution_report(subject_of(best, found)).split())


def test_a_plan_that_is_cheaper_on_average_and_in_the_worst_tenth_is_named_where_nothing_is_signed():
    """Usage of 720, 1,200 or 1,920 a year at list, 1,392 expected.

    20 % off from 1,000 costs 1,000, 1,000 and 1,536: 1,214.40, 177.60 less, and 384 less in the worst tenth, but 280
    more than nothing committed where usage is low: 0.3 · -177.60 + 0.7 · 280 > 0. 5 % off from 800 costs 800, 1,140
    and 1,824: 1,345.60, 46.40 less, and 80 more where usage is low. Cautious, neither is signed, and the second one is
    the runner-up.
    """
    best, found, page = compared("cautious", deep=DEEP, shallow=SHALLOW)
    assert best.plan.api.offer == "list"
    assert found.runner_up.plan.api.offer == "shallow"
    assert found.cheapest.expected_usd == pytest.approx(1_214.40)
    assert "Runner-up shallow, 12 months, band from 800 a year: costs 46 less in expectation, 96 in the worst" in page
    assert "but 80 more where it is costliest against no commitment Cheapest" in page
    assert (
        "Cheapest deep, 12 months, 1,000 committed in year 1: costs 178 less in expectation, 384 in the worst tenth, "
        "1,000 more signed, but 280 more where it is costliest against no commitment; with --risk neutral you would "
        "rather sign it" in page
    )


@pytest.mark.parametrize("risk", ["neutral", "cautious"])
def test_a_runner_up_that_is_the_cheapest_or_a_plan_that_is_stands_alone(risk):
    best, found, page = compared(risk, deep=DEEP)
    assert found.cheapest is None
    assert "Cheapest" not in page
    assert (best.plan.api.offer == "deep") == (risk == "neutral")
