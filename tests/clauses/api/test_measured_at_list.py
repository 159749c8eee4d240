"""A commitment that is measured in list dollars, priced by hand and optimised (model §B4)."""

import numpy as np
import pytest

from deal_solve import scenarios_of, solve
from deal_solve.analysis.check.findings import findings
from deal_solve.analysis.clauses.steps import clause_steps
from deal_solve.errors import InputError
from deal_solve.facts.health import commitment_health
from deal_solve.facts.notes import burn_note, list_note
from deal_solve.facts.savings import savings
from deal_solve.facts.usage.burn import burn
from deal_solve.report.sentences import api_sentence
from tests.support.builders import api_deal, api_plan, deal_of, lines, months, only, settled
from tests.support.hand_deals import APP, YEAR, certainly, commitment, explicit, fixed, quote, read

AT_LIST = {"measured_at": "list", "payment": "arrears", "overage": "contracted"}
CONTRACTED = {**AT_LIST, "shortfall_at": "contracted"}


def bill(usage, commitments, api=AT_LIST, discount=0.15, **rest):
    """Return the settlement of years with this usage at list and these commitments at list."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": discount}], **api}
    horizon = 12 * len(usage)
    deal = api_deal(
        months(*(usd / 12 for usd in usage)), part, **{"horizon": horizon, "offer": {"terms": [horizon]}, **rest}
    )
    return settled(deal, api_plan((1, commitments), first=horizon))


@pytest.mark.parametrize(
    ("usage", "usage_bill", "shortfall"),
    [(9e6, 7.65e6, 1e6), (5e6, 4.25e6, 5e6), (10e6, 8.5e6, 0), (12e6, 10.2e6, 0)],
)
def test_hand_case_i3_ten_million_at_list(usage, usage_bill, shortfall):
    """C = 10M at list, 15 %: usage of 9M at list is billed 7.65M and lacks 1M; 5M: 4.25M and 5M; from 10M on nothing
    lacks, although 10M at list are only 8.5M at contracted rates.
    """
    paid = lines(bill((usage,), (10e6,)))
    assert paid.pop("shortfall", 0) == pytest.approx(shortfall)
    assert paid == {"usage": pytest.approx(usage_bill)}


@pytest.mark.parametrize(
    ("usage", "shortfall"), [(9e6, 0.85e6), (5e6, 4.25e6), (9_999_999, 0.85), (10e6, 0), (12e6, 0)]
)
def test_a_shortfall_at_contracted_rates_costs_the_factor_of_usage(usage, shortfall):
    """The same at k = 0.85: below the threshold 8.5M are paid in all, whatever is used; above it 0.85 a dollar."""
    result = bill((usage,), (10e6,), CONTRACTED)
    assert lines(result).get("shortfall", 0) == pytest.approx(shortfall)
    assert result.cost[0] == pytest.approx(0.85 * max(usage, 10e6))


@pytest.mark.parametrize(("api", "due"), [(AT_LIST, 20), (CONTRACTED, 20 * 0.9 * 0.8 * 1.1)])
def test_the_factor_holds_term_discount_and_uplift(api, due):
    """Two terms of a year: 10 % band, 20 % term, uplift 10 % at the renewal; year 2 uses 100 of 120 at list."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **api}
    offer = {"terms": {12: {"api": 0.2}}, "renewal": {"uplift": 0.1}}
    deal = api_deal(months(10, 100 / 12), part, horizon=24, offer=offer)
    first, second = settled(deal, api_plan((1, (120,)), (1, (120,)))).drawdown
    assert first.forfeited_usd[0] == pytest.approx(0)
    assert second.forfeited_usd[0] == pytest.approx(due)


def test_discounts_that_add_make_one_factor():
    """10 % + 20 % = 30 % off: 20 list dollars of shortfall cost 14."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **CONTRACTED}
    deal = api_deal(months(100 / 12), part, offer={"terms": {12: {"api": 0.2}}, "discounts": "add"})
    assert lines(settled(deal, api_plan((1, (120,))))) == {"usage": 70, "shortfall": 14}


def test_what_counts_is_list_of_the_month_whatever_is_protected():
    """List falls to half in month 6 and the price is locked: 6·10 + 6·5 = 90 count at list, 120 · 0.9 are billed."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **AT_LIST}
    deal = api_deal(months(10), part, index=[1.0] * 6 + [0.5] * 6, offer={"price_protection": "locked"})
    assert lines(settled(deal, api_plan((1, (100,))))) == {"usage": 108, "shortfall": 10}


