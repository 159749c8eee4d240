"""Options that no best plan uses: another one is at least as good in every way the program can tell (section 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.workload import Request
from deal_solve.formulation.clauses.rates import Rates, Regime
from deal_solve.formulation.model.scenario_sums import ScalarOrArray, ScenarioSums
from deal_solve.plan.request_cost import other_usd, request_cost, usage_multiplier
from deal_solve.plan.routing_options import Epoch, Option
from deal_solve.uncertainty.scenario_set import Array


def nondominated_options(
    sums: ScenarioSums, deal: Deal, rates: Rates, user: str, epoch: Epoch, regime: Regime | None, options: list[Option]
) -> list[Option]:
    """Return the options of an epoch without those that another one dominates under a regime (None: at list).

    Less usage never costs more, so one option dominates another if it needs no project and no batch that the other does
    not, has no lower quality where quality counts, counts as the same names where shares are limited, and costs no more
    per request at contracted and at list rates in every scenario, charges beside the model included. Of equals the
    first stays.
    """
    key = user, epoch.start, regime is None, _prices(sums, rates, user, epoch, regime, options)
    known: dict[object, tuple[int, ...]] = sums.derived.setdefault("nondominated_options", {})
    if key not in known:
        known[key] = tuple(_kept(sums, deal, rates, user, epoch, regime, options))
    return [options[index] for index in known[key]]


def _prices(
    sums: ScenarioSums, rates: Rates, user: str, epoch: Epoch, regime: Regime | None, options: list[Option]
) -> tuple[object, ...]:
    """Return what the comparison depends on besides the options: rates of the models relative to each other."""
    if regime is None:
        return ()
    models = list(dict.fromkeys((part.model_id, part.family) for option in options for part in option.parts))
    found = [
        rates.of(regime, *model, start) for start, _ in sums.within(user, epoch.start, epoch.end) for model in models
    ]
    return tuple(
        (round(factor * _one(rate) / (found[0][0] * _one(found[0][1])), 12), _name(rate)) for factor, rate, _ in found
    )


def _kept(
    sums: ScenarioSums, deal: Deal, rates: Rates, user: str, epoch: Epoch, regime: Regime | None, options: list[Option]
) -> Iterator[int]:
    """Yield the places of the options that stay."""
    request = deal.workloads.get(user) or deal.cohorts[user].use
    assert request is not None
    bills = [_bill(sums, deal, rates, user, request, epoch, regime, option) for option in options]
    keys = {key: index for index, key in enumerate(dict.fromkeys(key for bill in bills for key in bill))}
    costs = np.zeros((len(options), 2 * len(keys) + 2))
    for row, (option, bill) in enumerate(zip(options, bills, strict=True)):
        for key, (contracted, listed) in bill.items():
            costs[row, 2 * keys[key] : 2 * keys[key] + 2] += contracted, listed
        costs[row, -2] = other_usd(request, option)
        if request.quality.mean_floor is not None:
            costs[row, -1] = -(option.quality or 0.0)
    room = 1e-12 * np.abs(costs).max(axis=0, initial=0.0)
    for row in range(len(options)):
        if not any(
            other != row
            and _may_replace(request, options[other], options[row])
            and np.all(costs[other] <= costs[row] + room)
            and (other < row or np.any(costs[other] < costs[row] - room))
            for other in range(len(options))
        ):
            yield row


def _may_replace(request: Request, better: Option, worse: Option) -> bool:
    limited = frozenset(request.shares)
    return (
        set(better.projects) <= set(worse.projects)
        and (worse.batch or not better.batch)
        and better.counts_as & limited == worse.counts_as & limited
    )


Bill = dict[tuple[object, ...], tuple[float, float]]
"""USD a request at contracted and at list rates, by what it is multiplied with in each scenario."""


def _bill(
    sums: ScenarioSums,
    deal: Deal,
    rates: Rates,
    user: str,
    request: Request,
    epoch: Epoch,
    regime: Regime | None,
    option: Option,
) -> Bill:
    owner = deal.workloads.get(user) or deal.cohorts[user]
    multiplier = usage_multiplier(deal, request, owner.requires)
    hit = sums.hit[user, option.batch]
    bill: Bill = {}
    for part in option.parts:
        cost = request_cost(request, option, part, multiplier)
        ends = {"": cost.fixed + cost.per_hit * hit} if isinstance(hit, float) else _ends(cost.at, hit, option.batch)
        for start, _ in sums.within(user, epoch.start, epoch.end):
            index = sums.index[part.family][start]
            factor, protected = 1.0, index
            if regime is not None:
                factor, protected, _ = rates.of(regime, part.model_id, part.family, start)
            for end, usd in ends.items():
                key = start, end, _name(index), _name(protected)
                contracted, listed = bill.get(key, (0.0, 0.0))
                bill[key] = contracted + factor * _one(protected) * usd, listed + _one(index) * usd
    return bill


def _ends(cost: Callable[[Array], Array], hit: Array, batch: bool) -> dict[str, float]:
    """Return the cost at the lowest and at the highest hit rate: it is affine between them."""
    return {f"{name}{batch}": float(cost(end)) for name, end in (("lowest", hit.min()), ("highest", hit.max()))}


def _name(rate: ScalarOrArray) -> object:
    """Return what tells rates that move apart; those that stand still only differ by a factor."""
    return id(rate) if isinstance(rate, np.ndarray) else None


def _one(rate: ScalarOrArray) -> float:
    return 1.0 if isinstance(rate, np.ndarray) else rate
