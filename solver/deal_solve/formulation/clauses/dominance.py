"""Dominance reduction: options that no best plan uses, because another one is at least as good (formulation §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from deal_solve.deal.requests.request_cost import other_usd
from deal_solve.deal.requests.routing_options import Epoch, Option
from deal_solve.formulation.clauses.api.rates import Rates, Regime
from deal_solve.formulation.model.per_scenario import ScalarOrArray
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.plan.dearer import may_replace
from deal_solve.plan.resolved import User
from deal_solve.uncertainty.scenario_set import Array


class Billing(NamedTuple):
    """What an option costs depends on: a user's epoch, under a regime (None: at list), over all scenarios."""

    sums: ScenarioSums
    rates: Rates
    user: User
    epoch: Epoch
    regime: Regime | None

    @property
    def starts(self) -> list[int]:
        """The first months of the user's intervals in the epoch."""
        return [start for start, _ in self.sums.within(self.user.name, self.epoch.start, self.epoch.end)]


def nondominated_options(billing: Billing, options: Sequence[Option]) -> Sequence[Option]:
    """Return the options without those that another one dominates.

    Less usage never costs more, so one option dominates another if it needs no project and no batch that the other does
    not, has no lower quality where quality counts, counts as the same names where shares are limited, and costs no more
    per request at contracted and at list rates in every scenario, charges beside the model included. Of equals the
    first stays.
    """
    rates, regime = billing.rates, billing.regime
    relative = rates.relative(None) if regime is None else rates.within(regime).relative
    key = billing.user.name, billing.epoch.start, relative
    known = rates.nondominated
    if key not in known:
        known[key] = tuple(options[index] for index in _kept(billing, options))
    return known[key]


def _kept(billing: Billing, options: Sequence[Option]) -> Iterator[int]:
    """Yield the indices of the options that stay."""
    request, rates = billing.user.request, _rates(billing, options)
    bills = [_bill(billing, option, rates) for option in options]
    keys = {key: index for index, key in enumerate(dict.fromkeys(key for bill in bills for key in bill))}
    costs = np.zeros((len(options), 2 * len(keys) + 2))
    for row, (option, bill) in enumerate(zip(options, bills, strict=True)):
        for key, (contracted, listed) in bill.items():
            costs[row, 2 * keys[key] : 2 * keys[key] + 2] += contracted, listed
        costs[row, -2] = other_usd(request, option)
        if request.quality.mean_floor is not None:
            costs[row, -1] = -(option.quality or 0.0)
    room = 1e-12 * np.abs(costs).max(axis=0, initial=0.0)
    no_worse = np.all(costs[:, None] <= costs + room, axis=2)
    better = np.any(costs[:, None] < costs - room, axis=2) | np.tri(len(options), k=-1, dtype=bool).T  # or the first
    for row, others in enumerate((no_worse & better).T):
        candidates = [options[other] for other in np.flatnonzero(others).tolist() if other != row]
        if not any(may_replace(request, other, options[row]) for other in candidates):
            yield row


Bill = dict[tuple[object, ...], tuple[float, float]]
"""USD a request at contracted and at list rates, by what it is multiplied with in each scenario."""


class _Rate(NamedTuple):
    """Contracted and list rate of a model from a month on; `moves` tells apart how its indexes vary by scenario."""

    start: int
    moves: tuple[object, object]
    contracted: float
    listed: float


def _rates(billing: Billing, options: Sequence[Option]) -> dict[tuple[str, str], list[_Rate]]:
    """Return the rates of every model that some option asks."""
    sums, regime = billing.sums, billing.regime
    own = None if regime is None else billing.rates.within(regime)
    found: dict[tuple[str, str], list[_Rate]] = {}
    for model_id, family in dict.fromkeys((part.model_id, part.family) for o in options for part in o.parts):
        rates = found[model_id, family] = []
        for start in billing.starts:
            index = sums.index[family][start]
            factor, protected = 1.0, index
            if own is not None:
                factor, protected, _ = own.of(model_id, family, start)
            rates.append(_Rate(start, (_name(index), _name(protected)), factor * _one(protected), _one(index)))
    return found


def _bill(billing: Billing, option: Option, rates: dict[tuple[str, str], list[_Rate]]) -> Bill:
    user = billing.user
    hit = billing.sums.hit[user.name, option.batch]
    bill: Bill = {}
    for part, cost in zip(option.parts, user.costs(option), strict=True):
        ends = {"": cost.fixed + cost.per_hit * hit} if isinstance(hit, float) else _ends(cost.at, hit, option.batch)
        for rate in rates[part.model_id, part.family]:
            for end, usd in ends.items():
                key = rate.start, end, rate.moves
                contracted, listed = bill.get(key, (0.0, 0.0))
                bill[key] = contracted + rate.contracted * usd, listed + rate.listed * usd
    return bill


def _ends(cost: Callable[[Array], Array], hit: Array, batch: bool) -> dict[str, float]:
    """Return the cost at the lowest and at the highest hit rate: it is affine between them."""
    return {f"{name}{batch}": float(cost(end)) for name, end in (("lowest", hit.min()), ("highest", hit.max()))}


def _name(rate: ScalarOrArray) -> object:
    """Return what tells rates that move apart; those that stand still only differ by a factor."""
    return id(rate) if isinstance(rate, np.ndarray) else None


def _one(rate: ScalarOrArray) -> float:
    return 1.0 if isinstance(rate, np.ndarray) else rate