def test_quarters_are_tested_one_by_one():
    """C = 120 a year, 30 a quarter; 50, 10, 30, 40 at list lack 20 in quarter 2 and nothing else."""
    part = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **AT_LIST, "period": "quarter"}
    usage = [usd / 3 for usd in (50, 10, 30, 40) for _ in range(3)]
    records = settled(api_deal(usage, part), api_plan((1, (120,)))).drawdown
    assert [record.own_shortfall_usd[0] for record in records] == pytest.approx([0, 20, 0, 0])


def test_excess_at_list_counts_next():
    """List 150, 80, 60 against 100 a year: E = 50, then 30, so that year 3 lacks 10, each at 0.85."""
    result = bill((150, 80, 60), (100, 100, 100), {**CONTRACTED, "excess": "counts_next"})
    assert [record.own_shortfall_usd[0] for record in result.drawdown] == pytest.approx([0, 0, 10])
    assert result.cost[0] == pytest.approx(0.85 * (290 + 10))


def _bundled(share_of_tier):
    """Return the bundle tier's lines: 100 committed at list, 10 % off, and 12 seats of 20 in a year of 2 880 USD."""
    offer = {
        "terms": [12],
        "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **AT_LIST},
        "seats": {"seat": {"usd_per_user_month": 20}},
        "bundle": [{"combined_usd_per_year": share_of_tier, "api": 0.5}],
    }
    deal = deal_of(
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 12, "tracks": ["seat"]}},
        offers={"quote": offer},
        scenarios=only(requests_per_month={"app": 100.0}, active_users={"staff": 12}),
    )
    seats = {"seat": {"offer": "quote", "term_months": 12, "contracted": [12]}}
    plan = api_plan((1, (1000,)), seats=seats, tracks={"staff": ("seat",)})
    return settled(deal, type(plan).model_validate(plan.model_dump()))


@pytest.mark.parametrize(("combined", "usage"), [(2880 + 900, 540), (2880 + 900.01, 1080)])
def test_in_the_bundle_test_the_commitment_counts_less_its_discount(combined, usage):
    """1 000 at list count 900: with 2 880 of seats just enough for 3 780; committed and signed count 900 too."""
    result = _bundled(combined)
    assert lines(result)["usage"] == pytest.approx(usage)
    assert result.committed_usd == pytest.approx(2880 + 900)
    assert result.signed_usd == pytest.approx(2880 + 900)


def test_where_discounts_differ_by_model_the_commitment_counts_in_full():
    result = bill((1200,), (1000,), discount={"opus": 0.15, "sonnet": 0.1})
    assert (result.committed_usd, result.signed_usd) == (1000, 1000)


def test_health_and_savings_keep_list_and_paid_dollars_apart():
    """90 of 100 at list are used: utilisation 0.9. Paid 76.5 + 10 for 90 at list; saved 3.5 on 85 committed."""
    result = bill((90,), (100,))
    (row,) = commitment_health(result)
    assert (row.utilisation, row.burn_rate, row.forfeited_usd) == pytest.approx((0.9, 0.9, 10))
    found = savings(result)
    assert (found.list_usd, found.paid_usd, found.committed_usd) == pytest.approx((90, 86.5, 85))
    assert found.theoretical == pytest.approx(0.15)
    assert found.return_on_commitment == pytest.approx(3.5 / 85)


def test_overage_in_the_records_is_what_is_billed_above_the_commitment():
    """120 at list against 100: 20 are not covered, billed 17 at contracted rates without a surcharge."""
    (record,) = bill((120,), (100,)).drawdown
    assert (record.overage_usd[0], record.surcharge_usd[0], record.covered_usd[0]) == pytest.approx((17, 0, 100))


# Optimised


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize(
    ("usage", "cost", "committed"), [(90, 85 / 0.85 * 0.765 + 10, 100), (50, 50, 0), (120, 102, 100)]
)
def test_the_optimum_takes_the_band_where_it_pays(usage, cost, committed, method):
    """C = 100 at list and 15 %. Usage 90: 76.5 + 10 = 86.5 instead of 90; usage 50: 42.5 + 50 is dearer than list."""
    deal = certainly(usage, quote=quote((100 * YEAR, 0.15), **AT_LIST))
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(YEAR * cost)
    assert solution.bound_usd == pytest.approx(YEAR * cost)
    assert commitment(solution) == pytest.approx(YEAR * committed)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("shortfall_at", ["list", "contracted"])
