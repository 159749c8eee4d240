"""The page says why one of two plans that cost the same is taken, and why a renewal is as long as it is."""

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
