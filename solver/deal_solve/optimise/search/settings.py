"""What an agreement search is given: the problem, and how it is searched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.formulation.fixings import Fixings
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search.benders import BOUNDING_TOLERANCE, OPTIMALITY_TOLERANCE
from deal_solve.plan.plan import Plan
from deal_solve.uncertainty.measures import Against

TIE_TOLERANCE = 1e-7
"""Plans whose objectives differ by less than this, relatively, are tied: tie-breaking chooses among them."""

Scope = Literal["all", "no_commitment", "no_commitment_or_controls"]
"""Which plans a search is over: all of the deal, those without API commitment (the baseline), or those of them without
regard to the controls that are required of the API."""

Asks = Literal["plan", "plan_alone", "plan_with_costs", "decisions", "cost"]
"""What is read of the best plan: all of it with what bounds each other band, all of it alone, the same with no more of
its settlement than what it costs, all but its shares of routing and its commitments, or what it costs."""

OpenBands: TypeAlias = Mapping[tuple[str, int], Mapping[float, float]]
"""By offer and months of the first term: the open bands (USD a year), each with what is known to bound it (USD)."""
LowerBounds: TypeAlias = Mapping[tuple[str, int], float]
"""By offer and months of the first term: what no plan of that agreement costs less than (USD)."""


class Beaten(Exception):
    """No plan of a problem is as good as one that is known; `bound_usd` holds for all of them."""

    def __init__(self, bound_usd: float) -> None:
        super().__init__(f"no plan has an objective below {bound_usd:,.2f} USD")
        self.bound_usd = bound_usd


@dataclass(frozen=True)
class SearchProblem:
    """What is searched: the plans of a deal over scenarios.

    `against` is what costs are compared with (dollars per scenario), `fixings` the decisions that are fixed, and
    `bands` the agreements and bands of the first API term that are open, if not all are. `constant_usd` is added to the
    objective of every program. Only plans are looked for that are as good as `better_than`, an objective in dollars.
    `lower_bounds` (dollars) hold for every plan of an agreement, whatever is known of its program.
    """

    deal: Deal
    sums: ScenarioSums
    against: Against = field(default_factory=Against)
    fixings: Fixings = field(default_factory=Fixings)
    bands: OpenBands | None = None
    constant_usd: float = 0.0
    better_than: float = math.inf
    lower_bounds: LowerBounds = field(default_factory=dict)
    scope: Scope = "all"

    @property
    def zero_bands_only(self) -> bool:
        """Whether bands with a commitment are closed."""
        return self.scope != "all"

    def open_bands(self, offer: str, term_months: int, offered: Iterable[float]) -> list[float]:
        """Return those of the bands of an agreement's first term that are open, in order."""
        return sorted(
            band for band in offered if self.bands is None or band in self.bands.get((offer, term_months), {})
        )

    def known_bounds(self) -> dict[Agreement, float]:
        """Return what is known to bound every plan of an agreement, dollars."""
        return {Agreement(*agreement): min(bounds.values()) for agreement, bounds in (self.bands or {}).items()}

    def with_bounds(self, bounds: LowerBounds) -> SearchProblem:
        """Return the same problem with more bounds known: of two of an agreement the higher one holds."""
        both = {each: max(bounds.get(each, -math.inf), self.lower_bounds.get(each, -math.inf)) for each in bounds}
        return replace(self, lower_bounds={**self.lower_bounds, **both})

    @property
    def checks_controls(self) -> bool:
        """Whether an API agreement has to provide the controls that are required."""
        return self.scope != "no_commitment_or_controls"


@dataclass(frozen=True)
class SearchSettings:
    """How a problem is searched.

    `gap` is relative; `by_cuts` leaves recourse to Benders cuts. The tolerances are relative to the objective:
    `optimality_tolerance` is that of epigraph variables where plans are looked for, `bounding_tolerance` where only a
    bound is (infinite: no cut is added), and `tie_tolerance` that of tied plans. `presolves` lets the solver reduce a
    program before it begins, and `branches` that a small program without cuts is branched on here, and not by HiGHS.
    `asks` says what is read of the best plan, and with `bounds_bands` every band gets a bound of its own.
    """

    solver: str = "highs"
    gap: float = 1e-6
    by_cuts: bool = False
    optimality_tolerance: float = OPTIMALITY_TOLERANCE
    bounding_tolerance: float = BOUNDING_TOLERANCE
    tie_tolerance: float = TIE_TOLERANCE
    asks: Asks = "plan"
    bounds_bands: bool = False
    reports_incumbent: bool = False
    presolves: bool = True
    branches: bool = False

    @property
    def breaks_ties(self) -> bool:
        """Whether it matters which of the tied plans is found."""
        return self.asks != "cost"


@dataclass(frozen=True)
class Comparison:
    """What costs are compared with: the baseline plan, if that is it, the cost per scenario, and notes on both.

    No plan without API commitment has a lower expected cost than `bound_usd`, as the search for a baseline has proven.
    """

    baseline: Plan | None = None
    against: Against = field(default_factory=Against)
    notes: tuple[str, ...] = ()
    bound_usd: float = -math.inf
