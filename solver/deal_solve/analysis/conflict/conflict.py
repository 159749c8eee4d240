"""When it cannot be done: which requirements conflict, and what relaxing each of them takes (model §7)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deal_solve.analysis.conflict.requirements import VENDORS, Requirement, relaxed, requirements, unpinned
from deal_solve.analysis.conflict.result import Conflict, Conflicting, Relaxation
from deal_solve.deal.deal import Deal
from deal_solve.deal.yaml_source import Loc
from deal_solve.errors import Infeasible
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.optimise.feasible import is_feasible, minimum
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.optimise.solver.progress import Watcher
from deal_solve.optimise.solver.solvers import Clock
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal, pins_of
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import Scenarios

MAX_EXACT = 20
"""Up to this many requirements the conflict is the smallest there is; above, one that cannot be made smaller."""
MAX_CHANGES = 3
"""Relaxations of more requirements at a time are not looked for."""

Set = frozenset[Loc]


def explain_infeasible(
    deal: Deal,
    scenarios: Scenarios,
    fix: Proposal | Plan | Solution | None = None,
    time_limit: float | None = None,
    progress: Watcher | None = None,
) -> Conflict:
    """Return the conflict of an infeasible deal; empty where only what nobody can relax stands in the way.

    Of a deal that may be signed in several months it is that of the first. `progress` is told before every question and
    stops the search as it stops a solve. Raises LimitReached if `time_limit` (seconds) passed first, ValueError if the
    deal has a plan.
    """
    deal = deal.signed_first
    oracle = _Oracle(deal, in_months_of(deal, scenarios), pins_of(fix), Clock(time_limit, progress))
    if oracle.holds(oracle.every):
        raise ValueError("the deal has a plan")
    if not oracle.holds(frozenset()):
        return Conflict(Table(), Table(), True)
    is_exact = len(oracle.every) <= MAX_EXACT
    core = oracle.smallest() if is_exact else oracle.irreducible(oracle.every)
    stated = (_conflicting(oracle, name, core) for name in oracle.named if name in core)
    return Conflict(Table(tuple(stated)), Table(tuple(_relaxations(oracle, core))), is_exact)


@dataclass
class _Oracle:
    """Answers whether the deal has a plan under some of its requirements, each question once."""

    deal: Deal
    scenarios: Scenarios
    fix: Proposal | None
    clock: Clock
    known: dict[Set, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.named: dict[Loc, Requirement] = {each.loc: each for each in requirements(self.deal, self.fix)}
        self.every: Set = frozenset(self.named)

    def ordered(self, some: Iterable[Loc]) -> list[Loc]:
        """Return requirements in the order of the file."""
        return [name for name in self.named if name in set(some)]

    def without(self, kept: Set) -> dict[Loc, float | None]:
        """Return what is dropped where only `kept` stay."""
        return dict.fromkeys(name for name in self.named if name not in kept)

    def holds(self, kept: Set) -> bool:
        """Whether some plan meets all of `kept`; fewer of a set that can be met can be met, more of one not, not."""
        for tried, answer in self.known.items():
            if (answer and kept <= tried) or (not answer and tried <= kept):
                return answer
        dropped = self.without(kept)
        self.clock.report(
            f"asking whether {len(kept)} of {counted(len(self.every), 'requirement')} can be met together"
        )
        answer = is_feasible(relaxed(self.deal, dropped), self.scenarios, unpinned(self.fix, dropped), self.clock)
        self.known[kept] = answer
        return answer

    def minimum(self, name: Loc, kept: Set) -> float:
        """Return the least that a limit could be if `kept` stay, USD rounded up to cents."""
        dropped = self.without(kept | {name})
        limit = self.deal.limits[int(name[1])]
        eased = relaxed(self.deal, {**dropped, name: None})
        usd = minimum(eased, self.scenarios, limit, unpinned(self.fix, dropped), self.clock)
        return math.ceil(usd * 100 - 1e-4) / 100 if math.isfinite(usd) else usd

    def irreducible(self, start: Set) -> Set:
        """Return a part of an infeasible set of which every requirement is needed (deletion filter)."""
        core = start
        for name in reversed(self.ordered(start)):
            if not self.holds(core - {name}):
                core -= {name}
        return core

    def smallest(self) -> Set:
        """Return a smallest infeasible set: the smallest that hits every correction, corrections added as needed."""
        corrections: list[Set] = []
        while True:
            hit = next(self._hitting(corrections))
            if not self.holds(hit):
                return hit
            grown = hit
            for name in self.ordered(self.every - hit):
                if self.holds(grown | {name}):
                    grown |= {name}
            corrections.append(self.every - grown)

    def _hitting(self, corrections: list[Set]) -> Iterator[Set]:
        """Yield the sets that share a requirement with every correction, smallest first."""
        names = self.ordered(frozenset().union(*corrections))
        for size in range(len(names) + 1):
            for some in map(frozenset, itertools.combinations(names, size)):
                if all(some & each for each in corrections):
                    yield some


def _conflicting(oracle: _Oracle, name: Loc, core: Set) -> Conflicting:
    each, usd = oracle.named[name], None
    if name[0] == "limits":
        usd = oracle.minimum(name, oracle.every)
        usd = usd if math.isfinite(usd) else oracle.minimum(name, core)
    return Conflicting(each.path, each.line, each.words, each.amount, usd)


def _relaxations(oracle: _Oracle, core: Set) -> Iterator[Relaxation]:
    """Yield the relaxations of fewest requirements: one of each conflict, conflict after conflict."""
    level = [frozenset({name}) for name in oracle.ordered(core)]
    for _ in range(MAX_CHANGES):
        enough = [some for some in level if oracle.holds(oracle.every - some)]
        if enough:
            yield from (_relaxation(oracle, some) for some in enough)
            return
        deeper = [some | {name} for some in level for name in oracle.ordered(oracle.irreducible(oracle.every - some))]
        level = list(dict.fromkeys(deeper))


def _relaxation(oracle: _Oracle, some: Set) -> Relaxation:
    """Return a relaxation with its best deal; each limit is raised to the least it can be, the others in turn kept."""
    names = oracle.ordered(some)
    changes: dict[Loc, float | None] = dict.fromkeys(names)
    for name in names:
        if name[0] == "limits":
            limit = oracle.deal.limits[int(name[1])]
            eased, fix = relaxed(oracle.deal, changes), unpinned(oracle.fix, changes)
            usd = minimum(eased, oracle.scenarios, limit, fix, oracle.clock)
            changes[name] = math.ceil(usd * 100 - 1e-4) / 100
    eased, fix = relaxed(oracle.deal, changes), unpinned(oracle.fix, changes)
    try:
        clock = oracle.clock
        found = solve(eased, oracle.scenarios, fix=fix, time_limit=clock.left, progress=clock.watcher)
        objective = found.objective_usd
    except Infeasible:  # a limit at its very least may be too tight for the optimiser's tolerance
        objective = math.inf
    stated = [oracle.named[name] for name in names]
    return Relaxation(
        paths=tuple(each.path for each in stated),
        words=tuple(each.words for each in stated),
        to_usd=tuple(changes.values()),
        objective_usd=objective,
        is_priced=not any(
            name[-1] == "tracks" and oracle.deal.cohorts[str(name[1])].unserved_usd_per_user_month is None
            for name in names
            if name[0] == "cohorts"
        ),
        is_negotiated=any(name[0] in VENDORS for name in names),
    )
