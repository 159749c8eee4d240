"""Allowances of seats priced by hand: a request costs 1 USD at list."""

import numpy as np
import pytest

from deal_solve import varied
from deal_solve.errors import InputError
from deal_solve.facts.allocation import allocate
from deal_solve.facts.today import today
from deal_solve.formulation.build import FormulationOptions, formulate
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.model.recourse import When
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Route, SeatTerm
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import RATES, deal_of, lines, only, seat_plan, settled

USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
HEAVY_AND_LIGHT = [{"share": 0.8, "factor": 5 / 24}, {"share": 0.2, "factor": 100 / 24}]


def limited(allowance, users=None, usd=25, index=1, part=None, **use):
    """Return a deal of a year with these users of `seat`, each of whom uses so many dollars a month."""
    users = users or {"staff": 100}
    per_user = usd if isinstance(usd, dict) else dict.fromkeys(users, usd)
    path = only(active_users=users, requests_per_user_month=per_user, list_price_index={"opus": index})
    cohorts = {name: {"headcount": 0, "tracks": ["seat"], "use": {**USE, **use}} for name in users}
    offers = {"quote": {"terms": [12], "seats": {"seat": {"allowance": allowance, **(part or {})}}}}
    return deal_of(cohorts=cohorts, scenarios=path, offers=offers)


def settled_on_offer(deal):
    """Return what 100 seats of the offer settle to, everybody on Opus."""
    routed = {name: (Route(from_month=0, shares={"opus": 1}),) for name in deal.cohorts}
    return settled(deal, seat_plan((100,), tracks=dict.fromkeys(deal.cohorts, ("seat",)), use=routed))


def beyond(allowance, **how):
    """Return what is billed beyond the allowance in a month."""
    found = lines(settled_on_offer(limited(allowance, **how)))
    assert found.pop("seats") == 24_000
    return {line: usd / 12 for line, usd in found.items()}


def test_use_below_a_dollar_pools_like_any_other():
    """One user with 0.50 of use and 0.20 included: 0.30 are beyond."""
    deal = limited({"usd_per_user_month": 0.2, "pooled": True}, users={"staff": 1}, usd=0.5)
    assert lines(settled_on_offer(deal))["extra_usage"] == pytest.approx(12 * 0.3)


def test_what_is_beyond_retires_the_commitment_of_the_channel():
    """24,000 for seats and 12 · 600 beyond, both through the channel: 100,000 - 50,000 - 31,200 are short."""
    cloud = {"usd_per_year": [100_000], "other_spend_usd_per_year": 50_000, "cap_share": 1}
    channel = {"through": "aws", "counts": 1}
    deal = varied(
        limited({"usd_per_user_month": 19}), {"cloud_commitments": {"aws": cloud}, "offers.quote.channel": channel}
    )
    assert lines(settled_on_offer(deal)) == {"seats": 24_000, "extra_usage": 7_200, "cloud_shortfall": 18_800}


def test_what_is_beyond_goes_through_the_channel_in_the_years_that_the_offer_sells():
    """24,000 and 12 · 600 through the channel in years 1 and 3; in year 2 the seats are at list, which includes all."""
    cloud = {"usd_per_year": [100_000] * 3, "other_spend_usd_per_year": 50_000, "cap_share": 1}
    deal = varied(
        limited({"usd_per_user_month": 19}),
        {
            "horizon_months": 36,
            "cloud_commitments": {"aws": cloud},
            "offers.quote.channel": {"through": "aws", "counts": 1},
            "offers.quote.renewal": {"may_return": True},
        },
    )
    plan = seat_plan((100,) * 3, use={"staff": (Route(from_month=0, shares={"opus": 1}),)})
    terms = (SeatTerm(years=1), SeatTerm(offer="list", years=1), SeatTerm(years=1))
    seat = plan.seats["seat"].model_copy(update={"terms": terms})
    result = settled(deal, plan.model_copy(update={"seats": {"seat": seat}}))
    assert lines(result) == {"seats": 72_000, "extra_usage": 14_400, "cloud_shortfall": 18_800 + 50_000 + 18_800}


