"""Benders cuts against the extensive form: the same optimum, and cuts that hold for every plan (formulation §8)."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from deal_solve import Infeasible, load, loads, solve
from deal_solve.deal.risk import Limit, Risk
from deal_solve.formulation.clauses.api.credit import Credited
from deal_solve.formulation.clauses.api.credit_cost import BilledBeforePeriodEnd
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.clauses.channel_cost import ChannelCost, Channelled
from deal_solve.formulation.clauses.seats.true_up_cost import Counts, TrueUpCost
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.formulation.model.recourse import Epigraph, Linear, Tail, Worst
from deal_solve.optimise.search.agreement import Candidate
from deal_solve.optimise.search.benders import Measures
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.uncertainty.measures import cvar
from tests.support.both_methods import SEED, agree, generated
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.hand_deals import APP, quote
from tests.support.hand_deals import read as dollars
from tests.support.paths import EXAMPLES
from tests.support.samples import in_every_run, seeds
from tests.support.solved import loaded, solved

FEW, MANY = 40, 500
LARGE = {"hybrid", "regulated", "start-up"}
"""Examples whose extensive form takes seconds."""


@pytest.mark.parametrize("name", in_every_run((path.stem for path in EXAMPLES), slow=LARGE))
def test_both_methods_find_the_same_deal(name):
    by_cuts, by_rows = solved(name), solve(loaded(name), method="extensive")
    assert by_cuts.objective_usd == pytest.approx(by_rows.objective_usd, rel=1e-6)
    assert by_cuts.gap <= 1e-6
    assert by_cuts.plan.api == by_rows.plan.api
    assert by_cuts.plan.seats == by_rows.plan.seats
    assert by_rows.method == "extensive"


@pytest.mark.parametrize("number", seeds(range(2, 11), FEW))
def test_both_methods_find_the_same_optimum_on_generated_deals(number):
    deal = generated(number)
    if deal is not None:
        agree(deal)


@pytest.mark.slow
def test_rows_written_out_after_cuts_begin_anew():
    """Where saving would pay, plans that were found by cuts cost more than they promise: they do not count."""
    agree(read(random_deal(np.random.default_rng([77, 152]))))


@pytest.mark.parametrize("seeds", [[77, 46], [SEED, 213]])
def test_a_run_that_the_solver_gives_up_is_begun_again(seeds):
    """HiGHS calls its optimum an error if a row is missed by 1e-9, the tolerance it was given; and a simplex ends."""
    agree(read(random_deal(np.random.default_rng(seeds))))


THIN = """
start: 2027-11
horizon_months: 24
cost_of_capital_per_year: 0.2
workloads:
  app:
    {requests_per_month: 160k, input_tokens: 20000, output_tokens: 1200, models: [claude-opus-4-8, claude-sonnet-4-6],
     batchable: 1.0, quality: {scores: {opus: 0.97, sonnet: 0.93}, mean_floor: 0.93}}
cohorts:
  staff:
    {headcount: 40, tracks: [enterprise, team-standard, tool, none], unserved_usd_per_user_month: 30,
     use: {requests_per_user_month: 909, input_tokens: 4000, output_tokens: 300, models: [sonnet]}}
internal_tools: {tool: {build_usd: 10000}}
offers:
  rival:
    terms: {24: {api: 0.05}}
    api:
      {bands: [{commit_usd_per_year: 32100, discount: {opus: 0.38, sonnet: 0.44}}], period: month,
       overage: {premium: 0.2}, payment: prepaid_yearly}
scenarios:
  low:
    {weight: 4, requests_per_month: {app: [144000, 216000]}, requests_per_user_month: {staff: 545},
     active_users: {staff: [25.6, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
                            25.6, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]}}
  middle:
    {weight: 3, requests_per_month: {app: [208000]},
     active_users: {staff: [12, 12.73, 13.45, 14.18, 14.91, 15.64, 16.36, 17.09, 19.6, 18.55, 19.27, 20,
                            15.6, 16.55, 17.49, 18.44, 19.38, 20.33, 21.27, 22.22, 25.48, 24.11, 25.05, 26]}}
