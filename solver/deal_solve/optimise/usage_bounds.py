"""Lower bounds from deals in which less is used: more of it never costs a plan less, in any scenario.

So a deal that differs in nothing but usage, and has no more of it in any month of any scenario, is a relaxation of the
other one (`relaxations`). The page on algorithms ("Deals in which less is used") has the proof, and why it does not
hold of what `grows_with_usage` leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.true_up import HARD_CAP
from deal_solve.formulation.clauses.api.rates import Agreement
from deal_solve.optimise.relaxations import ROOM, lost_usd
from deal_solve.optimise.search.settings import LowerBounds, SearchProblem
from deal_solve.plan.crowds import may_take
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.scenario_set import Array, Scenarios, ScenarioSet

USAGE = (
    "workloads.*.requests_per_month",
    "workloads.*.spend_usd_per_month",
    "workloads.*.growth_per_year",
    "workloads.*.season_by_calendar_month",
    "cohorts.*.headcount",
    "cohorts.*.headcount_growth_per_year",
    "cohorts.*.active_share",
    "cohorts.*.active_now",
    "cohorts.*.ramp",
    "cohorts.*.use.growth_per_year",
)
"""Parts of a deal that say how much is used, which nothing reads but its scenarios. Not the requests per user: a seat
whose limits are not known is held against them."""
MAX_KEPT = 6
"""Bounds of an agreement that are kept, the latest: neighbours in a sweep use about as much."""


class Proven(NamedTuple):
    """A bound of an agreement (USD), the scenarios that it holds over, and what loss was measured against, (S,) USD."""

    bound_usd: float
    scenarios: ScenarioSet
    baseline: Array | None


@dataclass
class UsageBounds:
    """Bounds by what they depend on beside usage."""

    _proven: dict[str, tuple[Proven, ...]] = field(default_factory=dict)

    def copy(self) -> UsageBounds:
        """Return the same bounds, to which either may add without the other."""
        return replace(self, _proven=dict(self._proven))

    def keep(self, key: str, proven: Proven) -> None:
        """Keep a bound."""
        self._proven[key] = (*self._proven.get(key, ())[1 - MAX_KEPT :], proven)

    def known(self, keys: Mapping[Agreement, str], scenarios: ScenarioSet, problem: SearchProblem) -> LowerBounds:
        """Return what deals that use no more prove of the agreements of a problem, USD; its `scenarios` are given."""
        less: dict[int, float | None] = {}
        found: dict[tuple[str, int], float] = {}
        for agreement, key in keys.items():
            for each in self._proven.get(key, ()):
                place = id(each.scenarios)
                if place not in less:
                    is_less = uses_no_more(each.scenarios, scenarios, problem.deal)
                    less[place] = lost_usd(problem, each.baseline) if is_less else None
                lost = less[place]
                if lost is not None:
                    bound = each.bound_usd - lost - ROOM * abs(each.bound_usd)
                    found[agreement] = max(found.get(agreement, bound), bound)
        return found


def grows_with_usage(deal: Deal) -> bool:
    """Return whether no plan of a deal costs less where more is used, and none can be signed that could not."""
    if deal.whole is not deal or deal.renewal_decisions is not None or deal.risk.criterion == "regret":
        return False
    parts = [offer.api for offer in deal.offers.values() if offer.api is not None]
    by_year = any(limit.contract_year is not None for limit in deal.limits)
    through_cloud = any(offer.channel is not None for offer in deal.offers.values())
    return not by_year and not through_cloud and all(map(_grows_with_usage, parts))


def _grows_with_usage(part: ApiPart) -> bool:
    """Whether usage under an API agreement costs at least what it saves of a shortfall, or of what follows it."""
    pays_charges = part.credit is not None and part.credit.pays == "charges"
    return not (part.is_measured_at_list or part.yearly_minimum or pays_charges)


def uses_no_more(one: ScenarioSet, other: ScenarioSet, deal: Deal) -> bool:
    """Return whether scenarios of one deal have no more usage in any month than those of another, all else equal."""
    if one is other:
        return True
    is_alike = all(each.before is None and each.running is None for each in (one, other))
    if not is_alike or not np.array_equal(one.weights, other.weights):
        return False
    if any(not _same(getattr(one, name), getattr(other, name)) for name in ("index", "hit_rate", "other_spend")):
        return False
    if not (_no_more(one.requests, other.requests) and _no_more(one.per_user, other.per_user)):
        return False
    return _same(one.users, other.users) or (
        _no_more(one.users, other.users) and _may_have_more_users(deal, one, other)
    )


def _may_have_more_users(deal: Deal, one: ScenarioSet, other: ScenarioSet) -> bool:
    """Whether more users cost no less: none displaces others or brings an allowance, and all begin when they did."""
    if any(not np.array_equal(users > 0, other.users[name] > 0) for name, users in one.users.items()):
        return False
    seats = [seat for offer in resolve(deal).offers.values() for seat in offer.seats.values()]
    has_maximum = any(plan.maximum is not None and may_take(deal, plan) for plan in deal.card.plans)
    is_pooled = any(seat.allowance is not None and seat.allowance.pooled for seat in seats)
    return not has_maximum and not is_pooled and not any(seat.part.true_up == HARD_CAP for seat in seats)


def _same(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(array, other[name]) for name, array in one.items())


def _no_more(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    return one.keys() == other.keys() and all(
        array.shape == other[name].shape and bool((array <= other[name]).all()) for name, array in one.items()
    )


def in_memory(scenarios: Scenarios | None) -> ScenarioSet | None:
    """Return scenarios that are few, None otherwise: paths of many are made when asked for."""
    return scenarios if isinstance(scenarios, ScenarioSet) and scenarios.block_count == 1 else None
