"""What the deal hangs on: each number a step up and down, the deal re-optimised and with its plan held, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, Unpack

import numpy as np

from deal_solve.analysis.breakeven.parametric import number_of
from deal_solve.analysis.sensitivity.assumed import EVERY, assumed, scaled
from deal_solve.analysis.sensitivity.dearer import is_dearer, is_lawful, is_unmoved
from deal_solve.analysis.sensitivity.moved import moved
from deal_solve.analysis.sensitivity.negotiable import Negotiable, negotiables
from deal_solve.analysis.sensitivity.relaxed import Relaxed, relaxed
from deal_solve.analysis.sensitivity.result import Bar, Sensitivity
from deal_solve.analysis.sensitivity.sobol import sobol
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import varied
from deal_solve.deal.risk import Risk
from deal_solve.errors import Infeasible, InputError, LimitReached
from deal_solve.facts.decisions import key_of
from deal_solve.frames import Table
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.report.basics import About
from deal_solve.settlement.objective import objective_of
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.paths import bands_of
from deal_solve.uncertainty.sampling import SEED, SampledSet, probability_of
from deal_solve.uncertainty.scenario_set import BLOCK, PATHS, Scenarios, ScenarioSet, ready

Kind = Literal["uncertain", "assumed", "negotiable"]
_Number: TypeAlias = tuple[Kind, str, float, float, float]
"""A number that is varied: its kind and path, its value today, and those of its ends."""
LISTED = (
    "the scenarios are listed or read from a file, so that no input has a P10 and a P90: "
    f"{EVERY}PATH is one path of all of them, a tenth lower (0.9) and higher (1.1)"
)


def sensitivity(
    deal: Deal,
    scenarios: Scenarios | None = None,
    *,
    samples: int = BLOCK,
    **keywords: Unpack[SolveKeywords],
) -> Sensitivity:
    """Solve a deal anew for every input and every negotiable number at both ends, and spread its plan's cost.

    `scenarios` (default: those the deal states) stay the same draws but for what is held. `samples` is the
    size of a matrix of Saltelli's design, the keywords are those of `solve`. Raises what `solve` raises for the
    deal as it is.
    """
    scenarios = scenarios_of(deal) if scenarios is None else scenarios
    ready_scenarios, options = ready(scenarios), SolveOptions.of(keywords).cached().begun()
    search = _Tornado(deal, scenarios, ready_scenarios, solve(deal, ready_scenarios, options=options), options)
    bars = sorted(search.bars(), key=lambda bar: -_length(bar, search.best.objective_usd))
    notes = list(search.best.notes)
    if any(bar.path.startswith(EVERY) for bar in bars):
        notes.append(LISTED)
    elif not any(bar.kind == "uncertain" for bar in bars):
        notes.append("no input is varied: none is uncertain by a band")
    seed = SEED if scenarios.seed is None else scenarios.seed
    found = None
    late = sum(not in_time for bar in bars for in_time in (bar.low_in_time, bar.high_in_time))
    if late:
        notes.append(f"the time limit passed before {late} of {2 * len(bars)} ends were solved")
    try:
        with options.deadline():
            found = None if deal.scenarios else sobol(deal, search.best.plan, search.baseline(), samples, seed)
    except LimitReached:
        notes.append("no Sobol indices, as the time limit passed before they were found")
    except InputError as error:
        notes.append(f"no Sobol indices, as no scenarios can be sampled: {error}")
    return Sensitivity(
        objective_usd=search.best.objective_usd,
        plan=search.best.plan,
        bars=Table(tuple(bars)),
        indices=found.indices if found else Table(),
        factors_are_inputs=found.are_inputs if found else None,
        notes=(*notes, *(found.notes if found else ())),
        sobol=found,
        best=search.best,
        about=About(deal, scenarios),
    )


def _is_expansion(deal: Deal, scenarios: Scenarios) -> bool:
    """Whether scenarios are the discrete expansion of a deal, not others that were read from a file."""
    if deal.scenarios or scenarios.kind != "discrete" or not isinstance(scenarios, ScenarioSet):
        return False
    own = scenarios_of(deal)
    pairs = [(getattr(scenarios, name), getattr(own, name)) for name in PATHS]
    return all(np.array_equal(one[key], other.get(key)) for one, other in pairs for key in one)


def _length(bar: Bar, today_usd: float) -> float:
    """Return how far apart the ends of a bar are; one that is missing is today's."""
    ends = [usd for usd in (bar.low_usd, bar.high_usd) if usd is not None]
    return max((*ends, today_usd)) - min((*ends, today_usd))


class _End(NamedTuple):
    """One end of a bar: objective of the best deal and of today's plan, whether it flips, whether it is proven, and
    whether the time limit left time for it.
    """

    usd: float | None
    held_usd: float | None
    is_other_deal: bool
    is_proven: bool
    is_in_time: bool = True


LATE = _End(None, None, False, False, is_in_time=False)