"""


def test_what_misses_a_cut_by_the_tolerance_of_the_linear_program_is_not_cut_for_ever(monkeypatch):
    """Twelve measures are each 0.96e-7 too low, less than the solver's 1e-7: together more than a billionth of 1,000.

    Cuts at the same point changed nothing; 48,000 of them took a minute, and a tie was left undecided.
    """
    cuts, add_cut = [], Program.add_cut

    def counted(program, number, cut, point):
        cuts.append(number)
        assert len(cuts) < 2000
        add_cut(program, number, cut, point)

    monkeypatch.setattr(Program, "add_cut", counted)
    found = solve(loads(THIN))
    assert cuts
    assert not any("not all compared" in note for note in found.notes)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(FEW, MANY + 60, 20))
def test_both_methods_find_the_same_optimum_on_five_hundred_generated_deals(block):
    for number in range(block, block + 20):
        deal = generated(number)
        if deal is not None:
            agree(deal)


# --- the cuts themselves --------------------------------------------------------------------------------------------


def chain(rng, share, arrears, *, alike):
    """Three periods, two models, four scenarios; variables 0 to 5 are usage, 6 the commitment."""
    periods = []
    for index in range(3):
        ratios = [1.25] if alike else list(rng.uniform(1, 2, (2, 4)))
        items = [Item(2 * index + row, row, 0.8, rng.uniform(0.5, 2, 4) if row else 1.0) for row in (0, 1)]
        usage = RateGroups(rng.uniform(0.2, 2, (2, 4)), items, [0, 0] if alike else [0, 1])
        balance = Linear(np.array([6]), np.array([1.0]))
        periods.append(Period(usage, ratios, balance, (12 * index + 12, 12 * index + 11)))
    return DrawdownCost(periods, arrears, share, 0.5)


@pytest.mark.parametrize("arrears", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("alike", [True, False])
def test_a_cut_of_the_drawdown_holds_for_every_plan(share, arrears, alike):
    rng = np.random.default_rng([3, int(10 * share), arrears, alike])
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    for _ in range(200):
        cost = chain(rng, share, arrears, alike=alike)
        factors = np.array([1.0, 0.9, 0.8])
        here, there = rng.uniform(0, 2, 7), rng.uniform(0, 2, 7)
        slope = cost.slope(here, factors, weights)
        assert slope.at(there) <= weights @ cost.cost(there, factors) + 1e-9
        assert slope.at(here) <= weights @ cost.cost(here, factors) + 1e-9
        if alike:  # one ratio in all periods: saving never pays, so the cut touches
            assert slope.at(here) == pytest.approx(weights @ cost.cost(here, factors), abs=1e-9)


@pytest.mark.parametrize("arrears", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_cut_of_a_drawdown_that_starts_with_a_credit_holds_for_every_plan(share, arrears):
    """The credit is 0 to 2 in each scenario, times variable 7; the last variables are usage, commitment and that."""
    rng = np.random.default_rng([9, int(10 * share), arrears])
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    for _ in range(100):
        credit = Credited(Linear(np.array([7]), np.ones(1)), rng.uniform(0, 2, 4))
        cost = dataclasses.replace(chain(rng, share, arrears, alike=True), credit=credit)
        factors = np.array([1.0, 0.9, 0.8])
        here, there = rng.uniform(0, 2, 8), rng.uniform(0, 2, 8)
        slope = cost.slope(here, factors, weights)
        assert slope.at(there) <= weights @ cost.cost(there, factors) + 1e-9
        assert slope.at(here) == pytest.approx(weights @ cost.cost(here, factors), abs=1e-9)


@pytest.mark.parametrize("arrears", [False, True])
def test_a_cut_of_a_cloud_shortfall_holds_for_every_plan_where_another_year_pays_for_it(arrears):
    """Three payments retire it, of which the year that is looked at holds none, one or two, at full cost or less.

    The cut touches where nothing of the others is committed (under arrears: used), so that they are at their ceiling.
    """
    rng, weights = np.random.default_rng([11, arrears]), np.array([0.1, 0.2, 0.3, 0.4])
    for _ in range(30):
        parts = tuple(Channelled(each, 0.7, 0.1) for each in (chain(rng, 0.0, arrears, alike=False) for _ in range(2)))
        maximum = rng.uniform(0, 20, 4)
        cost = ChannelCost(parts, (), Linear(np.array([7]), np.ones(1)), maximum, maximum * rng.uniform(0, 1, 4), 12)
        factors = np.concatenate([[1.0], rng.choice([0.0, 0.3, 1.0], 3), [0.0] * 3])
        here, there = (np.append(rng.uniform(0, 2, 7), 1.0) for _ in range(2))
        for point in (here, there):
            assert cost.slope(here, factors, weights).at(point) <= weights @ cost.cost(point, factors) + 1e-9
        here[0:6] *= not arrears
        here[6] *= arrears
        slope = cost.slope(here, factors, weights)
        assert slope.at(here) == pytest.approx(weights @ cost.cost(here, factors), abs=1e-9)


def test_a_cut_of_usage_billed_above_a_balance_holds_for_every_plan_and_touches_its_own():
    rng = np.random.default_rng(10)
    weights = np.array([0.5, 0.25, 0.25])
    for _ in range(100):
        items = [Item(month % 2, month, 1.0) for month in range(4)]
        usage = RateGroups(rng.uniform(0, 2, (4, 3)), items, range(4), 4)
        cost = BilledBeforePeriodEnd(usage, range(4), Credited(Linear(np.array([2]), np.ones(1)), 2.0))
        factors = rng.uniform(0, 1, 3)
        here, there = rng.uniform(0, 2, 3), rng.uniform(0, 2, 3)
        slope = cost.slope(here, factors, weights)
        assert slope.at(there) <= weights @ cost.cost(there, factors) + 1e-9
        assert slope.at(here) == pytest.approx(weights @ cost.cost(here, factors), abs=1e-9)


def test_a_cut_where_saving_would_pay_stays_below_settlement():
    """Year 1 has ratio 1, year 2 ratio 2, all unused may roll over: C = 1, usage 1 and 2.

    Settled: 1 and 1 are covered, 1 uncovered at 2. A linear program leaves 1 of year 1 uncovered at 1, carries 1 and
    covers all of year 2: cost 1. A valid cut may say no more than 1 here, and settlement says 2.
    """
    one = Linear(np.array([2]), np.array([1.0]))
    usage = [RateGroups(np.ones((1, 1)), [Item(index, 0, 1.0)]) for index in (0, 1)]
    periods = [Period(usage[p], [1.0 + p], one, (12 * p + 12, 12 * p + 11)) for p in (0, 1)]
    cost = DrawdownCost(periods, arrears=False, share=1.0, cap=1.0)
    plan = np.array([1.0, 2.0, 1.0])
    assert cost.cost(plan, np.ones(2)) == pytest.approx([2.0])
    assert cost.slope(plan, np.ones(2), np.ones(1)).at(plan) <= 1.0 + 1e-12


@pytest.mark.parametrize("alone", [False, True])
def test_a_cut_of_the_true_up_holds_for_every_plan_and_touches_its_own(alone):
    rng = np.random.default_rng([5, alone])
    weights = np.array([0.5, 0.25, 0.25])
    for _ in range(200):
        users = Counts(np.array([0, 1]), np.array([0, 1]), rng.uniform(0, 10, (2, 12, 3)))
        stages = (3, 6, 9, 12)
        months = (3, 3, 3, 3) if alone else (12, 9, 6, 3)
        charges = tuple((end, end - 1) for end in stages)
        price = rng.uniform(1, 2, 3)
        cost = TrueUpCost((users,), Linear(np.array([2]), np.ones(1)), stages, months, charges, 1.5, price, alone)
        factors = 0.99 ** np.array(stages)
        here, there = (np.append(rng.uniform(0, 1, 2), rng.uniform(0, 15)) for _ in range(2))
        slope = cost.slope(here, factors, weights)
        assert slope.at(here) == pytest.approx(weights @ cost.cost(here, factors))
        assert slope.at(there) <= weights @ cost.cost(there, factors) + 1e-9


def test_tail_weights_give_the_cvar_and_worst_weights_the_worst():
    """10, 20, 30, 40 equally likely at confidence 0.6: the atom at the quantile is split, 36.25 (model §7)."""
    outcomes, equal = np.array([10.0, 40, 20, 30]), np.full(4, 0.25)
    assert Tail(equal, 0.6)(outcomes) @ outcomes == pytest.approx(36.25) == cvar(outcomes, equal, 0.6)
    assert Worst(np.array([0.5, 0.0, 0.25, 0.25]))(outcomes) @ outcomes == 30


# --- where saving balance would pay, on more scenarios than binaries are written for
# -----------------------------------


def saving_pays(copies):
    """Return two years, locked at 20 % off with full rollover, list half up in year 2: balance is worth more
    then. Two scenarios that can happen, and `copies` that cannot.
    """
    can = {"low": (0.5, [60, 200]), "high": (0.5, [140, 260])}
    cannot = {f"never-{number}": (0, [100, 200]) for number in range(copies)}
    paths = {
        name: {"weight": weight, "requests_per_month": {"app": usage}, "list_price_index": {"opus": [1, 1.5]}}
        for name, (weight, usage) in (can | cannot).items()
    }
    unused = {"unused": {"rollover": 1, "cap": 1}}
    offer = {**quote((0.01, 0.2), terms=(24,), **unused), "price_protection": "locked"}
    return dollars(24, workloads={"app": APP}, offers={"quote": offer}, scenarios=paths)


def test_many_futures_report_the_gap_that_few_close():
    exact, many = solve(saving_pays(0)), solve(saving_pays(299))
    assert (exact.method, exact.status, exact.gap) == ("extensive", "optimal", pytest.approx(0, abs=1e-6))
    assert len(exact.agreements) == 2  # what the cuts found is not listed again
    assert (many.method, many.status) == ("decomposition", "limit")
    assert many.bound_usd <= exact.objective_usd * (1 + 1e-9)
    assert exact.objective_usd <= many.objective_usd * (1 + 1e-9)
    assert many.gap > 1e-6
    assert any("a linear program would save balance" in note for note in many.notes)


def test_a_limit_on_cost_is_held_exactly_on_many_futures():
    """The least expected cost is that of the exact plan: a limit just above it is kept, by settlement."""
    least = solve(saving_pays(0)).settlement
    limit = Limit(measure="expected", at_most=float(least.weights @ least.undiscounted) + 1)
    deal = saving_pays(299).model_copy(update={"limits": (limit,)})
    solution = solve(deal)
    assert solution.method == "extensive"
    assert solution.settlement.weights @ solution.settlement.undiscounted <= limit.at_most


def test_a_commitment_above_the_discounted_cost_is_no_disagreement():
    """Usage 100,000 a month for three years at 20 %: committed 2.88M, worth less today; the trace of committed dollars
    that breaks ties is not part of what the program is worth.
    """
    deal = dollars(
        36,
        cost_of_capital_per_year=0.2,
        workloads={"app": {**APP, "requests_per_month": 100_000}},
        offers={"quote": quote((0.01, 0.2), terms=(36,))},
    )
    assert solve(deal).settlement.committed_usd == pytest.approx(2_880_000)


def test_a_known_reference_is_what_loss_is_measured_against():
    """Against the deal's own plan, loss is nil in every scenario, so the objective is its expected cost."""
    deal = saving_pays(0)
    plan = solve(deal).plan
    cautious = deal.model_copy(update={"risk": Risk(weight=1.0, confidence=0.5)})
    again = solve(cautious, baseline=plan)
    assert again.baseline is plan
    assert again.objective_usd <= float(again.settlement.weights @ again.baseline_cost) * (1 + 1e-9)


