"""What the searches of one solve share: settings, clock and cache."""

from __future__ import annotations

from dataclasses import dataclass, field

from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.settings import SearchSettings
from deal_solve.optimise.solver.pseudo_costs import PseudoCosts
from deal_solve.optimise.solver.solvers import Clock


@dataclass(frozen=True)
class Workspace:
    """What the searches of one solve share."""

    settings: SearchSettings
    clock: Clock
    cache: SolveCache
    pseudo_costs: PseudoCosts = field(default_factory=PseudoCosts)
