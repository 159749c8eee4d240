"""A solve that a time limit stops hands over the best plan it has, with a bound that holds, in time."""

from functools import cache

import pytest

from deal_solve import LimitReached, limit_checks, load, loads, sample, scenarios_of, solve
from deal_solve.deal.risk import Risk
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.first_users import first_users
from tests.support.builders import APP, RATES, deal_of
from tests.support.interrupts import PLENTY, Stopwatch
from tests.support.paths import EXAMPLES, ROOT
from tests.support.solved import loaded, solved

FULL = load(ROOT / "tests/benchmarks/full.yaml")


def timed(deal, scenarios, limit, **options):
    """Return a solution and the seconds that it took."""
    watch = Stopwatch()
    found = solve(deal, scenarios, time_limit=limit, **options)
    return found, watch.seconds


def assert_in_time(seconds, limit):
    assert seconds < limit + max(2.0, 0.05 * limit)


@pytest.mark.parametrize("name", ["hybrid.yaml", "seat-heavy.yaml", "api-heavy.yaml"])
def test_without_any_time_the_plan_without_commitment_stands(name):
    deal = load(ROOT / "scenarios" / name)
    found = solve(deal, time_limit=1e-6)
    assert (found.status, found.is_simple, found.plan.api.offer) == ("limit", True, "list")
    assert not any(usd for term in found.plan.api.terms for usd in term.commitment_usd)
    assert found.bound_usd == 0
    assert any("first incumbent" in note for note in found.notes)


def test_where_list_is_not_allowed_the_first_simple_plan_that_is_stands():
    deal = loads(
        "start: 2027-01\n"
        "workloads: {app: {requests_per_month: 1M, input_tokens: 1000, output_tokens: 100, requires: [baa]}}\n"
        "offers: {paper: {provides: [baa], api: {bands: [{commit_usd_per_year: 20k, discount: 10%}]}}}\n"
    )
    found = solve(deal, time_limit=1e-6)
    assert (found.is_simple, found.plan.api.offer) == (True, "paper")
    assert found.bound_usd <= solve(deal).objective_usd <= found.objective_usd


def test_where_no_plan_without_commitment_is_allowed_loss_is_measured_against_a_simple_one():
    """Its workloads require controls that list does not provide."""
    found = solve(load(ROOT / "tests/benchmarks/northwind.yaml"), time_limit=1e-6)
    assert (found.status, found.is_simple) == ("limit", True)
    assert any("loss is measured against a simple one" in note for note in found.notes)


def test_a_first_incumbent_of_many_scenarios_orders_seats_for_all_of_them():
    """A plan is completed over the first block of them."""
    deal = load(ROOT / "scenarios/hybrid.yaml")
    scenarios = sample(deal, 5000)
    found = solve(deal, scenarios, time_limit=1e-6)
    assert found.is_simple
    assert sum(sum(seats.contracted) for seats in found.plan.seats.values()) > 0
    refuse_impossible(deal, found.plan, first_users(scenarios.in_memory()))


def test_a_baseline_of_another_month_is_no_first_incumbent():
    """The one baseline of all months has three terms from the first month on, and two from the other one."""
    deal = loads(
        "start: 2027-01\nhorizon_months: 36\nsigning: {months: [0, 14]}\nrisk: {weight: 0.5, on: loss}\n"
        "workloads: {bot: {spend_usd_per_month: {low: 20k, high: 80k}, input_tokens: 6000, output_tokens: 500,\n"
        "  today: {model: sonnet}, models: [sonnet]}}\n"
        "offers: {quote: {api: {bands: [{commit_usd_per_year: 240k, discount: 20%}]}}}\n"
    )
    found = solve(deal, time_limit=1e-6)
    assert [month.outcome for month in found.months] == ["limit", "limit"]
    assert found.is_simple


def test_a_pinned_plan_that_mixes_options_and_changes_them_is_the_first_incumbent():
    deal = loads(
        "start: 2027-01\nhorizon_months: 24\n"
        "workloads: {app: {requests_per_month: 10M, input_tokens: 1000, output_tokens: 100, today: {model: opus}}}\n"
        "offers: {quote: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%}]}}}\n"
    )
    mixed = [{"from_month": 0, "shares": {"opus": 0.5, "sonnet": 0.5}}, {"from_month": 12, "shares": {"sonnet": 1.0}}]
    found = solve(deal, fix=Proposal.model_validate({"routing": {"app": mixed}}), time_limit=1e-6)
    assert found.is_simple
    assert [route.shares for route in found.plan.routing["app"]] == [route["shares"] for route in mixed]


def test_a_program_that_is_too_large_for_the_time_is_left_while_it_is_built():
    deal = load(ROOT / "scenarios/hybrid.yaml")
    found, seconds = timed(deal, sample(deal, 5000), 0.5, method="extensive")
    assert (found.status, found.is_simple) == ("limit", True)
    assert_in_time(seconds, 0.5)


def test_where_the_limit_strikes_in_the_tie_rule_the_optimum_stands_and_the_note_says_so(monkeypatch):
    deal = load(ROOT / "scenarios/api-heavy.yaml")
    best = solve(deal)
    tied = AgreementSearch._tied

    def passed(search, solved):
        if search.problem.scope == "all":
            search.clock.limit = 1e-9
        return tied(search, solved)

    monkeypatch.setattr(AgreementSearch, "_tied", passed)
    found = solve(deal)
    assert found.status == "optimal"
    assert found.objective_usd == pytest.approx(best.objective_usd, rel=1e-6)
    assert any("were not all compared" in note for note in found.notes)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("name", ["three-quotes"])