def test_time_that_runs_out_between_cuts_leaves_a_plan_and_valid_bounds(monkeypatch):
    """Every relaxation stops after its first cuts, whose rows the solver has not seen; nothing costs less than 0."""
    deal = load(EXAMPLES[-1])
    best = solve(deal).objective_usd
    monkeypatch.setattr(Clock, "is_over", property(lambda _: True))
    stopped = solve(deal)
    assert stopped.objective_usd >= best - 0.01
    assert 0.0 <= stopped.bound_usd <= best + 0.01
    assert all(branch.bound_usd >= 0.0 for branch in stopped.agreements)


def test_a_bound_that_was_never_found_is_nothing():
    formulation = SimpleNamespace(agreements=SimpleNamespace(regimes={}))
    candidate = Candidate(Agreement("list", 12), (0.0,), lambda: formulation, outcome="limit")
    assert candidate.in_band(0.0, candidate.bound).bound_usd == 0.0


def test_weights_without_minor_parts_make_a_valid_cut_nearly_as_high():
    rng = np.random.default_rng(4)
    probabilities = np.full(2000, 1 / 2000)
    flows = rng.gamma(2.0, size=(3, 2000))
    parts = []
    for index in range(3):
        usage = RateGroups(flows, [Item(index, index, 1.0)])
        balance = Linear(np.array([3]), np.array([0.001 if index == 2 else 1.0]))
        period = Period(usage, [1.0], balance, (12, 11))
        parts.append((DrawdownCost([period], arrears=False), np.ones(1)))
    tail = Epigraph(4, tuple(parts), Tail(probabilities, 0.9), 2000)
    point = np.array([5.0, 3.0, 0.01, 2.0, 0.0])
    whole, roughly = tail.cut(point, {}), tail.cut(point, {}, 0.1)
    height = tail.value(point, {})
    assert whole.linear.at(point) == pytest.approx(height, rel=1e-12)
    assert height * 0.999 < roughly.linear.at(point) <= height * (1 + 1e-12)
    assert roughly.linear.coefficients[2] > 0  # a part that does not decide where the tail is still has its slope
    for _ in range(50):
        other = rng.uniform(0, 5, 5)
        assert roughly.linear.at(other) <= tail.value(other, {}) * (1 + 1e-12)


