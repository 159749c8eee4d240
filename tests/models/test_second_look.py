"""What a solver takes for the optimum and is not.

HiGHS 1.16 with presolve and tolerances of 1e-9 lost a bundle; the preprocessing of CBC 2.10 called an offer infeasible,
and a plan without seats the best one.
"""

from dataclasses import replace

import pytest

from deal_solve import SolveCache, loads, solve
from deal_solve.errors import Disagreement, Infeasible
from deal_solve.formulation.model.expression import Expression
from deal_solve.optimise import solve as module
from deal_solve.optimise.search import candidate_solver, polish
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.solver import solvers
from deal_solve.optimise.solver.highs_session import HighsSession
from deal_solve.optimise.solver.solvers import Answer

STEPS_AND_BUNDLE = """
start: 2027-01
workloads:
  app:
    {requests_per_month: 0.8M, input_tokens: 6000, output_tokens: 50, quality: {scores: {sonnet: 0.93}}}
cohorts:
  staff:
    headcount: 20
    tracks: [enterprise]
    use: {requests_per_user_month: 4167, input_tokens: 1500, output_tokens: 300, models: [sonnet]}
offers:
  quote:
    api: {bands: [{commit_usd_per_year: 64k, discount: 24%}], step_usd: 78k}
    seats: {enterprise: {}}
    bundle: [{combined_usd_per_year: 40100, api: 2%}]
"""
CREDIT_IN_ARREARS = """
start: 2027-11
workloads:
  app:
    requests_per_month: 210000
    input_tokens: [{share: 0.7, tokens: 5000}, {share: 0.3, tokens: 90000}]
    output_tokens: 1200
    batchable: 30%
    shares: {opus: {minimum: 50%}}
cost_of_capital_per_year: 8%
offers:
  quote:
    api:
      bands: [{commit_usd_per_year: 39k, discount: 18%}]
      payment: arrears
      credit: {usd: 22k, pays: charges, within_months: 20}
risk: {weight: 0.3}
"""
USERS_THAT_COME_AND_GO = """
start: 2027-11
horizon_months: 48
workloads:
  app: {requests_per_month: 57k, input_tokens: [{share: 70%, tokens: 5000}, {share: 30%, tokens: 140k}],
    output_tokens: 1200}
cohorts:
  staff: &staff
    headcount: 80
    tracks: [enterprise]
    use: {requests_per_user_month: 2500, input_tokens: 1500, output_tokens: 100, models: [sonnet]}
  field: *staff
variants: {lean: {model: claude-haiku-4-5-20251001}}
scenarios:
  low: {weight: 2, active_users: {staff: [12, 60, 0, 60], field: [41, 82, 0, 4]}}
  middle: {weight: 1, active_users: {staff: [33, 16, 0, 16], field: [2, 37, 0, 7]}}
  high: {weight: 4, active_users: {staff: [84, 17, 0, 4], field: [87, 87, 0, 4]}}
offers:
  quote:
    api: {bands: [{commit_usd_per_year: 18000, discount: {}}, {commit_usd_per_year: 22600, discount: {}}]}
    seats:
      enterprise:
        usd_per_user_month: 14
        tiers: {kind: all_units, steps: [{seats: 163, discount: 20%}]}
        allowance: {usd_per_user_month: 1, beyond: blocked, refused_usd_per_usd: 3}
    renewal: {may_return: true}
risk: cautious
"""
BROKEN_BY_A_LITTLE = """
start: 2027-07
workloads:
  app: {requests_per_month: 1M, input_tokens: 3000, output_tokens: 200, models: [sonnet], requires: [us_residency],
    cache: {share: 80%, hit_rate: 70%}}
cohorts:
  staff: {headcount: 40, tracks: [pro], use: {requests_per_user_month: 833, input_tokens: 1500, output_tokens: 300,
    models: [sonnet]}}
scenarios:
  middle: {weight: 1}
  high: {weight: 3, requests_per_month: {app: [1800000]}}
offers:
  quote:
    terms: {24: {api: 15%}}
    api:
      bands: [{commit_usd_per_year: 47900, discount: {}}, {commit_usd_per_year: 61000, discount: {sonnet: 34%}}]
      payment: arrears
      excess: counts_next
      ramp: [1, 2]
    seats: {pro: {usd_per_user_month: 25}}
limits: [{of: contract year 2, measure: worst, at_most: 82978.3}]
"""
CREDIT_AND_ROLLOVER = """
start: 2027-07
workloads:
  app: {input_tokens: 6000, output_tokens: 200, requests_per_month: 100000, models: [sonnet]}
cohorts:
  staff:
    headcount: 20
    tracks: [team-standard, none]
    unserved_usd_per_user_month: 30
    active_share: 60%
    headcount_growth_per_year: -50%
offers:
  quote:
    terms: {24: {}}
    api:
      bands: [{commit_usd_per_year: 3640, discount: {}}]
      unused: {rollover: 100%}
      credit: {usd: 1700, pays: charges, within_months: 20}
risk: {weight: 0.3}
"""
BLOCKED_ALLOWANCE = """
start: 2027-07
horizon_months: 12
cohorts:
  staff:
    headcount: 110
    tracks: [team-standard, none]
    use: {requests_per_user_month: 6250, input_tokens: 1500, output_tokens: 100, models: [sonnet]}
    unserved_usd_per_user_month: 200
offers:
  quote:
    seats:
      team-standard: {minimum: 88, allowance: {usd_per_user_month: 20, beyond: blocked, refused_usd_per_usd: 1}}
signing: {months: [9]}
"""
CAPPED = """
start: 2027-01
horizon_months: 12
workloads:
  app:
    {requests_per_month: 60M, input_tokens: 1000, output_tokens: 100, quality: {scores: {sonnet: 0.93, haiku: 0.85}}}
offers:
  quote:
    api: {bands: [{commit_usd_per_year: 40k, discount: 20%}]}
limits: [{of: total, measure: worst, at_most: 3M}]
"""
LOST = "optimiser and settlement disagree"


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_bundle_beside_commitments_in_steps_is_not_lost(method):
    """Commitments of one step, 78,000, reach the tier of 40,100: 2 % less on all usage, by both methods."""
    solution = solve(loads(STEPS_AND_BUNDLE), method=method)
    assert solution.objective_usd == pytest.approx(312_223.14)