@pytest.mark.parametrize(("usd", "extra"), [(0, {}), (15, {}), (19, {}), (25, {"extra_usage": 600})])
@pytest.mark.parametrize("pooled", [True, False])
def test_users_who_are_all_alike(pooled, usd, extra):
    """100 users with 19 each: nothing, 1 500 and 1 900 are inside, of 2 500 are 600 beyond, pooled or not."""
    assert beyond({"usd_per_user_month": 19, "pooled": pooled}, usd=usd) == extra


@pytest.mark.parametrize(("usd", "extra"), [(12, 600), (24, 1600), (48, 3600)])
def test_heavy_users_are_beyond_though_the_mean_is_not(usd, extra):
    """80 users at 5 and 20 at 100, a = 20: 20 · 80 = 1 600. Doubled, 20 · 180 = 3 600; halved, 20 · 30 = 600."""
    assert beyond({"usd_per_user_month": 20}, usd=usd, spread=HEAVY_AND_LIGHT) == {"extra_usage": extra}


def test_a_pool_takes_what_other_cohorts_leave():
    """50 users at 10 and 50 at 40, a = 20: 1 000 beyond if each is alone; pooled 2 500 - 2 000 = 500, a tenth off."""
    how = {"users": {"a": 50, "b": 50}, "usd": {"a": 10, "b": 40}}
    assert beyond({"usd_per_user_month": 20}, **how) == {"extra_usage": 1000}
    pooled = {"usd_per_user_month": 20, "pooled": True, "extra_discount": 0.1}
    assert beyond(pooled, **how) == {"extra_usage": 450}
    assert beyond(pooled, spread=HEAVY_AND_LIGHT, **how) == {"extra_usage": 450}
    rows = {(row.name, row.line): row.expected_usd for row in allocate(settled_on_offer(limited(pooled, **how))).lines}
    assert rows["a", "extra_usage"] == pytest.approx(12 * 450 * 500 / 2500)
    assert rows["b", "extra_usage"] == pytest.approx(12 * 450 * 2000 / 2500)


def test_blocked_usage_costs_what_the_buyer_says_and_is_no_cash():
    blocked = {"usd_per_user_month": 19, "beyond": "blocked", "refused_usd_per_usd": 2}
    assert beyond(blocked) == {"refused_usage": 1200}


def test_the_allowance_does_not_follow_prices_and_other_charges_count():
    """Opus at 0.8 of list, 0.2 beside the model a request: 25 · (0.8 + 0.2) = 25 as before."""
    assert beyond({"usd_per_user_month": 19}, index=0.8, other_usd_per_request=0.2) == {"extra_usage": 600}
    assert beyond({"usd_per_user_month": 19}, index=0.8) == {"extra_usage": 100}


def test_usage_of_all_models_counts_at_the_prices_of_each():
    """Half on Opus at 0.5, half on Sonnet at 1: 25 · 0.75 = 18.75 a user, 10 included: 875 beyond."""
    deal = limited({"usd_per_user_month": 10}, index=0.5, models=["opus", "sonnet"])
    plan = seat_plan((100,), use={"staff": (Route(from_month=0, shares={"opus": 0.5, "sonnet": 0.5}),)})
    assert lines(settled(deal, plan)) == {"seats": 24_000, "extra_usage": 10_500}


def test_usage_against_an_allowance_needs_a_route():
    deal = limited({"usd_per_user_month": 10})
    with pytest.raises(InputError, match="staff: the plan has no route from month 0"):
        settled(deal, seat_plan((100,)))


def test_all_usage_is_included():
    assert beyond("all") == {}