def test_a_part_that_a_plan_pays_nothing_of_has_its_last_slope_in_a_cut():
    """Of two regimes the cut at a plan in the second says nothing of the first by itself."""
    rng = np.random.default_rng(4)
    flows, probabilities = rng.gamma(2.0, size=(1, 200)), np.full(200, 1 / 200)
    parts = []
    for index in range(2):
        usage = RateGroups(flows, [Item(2 * index, 0, 1.0)])
        period = Period(usage, [1.0], Linear(np.array([2 * index + 1]), np.ones(1)), (12, 11))
        parts.append((DrawdownCost([period], arrears=False), np.ones(1)))
    tail = Epigraph(4, tuple(parts), Tail(probabilities, 0.9), 200)
    first, second = np.array([3.0, 2.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 2.0, 1.0, 0.0])
    slopes = {}
    tail.cut(first, {}, slopes=slopes)
    alone, after = tail.cut(second, {}), tail.cut(second, {}, slopes=slopes)
    assert alone.linear.at(first) == 0.0
    assert after.linear.at(first) == pytest.approx(tail.value(first, {}), rel=1e-12)  # the same scenarios are dearest
    assert after.linear.at(second) == pytest.approx(tail.value(second, {}), rel=1e-12)
    for _ in range(50):
        other = rng.uniform(0, 5, 5)
        assert after.linear.at(other) <= tail.value(other, {}) * (1 + 1e-12)