def test_rows_whose_presolve_loses_the_best_baseline_look_once_more():
    """Both methods measure loss against the same baseline: that of the rows was 5 % too dear."""
    deal = loads(USERS_THAT_COME_AND_GO)
    by_cuts, by_rows = (solve(deal, method=method) for method in ("decomposition", "extensive"))
    assert by_rows.baseline_cost == pytest.approx(by_cuts.baseline_cost)
    assert by_rows.objective_usd == pytest.approx(by_cuts.objective_usd, rel=1e-6)


def test_an_offer_that_cbc_calls_infeasible_is_not_lost():
    """The credit and 18 % less are better than list, which is what CBC was left with; HiGHS finds the same plan."""
    deal = loads(CREDIT_IN_ARREARS)
    by_highs, by_cbc = solve(deal, method="extensive"), solve(deal, method="extensive", solver="cbc")
    assert by_cbc.objective_usd == pytest.approx(by_highs.objective_usd)
    assert by_cbc.plan.api.offer == "quote"


def test_a_plan_without_seats_that_cbc_calls_the_best_one_is_not_believed():
    """110 people unserved cost 9 · 22,000 before signing and would cost 3 · 22,000 after it, which CBC prefers to seats
    of 110 · 20 and refused usage of 110 · 5, three times 2,750: usage of 25 a month meets an allowance of 20.
    """
    deal = loads(BLOCKED_ALLOWANCE)
    by_highs, by_cbc = solve(deal, method="extensive"), solve(deal, method="extensive", solver="cbc")
    assert by_highs.objective_usd == pytest.approx(198_000 + 3 * 2_750)
    assert by_cbc.objective_usd == pytest.approx(by_highs.objective_usd)
    assert by_cbc.plan.tracks == {"staff": ("team-standard",)}