def test_an_offers_allowance_does_not_hold_at_list():
    """The card covers half of the usage at list: 12 · 100 · 12.5."""
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": 20, "covered_share": 0.5}}}
    deal = limited("all")
    deal = deal.model_validate({**deal.written, "rates": rates})
    routed = {"staff": (Route(from_month=0, shares={"opus": 1}),)}
    plan = seat_plan((100,), offer="list", tracks={"staff": ("seat",)}, use=routed)
    assert lines(settled(deal, plan)) == {"seats": 24_000, "uncounted_usage": 15_000}


def test_todays_bill_has_what_is_beyond():
    rates = {**RATES, "seats": {"seat": {"usd_per_user_month": 20, "allowance": {"usd_per_user_month": 20}}}}
    use = {**USE, "requests_per_user_month": 24, "spread": HEAVY_AND_LIGHT}
    bill = today(deal_of(rates=rates, cohorts={"staff": {"headcount": 100, "tracks": ["seat"], "use": use}}))
    assert bill.usage_usd == pytest.approx(1600)
    assert bill.uses[0].included_usd == pytest.approx(800)


DEAR_AT_LIST = {**RATES, "seats": {"seat": {"usd_per_user_month": 40, "covered_share": 1}}}


def offered(*allowances, users=None, per_user=25, cohort=None, **sections):
    """Return a deal with an offer for each allowance, at 20 USD a seat and 5 more for each offer after the first."""
    users = users or {"staff": 100}
    seats = [{"usd_per_user_month": 20 + 5 * place, "allowance": own} for place, own in enumerate(allowances)]
    offers = {f"offer-{place}": {"terms": [12], "seats": {"seat": part}} for place, part in enumerate(seats)}
    use = {**USE, "requests_per_user_month": per_user}
    cohorts = {n: {"headcount": count, "tracks": ["seat"], "use": use, **(cohort or {})} for n, count in users.items()}
    return deal_of(rates=DEAR_AT_LIST, cohorts=cohorts, offers=offers, **sections)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_the_optimiser_sees_what_is_beyond(method, pooled):
    """100 seats at 20 with 600 a month beyond 19 cost 31 200 a year; seats at 25 that include all cost 30 000."""
    limit = {"usd_per_user_month": 19, "pooled": pooled}
    assert solve(offered(limit), method=method).objective_usd == pytest.approx(31_200)
    found = solve(offered(limit, "all"), method=method)
    assert found.objective_usd == pytest.approx(30_000)
    assert found.plan.seats["seat"].offer == "offer-1"


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_usage_is_routed_to_stay_inside(method):
    """At a mean quality of 0.9 a half may go to a model at half the price: 25 · 0.75 = 18.75 are inside 19."""
    quality = {"scores": {"opus": 1.0, "haiku": 0.8}, "mean_floor": 0.9}
    half = {**RATES["models"], "claude-haiku-5-5": {"input_usd_per_mtok": 500_000, "output_usd_per_mtok": 0}}
    use = {**USE, "requests_per_user_month": 25, "models": ["opus", "haiku"], "quality": quality}
    deal = offered({"usd_per_user_month": 19}, cohort={"use": use})
    deal = deal.model_validate({**deal.written, "rates": {**DEAR_AT_LIST, "models": half}})
    found = solve(deal, method=method)
    assert found.objective_usd == pytest.approx(24_000)
    assert found.plan.use["staff"][0].shares == pytest.approx({"haiku": 0.5, "opus": 0.5})


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("pooled", [True, False])
def test_unserved_users_bring_nothing_and_use_nothing(method, pooled):
    """A plan of at most 80: of 100 users 20 are unserved, at 1 each; the others are 1 beyond 24 each."""
    plans = {"small": {"seats": ["seat"], "maximum": 80}}
    deal = offered({"usd_per_user_month": 24, "pooled": pooled}, cohort={"unserved_usd_per_user_month": 1})
    deal = deal.model_validate({**deal.written, "rates": {**DEAR_AT_LIST, "plans": plans}})
    found = lines(solve(deal, method=method).settlement)
    assert found == {"seats": 12 * 80 * 20, "extra_usage": 12 * 80, "unserved": 12 * 20}


