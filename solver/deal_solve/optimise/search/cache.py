"""What solves of similar deals share: futures read once, baselines, bounds, and where to look (section 8)."""

from __future__ import annotations

from hashlib import blake2b

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.rates import Agreement, api_agreements
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search.agreement import WarmStart
from deal_solve.optimise.search.agreement_search import AgreementSearch
from deal_solve.optimise.search.cache_keys import agreement_keys, baseline_key, digest, sums_key
from deal_solve.plan.plan import Plan
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Scenarios

MAX_SETS, MAX_BOUNDS = 4, 4096
"""Sets of futures that are kept (of large ones only the latest), and what is known of plans over them."""

Baseline = tuple[Plan, Against, tuple[str, ...]]
"""A baseline plan, what it costs, and what has to be said of it."""


class SolveCache:
    """Hand one to many solves of similar deals, one after the other: each takes less time than alone.

    Nothing is approximated. Futures are read once for all deals that read them alike (hand over the same object). An
    agreement whose own terms and needs are as they were keeps its bound; for any other the plans of the last deal show
    where to cut, and every cut is made anew. The answer is that of a solve alone, within the gap; `branches` bounds a
    band by its agreement. Not for two threads at once.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], tuple[Scenarios, ScenarioSums]] = {}
        self._baselines: dict[str, Baseline] = {}
        self._bounds: dict[str, float] = {}
        self._warm_starts: dict[bool, dict[Agreement, WarmStart]] = {False: {}, True: {}}  # of baselines apart

    def sums(self, deal: Deal, scenarios: Scenarios) -> ScenarioSums:
        """Return the sums of a set of futures, as a deal reads them."""
        key = id(scenarios), sums_key(deal)
        if key not in self._sums:
            if len(self._sums) >= (MAX_SETS if scenarios.size <= BLOCK else 1) or len(self._bounds) > MAX_BOUNDS:
                self._sums, self._baselines, self._bounds = {}, {}, {}
            self._sums[key] = scenarios, ScenarioSums(deal, scenarios)  # both are kept, so that no other has their id
        return self._sums[key][1].afresh()

    def baseline(self, deal: Deal, sums: ScenarioSums) -> Baseline | None:
        """Return the baseline of a deal, if it is known."""
        return self._baselines.get(digest(id(sums.requests), baseline_key(deal)))

    def keep_baseline(self, deal: Deal, sums: ScenarioSums, baseline: Baseline) -> None:
        """Keep the baseline of a deal."""
        self._baselines[digest(id(sums.requests), baseline_key(deal))] = baseline

    def warm_start(self, search: AgreementSearch) -> None:
        """Tell a search what is known of its agreements."""
        for agreement, key in _keys(search).items():
            if key in self._bounds:
                search.bounds[agreement] = self._bounds[key]
        search.warm_starts = dict(self._warm_starts[search.zero_bands_only])

    def record(self, search: AgreementSearch) -> None:
        """Keep what a search found out; to be called before a program is finished."""
        keys = _keys(search)
        for candidate in search.candidates:
            self._bounds[keys[candidate.agreement]] = candidate.bound
        if search.by_cuts:
            self._warm_starts[search.zero_bands_only] |= search.next_warm_starts()


def _keys(search: AgreementSearch) -> dict[Agreement, str]:
    """Return what the bound of each agreement depends on."""
    deal, against = search.deal, search.against
    measured = [
        None if costs is None else blake2b(costs.tobytes()).hexdigest() for costs in (against.baseline, against.best)
    ]
    fixed = search.fixings.proposal.model_dump(mode="json"), search.first_band, search.zero_bands_only
    rest = digest(id(search.sums.requests), measured, fixed)
    offered = api_agreements(deal, search.check_controls)
    programs = agreement_keys(deal, {agreement.offer for agreement in offered})
    return {agreement: digest(rest, agreement, programs[agreement.offer]) for agreement in offered}