@dataclass
class _Tornado:
    """The solves of a tornado; `relaxed` is what is known of the offered numbers before."""

    deal: Deal
    scenarios: Scenarios
    ready_scenarios: Scenarios
    best: Solution
    options: SolveOptions
    relaxed: Relaxed = field(default_factory=Relaxed)

    def bars(self) -> Iterator[Bar]:
        """Yield the bars in the order of the deal; offers are asked first, over scenarios that are known already."""
        listed = self.ready_scenarios if self.scenarios.kind == "explicit" else None
        inputs: list[_Number] = [("uncertain", *each) for each in self._inputs()]
        inputs += _numbers("assumed", assumed(self.deal, listed if isinstance(listed, ScenarioSet) else None))
        numbers = list(negotiables(self.deal))
        self.relaxed = relaxed(self.best, self.deal, numbers, self.options)
        offered = _numbers("negotiable", numbers)
        asked = [*offered, *inputs]
        ends = [partial(self._end, kind, path, today, end) for kind, path, today, *both in asked for end in both]
        found = (end or LATE for end in answers(ends, self.options, self.best))
        bars = [_bar(number, low, high) for number, low, high in zip(asked, found, found, strict=True)]
        yield from (*bars[len(offered) :], *bars[: len(offered)])

    def baseline(self) -> Plan | None:
        """Return the best plan without API commitment by expected cost, limits ignored; None if there is none."""
        if self.best.baseline is not None:
            return self.best.baseline
        free = self.deal.model_copy(update={"risk": Risk(), "limits": (), "renewal_decisions": None})
        none = Proposal.model_validate({"api": {"band_usd_per_year": 0}})
        try:
            return solve(free, self.ready_scenarios, options=self.options, fix=none).optimised().plan
        except Infeasible:
            return None

    def _inputs(self) -> Iterator[tuple[str, float, float, float]]:
        """Yield the path of every uncertain input, its middle and its ends; those of listed scenarios have none."""
        if not isinstance(self.scenarios, SampledSet) and not _is_expansion(self.deal, self.ready_scenarios):
            return
        for _, path, band in bands_of(self.deal):
            if not band.is_certain:
                yield path, band.p50, band.p10, band.p90
        for name, event in self.deal.uncertainty.events.items():
            if 0 < event.probability < 1:
                yield probability_of(name), event.probability, 0.0, 1.0

    def _end(self, kind: Kind, path: str, today: float, value: float, options: SolveOptions) -> _End:
        unmoved = _End(self.best.objective_usd, self.best.objective_usd, False, True)
        if (path, value) in self.relaxed.unmoved:
            return unmoved
        try:
            deal, scenarios = self._varied(kind, path, value)
            cheaper = self._cheaper(deal) if kind == "negotiable" else []
            if any(each is self.best for each in cheaper) and self._is_unmoved(deal):
                return unmoved
            found = solve(deal, scenarios, options=options, relaxations=cheaper, asks="decisions").optimised()
        except InputError:
            return _End(None, None, False, True)
        except Infeasible:
            return _End(None, None, True, True)
        before, settled = self.best.settlement, found.settlement
        is_other_deal = key_of(settled.deal, found.plan) != key_of(before.deal, self.best.plan)
        return _End(found.objective_usd, self._held(found), is_other_deal, found.status == "optimal")

    def _cheaper(self, deal: Deal) -> list[Solution]:
        """Return the solutions of deals than which one can only be dearer."""
        known = [each for each in (self.best, self.relaxed.all_moved) if each is not None and is_lawful(each, deal)]
        return [each for each in known if self.options.fix is None and is_dearer(deal, each.settlement.deal)]

    def _is_unmoved(self, deal: Deal) -> bool:
        """Whether today's plan is the best one of a deal that can only be dearer, its bands where they were."""
        best = self.best
        return moved(best.settlement.deal, deal, best.plan) == best.plan and is_unmoved(best, deal)

    def _varied(self, kind: Kind, path: str, value: float) -> tuple[Deal, Scenarios]:
        """Return the deal with a number at one end, and its scenarios; offers and allowances do not change them."""
        if path.startswith(EVERY) and isinstance(self.ready_scenarios, ScenarioSet):
            return self.deal, scaled(self.ready_scenarios, path, value)
        deal = varied(self.deal, {path: number_of(value)})
        if kind != "uncertain":
            return deal, self.ready_scenarios
        if isinstance(self.scenarios, SampledSet):
            return deal, ready(self.scenarios.holding(deal, path))
        return deal, scenarios_of(deal)

    def _held(self, found: Solution) -> float | None:
        """Return the objective of today's plan in the deal of a solution; None where it cannot be signed there."""
        there = found.settlement
        plan = moved(self.best.settlement.deal, there.deal, self.best.plan)
        try:
            refuse_impossible(there.deal, plan, first_users(there.scenarios), there.scenarios)
        except InputError:
            return None
        cost = settle(there.deal, plan, there.scenarios).cost
        return objective_of(there.deal, cost, there.weights, Against(found.baseline_cost, found.best_cost))


def _numbers(kind: Kind, found: Iterable[Negotiable]) -> list[_Number]:
    return [(kind, each.path, each.today, each.low, each.high) for each in found]


def _bar(number: _Number, below: _End, above: _End) -> Bar:
    kind, path, today, low, high = number
    return Bar(
        path,
        kind,
        today,
        low,
        high,
        low_usd=below.usd,
        high_usd=above.usd,
        held_low_usd=below.held_usd,
        held_high_usd=above.held_usd,
        flips_low=below.is_other_deal,
        flips_high=above.is_other_deal,
        is_proven=below.is_proven and above.is_proven,
        low_in_time=below.is_in_time,
        high_in_time=above.is_in_time,
    )
