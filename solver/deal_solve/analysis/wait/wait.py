"""The expected value of sample information: sign now, or measure for some months and then sign.

For every simulated observation the deal is solved again over the scenarios as they are thought likely after it
(`learning`). Both deals of a month, the one chosen by what was learnt and the one chosen without, are priced over the
same scenarios, so that knowing more is never worth less than nothing; what waiting costs is apart from it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Unpack

import numpy as np

from deal_solve.analysis.measure.growth import MONTHLY_SHOCK
from deal_solve.analysis.uncertainty.replicates import refuse_alone
from deal_solve.analysis.wait.learning import Observations, Posterior, estimate_of, observations
from deal_solve.analysis.wait.months import asked, signable, signed_after
from deal_solve.analysis.wait.result import Wait, WaitMonth
from deal_solve.analysis.wait.routing import listed_usd
from deal_solve.analysis.wait.signed import kind_of, signed_in_a_line
from deal_solve.deal.deal import Deal
from deal_solve.errors import DealSolveError, Infeasible, InputError, LimitReached, Problem
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.search.settings import Beaten, Comparison
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.optimise.solver.progress import Progress, Watcher
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import About
from deal_solve.report.scenarios import other_tail_note
from deal_solve.report.text import whole_money
from deal_solve.settlement.objective import SAME_RELATIVE, SAME_USD, fit_risk, is_below, objective_of
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet

MONTHS, MAX_MONTHS = 3, 12
OBSERVATIONS = 16
MIN_SHOCK, MAX_SHOCK = 1e-6, 1000.0
"""Beyond these a month tells all or nothing; far beyond, squares leave the range of floats."""
FEW = 30
"""With fewer scenarios left after an observation, chance alone makes what was learnt look certain."""


def wait(
    deal: Deal,
    scenarios: Scenarios,
    months: int = MONTHS,
    observed: int = OBSERVATIONS,
    shock: float = MONTHLY_SHOCK,
    **keywords: Unpack[SolveKeywords],
) -> Wait:
    """Return what waiting 1 to `months` months to measure saves or costs, against signing in the first open month.

    `observed` is the number of simulated observations, `shock` the standard deviation of the logarithm of usage in a
    month. Until the deal is signed, an agreement in force holds, then list. The keywords are those of `solve`. Raises
    InputError for months beyond the horizon, for worst case and regret, and what `solve` raises.
    """
    refuse_alone(deal)
    _refuse(deal, months, observed, shock)
    first = deal.signing_months[0]
    waits, refused = signable(deal, asked(deal, months))
    whole = scenarios.in_memory()
    fitted, notes = fit_risk(signed_after(deal, [0, *waits]), whole)
    options = SolveOptions.of(keywords).cached().begun()
    waiting = _Waiting(fitted, whole, first, options)
    now = waiting.now
    measured = observations(whole, now.settlement.cost, first + months, shock, observed)
    rows = [waiting.month(each, measured) for each in waits]
    found = [row for row in rows if row is not None]
    if not found:
        raise waiting.left_out[0]
    best = max(found, key=lambda row: row.net_usd)
    return Wait(
        now_usd=now.objective_usd,
        now=signed_in_a_line(fitted, [now.plan]),
        best=best.months if best.net_usd > 0 else 0,
        turns=_turn(found),
        shock=shock,
        months=Table(tuple(found)),
        is_complete=not any(isinstance(each, LimitReached) for each in waiting.left_out),
        solution=now,
        about=About(deal, scenarios),
        notes=(
            *notes,
            *refused,
            *map(str, waiting.left_out),
            *_notes(found, whole),
            *_elsewhere(deal, now),
            *now.notes,
        ),
    )


def _elsewhere(deal: Deal, now: Solution) -> Iterator[str]:
    """Yield what is signed now costs over the expansion, which `solve` and `when` are over unless they are told."""
    here = now.settlement.scenarios
    if here.kind != "sampled":
        return
    signed = now.settlement.deal
    try:
        expanded = scenarios_of(deal)
        other = settle(signed, now.plan, in_months_of(signed, expanded))
    except InputError:  # too many branches, so that nothing is over them
        return
    own, elsewhere = (whole_money(each.mean(each.cost)) for each in (now.settlement, other))
    first = "now" if not signed.signing_month else f"in {signed.start:%Y-%m}"
    yield (
        f"what is signed {first} is expected to cost {own} over these scenarios, and {elsewhere} over the "
        f"{counted(expanded.size, 'scenario')} of the expansion, which when and solve are over unless told otherwise "
        f"(--scenarios {here.size}): compare months within one of them"
    )
    yield from other_tail_note(signed, here)


def _refuse(deal: Deal, months: int, observed: int, shock: float) -> None:
    """Refuse what cannot be asked."""
    left = deal.horizon_months - 1 - deal.signing_months[0]
    if left < 1:
        raise InputError("signing.months: begins with the last month of the horizon, so there is nothing to wait for")
    if not 1 <= months <= min(MAX_MONTHS, left):
        raise InputError(Problem("--months", f"{months} cannot be waited; expected 1 to {min(MAX_MONTHS, left)}"))
    if observed < 4 or observed % 2:
        raise InputError(Problem("--observations", f"{observed} have no interval; expected an even number from 4 on"))
    if not MIN_SHOCK <= shock <= MAX_SHOCK:
        expected = f"expected {MIN_SHOCK:g} to {MAX_SHOCK:g}"
        raise InputError(Problem("--shock", f"{shock:g} is no deviation of a month; {expected}"))


def _turn(found: Sequence[WaitMonth]) -> int | None:
    """Return from how many months on waiting no longer pays; None if it still does after the last.

    Where the deal is signed later anyway, that is more than deciding then saves.
    """
    free = max((row.net_usd for row in found if not row.months), default=0.0)
    paying = [row.months for row in found if row.months and row.net_usd > max(free, 0.0)]
    after = max(paying, default=0) + 1
    return after if after <= found[-1].months else None


@dataclass
class _Plans:
    """The plans known for a month of signing, and what each costs in every scenario (S,)."""

    plans: list[Plan]
    costs: list[Array]
    is_proven: bool


@dataclass(frozen=True)
class _Signed:
    """What came of one observation: what it saves, which of the plans is signed, and what is then likely."""

    saved_usd: float
    place: int
    posterior: Posterior


@dataclass
class _Waiting:
    """The solves of one deal: signed now, signed later without learning, and after each observation."""

    deal: Deal
    scenarios: ScenarioSet
    first: int
    options: SolveOptions
    began: float = field(default_factory=monotonic)
    left_out: list[DealSolveError] = field(default_factory=list)
    now: Solution = field(init=False)
    compared: Comparison = field(init=False)

    def __post_init__(self) -> None:
        """Sign now; what costs are compared with is the same whenever the deal is signed."""
        self.now = self._solved(0, "signing now", self.scenarios, self.options)
        self.compared = Comparison(self.now.baseline, Against(baseline=self.now.baseline_cost))

    def month(self, months: int, measured: Observations) -> WaitMonth | None:
        """Return what waiting so many months is worth; None where there is no plan then, or no time to find it."""
        what = f"signing after {counted(months, 'month')}"
        try:
            unlearnt = self._solved(months, what, self.scenarios, replace(self.options, baseline=self.compared))
            known = _Plans([unlearnt.plan], [unlearnt.settlement.cost], unlearnt.status == "optimal")
            signed = [self._signed(months, what, measured, index, known) for index in range(len(measured.seen))]
        except LimitReached:
            self.left_out.append(LimitReached(f"the time limit passed before {what} was compared with signing now"))
            return None
        except Infeasible:
            self.left_out.append(Infeasible(f"{what}: no plan keeps every limit"))
            return None
        return self._row(months, unlearnt, known, signed)

    def _signed(self, months: int, what: str, measured: Observations, index: int, known: _Plans) -> _Signed:
        """Return what is signed after an observation, and what that saves."""
        posterior = measured.after(index, self.first + months)
        self._add_best(months, f"{what}, observation {index + 1} of {len(measured.seen)}", posterior, known)
        costs = [self._objective(cost, posterior) for cost in known.costs]
        best = int(np.argmin(costs))
        if not is_below(costs[best], costs[0]):
            best = 0
        return _Signed(costs[0] - costs[best], best, posterior)

    def _add_best(self, months: int, what: str, posterior: Posterior, known: _Plans) -> None:
        """Add the best plan after an observation to those known, unless one of them is as good."""
        usd = min(self._objective(cost, posterior) for cost in known.costs)
        after = replace(self.scenarios.rows(posterior.rows), kind="explicit", weights=posterior.weights, seed=None)
        baseline = self.compared.against.baseline
        against = Against(baseline=None if baseline is None else baseline[posterior.rows])
        options = replace(self.options, baseline=Comparison(self.compared.baseline, against))
        try:
            found = self._solved(months, what, after, options, usd - max(SAME_USD, SAME_RELATIVE * abs(usd)))
        except (Beaten, Infeasible):  # one that is known is best; limits that no plan keeps here leave it so
            return
        known.plans.append(found.plan)
        known.costs.append(settle(found.settlement.deal, found.plan, self.scenarios).cost)
        known.is_proven &= found.status == "optimal"

    def _solved(
        self, months: int, what: str, scenarios: ScenarioSet, options: SolveOptions, better: float = np.inf
    ) -> Solution:
        deal = self.deal.signed_in(self.first + months)
        watched = replace(options, progress=_naming(options.progress, what, self.began))
        return solve(deal, in_months_of(deal, scenarios), options=watched, better_than=better).optimised()

    def _objective(self, cost: Array, posterior: Posterior) -> float:
        """Return the objective after an observation of a plan that costs so much in every scenario of the set."""
        baseline = self.compared.against.baseline
        against = Against(baseline=None if baseline is None else baseline[posterior.rows])
        return objective_of(self.deal, cost[posterior.rows], posterior.weights, against)

    def _row(self, months: int, unlearnt: Solution, known: _Plans, signed: Sequence[_Signed]) -> WaitMonth:
        regret = known.costs[0] - np.min(known.costs, axis=0)
        saved = np.array([each.saved_usd for each in signed])
        control = np.array([each.posterior.weights @ regret[each.posterior.rows] for each in signed])
        value = estimate_of(saved, control, self.scenarios.mean(regret))
        usd, low, high = (
            max(each, 0.0) for each in (value.usd, value.usd - value.half_usd, value.usd + value.half_usd)
        )
        cost = unlearnt.objective_usd - self.now.objective_usd
        settlement = unlearnt.settlement
        return WaitMonth(
            months=months,
            calendar_month=f"{self.deal.calendar(self.first + months):%Y-%m}",
            measured_months=self.first + months,
            verdict="wait" if low > cost else "sign" if high <= cost else "open",
            cost_usd=cost,
            value_usd=usd,
            value_low_usd=low,
            value_high_usd=high,
            net_usd=usd - cost,
            net_low_usd=low - cost,
            net_high_usd=high - cost,
            before_usd=settlement.mean(settlement.by_line["before"]),
            routing_usd=self._routing_usd(unlearnt),
            changed=float(np.mean([each.place > 0 for each in signed])),
            observations=len(signed),
            effective=statistics.median(each.posterior.effective for each in signed),
            is_proven=known.is_proven,
            unlearnt=signed_in_a_line(self.deal, known.plans[:1]),
            learnt=tuple(_kinds(self.deal, [known.plans[each.place] for each in signed])),
        )

    def _routing_usd(self, later: Solution) -> float | None:
        """Return what workloads cost more at list where a deal is signed later."""
        now, then = (listed_usd(each.settlement.deal, each.plan, self.scenarios) for each in (self.now, later))
        return None if now is None or then is None else then - now


def _kinds(deal: Deal, signed: Sequence[Plan]) -> Iterator[str]:
    """Yield the kinds of deal that are signed, the most frequent first."""
    kinds: dict[Hashable, list[Plan]] = {}
    for plan in signed:
        kinds.setdefault(kind_of(plan), []).append(plan)
    for plans in sorted(kinds.values(), key=len, reverse=True):
        yield f"{len(plans)} of {len(signed)}: {signed_in_a_line(deal, plans)}"


def _naming(progress: Watcher | None, what: str, began: float) -> Watcher | None:
    """Return what reports the progress of a solve as a part of waiting."""
    if progress is None:
        return None
    report: Callable[[Progress], bool | None] = progress
    return lambda each: report(replace(each, phase=f"{what}: {each.phase}", seconds=monotonic() - began))


def _notes(found: list[WaitMonth], scenarios: ScenarioSet) -> Iterator[str]:
    fewest = min(row.effective for row in found)
    if scenarios.kind == "sampled" and fewest < FEW and round(fewest) < scenarios.size:
        yield (
            f"a median observation leaves {fewest:.0f} of {counted(scenarios.size, 'scenario')}, so what is learnt "
            "looks surer than it is and its value is too large; more scenarios (--scenarios N) say more"
        )
    if scenarios.kind == "discrete":
        yield (
            "the expansion moves all bands of a group together, so one workload tells of all, and its value is too "
            "large; sampled scenarios (--scenarios N) are better"
        )
