"""The best plan of an agreement, as the solve of another deal has proven it: where the program of the agreement is the
same, all that is left is whether another agreement has a plan as good.
"""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.optimise.search.settings import Asks
from deal_solve.optimise.solution import CandidateAgreement, Size
from deal_solve.plan.plan import Plan

ASKED: dict[Asks, int] = {"cost": 0, "decisions": 1, "plan_with_costs": 2, "plan_alone": 2, "plan": 2}
"""How much of the best plan is read: what is known of more is known of less."""


@dataclass(frozen=True)
class KnownBest:
    """The best plan of an agreement, tied with none of another one, and what is proven of it (dollars).

    `objective_usd` is what the search found, `settled_usd` what the plan is settled to; `bands` are the agreement in
    each band of its first term, and `asks` what was read of the plan. `size` is that of the largest program.
    """

    agreement: Agreement
    plan: Plan
    objective_usd: float
    settled_usd: float
    bound_usd: float
    bands: tuple[CandidateAgreement, ...]
    asks: Asks
    size: Size

    def answers(self, asks: Asks) -> bool:
        """Whether all is known that is read of the best plan."""
        return ASKED[self.asks] >= ASKED[asks]
