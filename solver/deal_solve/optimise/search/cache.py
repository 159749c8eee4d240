"""Solve cache: what solves of similar deals share, so that a run of them takes less time.

Kept are the sums over a scenario set, baselines, lower bounds of agreements whose program is the same, and warm starts
of those whose program is not (formulation §8, "Many deals"). What an answer depends on is its key (`cache_keys`).
"""

from __future__ import annotations

import copy
from hashlib import blake2b

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.rates import Agreement, api_agreements
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.cache_keys import agreement_keys, baseline_key, digest, sums_key
from deal_solve.optimise.search.known_best import KnownBest
from deal_solve.optimise.search.programs import Programs
from deal_solve.optimise.search.settings import Comparison, SearchProblem
from deal_solve.optimise.search.warm_start import WarmStart
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts
from deal_solve.optimise.sums import sums_of
from deal_solve.optimise.usage_bounds import USAGE, Proven, UsageBounds, grows_with_usage, in_memory
from deal_solve.uncertainty.scenario_set import BLOCK, Scenarios, ScenarioSet

MAX_SETS, MAX_BOUNDS = 4, 4096
"""Scenario sets that are kept (of large ones only the latest), and bounds over them."""
MAX_TERMS = 32
"""Warm starts that are kept by terms, the latest: one takes some hundred kilobytes."""


class SolveCache:
    """Hand one to many solves of similar deals, one after the other: each takes less time than alone.

    Nothing is approximated. Scenarios are summed up once for all deals that read them alike (hand over the same
    object). An agreement whose own terms and needs are as they were keeps its bound; for any other the plans of the
    last deal are warm starts, and every cut is made anew. The answer is that of a solve alone, within the gap;
    `Solution.agreements` then bounds a band by its agreement. Not for two threads at once. With `is_of_sums` nothing
    but sums, baselines and the programs of one deal, with their cuts, is shared, and every solve is as alone.
    """

    def __init__(self, *, is_of_sums: bool = False) -> None:
        self.is_of_sums = is_of_sums
        self._sums: dict[tuple[int, str], tuple[Scenarios, ScenarioSums]] = {}
        self._baselines: dict[str, Comparison] = {}
        self._bounds: dict[str, float] = {}
        self._best: dict[str, KnownBest] = {}
        self._by_usage = UsageBounds()
        self._warm_starts: dict[bool, dict[Agreement, WarmStart]] = {False: {}, True: {}}  # of baselines apart
        self._of_terms: dict[str, WarmStart] = {}  # by all but usage: nearer than the last of all
        self._leaves_ties = False
        self._programs = Programs()
        self._pseudo_costs = PseudoCosts()

    def copy(self) -> SolveCache:
        """Return a cache with the same contents, which neither of the two changes for the other."""
        other = copy.copy(self)
        other._sums, other._baselines, other._bounds = dict(self._sums), dict(self._baselines), dict(self._bounds)
        other._best, other._by_usage = dict(self._best), self._by_usage.copy()
        other._programs = self._programs.copy()
        other._pseudo_costs, other._of_terms = self._pseudo_costs.copy(), dict(self._of_terms)
        other._warm_starts = {scope: dict(known) for scope, known in self._warm_starts.items()}
        return other

    def forget(self) -> None:
        """Forget what solvers have said; the sums, which are arithmetic, are kept."""
        self._programs, self._pseudo_costs = Programs(), PseudoCosts()
        self._baselines, self._bounds, self._best, self._warm_starts = {}, {}, {}, {False: {}, True: {}}
        self._by_usage, self._of_terms = UsageBounds(), {}

    def let_go(self) -> None:
        """Forget the sums too: nothing more is solved with them."""
        self.forget()
        self._sums = {}

    def sums(self, deal: Deal, scenarios: Scenarios) -> ScenarioSums:
        """Return the sums over a scenario set, as a deal reads it."""
        key = id(scenarios), sums_key(deal)
        if key not in self._sums:
            if len(self._sums) >= (MAX_SETS if scenarios.size <= BLOCK else 1) or len(self._bounds) > MAX_BOUNDS:
                self._sums, self._baselines, self._bounds, self._best = {}, {}, {}, {}
            self._sums[key] = scenarios, sums_of(deal, scenarios)  # both are kept, so that no other has their id
        return self._sums[key][1].afresh()

    def _scenarios(self, problem: SearchProblem) -> ScenarioSet | None:
        """Return the scenarios of a problem, if they are few, and their sums known."""
        of_sums = (given for given, sums in self._sums.values() if sums.requests is problem.sums.requests)
        return in_memory(next(of_sums, None))

    def baseline(self, problem: SearchProblem) -> Comparison | None:
        """Return the best plan of a problem, a baseline, and its cost, if they are known."""
        return self._baselines.get(_baseline_key(problem))

    def keep_baseline(self, problem: SearchProblem, baseline: Comparison) -> None:
        """Keep the best plan of a problem, a baseline."""
        self._baselines[_baseline_key(problem)] = baseline

    def prepare(self, search: AgreementSearch) -> None:
        """Give a search the bounds, warm starts and pseudo-costs that are known of its agreements.

        Where the last solve left a tie, which is then that of a solve alone, this one is alone from the beginning.
        """
        if self.is_of_sums:
            search.programs = self._programs
        if self.is_of_sums or (self._leaves_ties and not search.problem.zero_bands_only):
            return
        search.keys = _keys(search)
        for agreement, key in search.keys.items():
            if key in self._bounds:
                search.bounds[agreement] = self._bounds[key]
        scenarios = self._scenarios(search.problem)
        if scenarios is not None and grows_with_usage(search.problem.deal):
            search.usage_keys = _keys(search, but_usage=True)
            bounds = self._by_usage.known(search.usage_keys, scenarios, search.problem)
            search.problem = search.problem.with_bounds(bounds)
        known = {each: self._of_terms[key] for each, key in search.usage_keys.items() if key in self._of_terms}
        search.warm_starts = {**self._warm_starts[search.problem.zero_bands_only], **known}
        search.pseudo_costs = self._pseudo_costs

    def best_known(self, search: AgreementSearch) -> KnownBest | None:
        """Return the best plan that is known of an agreement of a search that is prepared, if one is.

        It is that of a solve of a deal in which the program of the agreement is the same.
        """
        found = [self._best.get(_key_of_best(search, key)) for key in search.keys.values()]
        fit = [known for known in found if known is not None and known.answers(search.settings.asks)]
        return min(fit, key=lambda known: known.objective_usd, default=None)

    def keep_best(self, search: AgreementSearch, known: KnownBest) -> None:
        """Keep the best plan of a search that was prepared, which has proven it and left no tie."""
        key = search.keys.get(known.agreement)
        if key is not None:
            self._best[_key_of_best(search, key)] = known

    def note_tie(self, is_left: bool) -> None:
        """Note whether the last solve left a tie: those of a similar deal are left too, as a rule."""
        self._leaves_ties = is_left

    def record(self, search: AgreementSearch) -> None:
        """Keep the bounds and warm starts that a search found; to be called before a program is polished."""
        if self.is_of_sums:
            return
        keys = search.keys or _keys(search)
        scenarios = self._scenarios(search.problem)
        for candidate in search.candidates:
            self._bounds[keys[candidate.agreement]] = candidate.bound
            if scenarios is not None and candidate.is_built and candidate.agreement in search.usage_keys:
                proven = Proven(candidate.bound, scenarios, search.problem.against.baseline)
                self._by_usage.keep(search.usage_keys[candidate.agreement], proven)
        if search.settings.by_cuts:
            found = search.next_warm_starts()
            self._warm_starts[search.problem.zero_bands_only] |= found
            latest = {search.usage_keys[each]: found[each] for each in found if each in search.usage_keys}
            before = {key: start for key, start in self._of_terms.items() if key not in latest}
            self._of_terms = dict([*before.items(), *latest.items()][-MAX_TERMS:])