def test_where_the_limit_leaves_no_time_to_polish_the_plan_as_found_stands_settled_and_not_proven(
    monkeypatch, name, method
):
    from deal_solve.optimise import solve as module

    def late(*_, **__):
        raise LimitReached("the time limit passed")

    deal = loaded(name).model_copy(update={"risk": Risk()})
    best = solve(deal)
    monkeypatch.setattr(module, "polish", late)
    found = solve(deal, method=method)
    assert (found.status, found.is_simple) == ("limit", False)
    assert found.objective_usd == pytest.approx(best.objective_usd, rel=1e-5)
    assert found.bound_usd <= found.objective_usd * (1 + 1e-9)
    refuse_impossible(deal, found.plan, first_users(found.settlement.scenarios))


SAVING = """
start: 2027-01
horizon_months: 24
workloads:
  app: {requests_per_month: {low: 500k, high: 1.5M}, input_tokens: 2000, output_tokens: 300, models: [sonnet]}
offers:
  quote:
    terms: [24]
    api: {period: month, payment: arrears, overage: list, unused: {rollover: 50%},
      bands: [{commit_usd_per_year: 20k, discount: 20%}]}
"""
"""Unlimited, the second year costs at most 117,600. A program without binaries saves balance for a limit on it."""


@pytest.mark.parametrize("at_most", [117_482, 116_424, 114_072])
def test_where_the_rows_are_late_a_plan_of_cuts_within_the_limit_on_a_contract_year_stands(monkeypatch, at_most):
    """Rollover in arrears has a binary per period and scenario; without them the limit is broken by what is saved."""
    deal = loads(SAVING + f"limits: [{{measure: worst, of: contract year 2, at_most: {at_most}}}]\n")
    best, run = solve(deal), AgreementSearch.run
    assert (best.status, best.method) == ("optimal", "extensive")

    def late(search):
        if search.settings.by_cuts:
            return run(search)
        search.candidates = search._open_agreements()
        raise LimitReached("the time limit passed")

    monkeypatch.setattr(AgreementSearch, "run", late)
    found = solve(deal, time_limit=PLENTY)
    assert (found.status, found.is_simple) == ("limit", False)
    assert all(check.is_kept for check in limit_checks(deal, found.settlement))
    assert found.bound_usd <= best.objective_usd * (1 + 1e-6) <= found.objective_usd * (1 + 2e-6)
    assert found.gap < 0.3


LARGE = {
    "full": (FULL, 1024, {}),
    "northwind": (load(ROOT / "tests/benchmarks/northwind.yaml"), None, {}),
    "extensive": (load(ROOT / "scenarios/hybrid.yaml"), 5000, {"method": "extensive"}),
}
"""The benchmarks that take longest: a deal, how many scenarios (None: its own), and how it is solved in time."""


@cache
def best_of(name):
    """Return (a deal, its scenarios, its best plan over them, without a limit and by cuts)."""
    deal, count, _ = LARGE[name]
    scenarios = scenarios_of(deal) if count is None else sample(deal, count)
    return deal, scenarios, solve(deal, scenarios)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1.0, 5.0, 20.0, 60.0])
@pytest.mark.parametrize("name", LARGE)
def test_a_limit_is_kept_by_the_largest_benchmarks_with_a_plan_and_a_bound_that_holds(name, limit):
    deal, scenarios, best = best_of(name)
    found, seconds = timed(deal, scenarios, limit, **LARGE[name][2])
    assert_in_time(seconds, limit)
    assert best.status == "optimal"
    assert found.bound_usd <= best.objective_usd * (1 + 1e-6)
    assert found.objective_usd >= best.objective_usd * (1 - 1e-6)
    assert all(check.is_kept for check in limit_checks(deal, found.settlement))
    print(f"{name}, {limit:g} s: {seconds:.1f} s, gap {found.gap:.1e}, {found.status}")


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
@pytest.mark.parametrize("limit", [0.1, 0.5, 1.0])
def test_a_limit_is_kept_by_every_example_and_its_bound_holds(name, limit):
    """Where a limit of the deal holds on cost, simple plans may all break it: then there is none in hand."""
    deal, best = loaded(name), solved(name)
    watch = Stopwatch()
    try:
        found = solve(deal, scenarios_of(deal), time_limit=limit)
    except LimitReached:
        assert deal.limits
        found = None
    assert_in_time(watch.seconds, limit)
    if found is not None:
        assert found.bound_usd <= best.objective_usd * (1 + 1e-6)


def test_an_offer_without_a_term_that_fits_is_passed_over_by_a_solve_that_is_stopped() -> None:
    """Twelve months are left from signing, and the only seats on offer are for twenty-four: nobody is on them."""
    seat = {"usd_per_user_month": 20, "covered_share": 1}
    deal = deal_of(
        24,
        rates={**RATES, "seats": {}},
        workloads={"app": {**APP, "requests_per_month": 100}},
        cohorts={"staff": {"headcount": 10, "tracks": ["own", "none"], "unserved_usd_per_user_month": 5}},
        offers={"quote": {"terms": [24], "seats": {"own": seat}}},
        signing={"months": [12]},
    )
    found = solve(deal, time_limit=1e-6)
    assert found.status == "limit" and found.plan.tracks == {"staff": ("none",)}