def test_a_pinned_plan_costs_what_it_settles_to(shortfall_at, method):
    """Usage 60, 100 and 160 with 0.3, 0.5 and 0.2 against 100 at list: 40 lack in the first, at 1 or 0.8."""
    offer = quote((100 * YEAR, 0.2), **AT_LIST, shortfall_at=shortfall_at)
    chances = {"low": 0.3, "middle": 0.5, "high": 0.2}
    deal = read(
        workloads={"app": APP},
        offers={"quote": offer},
        scenarios=explicit({"low": 60, "middle": 100, "high": 160}, chances),
        risk="neutral",
    )
    solution = solve(deal, fix=fixed(api={"offer": "quote"}), method=method)
    k = 1 if shortfall_at == "list" else 0.8
    assert solution.objective_usd == pytest.approx(YEAR * (0.8 * 100 + 0.3 * 40 * k))


def _choice(scenarios=None, **work):
    """Return a deal of 100 requests a month: 1 USD each on opus, 0.8 on sonnet; 10 % from 100 at list."""
    rates = {
        "card": "claude@2026-11-23",
        "models": {
            "claude-opus-5-5": {"input_usd_per_mtok": 1_000_000, "output_usd_per_mtok": 0},
            "claude-sonnet-5-5": {"input_usd_per_mtok": 800_000, "output_usd_per_mtok": 0},
        },
    }
    app = {"requests_per_month": 100, "input_tokens": 1, "output_tokens": 0, "models": ["opus", "sonnet"], **work}
    offers = {"quote": quote((100 * YEAR, 0.1), **AT_LIST)}
    paths = scenarios or only(requests_per_month={"app": 100})
    return deal_of(rates=rates, workloads={"app": app}, offers=offers, scenarios=paths)


def _routing(solution):
    return solution.plan.routing["app"][0].shares


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_model_dearer_at_list_and_no_better_is_closed(method):
    """All on opus would cost 90 with nothing lacking; on sonnet, the only one that is open, 72 + 20 = 92, so list at
    80 is taken. Pinned to the quote it is 92.
    """
    assert solve(_choice(), method=method).objective_usd == pytest.approx(YEAR * 80)
    pinned = solve(_choice(), fix=fixed(api={"offer": "quote"}), method=method)
    assert pinned.objective_usd == pytest.approx(YEAR * 92)
    assert _routing(pinned) == {"sonnet": 1}


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_better_model_stays_open_although_it_is_dearer(method):
    """Opus is better by the buyer's own evaluation: all of it leaves no shortfall, so 90."""
    deal = _choice(quality={"scores": {"opus": 0.9, "sonnet": 0.8}})
    pinned = solve(deal, fix=fixed(api={"offer": "quote"}), method=method)
    assert pinned.objective_usd == pytest.approx(YEAR * 90)
    assert _routing(pinned) == {"opus": 1}


def test_check_names_the_options_that_are_closed():
    found = findings(_choice(), scenarios_of(_choice()))
    assert [str(each) for each in found if "measured_at" in str(each)] == [
        "workloads.app: opus: dearer at list than an option that is as good, so closed under a commitment of quote "
        "(measured_at: list)"
    ]
    better = _choice(quality={"scores": {"opus": 0.9, "sonnet": 0.8}})
    assert not [each for each in findings(better, scenarios_of(better)) if "measured_at" in str(each)]


def test_burn_is_found_with_both_costs():
    """All on opus: 100 at list for 90, nothing lacks; all on sonnet: 80 at list for 72, and 20 lack: 92."""
    better = _choice(quality={"scores": {"opus": 0.9, "sonnet": 0.8}})
    solution = solve(better, fix=fixed(api={"offer": "quote"}))
    found = burn(solution.settlement)
    assert found.users == ("app",)
    assert (found.usage_usd, found.usage_without_usd) == pytest.approx((YEAR * 100, YEAR * 80))
    assert (found.cost_usd, found.cost_without_usd) == pytest.approx((YEAR * 90, YEAR * 92))
    (note,) = burn_note(solution.settlement)
    assert "1,200 USD of usage at list instead of 960" in note
    assert "cost 1,080, and 1,104 without" in note


def test_a_plan_on_the_cheapest_options_burns_nothing():
    solution = solve(_choice(), fix=fixed(api={"offer": "quote"}))
    assert burn(solution.settlement) is None
    assert list_note(solution.settlement)


