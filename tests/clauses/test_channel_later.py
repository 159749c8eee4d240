"""Offers bought through a marketplace that are signed later, or in force: by hand (model §6)."""

import pytest

from deal_solve import clauses as worth_of
from deal_solve import scenarios_of, solve
from deal_solve.analysis.check.clouds import unreachable_clouds
from deal_solve.errors import Infeasible, InputError, LimitReached
from deal_solve.facts.allocation import allocate
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.uncertainty.months import in_months_of
from tests.support.builders import APP, DOLLAR, RATES, api_deal, deal_of

FREE = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
COMMITS = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def clouds(other=70, cap=0.25, years=1):
    """Return 100 committed in every contract year."""
    return {
        "cloud_commitments": {
            "aws": {"usd_per_year": [100] * years, "other_spend_usd_per_year": other, "cap_share": cap}
        }
    }


def channel(fee=0):
    return {"channel": {"through": "aws", "fee": fee}}


def test_what_is_short_in_a_year_before_signing_is_the_clouds_in_the_totals_alone():
    """Signed in month 12 of 24: year 1 lacks 100 - 70 = 30, year 2 nothing, for 25 of the 120 paid are retired: 5."""
    deal = api_deal(10, FREE, horizon=24, offer=channel(), **clouds(years=2), signing={"months": [12]})
    settlement = solve(deal).settlement
    found = allocate(settlement)
    assert {row.name: row.expected_usd for row in found.totals} == pytest.approx(
        {"app": 120, "aws": 35, "before signing": 120}
    )
    assert sum(row.expected_usd for row in found.totals) == pytest.approx(settlement.cost[0])


def test_check_counts_the_years_of_a_cloud_over_the_whole_horizon():
    """Signed in the second year: other spend of 70 leaves 30 of each year's 100 short, within the cap of a half."""
    deal = api_deal(10, FREE, horizon=36, offer=channel(), **clouds(cap=0.5, years=3), signing={"months": [12]})
    signed = deal.signed_first
    found = unreachable_clouds(signed, in_months_of(signed, scenarios_of(deal)).in_memory())
    assert [text for _, text in found] == ["never binds: other spend leaves at most 30% of the commitment"]


@METHODS
def test_a_payment_after_a_later_signing_retires_the_year_of_the_horizon_that_it_is_for(method):
    """Usage is 10 a month for two years; the quote is signed in month 6, through the channel, at list prices. Of 200
    and 100 committed, other spend is 100 and 0. Year 1: 60 at list count nothing, 60 count, 40 are short. Year 2: 120
    count.
    """
    cloud = {"usd_per_year": [200, 100], "other_spend_usd_per_year": [100, 0]}
    deal = api_deal(10, FREE, horizon=24, offer=channel(), cloud_commitments={"aws": cloud}, signing={"months": [6]})
    solution = solve(deal, method=method)
    assert (solution.plan.api.offer, solution.plan.signing_month) == ("quote", 6)
    assert solution.settlement.clouds["aws"].short[:, 0] == pytest.approx([40, 0])
    assert solution.objective_usd == pytest.approx(240 + 40)


@METHODS
def test_an_agreement_in_force_retires_what_it_is_paid_for(method):
    """Usage 10 a month; an agreement in force bills the first 6 months through the channel, at a fee of 10 %: 66. What
    is signed after it is list. Of 100 committed, 20 are spent otherwise: 80 - 60 are short.
    """
    held = {"on_the_table": False, "terms": [12], "api": FREE, **channel(fee=0.1)}
    deal = api_deal(
        10,
        FREE,
        offers={"held": held},
        in_force={"offer": "held", "ends": "2027-07", "api": {}},
        **clouds(other=20, cap=1),
    )
    solution = solve(deal, method=method)
    assert solution.settlement.clouds["aws"].short[:, 0] == pytest.approx([20])
    assert solution.objective_usd == pytest.approx(66 + 60 + 20)


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("a seats part", {"seats": {"seat": {}}}),
        ("a rollover", {"api": {**FREE, "unused": {"rollover": 1}, "period": "quarter"}}),
        ("a credit", {"api": {**COMMITS, "credit": {"usd": 10, "pays": "balance"}}}),
    ],
)
def test_what_runs_by_contract_years_is_bought_through_a_channel_from_a_year_on(clause, part):
    """In month 12 it may be signed, in month 6 the sentence names both clauses."""
    offers = {"quote": {"terms": [12], "api": FREE, **channel(), **part}}
    rest = {"workloads": {"app": APP}, "offers": offers, **clouds(years=2)}
    assert deal_of(24, **rest, signing={"months": [12]})
    with pytest.raises(InputError, match=f"channel and {clause} cannot stand together where signed in month 6"):
        deal_of(24, **rest, signing={"months": [6]})