def test_scenarios_without_weight_do_not_change_a_slope():
    rng = np.random.default_rng(5)
    flows = rng.gamma(2.0, size=(2, 500))
    ratios = [np.full(500, 2.0), rng.uniform(1.0, 3.0, 500)]
    usage = RateGroups(flows, [Item(0, 0, 1.0), Item(1, 1, 1.0, rng.uniform(0.5, 1.5, 500))], [0, 1])
    period = Period(usage, ratios, Linear(np.array([2]), np.ones(1)), (12, 11))
    cost = DrawdownCost([period], arrears=False)
    point, weights = np.array([1.0, 1.0, 2.0]), np.where(rng.random(500) < 0.1, 1.0, 0.0)
    some, every = cost.slope(point, np.ones(1), weights), cost.slope(point, np.ones(1), np.maximum(weights, 1e-300))
    assert some.coefficients == pytest.approx(every.coefficients, rel=1e-12)
    assert some.at(point) == pytest.approx(weights @ cost.cost(point, np.ones(1)), rel=1e-12)


def test_a_mean_quality_that_no_option_reaches_is_infeasible_where_options_need_a_project():
    """Met by a generated deal: both models score 0.9, a mean of 0.95 is asked for, and Sonnet needs rerouting."""
    work = {
        **APP,
        "models": ["opus", "sonnet"],
        "today": {"model": "opus"},
        "quality": {"mean_floor": 0.95, "scores": {"opus": 0.9, "sonnet": 0.9}},
        "projects": {"rerouting": {"usd": 10}},
    }
    with pytest.raises(Infeasible):
        solve(dollars(workloads={"app": work}))


def test_a_plan_that_is_asked_for_again_is_valued_once_whatever_stands_for_its_measure():
    valued = []
    epigraph = SimpleNamespace(index=2, value=lambda values, known: valued.append(values.tolist()) or sum(values[:2]))
    program = SimpleNamespace(epigraphs=[epigraph], measured=(b"", {}))
    asked = [[1.0, 4.0, 3.0], [1.0, 4.0, 6.0], [1.0, 5.0, 3.0]]
    assert [Measures(program, np.array(plan)).excess(0) for plan in asked] == [2.0, -1.0, 3.0]
    assert valued == [asked[0], asked[2]]
