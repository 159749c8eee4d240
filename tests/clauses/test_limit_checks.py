"""Limits held against a settled plan, worked by hand: every measure, below, at and above its bound."""

import pytest

from deal_solve import scenarios_of, settle
from deal_solve.settlement.limit_checks import LimitCheck, limit_checks
from tests.support.builders import APP, api_plan, bands, deal_of


def checked(*limits, futures=((1, 1), (2, 1), (3, 1), (10, 1)), plan=None, **rest):
    """Return the checks of two years at list, with these list dollars a month in each year of equally likely futures.

    Over both years they cost 24, 36, 48 and 132; in the first 12, 24, 36 and 120, in the second 12.
    """
    paths = {f"f{i}": {"weight": 1, "requests_per_month": {"app": list(usd)}} for i, usd in enumerate(futures)}
    deal = deal_of(24, workloads={"app": APP}, scenarios=paths, limits=list(limits), **rest)
    plan = plan or api_plan((0, (0,)), (0, (0,)), offer="list")
    return tuple(limit_checks(deal, settle(deal, plan, scenarios_of(deal))))


@pytest.mark.parametrize(
    ("measure", "usd", "word"), [("expected", 60, "expected: total"), ("worst", 132, "worst: total")]
)
def test_expected_and_worst_cost_of_the_whole(measure, usd, word):
    """(24 + 36 + 48 + 132) / 4 = 60, and 132; a cent of room is left."""
    above, at, below = checked(*({"measure": measure, "at_most": usd + more} for more in (-1, 0, 1)))
    assert (above.limit, above.at_most_usd, above.probability) == (word, usd - 1, None)
    assert [each.achieved_usd for each in (above, at, below)] == pytest.approx([usd] * 3)
    assert [each.is_kept for each in (above, at, below)] == [False, True, True]


@pytest.mark.parametrize(("above", "kept"), [(11, True), (13, False)])
def test_a_large_bound_leaves_a_millionth_of_room(above, kept):
    """12 million in all, and a bound that lies a few dollars below: it leaves 12 dollars of room."""
    (check,) = checked({"measure": "worst", "at_most": 1.2e7 - above}, futures=[(5e5, 5e5)])
    assert check.is_kept == kept


def test_mean_of_the_worst_half():
    """(48 + 132) / 2 = 90."""
    above, at = checked(*({"measure": "cvar", "confidence": 0.5, "at_most": usd} for usd in (89, 90)))
    assert (at.limit, at.achieved_usd) == ("cvar: total at 0.5", pytest.approx(90))
    assert (above.is_kept, at.is_kept) == (False, True)


def test_a_contract_year_alone():
    """The first: 48 on average, and at most 120; the second 12 in all futures."""
    first, second = checked(
        {"measure": "expected", "of": "contract year 1", "at_most": 48},
        {"measure": "worst", "of": "contract year 2", "at_most": 11},
    )
    assert first == LimitCheck("expected: contract year 1", 48, pytest.approx(48), None, True)
    assert second == LimitCheck("worst: contract year 2", 11, pytest.approx(12), None, False)


def test_what_is_discounted_counts_less():
    """At 21 % a year what month 12 costs is paid at time 13: 121 · 1.21^(1/12) counts 100, undiscounted all of it."""
    late = [[0.0] * 12 + [121 * 1.21 ** (1 / 12)] + [0.0] * 11]
    limits = ({"measure": "worst", "of": of, "discounted": True, "at_most": 100} for of in ("total", "contract year 2"))
    total, year = checked(*limits, futures=late, cost_of_capital_per_year=0.21)
    assert total == LimitCheck("worst: total, discounted", 100, pytest.approx(100), None, True)
    assert year == LimitCheck("worst: contract year 2, discounted", 100, pytest.approx(100), None, True)
    as_paid = ({"measure": "worst", "of": of, "at_most": 100} for of in ("total", "contract year 2"))
    found = checked(*as_paid, futures=late, cost_of_capital_per_year=0.21)
    assert [each.achieved_usd for each in found] == pytest.approx([121 * 1.21 ** (1 / 12)] * 2)


@pytest.mark.parametrize(
    ("within", "at_most", "likely", "kept"),
    [(0.75, 48, 0.75, True), (0.75, 47, 0.5, False), (0.76, 48, 0.75, False), (1, 132, 1, True), (1, 131, 0.75, False)],
)
def test_probability_of_staying_within_a_budget(within, at_most, likely, kept):
    """Costs are 24, 36, 48 and 132: three of four are within 48."""
    (check,) = checked({"probability_within": within, "at_most": at_most})
    assert check == LimitCheck(f"{within:.1%} sure: total", at_most, None, pytest.approx(likely), kept)


def test_above_200_scenarios_the_mean_of_the_tail_stands_beside_the_probability():
    """201 futures cost 24 but the last, 240: nine tenths sure of 24. The worst tenth, 20.1 of 201, has it once:
    24 + 216 / 20.1. Sure of all of them there is no tail. Of 200 futures it is not needed.
    """
    futures = [(1, 1)] * 200 + [(10, 10)]
    most, all_of_them = checked(*({"probability_within": p, "at_most": 24} for p in (0.9, 1)), futures=futures)
    assert most.achieved_usd == pytest.approx(24 + 216 / 20.1)
    assert (most.probability, most.is_kept) == (pytest.approx(200 / 201), True)
    assert (all_of_them.achieved_usd, all_of_them.is_kept) == (None, False)
    assert checked({"probability_within": 0.9, "at_most": 24}, futures=futures[1:])[0].achieved_usd is None


def test_dollars_committed_over_the_horizon_and_signed_in_the_first_term():
    """100 in the first term and 200 in its renewal: 300 committed, 100 signed."""
    offers = {"quote": {"terms": [12], "api": bands((1, 0.1))}}
    limits = ({"measure": "worst", "of": of, "at_most": 150} for of in ("committed", "signed"))
    committed, signed = checked(*limits, plan=api_plan((1, (100,)), (1, (200,))), offers=offers)
    assert committed == LimitCheck("committed", 150, pytest.approx(300), None, False)
    assert signed == LimitCheck("signed", 150, pytest.approx(100), None, True)
