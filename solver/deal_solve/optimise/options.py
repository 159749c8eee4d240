"""What every solve of an analysis shares: solver, gap, limits, fixed decisions, baseline and cache.

Public functions take it as keywords, `solve(deal, gap=1e-4)`, or whole, `solve(deal, options=options)`; both together
replace single fields, `solve(deal, options=options, fix=proposal)`. Inside the package it travels whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, cast

from deal_solve.errors import InputError, LimitReached, Problem
from deal_solve.optimise.method import METHODS, Method
from deal_solve.stopping import checked

if TYPE_CHECKING:
    from deal_solve.optimise.search.cache import SolveCache
    from deal_solve.optimise.search.settings import Comparison
    from deal_solve.optimise.solution import Solution
    from deal_solve.optimise.solver.progress import Watcher
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal


@dataclass(frozen=True, kw_only=True)
class SolveOptions:
    """How to solve.

    - `solver`: highs, cbc, or a name that PuLP knows
    - `gap`: the relative optimality gap to prove, a share of the objective
    - `time_limit`: seconds after which a solve stops with the best plan so far; those of an analysis are for all of its
      solves together, and what they do not reach is said to be so; None is no limit
    - `until`: the moment (of `time.monotonic`) at which all solves with these options have stopped so (`begun`)
    - `method`: `decomposition` leaves what follows from the scenario to Benders cuts, as far as cuts can be exact
      (formulation §8); `extensive` writes every scenario out, which audits the other
    - `fix`: a proposal whose parts are fixed; everything else is optimised. A plan, or the plan of a solution, is fixed
      whole
    - `progress`: called before every step; returning False stops the solve (raises Cancelled), and so does raising
    - `baseline`: what loss is measured against, where it is known: a plan, or the solution of a deal with other offers,
      whose baseline is taken together with its cost under those. None is the best plan without API commitment over the
      scenarios of the solve
    - `cache`: shared by solves of similar deals, one after the other; None is a cache of its own
    """

    solver: str = "highs"
    gap: float = 1e-6
    time_limit: float | None = None
    method: Method = "decomposition"
    fix: Proposal | None = None
    progress: Watcher | None = None
    baseline: Plan | Solution | Comparison | None = None
    cache: SolveCache | None = None
    until: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that no solve can keep to; a plan to fix becomes the proposal that it is."""
        from deal_solve.plan.proposal import pins_of

        object.__setattr__(self, "fix", pins_of(self.fix))
        if not 0 <= self.gap < math.inf:
            raise InputError(Problem("gap", f"{self.gap} is no relative gap; expected 0 or more, such as 1e-6"))
        if self.time_limit is not None and not self.time_limit > 0:
            raise InputError(Problem("time_limit", f"{self.time_limit} is no time; expected seconds, or None"))
        if self.method not in METHODS:
            raise InputError(Problem("method", f"{self.method!r} is no method; expected {' or '.join(METHODS)}"))

    @classmethod
    def of(cls, keywords: SolveKeywords | SettingKeywords) -> SolveOptions:
        """Return the options given as keywords; single ones replace fields of `options`, if that is given."""
        given = cast("SolveKeywords", keywords)
        options = given.get("options", cls())
        return replace(options, **{name: value for name, value in given.items() if name != "options"})  # type: ignore[arg-type]

    def cached(self) -> SolveOptions:
        """Return the options with a cache, for an analysis that solves similar deals: a new one if there is none."""
        from deal_solve.optimise.search.cache import SolveCache

        return self if self.cache else replace(self, cache=SolveCache())

    def begun(self, at: float | None = None) -> SolveOptions:
        """Return the options with the time limit of one solve as that of all of them together, from a moment on.

        The moment is one of `time.monotonic`; None is now.
        """
        if self.time_limit is None:
            return self
        until = (time.monotonic() if at is None else at) + self.time_limit
        return replace(self, until=until if self.until is None else min(self.until, until))

    @property
    def left(self) -> float | None:
        """Seconds until the moment at which all solves have stopped; None without one."""
        return None if self.until is None else max(self.until - time.monotonic(), 0.0)

    @property
    def is_over(self) -> bool:
        """Whether the moment has passed at which all solves have stopped."""
        return self.left == 0.0

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Raise LimitReached inside, wherever time is spent, once that moment has passed: for work that is no solve."""
        with checked(self.refuse_late):
            yield

    def refuse_late(self) -> None:
        """Raise LimitReached once that moment has passed."""
        if self.is_over:
            raise LimitReached("the time limit passed before this was worked out")

    def measured_against(self, baseline: Plan | Solution | None) -> SolveOptions:
        """Return the options with a baseline, unless they have one."""
        return self if self.baseline is not None else replace(self, baseline=baseline)


class SettingKeywords(TypedDict, total=False):
    """The fields of SolveOptions that can be sent to another process."""

    solver: str
    gap: float
    time_limit: float | None
    method: Method
    fix: Proposal | Plan | Solution | None


class SolveKeywords(SettingKeywords, total=False):
    """The fields of SolveOptions as keywords, and `options`, whose fields the others replace."""

    options: SolveOptions
    progress: Watcher | None
    baseline: Plan | Solution | None
    cache: SolveCache | None
    until: float | None