def _baseline_key(problem: SearchProblem) -> str:
    fixed = problem.fixings.proposal.model_dump(mode="json")
    return digest(id(problem.sums.requests), fixed, baseline_key(problem.deal))


def _key_of_best(search: AgreementSearch, key: str) -> str:
    """Return what the best plan of an agreement depends on: its program, the places of offers, and how it is found."""
    settings = search.settings
    return digest(key, list(search.problem.deal.offers), settings.gap, settings.by_cuts, settings.solver)


def _keys(search: AgreementSearch, *, but_usage: bool = False) -> dict[Agreement, str]:
    """Return what the bound of each agreement depends on; or on what beside usage, and a baseline, which follows it."""
    problem = search.problem
    compared = (problem.against.baseline, problem.against.best)
    measured = [None if costs is None else blake2b(costs.tobytes()).hexdigest() for costs in compared]
    bands = problem.bands and [[*agreement, sorted(own)] for agreement, own in problem.bands.items()]
    fixed = problem.fixings.proposal.model_dump(mode="json"), bands, problem.zero_bands_only
    rest = digest(fixed) if but_usage else digest(id(problem.sums.requests), measured, fixed)
    offered = api_agreements(problem.deal, problem.checks_controls)
    programs = agreement_keys(problem.deal, {agreement.offer for agreement in offered}, USAGE if but_usage else ())
    return {agreement: digest(rest, agreement, programs[agreement.offer]) for agreement in offered}