@pytest.mark.parametrize("pooled", [True, False])
def test_cost_is_convex_and_its_slope_a_bound(pooled):
    """At 40 pairs of points: no more at the midpoint than on average, and nowhere below the slope of another point."""
    scenarios = {
        name: {"weight": 1, "requests_per_user_month": {"a": usd}} for name, usd in (("low", 15), ("high", 40))
    }
    limit = {"usd_per_user_month": 19, "pooled": pooled}
    use = {**USE, "spread": HEAVY_AND_LIGHT, "models": ["opus", "sonnet"]}
    deal = offered(limit, users={"a": 30, "b": 50}, cohort={"use": use}, scenarios=scenarios)
    made = formulate(deal, scenarios_of(deal), api_agreements(deal), options=FormulationOptions(by_cuts=True))
    parts = [part for part in made.program.recourse if part.line == "extra_usage"]
    assert parts
    rng, weights = np.random.default_rng(4), np.array([0.5, 0.5])
    for part in parts:
        factors = part.factors(When(), lambda time: 0.99**time)
        for _ in range(40):
            one, other = rng.random((2, len(made.program.variables))) * 3000
            low, high, middle = (part.cost(each, factors) for each in (one, other, (one + other) / 2))
            assert np.all(middle <= (low + high) / 2 + 1e-9)
            slope = part.slope(one, factors, weights)
            assert slope.at(one) == pytest.approx(weights @ low)
            assert weights @ high >= slope.at(other) - 1e-9


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("offers.quote.seats.seat.covered_share", 1, "allowance and covered_share cannot stand together"),
        ("offers.quote.seats.seat.true_up", "hard_cap", "allowance and true_up: hard_cap cannot stand together"),
        ("cohorts.staff.covered_share", {"seat": 1}, "covered_share and the allowance of 'seat' in quote cannot stand"),
        ("cohorts.staff.use", None, "quote includes 19 USD a user and month, so the cohort needs a use section"),
        ("offers.quote.seats.seat.allowance", {"usd_per_user_month": 1, "beyond": "blocked"}, "needs refused_usd_per"),
        (
            "offers.quote.seats.seat.allowance",
            {"usd_per_user_month": 1, "beyond": "blocked", "refused_usd_per_usd": 0.5},
            "0.5 is below 1; expected at least 1",
        ),
        ("offers.quote.seats.seat.allowance", 19, "expected all, or a map with"),
        ("cohorts.staff.use.spread", [{"share": 0.5, "factor": 2}], "the shares add up to 0.5; expected 1"),
        ("cohorts.staff.use.spread", [{"share": 1, "factor": 2}], "the shares times their factors add up to 2"),
    ],
)
def test_what_cannot_stand_together_is_one_sentence_each(path, value, words):
    with pytest.raises(InputError) as refused:
        varied(limited({"usd_per_user_month": 19}), {path: value})
    assert words in str(refused.value)


def test_metered_usage_that_counts_cannot_have_an_allowance():
    """Neither where the offer states both, nor where the seat type has the allowance."""
    part = {"allowance": {"usd_per_user_month": 19}, "counts_toward_commitment": True}
    quote = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0}]}, "seats": {"seat": part}}
    cohorts = {"staff": {"headcount": 1, "tracks": ["seat"], "use": USE}}
    with pytest.raises(InputError, match="allowance and counts_toward_commitment cannot stand together"):
        deal_of(cohorts=cohorts, offers={"quote": quote})
    limit = {**RATES, "seats": {"seat": {"usd_per_user_month": 20, "allowance": part.pop("allowance")}}}
    with pytest.raises(InputError, match=r"counts_toward_commitment and rates.seats.seat.allowance cannot stand"):
        deal_of(rates=limit, cohorts=cohorts, offers={"quote": quote})