def signed_inside_of_a_year(usage, api, at_most, counts=1, **rest):
    """Return a deal over two years that is signed in month 6 of it, with a limit on contract year 2, months 18 to 23.

    Of the cloud commitment 100 stand in year 2 alone, the shortfall of which falls into contract year 2; payments of
    contract year 1 retire it from month 12 on, and cost nothing in contract year 2.
    """
    offer = {"channel": {"through": "aws", "counts": counts}}
    cloud = {"usd_per_year": [0, 100], "other_spend_usd_per_year": 0}
    limits = [{"measure": "expected", "of": "contract year 2", "at_most": at_most}]
    place = {"signing": {"months": [6]}, "cloud_commitments": {"aws": cloud}, "limits": limits}
    return api_deal(usage, api, horizon=24, offer=offer, **place, **rest)


def by_year(solution):
    return solution.settlement.by_year[:, 0].tolist()


TEN_A_MONTH = [10] * 18 + [0] * 6


@METHODS
@pytest.mark.parametrize(
    ("at_most", "commitment", "usd"), [(100, 108, 268), (99, 90, 269), (97, 54, 271), (94, None, None)]
)
def test_overage_of_the_year_before_keeps_a_limit(method, at_most, commitment, usd):
    """6 months at list are 60. Then 120 at list, or 108 less 10 %: what C does not cover costs 1/0.9 in month 17, and
    5 % of it count toward the 100 of year 2. So 100 - 0.05 · (120 - C/0.9) are short: 99 with C = 90, which costs
    60 + 90 + 20 + 99, and 97 with C = 54. With C = 108, the best without a limit, 100 are short; with C = 1 94.06.
    """
    deal = signed_inside_of_a_year(TEN_A_MONTH, None, at_most, counts=0.05)
    if usd is None:
        with pytest.raises(Infeasible):
            solve(deal, method=method)
        return
    solution = solve(deal, method=method)
    assert solution.plan.api.terms[0].commitment_usd[0] == pytest.approx(commitment)
    assert (solution.objective_usd, solution.bound_usd) == (pytest.approx(usd), pytest.approx(usd))


@METHODS
def test_overage_of_one_future_alone_keeps_a_limit(method):
    """As above with 15 a month 24 times in 25, and 5 else: 162 and 54 less 10 %. So 100 - 0.05 · 0.96 · (162 - C)/0.9
    are short, 98.4 with C = 132: 87.6 before, 132, 32 of overage and 98.4.
    """
    paths = {"low": (1, [5] * 18 + [0] * 6), "high": (24, [15] * 18 + [0] * 6)}
    scenarios = {key: {"weight": n, "requests_per_month": {"app": path}} for key, (n, path) in paths.items()}
    solution = solve(signed_inside_of_a_year(0, None, 98.4, counts=0.05, scenarios=scenarios), method=method)
    assert solution.plan.api.terms[0].commitment_usd[0] == pytest.approx(132)
    assert solution.objective_usd == pytest.approx(350)


@METHODS
def test_overage_of_the_future_with_fewer_cache_hits_keeps_a_limit(method):
    """As above, with 20 requests a month of which one costs 0.75 where 10 of 23 hit the cache, and 0.10 where all do:
    15 a month 24 times in 25, and 2 else. 24 · 0.96 · 3.75 + 0.04 · 12 = 86.88 before, then 132, 32 and 98.4.
    """
    model = {**DOLLAR, "cache_read_multiplier": 0.1, "min_cacheable_tokens": 1}
    paths = {"low": (1, 1.0), "high": (24, 10 / 23)}
    scenarios = {
        key: {"weight": n, "requests_per_month": {"app": [20] * 18 + [0] * 6}, "hit_rate": {"app": hits}}
        for key, (n, hits) in paths.items()
    }
    deal = signed_inside_of_a_year(
        0,
        None,
        98.4,
        counts=0.05,
        rates={**RATES, "models": dict.fromkeys(RATES["models"], model)},
        workloads={"app": {**APP, "cache": {"share": 1, "hit_rate": 0.5}}},
        scenarios=scenarios,
    )
    solution = solve(deal, method=method)
    assert solution.plan.api.terms[0].commitment_usd[0] == pytest.approx(132)
    assert solution.objective_usd == pytest.approx(349.28)