@pytest.mark.parametrize(
    ("false", "says"),
    [
        (Answer("infeasible", float("inf"), float("inf")), "there is no plan"),
        (Answer("optimal", 1e6, 1e6), "no plan is below 1e"),
    ],
)
@pytest.mark.parametrize("relax", [True, False])
def test_another_solver_that_is_refuted_twice_is_an_error(monkeypatch, false, says, relax):
    """Of the relaxation (a bound that is too high prunes) and of the integer program."""
    answer_of, looks = solvers._pulp_answer, []

    def lies(problem, settings):
        looks.append(settings)
        return false if settings.relax is relax else answer_of(problem, settings)

    monkeypatch.setattr(solvers, "_pulp_answer", lies)
    with pytest.raises(Disagreement, match=f"the answers of the solver PULP_CBC_CMD differ.*{says}"):
        solve(loads(CAPPED), solver="cbc")
    assert sum(each.relax is relax for each in looks) == 2


def test_a_bound_above_what_a_simple_plan_costs_is_looked_at_again(monkeypatch):
    """Whatever the solver and method: signing nothing costs less than 9,999,999."""
    bound_of, seen = AgreementSearch.bound, []

    def too_high(search):
        seen.append(search.settings.presolves)
        return 9_999_999.0 if search.settings.presolves else bound_of.fget(search)

    monkeypatch.setattr(AgreementSearch, "bound", property(too_high))
    assert solve(loads(CAPPED)).bound_usd < 100_000
    assert (seen[0], seen[-1]) == (True, False)

    monkeypatch.setattr(AgreementSearch, "bound", property(lambda _: 9_999_999.0))
    with pytest.raises(Disagreement, match="no plan costs less than 9,999,999"):
        solve(loads(CAPPED))


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
@pytest.mark.parametrize("lie", [54_000.0, None])
def test_rows_that_deny_the_plan_that_cuts_find_are_looked_at_again(monkeypatch, lie, method):
    """Cuts find a plan of 53,403 and the simple one costs 55,440: rows are wrong to say 54,000, or that none is."""
    bound_of, run, seen = AgreementSearch.bound, AgreementSearch.run, []

    def is_first(search):
        return search.settings.presolves and not search.settings.by_cuts and search.settings.reports_incumbent

    def too_high(search):
        return lie if lie and is_first(search) else bound_of.fget(search)

    def runs(search):
        seen.append((search.settings.presolves, search.settings.by_cuts))
        if lie is None and is_first(search):
            raise Infeasible("no plan meets every limit and rule of this deal")
        return run(search)

    monkeypatch.setattr(AgreementSearch, "bound", property(too_high))
    monkeypatch.setattr(AgreementSearch, "run", runs)
    assert solve(loads(CREDIT_AND_ROLLOVER), method=method).bound_usd == pytest.approx(53_403.34)
    assert (False, False) in seen


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_relaxation_is_believed_as_far_as_its_multipliers_prove_it(monkeypatch, method):
    """A linear program that states a hundred times its objective would prune all but the agreement solved first."""
    run = candidate_solver.run

    def boasts(program, settings, clock, **keywords):
        answer = run(program, settings, clock, **keywords)
        return replace(answer, bound=100 * answer.bound) if settings.relax else answer

    monkeypatch.setattr(candidate_solver, "run", boasts)
    found = solve(loads(CAPPED), method=method)
    assert found.objective_usd == pytest.approx(0.8 * 108_000)
    assert all(each.bound_usd <= 108_000 * (1 + 1e-6) for each in found.agreements)


def test_a_deal_that_has_a_simple_plan_is_not_infeasible(monkeypatch):
    run, seen = AgreementSearch.run, []

    def loses_all(search):
        seen.append(search.settings.presolves)
        if search.settings.presolves:
            raise Infeasible("no plan meets every limit and rule of this deal")
        return run(search)

    monkeypatch.setattr(AgreementSearch, "run", loses_all)
    assert solve(loads(CAPPED)).status == "optimal"
    assert seen == [True, False]


