"""The difference between two plans by line: worked by hand, and laws over examples and generated deals."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import Rollover
from deal_solve.errors import InputError
from deal_solve.facts.difference import Difference, cost_lines, difference
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.report.difference import difference_table
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import api_deal, api_plan, months, only, seat_deal, seat_plan, settled
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import EXAMPLES
from tests.support.samples import sizes
from tests.support.solved import loaded, solved

TWO_BANDS = {"bands": [{"commit_usd_per_year": 500, "discount": 0.1}, {"commit_usd_per_year": 800, "discount": 0.2}]}


def lines(settlement: Settlement) -> dict[str, float]:
    """Return the lines that are not 0, rounded to cents."""
    return {line: round(usd, 2) for line, usd in cost_lines(settlement).items() if abs(usd) > 1e-6}


def nonzero(found: Difference) -> dict[str, float]:
    return {row.line: round(row.difference_usd, 2) for row in found.lines if abs(row.difference_usd) > 1e-6}


# Worked by hand


def test_the_higher_band_saves_on_rate_and_on_overage():
    """1 200 of list value a year. 500 at 10 %: V 1 080, uncovered 580, at list 580/0.9 = 644.44, so 64.44 above the
    contracted rate; total 1 144.44. 800 at 20 %: V 960, uncovered 160, at list 200, so 40 above; total 1 000.
    """
    deal = api_deal(100, TWO_BANDS)
    low, high = (settled(deal, api_plan((usd, (usd,)))) for usd in (500, 800))
    assert lines(low) == {"routing": 1200, "rate": -120, "overage": 64.44}
    assert lines(high) == {"routing": 1200, "rate": -240, "overage": 40}
    found = difference(high, low)
    assert nonzero(found) == {"rate": 120, "overage": 24.44}
    assert found.expected_usd == pytest.approx(144.44, abs=0.01)
    assert found.of("rate") == pytest.approx(120)


def test_commitment_not_used_is_forfeiture():
    """1 000 committed at 20 % off 1 200: V 960, so 40 are lost; 900: 60 are uncovered and cost 75 at list, 15 above."""
    deal = api_deal(100, TWO_BANDS)
    right, large = (settled(deal, api_plan((800, (usd,)))) for usd in (900, 1000))
    assert nonzero(difference(right, large)) == {"forfeiture": 40, "overage": -15}


def test_rolled_over_commitment_is_not_forfeited():
    """800 in both years, V 640 and 960 (800 and 1 200 at list). Forfeited: 160 lost, then 160 uncovered, at list 200,
    40 above. Rolled over: 160 carried, and all of year 2 is covered.
    """
    plan, usage = api_plan((800, (800, 800)), first=24), months(800 / 12, 100)
    forfeited, rolled = (
        settled(api_deal(usage, {**TWO_BANDS, "unused": unused}, horizon=24, offer={"terms": [24]}), plan)
        for unused in ("forfeited", {"rollover": 1})
    )
    assert nonzero(difference(rolled, forfeited)) == {"forfeiture": 160, "overage": 40}


ONE_MONTH = [110.0 if month == 5 else 0.0 for month in range(12)]
HALF_YEAR = {"cost_of_capital_per_year": 0.21}  # half a year divides by 1.1, a year by 1.21


@pytest.mark.parametrize(("payment", "commitment"), [("prepaid", 9 + 21), ("prepaid_yearly", 9 + 21), ("arrears", 0)])
def test_commitment_is_the_price_of_paying_ahead(payment: str, commitment: float):
    """110 at list in month 5, 99 contracted, are worth 110/1.1 = 100 and 90. 220 are committed: 121 are lost, worth 100
    at the year's end. Prepaid: 220 today instead of 90 + 100. In arrears: 90 + 100, nothing is paid ahead.
    """
    deal = api_deal(ONE_MONTH, {"payment": payment}, **HALF_YEAR)
    found = lines(settled(deal, api_plan((1, (220,)))))
    assert found == {
        key: usd
        for key, usd in {"routing": 100, "rate": -10, "commitment": commitment, "forfeiture": 100}.items()
        if usd
    }


def test_overage_billed_at_the_end_of_the_year_is_paid_later_than_used():
    """C = 0.9 of V 99: 98.1 uncovered, at list 109, cost 109/1.21 = 90.08 a year from now: 9.01 above contracted
    (10.9/1.21), and the contracted 98.1/1.21 = 81.07 are paid instead of 98.1/1.1 = 89.18: 8.11 less. The 0.9 used are
    paid half a year ahead: 0.9 - 0.9/1.1 = 0.08 more.
    """
    deal = api_deal(ONE_MONTH, {"bands": [{"commit_usd_per_year": 0.9, "discount": 0.1}]}, **HALF_YEAR)
    found = lines(settled(deal, api_plan((0.9, (0.9,)))))
    assert found == {"routing": 100, "rate": -10, "commitment": -8.03, "overage": 9.01}


def test_locked_prices_above_list_make_the_rate_positive():
    """100 a month at today's list, which halves in month 6: 600 + 300 at list. Locked at 10 % off: 1 080."""
    falling = [1.0] * 6 + [0.5] * 6
    deal = api_deal(100, {"overage": "contracted"}, index=falling, offer={"price_protection": "locked"})
    assert lines(settled(deal, api_plan((1, (1,))))) == {"routing": 900, "rate": 180}


