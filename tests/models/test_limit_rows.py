"""Limits as rows and as what is minimised, worked by hand in both methods.

The newsvendor of model §9.1: list value is 60, 100 or 160 a month with probability 0.3, 0.5 and 0.2; committing for C
costs 0.8 · C + max(0, D - C).
"""

import pytest

from deal_solve import Infeasible, scenarios_of, solve
from deal_solve.deal.risk import Limit
from deal_solve.optimise.feasible import minimum
from tests.support.hand_deals import YEAR, certainly, commitment, newsvendor, quote

BOTH = pytest.mark.parametrize("method", ["decomposition", "extensive"])
MANY = {f"d{number}": 160 if number == 200 else 60 for number in range(201)}
EQUAL = dict.fromkeys(MANY, 1 / 201)


@pytest.mark.parametrize(
    ("limit", "least"),
    [
        ({"measure": "expected"}, 88),
        ({"measure": "worst"}, 128),
        ({"measure": "cvar", "confidence": 0.5}, 104),
        ({"probability_within": 0.8}, 80),
        ({"probability_within": 0.3}, 48),
        ({"probability_within": 1}, 128),
        ({"probability_within": 0}, 0),
        ({"measure": "worst", "of": "committed"}, 0),
    ],
    ids=str,
)
def test_the_least_that_a_limit_could_be(limit, least):
    """C = 60: 48 + 0.5·40 + 0.2·100 = 88. All of 160 committed is 128 in every future. C = 100: 80, 80 and 140, the
    worst half (0.2 · 140 + 0.3 · 80) / 0.5 = 104. Without the 160, in 0.8 of the futures, C = 100 costs 80; with the 60
    alone C = 60 costs 48. At list nothing is committed.
    """
    deal = newsvendor()
    found = minimum(deal, scenarios_of(deal), Limit(at_most=0, **limit))
    assert found == pytest.approx(YEAR * least, abs=0.01)


def test_the_least_of_a_chance_over_more_than_200_scenarios_is_that_of_its_tail():
    """200 futures of 60 and one of 160; the worse half are 100.5 of them: C = 60 costs 48, and 100 / 100.5 more."""
    deal = newsvendor(MANY, EQUAL)
    found = minimum(deal, scenarios_of(deal), Limit(at_most=0, probability_within=0.5))
    assert found == pytest.approx(YEAR * (48 + 100 / 100.5), abs=0.01)


def limited(method, limit, *paths):
    deal = newsvendor(*paths)
    limited = deal.model_copy(update={"limits": (Limit(**limit),)})
    return solve(limited, method=method).objective_usd / YEAR


@BOTH
def test_a_budget_that_is_kept_for_sure_or_never(method):
    """Never above 135: 0.8 · C + 160 - C = 135 at C = 125, 100 + 0.2 · 35 = 107. With probability 0 it is no bound."""
    assert limited(method, {"probability_within": 1, "at_most": YEAR * 135}) == pytest.approx(107)
    assert limited(method, {"measure": "worst", "at_most": YEAR * 135}) == pytest.approx(107)
    assert limited(method, {"probability_within": 0, "at_most": 0}) == pytest.approx(88)


@BOTH
def test_a_chance_over_more_than_200_scenarios_bounds_its_tail(method):
    """The worst 1.005 of 201 futures: one of 160 and 0.005 of 60. From C = 60 on 0.8 · C + (160 - C) / 1.005 <= 140,
    so C = 98.47; it costs 0.8 · C + (160 - C) / 201.
    """
    found = limited(method, {"probability_within": 0.995, "at_most": YEAR * 140}, MANY, EQUAL)
    cover = (160 / 1.005 - 140) / (1 / 1.005 - 0.8)
    assert cover == pytest.approx(98.47, abs=0.01)
    assert found == pytest.approx(0.8 * cover + (160 - cover) / 201, rel=1e-6)


@BOTH
@pytest.mark.parametrize(
    "limit",
    [
        {"measure": "expected"},
        {"measure": "worst", "of": "contract year 1"},
        {"measure": "cvar", "confidence": 0.5},
        {"probability_within": 1},
    ],
    ids=str,
)
def test_a_limit_is_kept_up_to_a_rounding_of_its_amount(method, limit):
    """1,000,000.004 is printed as 1,000,000.00 and keeps a limit of that; two cents more do not."""

    def solved(usd):
        deal = certainly(usd / YEAR)
        return solve(deal.model_copy(update={"limits": (Limit(at_most=1_000_000, **limit),)}), method=method)

    assert solved(1_000_000.004).objective_usd == pytest.approx(1_000_000.004, abs=1e-6)
    with pytest.raises(Infeasible):
        solved(1_000_000.02)


@BOTH
def test_dollars_that_are_committed_keep_their_limit_as_it_is_stated(method):
    """Two offers, 20 % off from 800,000 and 30 % from 800,000.004: only the first may be signed within 800,000."""
    offers = {name: quote((usd, 0.2), overage="list") for name, usd in (("first", 800_000), ("second", 800_000.004))}
    offers["second"]["api"]["bands"][0]["discount"] = 0.3
    deal = certainly(1_000_000 / YEAR, **offers)
    limit = Limit(measure="worst", of="committed", at_most=800_000)
    solution = solve(deal.model_copy(update={"limits": (limit,)}), method=method)
    assert commitment(solution) == 800_000