def test_a_dearer_option_that_no_shortfall_asks_for_is_no_burn():
    """Pinned to opus with twice the usage: 160 at list on sonnet would be enough, and cheaper."""
    deal = _choice(scenarios=only(requests_per_month={"app": 200}), quality={"scores": {"opus": 0.9, "sonnet": 0.8}})
    route = {"app": [{"shares": {"opus": 1}}]}
    pinned = solve(deal, fix=fixed(api={"offer": "quote"}, routing=route))
    assert pinned.objective_usd == pytest.approx(YEAR * 180)
    assert burn(pinned.settlement) is None


def test_a_commitment_at_list_says_so():
    solution = solve(certainly(120, quote=quote((100 * YEAR, 0.15), **AT_LIST)))
    assert "1,200 USD committed at list in contract year 1" in api_sentence(solution.settlement.deal, solution.plan.api)


def test_cost_is_convex_in_the_commitment_and_in_the_shares():
    """At the middle of two commitments and two routings no scenario costs more than the mean of theirs."""
    rng = np.random.default_rng(11)
    for api in (AT_LIST, CONTRACTED, {**CONTRACTED, "excess": "counts_next"}):
        for _ in range(10):
            usage, (low, high) = tuple(rng.uniform(0, 200, 3)), sorted(rng.uniform(1, 200, 2))
            costs = [bill(usage, (each,) * 3, api).cost[0] for each in (low, (low + high) / 2, high)]
            assert costs[1] <= (costs[0] + costs[2]) / 2 + 1e-9
            less, more = tuple(rng.uniform(0, 200, 3)), tuple(rng.uniform(0, 200, 3))
            middle = tuple((a + b) / 2 for a, b in zip(less, more, strict=True))
            costs = [bill(each, (low,) * 3, api).cost[0] for each in (less, middle, more)]
            assert costs[1] <= (costs[0] + costs[2]) / 2 + 1e-9


# Refused


@pytest.mark.parametrize(
    ("api", "refused"),
    [
        ({"payment": "prepaid"}, "measured_at: list needs payment: arrears, found payment: prepaid"),
        ({"overage": "list"}, "measured_at: list needs overage: contracted, found overage: list"),
        ({"overage": {"premium": 0.1}}, "measured_at: list needs overage: contracted, found overage: a premium"),
        ({"unused": {"rollover": 0.5}}, "measured_at: list and unused: rollover"),
        ({"period": "term"}, "measured_at: list and period: term"),
        ({"credit": {"usd": 10, "pays": "balance"}}, "credit: pays: balance and measured_at: list"),
        ({"measured_at": "contracted", "shortfall_at": "list"}, "shortfall_at needs measured_at: list"),
    ],
)
def test_refused_combinations_name_both_clauses(api, refused):
    with pytest.raises(InputError, match=refused):
        certainly(100, quote=quote((100, 0.1), **{**AT_LIST, **api}))


def test_a_shortfall_at_contracted_rates_needs_one_discount_a_band():
    differing = {"opus": 0.1, "sonnet": 0.2}
    with pytest.raises(InputError, match="shortfall_at: contracted and bands with discounts that differ by model"):
        certainly(100, quote=quote((100, differing), **CONTRACTED))
    alike = dict.fromkeys(("opus", "sonnet", "haiku", "fable"), 0.1)
    assert certainly(100, quote=quote((100, alike), **CONTRACTED)).offers


def test_a_bundle_needs_one_discount_a_band():
    offer = quote((100, {"opus": 0.1, "sonnet": 0.2}), **AT_LIST)
    offer |= {"seats": {"seat": {}}, "bundle": [{"combined_usd_per_year": 100, "api": 0.1}]}
    with pytest.raises(InputError, match=r"api.measured_at: list and bundle cannot stand together"):
        certainly(100, quote=offer)


def test_what_is_asked_for():
    """Where it can be, usage is asked to count at list, then a shortfall to be charged at contracted rates."""
    asked = {}
    for name, api in (("plain", {"payment": "arrears", "overage": "contracted"}), ("list", AT_LIST)):
        deal = certainly(100, quote=quote((100, 0.1), **api))
        asked[name] = {step.clause: step.requested for step in clause_steps(deal, "quote")}
    assert asked["plain"]["measured at"] == "list dollars"
    assert "shortfall at" not in asked["plain"]
    assert asked["list"]["shortfall at"] == "contracted rates"
    assert "unused commitment" not in asked["list"]
    assert [asked["list"][clause] for clause in ("measured at", "overage", "payment", "period")] == [None] * 4
