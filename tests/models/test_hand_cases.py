"""The hand-checkable cases of the model §9, solved and settled.

One request costs exactly 1 USD at today's list, so requests are list dollars. Yearly numbers of the deal model are
monthly ones here, so every amount is 12 times the one in the text: `YEAR * 88` stands for its 88.
"""

import pytest

from deal_solve import Plan, scenarios_of, settle, solve
from tests.support.hand_deals import (
    APP,
    CHANCES,
    DISCOUNT,
    RARE,
    YEAR,
    certainly,
    commitment,
    covers,
    expected,
    explicit,
    fixed,
    newsvendor,
    quote,
    read,
    tail,
    two_years,
)

# --- 9.1: one period, three scenarios
# -----------------------------------------------------------------------------------


def test_9_1_neutral_buyer_commits_to_the_low_future():
    """D = 60/100/160 with 0.3/0.5/0.2, c = 0.8, p = 1. C = 60: 48 + 0.5·40 + 0.2·100 = 88. One more dollar of cover
    costs 0.8 and saves 1 with probability 0.7 only.
    """
    solution = solve(newsvendor())
    assert covers(solution) == pytest.approx(60)
    assert solution.objective_usd == pytest.approx(YEAR * 88)
    assert solution.settlement.cost == pytest.approx([YEAR * 48, YEAR * 88, YEAR * 148])


@pytest.mark.parametrize(("confidence", "covered", "cost"), [(0.5, 100, 104), (0.8, 160, 128)])
def test_9_1_on_cost_caution_commits_more(confidence, covered, cost):
    """CVaR 0.5 at C = 100: (0.2·140 + 0.3·80) / 0.5 = 104. CVaR 0.8 is the high future alone: C = 160, so 128."""
    solution = solve(newsvendor(risk=tail("cost", confidence)))
    assert covers(solution) == pytest.approx(covered)
    assert solution.objective_usd == pytest.approx(YEAR * cost)


def test_9_1_worst_case_covers_the_high_future():
    """C = 160 costs 128 in every scenario; any smaller C costs more in the high one."""
    solution = solve(newsvendor(risk={"criterion": "worst"}))
    assert covers(solution) == pytest.approx(160)
    assert solution.objective_usd == pytest.approx(YEAR * 128)


@pytest.mark.parametrize("confidence", [0.0, 0.3, 0.5, 0.8, 0.95])
def test_9_1_on_loss_caution_commits_no_more(confidence):
    """The reference pays list. C = 60 gains 0.2·60 = 12 in every scenario, so CVaR of loss is -12 at every confidence;
    reported with the reference's 100 added back: 88.
    """
    solution = solve(newsvendor(risk=tail("loss", confidence)))
    assert covers(solution) == pytest.approx(60)
    assert solution.settlement.cost - solution.baseline_cost == pytest.approx([YEAR * -12] * 3)
    assert solution.objective_usd == pytest.approx(YEAR * (100 - 12))


def test_9_1_expected_value_of_perfect_information():
    """Who knows the future commits to it: 0.3·48 + 0.5·80 + 0.2·128 = 80, so knowing is worth 88 - 80 = 8."""
    deal = newsvendor()
    scenarios = scenarios_of(deal)
    known = [solve(deal, scenarios.take(index)).objective_usd for index in range(scenarios.size)]
    assert known == pytest.approx([YEAR * 48, YEAR * 80, YEAR * 128])
    assert solve(deal).objective_usd - scenarios.weights @ known == pytest.approx(YEAR * 8)


def test_9_1_value_of_the_stochastic_solution():
    """Planned on the mean (100): C = 100, which costs 80 + 0.2·60 = 92 over the scenarios; planning on them saves 4."""
    on_the_mean = solve(newsvendor({"mean": 100}, {"mean": 1}))
    assert covers(on_the_mean) == pytest.approx(100)
    deal = newsvendor()
    pinned = solve(deal, fix=fixed(api={"offer": "quote", "commitment_usd": commitment(on_the_mean)}))
    assert pinned.objective_usd == pytest.approx(YEAR * 92)
    assert expected(pinned) - solve(deal).objective_usd == pytest.approx(YEAR * 4)
    assert settle(deal, on_the_mean.plan, scenarios_of(deal)).cost == pytest.approx(pinned.settlement.cost)