def test_a_plan_above_a_limit_by_less_than_a_cent_contradicts_no_program():
    """108,000 at list keep a limit of 107,999.996 to the cent, as settlement counts; the program has no plan for it."""
    dear = CAPPED.replace("commit_usd_per_year: 40k", "commit_usd_per_year: 1M")
    assert solve(loads(dear.replace("at_most: 3M", "at_most: 108000"))).objective_usd == pytest.approx(108_000)
    with pytest.raises(Infeasible, match="no plan"):
        solve(loads(dear.replace("at_most: 3M", "at_most: 107999.996")))


def test_a_plan_that_breaks_a_limit_when_it_is_settled_is_never_optimal(monkeypatch):
    """A search that does not know the limit on commitments signs 40,000 a year, and settlement counts them."""
    deal = loads(
        CAPPED.replace("of: total, measure: worst, at_most: 3M", "of: committed, measure: worst, at_most: 30k")
    )
    search = module._search

    def forgets(problem, *rest):
        found = search(replace(problem, deal=problem.deal.model_copy(update={"limits": ()})), *rest)
        found.search.problem = problem
        return found

    monkeypatch.setattr(module, "_search", forgets)
    with pytest.raises(Disagreement, match="breaks the limit committed: 86,400"):
        solve(deal)


def test_a_stage_whose_face_holds_nothing_leaves_the_plan_as_it_was_found(monkeypatch):
    """Plans that are pinned to the cent are on the face of the cost to the last digit only."""
    stay_on_face, empty = polish._stay_on_face, []

    def holds_nothing(program, bounds, rows):
        stay_on_face(program, bounds, rows)
        rows.append(program.add("on_face", Expression([(program.variables[0], 0.0)]) <= -1.0))
        empty.append(program)

    before = solve(loads(STEPS_AND_BUNDLE))
    monkeypatch.setattr(polish, "_stay_on_face", holds_nothing)
    monkeypatch.setattr(HighsSession, "is_only_solution", lambda _: False)
    assert solve(loads(STEPS_AND_BUNDLE)).objective_usd == pytest.approx(before.objective_usd)
    assert empty


def test_what_was_kept_of_an_answer_in_doubt_is_forgotten(monkeypatch):
    """The bounds of a look that was refuted would prune in the next solve, too."""
    cache, settled = SolveCache(), module._settled

    def in_doubt(found, *rest):
        assert found.search.bounds == {}
        if found.search.settings.presolves:
            raise Disagreement(LOST)
        return settled(found, *rest)

    monkeypatch.setattr(module, "_settled", in_doubt)
    for _ in range(2):
        assert solve(loads(CAPPED), cache=cache).status == "optimal"


def test_where_settlement_finds_another_objective_the_solver_looks_again_without_presolve(monkeypatch):
    seen, settled = [], module._settled

    def first_in_doubt(found, *rest):
        seen.append(found.search.settings.presolves)
        if len(seen) == 1:
            raise Disagreement(LOST)
        return settled(found, *rest)

    monkeypatch.setattr(module, "_settled", first_in_doubt)
    assert solve(loads(STEPS_AND_BUNDLE)).status == "optimal"
    assert seen == [True, False]


def test_a_second_disagreement_is_an_error(monkeypatch):
    def in_doubt(*_):
        raise Disagreement(LOST)

    monkeypatch.setattr(module, "_settled", in_doubt)
    with pytest.raises(Disagreement, match=LOST):
        solve(loads(STEPS_AND_BUNDLE))


def test_cuts_that_are_loose_at_the_plan_they_find_give_way_to_all_rows_though_they_are_tight_once_it_is_polished():
    """A balance saved for later leaves more of the credit to overage; polishing leaves it, the bound stayed behind."""
    deal = loads(CREDIT_AND_ROLLOVER)
    found, audit = solve(deal), solve(deal, method="extensive")
    assert (found.status, found.objective_usd) == ("optimal", pytest.approx(audit.objective_usd))
    assert found.gap <= 1e-6


def test_a_plan_that_only_cuts_allow_is_none_once_the_rows_are_written_out():
    """The least that year 2 may cost is 83,285: cuts come to a plan that polishing finds to break the limit."""
    with pytest.raises(Infeasible):
        solve(loads(BROKEN_BY_A_LITTLE))
    assert solve(loads(BROKEN_BY_A_LITTLE.replace("82978.3", "83290"))).status == "optimal"