def test_usage_without_commitment_has_a_rate_only():
    """A band from 0 with 5 %: 1 200 at list, 60 off; nothing is committed, uncovered or lost."""
    deal = api_deal(100, {"bands": [{"commit_usd_per_year": 0, "discount": 0.05}]}, **HALF_YEAR)
    found = cost_lines(settled(deal, api_plan((0, (0,)))))
    assert found["rate"] == pytest.approx(-0.05 * found["routing"])
    assert [found[line] for line in ("commitment", "overage", "forfeiture")] == [0, 0, 0]


def test_people_move_from_seats_to_nothing():
    """10 users; 8 seats at 20 a month: 1 920, 2 more added at once for 12 months: 480. Unserved: 10 · 7 · 12 = 840."""
    deal = seat_deal(10)
    seats = settled(deal, seat_plan((8,)))
    nothing = settled(deal, seat_plan((0,), tracks={"staff": ("none",)}))
    assert nonzero(difference(seats, nothing)) == {"seats": -1920, "true_up": -480, "unserved": 840}


def test_usage_of_people_is_apart_from_routing():
    """5 people ask 20 times a month at 1 USD: 1 200 on the tool, at 10 % off; built for 50, run for 12 · 3 = 36."""
    use = {"requests_per_user_month": 20, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    staff = {"headcount": 5, "tracks": ["chat", "none"], "unserved_usd_per_user_month": 40, "use": use}
    deal = api_deal(
        100,
        cohorts={"staff": staff},
        internal_tools={"chat": {"build_usd": 50, "run_usd_per_month": 3}},
        scenarios=only(requests_per_month={"app": 100}),
    )
    routed = {"use": {"staff": ({"from_month": 0, "shares": {"opus": 1}},)}}
    tool = settled(deal, api_plan((1, (2160,)), tracks={"staff": ("chat",)}, **routed))
    nothing = settled(deal, api_plan((1, (1080,)), tracks={"staff": ("none",)}, **routed))
    found = nonzero(difference(nothing, tool))
    assert found == {"metered_usage": 1200, "rate": -120, "tools": 86, "unserved": -2400}


def test_risk_is_what_the_objective_differs_beyond_expected_cost():
    deal = api_deal(100, TWO_BANDS)
    low, high = (settled(deal, api_plan((usd, (usd,)))) for usd in (500, 800))
    found = difference(high, low, objective_usd=200)
    assert found.expected_usd + found.risk_usd == found.objective_usd == 200
    assert difference(high, low).risk_usd == 0


def test_the_table_of_lines_adds_up_and_leaves_out_what_is_nothing():
    deal = api_deal(100, TWO_BANDS)
    low, high = (settled(deal, api_plan((usd, (usd,)))) for usd in (500, 800))
    assert difference_table(deal, difference(high, low, 200)) == (
        "Difference by line over 12 months (USD, expected)\n"
        "line                                    this deal  as requested  difference\n"
        "--------------------------------------  ---------  ------------  ----------\n"
        "API usage of workloads, at list prices   1,200.00      1,200.00        0.00\n"
        "contracted rates against list             -240.00       -120.00      120.00\n"
        "overage above contracted rates              40.00         64.44       24.44\n"
        "expected cost                            1,000.00      1,144.44      144.44\n"
        "risk                                                                  55.56\n"
        "objective                                                            200.00"
    )


# Laws


def agreements(deal: Deal) -> Iterator[Settlement]:
    """Settle every API agreement and band of a deal, everything else as completed: all shapes, whatever is best."""
    deal = deal.signed_in(deal.signing_months[0]) if deal.is_open else deal
    scenarios = scenarios_of(deal)
    for offer, on_table in resolve(deal).offers.items():
        part = on_table.api
        for term in on_table.first_terms if part else ():
            for band in part.bands:
                api = {"offer": offer, "term_months": term, "band_usd_per_year": band.commit_usd_per_year}
                try:
                    plan, _ = complete(deal, Proposal.model_validate({"api": api}), scenarios)
                    yield settle(deal, plan, scenarios)
                except InputError:  # what is left to be assumed does not fit this agreement
                    continue


def holds(winner: Settlement, other: Settlement) -> None:
    """Assert what holds of every difference, and of the lines of both plans."""
    found = difference(winner, other)
    whole = float(other.weights @ other.cost - winner.weights @ winner.cost)
    assert found.expected_usd == pytest.approx(whole, abs=1e-6)
    assert sum(row.difference_usd for row in found.lines) == pytest.approx(whole, rel=1e-12, abs=1e-6)
    for row in found.lines:
        assert row.difference_usd == pytest.approx(row.other_usd - row.winner_usd, abs=1e-6)
    for settlement in (winner, other):
        of = cost_lines(settlement)
        assert of["overage"] >= -1e-6 and of["forfeiture"] >= -1e-6
        api = resolve(settlement.deal).taken(settlement.plan.api).api
        if settlement.deal.cost_of_capital_per_year == 0 or api.payment == "arrears" or not settlement.drawdown:
            assert of["commitment"] == pytest.approx(0, abs=1e-6)
        if settlement.plan.api.offer == "list":
            assert of["rate"] == pytest.approx(0, abs=1e-6)


def shapes(settlement: Settlement) -> set[str]:
    """Return what a settled agreement has that a split could get wrong."""
    api, drawdown = resolve(settlement.deal).taken(settlement.plan.api).api, settlement.drawdown
    found = {api.payment, "committed"} if drawdown else {"zero band"}
    found |= {"rollover"} if drawdown and isinstance(api.unused, Rollover) else set()
    found |= {line for line in ("rate", "overage", "forfeiture") if abs(cost_lines(settlement)[line]) > 1}
    found |= {"uncounted"} if np.any(settlement.by_line["uncounted_usage"]) else set()
    return found | ({"discounted"} if settlement.deal.cost_of_capital_per_year else set())


@pytest.mark.parametrize("count", sizes(24, 60))
def test_the_lines_of_generated_deals_add_up(count: int):
    rng, seen = np.random.default_rng(3), Counter()
    for _ in range(count):
        settlements = list(agreements(read(random_deal(rng))))
        for other in settlements:
            holds(settlements[0], other)
            seen.update(shapes(other))
            routing = difference(settlements[0], other).of("routing")
            assert routing == pytest.approx(0, abs=1e-6)  # as completed, it does not depend on the offers
    wanted = ("committed", "zero band", "prepaid", "prepaid_yearly", "arrears", "rollover", "uncounted", "discounted")
    assert all(seen[shape] >= count / 3 for shape in (*wanted, "rate", "overage", "forfeiture")), seen


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_lines_of_the_examples_add_up(path: Path):
    deal, winner = loaded(path.stem), solved(path.stem)
    others = list(agreements(deal))
    assert len(others) >= 4
    for other in others:
        holds(winner.settlement, other)