# --- 9.2: a continuous demand -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("risk", "covered", "cost"),
    [("neutral", 55, 92), (tail("cost", 0.8), 151, 130.4), (tail("cost", 0.95), 169, 137.6)],
)
def test_9_2_quantile_of_a_uniform_demand(risk, covered, cost):
    """Uniform[25,175], c = 0.8, p = 1: F(C*) = 1 - (1-α)·0.8 = 0.2 / 0.84 / 0.96, C* = 55 / 151 / 169.

    Discretised by the trapezoid rule: 25, 26, …, 175 with weight 1/150 each and half of it at the ends. Then
    F(54) = 29.5/150 < 0.2 < F(55) = 30.5/150 (and so at 151 and 169), so C* is the continuous one and unique; and
    because the rule is exact for lines with kinks on the grid, so is the cost: 0.8·55 + 120²/300 = 92,
    0.8·151 + 24²/(2·30) = 130.4, 0.8·169 + 6²/(2·7.5) = 137.6.
    """
    demand = {f"d{value}": value for value in range(25, 176)}
    weights = {name: 0.5 if value in (25, 175) else 1.0 for name, value in demand.items()}
    solution = solve(newsvendor(demand, weights, risk))
    assert covers(solution) == pytest.approx(covered)
    assert solution.objective_usd == pytest.approx(YEAR * cost)


# --- 9.3: the tie rule ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [12, 240, 480])
def test_9_3_overage_at_the_contracted_rate_commits_to_the_threshold(threshold):
    """Usage costs 0.8 of list committed or not, so every C from the threshold to the low future's 0.8·60·12 = 576
    costs 0.8·100·12 = 960; the least of them is taken.
    """
    offer = quote((threshold, DISCOUNT), overage="contracted")
    deal = read(workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit(RARE, CHANCES))
    solution = solve(deal)
    assert commitment(solution) == pytest.approx(threshold)
    assert solution.objective_usd == pytest.approx(960)


# --- 9.4: rollover ----------------------------------------------------------------------------------------------------


def test_9_4_forfeited():
    """C = 60: 2·48 + 0.5·40 (year 1) + 0.5·40 + 0.5·100 (year 2) = 186."""
    solution = solve(two_years())
    assert covers(solution) == pytest.approx(60)
    assert commitment(solution, 0) == commitment(solution, 1)
    assert solution.objective_usd == pytest.approx(YEAR * 186)


def test_9_4_full_rollover():
    """C = 80: 128 + year 1: 0.5·20 + year 2: after (60) 20 are carried, so (60,100) pays 0 and (60,160) 60; after (100)
    nothing is, so 20 and 80: 128 + 10 + (0 + 60 + 20 + 80)/4 = 178.
    """
    solution = solve(two_years(unused={"rollover": 1}))
    assert covers(solution) == pytest.approx(80)
    assert solution.objective_usd == pytest.approx(YEAR * 178)


def test_9_4_a_clause_is_worth_what_solving_again_gives():
    """Rollover is worth 186 - 178 = 8 with the deal solved again, and 0 at the old commitment: at C = 60 there is never
    anything left to carry.
    """
    old = solve(two_years())
    with_clause = two_years(unused={"rollover": 1})
    kept = solve(with_clause, fix=fixed(api={"offer": "quote", "commitment_usd": commitment(old)}))
    assert old.objective_usd - kept.objective_usd == pytest.approx(0, abs=0.01)
    assert old.objective_usd - solve(with_clause).objective_usd == pytest.approx(YEAR * 8)


def test_a_ramp_that_begins_with_nothing_commits_to_nothing_in_a_term_of_one_year():
    """The ramp of a 12-month term is its first factor, 0, so 20 % off comes without commitment: 0.8·(60+100+160)/3."""
    solution = solve(newsvendor(weights=dict.fromkeys(RARE, 1), ramp=[0, 1, 1], overage="contracted"))
    assert solution.plan.api.offer == "quote"
    assert commitment(solution) == 0
    assert solution.objective_usd == pytest.approx(YEAR * 0.8 * 320 / 3)