def test_a_plan_that_only_cuts_allow_is_not_handed_over(monkeypatch):
    """Cuts lie below the cost of contract year 2. Where time is up before the rows have a plan, it is the first
    incumbent: 60 before, C = 1 and 118.89 of overage, then 0.50 of C = 1 a year and 94.03 short.
    """
    run = AgreementSearch.run

    def stopped(search):
        if not search.settings.by_cuts:
            raise LimitReached("time is up")
        return run(search)

    monkeypatch.setattr(AgreementSearch, "run", stopped)
    solution = solve(signed_inside_of_a_year(TEN_A_MONTH, None, 97, counts=0.05))
    assert (solution.status, solution.is_simple) == ("limit", True)
    year_two = 0.5 + 100 - 0.05 * (107 / 0.9 + 0.5)
    assert by_year(solution)[1] == pytest.approx(year_two)
    assert solution.objective_usd == pytest.approx(60 + 1 + 107 / 0.9 + year_two)
    assert solution.bound_usd <= 271


@METHODS
def test_a_limit_that_only_overage_which_there_is_not_would_keep(method):
    """120 a year are committed at least, more than is used: no overage, and the 100 of year 2 are short in any plan."""
    api = {"bands": [{"commit_usd_per_year": 120, "discount": 0.1}]}
    assert by_year(solve(signed_inside_of_a_year(TEN_A_MONTH, api, 100), method=method))[1] == pytest.approx(100)
    with pytest.raises(Infeasible):
        solve(signed_inside_of_a_year(TEN_A_MONTH, api, 99), method=method)


@METHODS
def test_what_is_committed_beyond_all_usage_keeps_a_limit(method):
    """Nothing is used after signing. Of C, paid in two halves, the second one is paid in month 12 and retires C/2: for
    60 of the 100 it takes C = 120. Without the limit nothing would be committed.
    """
    usage, api = [10] * 6 + [0] * 18, {"period": "half"}
    free, held = (solve(signed_inside_of_a_year(usage, api, usd), method=method) for usd in (100, 40))
    assert (free.objective_usd, by_year(free)) == (pytest.approx(160), pytest.approx([0, 100]))
    assert (held.objective_usd, by_year(held)) == (pytest.approx(60 + 120 + 40), pytest.approx([120, 40]))
    assert held.plan.api.terms[0].commitment_usd[0] == pytest.approx(120)


@METHODS
def test_a_dearer_model_keeps_a_limit(method):
    """Sonnet costs 2 a request and is no better: with a share x, months 12 to 17 pay 60 · (1 + x) of the 100."""
    rates = {**RATES, "models": {**RATES["models"], "claude-sonnet-5-5": {**DOLLAR, "input_usd_per_mtok": 2_000_000}}}
    deals = [signed_inside_of_a_year(TEN_A_MONTH, FREE, usd, rates=rates) for usd in (40, 10)]
    free, held = (solve(deal, method=method) for deal in deals)
    assert (free.objective_usd, by_year(free)) == (pytest.approx(220), pytest.approx([120, 40]))
    assert (held.objective_usd, by_year(held)) == (pytest.approx(60 + 180 + 10), pytest.approx([180, 10]))


def test_a_clause_that_no_file_may_ask_for_here_is_not_priced():
    """A credit or a rollover cannot stand beside a channel where signed inside of a year; discount can."""
    commits = {"bands": [{"commit_usd_per_year": 60, "discount": 0.1}], "payment": "arrears"}
    deal = api_deal(10, commits, horizon=24, offer=channel(), **clouds(years=2), signing={"months": [6]}).signed_in(6)
    found = {row.clause: row.finding for row in worth_of(deal, scenarios_of(deal), pairs=0).values}
    assert {name for name, finding in found.items() if finding == "not priced"} == {"credit", "unused commitment"}
    assert found["discount"] == ""