# --- 9.5 to 9.7: bands, utilisation, drawdown -------------------------------------------------------------------------


def test_9_5_the_highest_discount_is_not_the_cheapest():
    """400k at list: 12 % from 352k pays max(352k, 352k); 15 % from 382.5k pays 382.5k for 340k of usage; 18 % from 410k
    pays 410k for 328k.
    """
    bands = quote((352_000, 0.12), (382_500, 0.15), (410_000, 0.18))
    solution = solve(certainly(400_000 / YEAR, quote=bands))
    assert solution.plan.api.terms[0].band_usd_per_year == 352_000
    assert solution.objective_usd == pytest.approx(352_000)


def test_9_6_utilisation_is_no_objective():
    """800k at list: 20 % from 640k is used up and costs 640k; 40 % from 600k leaves a fifth unused and costs 600k."""
    deal = certainly(800_000 / YEAR, full=quote((640_000, 0.2)), deep=quote((600_000, 0.4)))
    solution = solve(deal)
    period = solution.settlement.drawdown[0]
    assert solution.plan.api.offer == "deep"
    assert solution.objective_usd == pytest.approx(600_000)
    assert period.usage_usd[0] / 600_000 == pytest.approx(0.8)
    other = solve(deal, fix=fixed(api={"offer": "full"}))
    assert other.objective_usd == pytest.approx(640_000)
    assert other.settlement.drawdown[0].usage_usd[0] / 640_000 == pytest.approx(1)


@pytest.mark.parametrize(("offer", "billed"), [("quote", 20.00 + 30.00), ("list", 25.00 + 37.50)])
def test_9_7_prepaid_drawdown(offer, billed):
    """5.0M input at $5 and 1.5M output tokens at $25: $25.00 + $37.50 at list, $20.00 + $30.00 at 20 % off."""
    card = {"claude-opus-5-5": {"input_usd_per_mtok": 5, "output_usd_per_mtok": 25}}
    app = {"requests_per_month": 0, "input_tokens": 5000, "output_tokens": 1500, "models": ["opus"]}
    deal = read(
        rates={"card": "claude@2026-11-23", "models": card},
        workloads={"app": app},
        offers={"quote": quote((500_000, DISCOUNT))},
        scenarios=explicit({"only": [1000.0] + [0.0] * 11}),
    )
    band = 500_000 if offer == "quote" else 0
    plan = Plan.model_validate(
        {
            "api": {
                "offer": offer,
                "term_months": 12,
                "terms": [{"band_usd_per_year": band, "commitment_usd": [band]}],
            },
            "routing": {"app": [{"from_month": 0, "shares": {"opus": 1}}]},
        }
    )
    settlement = settle(deal, plan, scenarios_of(deal))
    if offer == "quote":
        assert settlement.drawdown[0].usage_usd[0] == pytest.approx(billed)
        assert settlement.cost[0] == pytest.approx(500_000)
    else:
        assert settlement.cost[0] == pytest.approx(billed)


# --- 9.9: all together ------------------------------------------------------------------------------------------------


def all_together():
    """Return the deal of 9.9."""
    path = {
        "weight": 1,
        "requests_per_month": {"app": [7000, 14_000]},
        "list_price_index": {"opus": [1.0] * 18 + [1.25] * 6},
        "active_users": {"staff": [100] * 3 + [110] + [100] * 11 + [120] + [100] * 8},
    }
    offer = quote((90_000, 0.1), terms=(24,), unused={"rollover": 0.5, "cap": 0.25})
    clause = {"check": 1, "count": "peak", "retroactive": True, "price": "contracted", "ratchet": "term"}
    offer |= {"price_protection": "locked", "seats": {"seat": {"usd_per_user_month": 20, "true_up": clause}}}
    return read(
        24,
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        offers={"quote": offer},
        scenarios={"only": path},
    )


SIGNED = {
    "api": {
        "offer": "quote",
        "term_months": 24,
        "terms": [{"band_usd_per_year": 90_000, "commitment_usd": [90_000, 90_000]}],
    },
    "seats": {"seat": {"offer": "quote", "term_months": 24, "contracted": [100, 100]}},
    "tracks": {"staff": ["seat", "seat"]},
    "projects": {"app": []},
    "routing": {"app": [{"from_month": 0, "shares": {"opus": 1}}, {"from_month": 12, "shares": {"opus": 1}}]},
}


LINES_9_9 = {"commitment": 180_000, "overage": 60_000, "seats": 48_000, "true_up": 6000}


def test_9_9_settled():
    """Commitments 90 000 + 90 000; year 1 carries min(0.5·14 400, 22 500) = 7 200; year 2 leaves 54 000 of V 151 200
    uncovered at ratio 1/0.9: 60 000 (as used: the 97 200 cover months 12–17 and 21 600 of 18–23, so 54 000 ·
    1.25/0.9 = 75 000). Seats 24 000 + 1 800 + 24 000 + 2 400 + 1 800 = 54 000. In all 294 000.
    """
    deal = all_together()
    plan = Plan.model_validate(SIGNED)
    result = settle(deal, plan, scenarios_of(deal))
    assert result.cost[0] == pytest.approx(294_000)
    assert {line: round(usd[0], 2) for line, usd in result.by_line.items() if usd[0]} == LINES_9_9
    first, second = result.drawdown
    assert first.usage_usd[0] == pytest.approx(75_600)
    assert second.usage_usd[0] == pytest.approx(151_200)
    assert second.carried_in_usd[0] == pytest.approx(7200)
    as_used = settle(deal, plan, scenarios_of(deal), order="chronological")
    assert as_used.cost[0] == pytest.approx(294_000 + 75_000 - 60_000)


def test_9_9_solved_with_everything_pinned():
    """The optimiser prices the same plan at the same 294 000."""
    solution = solve(all_together(), fix=fixed(**SIGNED))
    assert solution.objective_usd == pytest.approx(294_000)
    assert solution.bound_usd == pytest.approx(294_000)
    assert {line: round(usd[0], 2) for line, usd in solution.settlement.by_line.items() if usd[0]} == LINES_9_9
    assert solution.plan == Plan.model_validate(SIGNED)


def test_9_9_solved_freely():
    """Seats at list are counted by the year, not the term: 24 000 + 1 800 + 24 000 + 20·20·9 = 53 400 instead of
    54 000, and nothing else is cheaper: 293 400.
    """
    solution = solve(all_together())
    assert solution.objective_usd == pytest.approx(293_400)
    assert solution.plan.seats["seat"].offer == "list"
    assert solution.plan.api.offer == "quote"


# --- overage below list
# -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("premium", "committed", "cost"), [(-0.1, 8_000, 9_800), (-0.3, 8_000, 9_600)])
def test_overage_below_list_is_never_below_contracted(premium, committed, cost):
    """Usage of 12,000 at list, 20 % off from 8,000: 10,000 of it is covered, 2,000 are overage at 10 % off list, or at
    the contracted 20 % off where list less 30 % would be below it.
    """
    deal = certainly(1_000, quote=quote((8_000, 0.2), overage={"premium": premium}))
    api = {"offer": "quote", "term_months": 12, "terms": [{"band_usd_per_year": 8_000, "commitment_usd": [committed]}]}
    assert solve(deal, fix=fixed(api=api)).objective_usd == pytest.approx(cost)


@pytest.mark.parametrize(("premium", "committed"), [(-0.1, 9_600), (-0.3, 8_000)])
def test_overage_below_list_is_avoided_unless_it_costs_the_contracted_rate(premium, committed):
    """C = 9,600 costs 9,600, without overage; where overage costs the same, the least is committed."""
    solution = solve(certainly(1_000, quote=quote((8_000, 0.2), overage={"premium": premium})))
    assert (commitment(solution), solution.objective_usd) == pytest.approx((committed, 9_600))
