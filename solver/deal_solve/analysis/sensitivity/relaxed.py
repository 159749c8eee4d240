"""Numbers of offers that are moved towards the buyer, many at once: what is proven of that deal holds for each of them.

Two such deals are solved before the ends of the numbers are. In the first all numbers are moved of which none alone
changes what today's best plan costs. Where it is still the best plan, it is best at each of these ends: no plan costs
less there. In the other one all numbers are moved, and a bundle is had for nothing: what bounds an API agreement
there bounds it at every end, cheaper or dearer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from deal_solve.analysis.breakeven.parametric import number_of
from deal_solve.analysis.sensitivity.dearer import is_dearer, is_lawful, relaxed_by
from deal_solve.analysis.sensitivity.moved import moved
from deal_solve.analysis.sensitivity.negotiable import Negotiable
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import varied
from deal_solve.deal.risk import Risk
from deal_solve.deal.yaml_source import loc_of
from deal_solve.errors import InputError
from deal_solve.facts.decisions import key_of
from deal_solve.optimise.neighbours import Ask, answers
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import compared_with, solve
from deal_solve.plan.plan import Plan
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.objective import objective_of
from deal_solve.settlement.settle import cost_of
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import Array

End: TypeAlias = tuple[str, float]
"""An end of a number: its path and its value there."""
WORTH_SOLVING = 4
"""As many ends are solved as soon as deals that say something of all of them."""
ROUNDS = 4
"""As often ends are taken out that alone have a better plan."""
SAME = 1e-9
"""Amounts that differ by no more, relatively, are the same but for the order of sums."""


class Relaxed(NamedTuple):
    """Ends that leave the best deal as it is, and the solution of a deal that is cheaper than any, if it is known."""

    unmoved: frozenset[End] = frozenset()
    all_moved: Solution | None = None


def relaxed(best: Solution, deal: Deal, numbers: Sequence[Negotiable], options: SolveOptions) -> Relaxed:
    """Return what two such deals say of the numbers of a deal; `best` is the solution of the deal."""
    ends = dict(_cheaper(deal, numbers))
    if len(ends) < WORTH_SOLVING or options.fix is not None or not is_lawful(best, best.settlement.deal):
        return Relaxed()
    asked: list[Ask[Any]] = [partial(_unmoved, best, deal, ends), partial(_all_moved, best, deal, ends)]
    unmoved, all_moved = answers(asked, options, best)
    return Relaxed(unmoved or frozenset(), all_moved)


def _cheaper(deal: Deal, numbers: Sequence[Negotiable]) -> Iterator[tuple[End, Deal]]:
    """Yield each end that is better for the buyer, with the deal that has it."""
    for each in numbers:
        more = relaxed_by(loc_of(each.path)[2:])
        value = each.high if more > 0 else each.low
        if more and value != each.today:
            with suppress(InputError):
                yield (each.path, value), varied(deal, {each.path: number_of(value)})


def _together(deal: Deal, ends: Mapping[End, Deal], more: Mapping[str, float] | None = None) -> Deal | None:
    """Return the deal with all of some ends; None where that is no deal."""
    with suppress(InputError):
        return varied(deal, {**{path: number_of(value) for path, value in ends}, **(more or {})})
    return None


def _all_moved(best: Solution, deal: Deal, ends: Mapping[End, Deal], options: SolveOptions) -> Solution | None:
    """Return what a deal costs that has all ends, and every tier of a bundle for a few dollars."""
    bundles = {name: range(len(offer.bundle)) for name, offer in deal.offers.items()}
    free = {
        f"offers.{name}.bundle[{tier}].combined_usd_per_year": float(tier + 1)
        for name, tiers in bundles.items()
        for tier in tiers
    }
    together = _together(deal, ends, free)
    return None if together is None else solve(together, best.settlement.scenarios, options=options, asks="cost")


def _unmoved(best: Solution, deal: Deal, ends: Mapping[End, Deal], options: SolveOptions) -> frozenset[End]:
    """Return ends at which today's best plan is the best one, by a deal that has all of them.

    Where it is not the best one there, the ends that alone have a better plan are taken out, and so are those that have
    a better baseline.
    """
    today = best.settlement.deal
    left = {end: each for end, each in ends.items() if is_dearer(today, each) and _costs_the_same(best, each)}
    for _ in range(ROUNDS):
        together = _together(deal, left)
        if together is None or len(left) < WORTH_SOLVING:
            break
        better = _better(best, together, left, options)
        if not better:
            return frozenset(end for end, other in left.items() if better is not None and is_dearer(other, together))
        left = {end: other for end, other in left.items() if end not in better}
    return frozenset()


def _costs_the_same(best: Solution, deal: Deal) -> bool:
    """Whether the best plan of a deal costs the same in another one, in every scenario, its bands where they were."""
    if moved(best.settlement.deal, deal, best.plan) != best.plan:
        return False
    return np.array_equal(cost_of(deal, best.plan, best.settlement.scenarios), best.settlement.cost)


def _better(best: Solution, together: Deal, ends: Mapping[End, Deal], options: SolveOptions) -> frozenset[End] | None:
    """Return which ends have a better baseline or plan, by those of a deal that has all; none where these are the
    best deal's own, and None where they are others, better at no single end.
    """
    scenarios = best.settlement.scenarios
    compared = compared_with(together, scenarios, options)
    there, here = compared.against.baseline, best.baseline_cost
    if here is not None and there is not None and not np.allclose(there, here, rtol=SAME, atol=0.0):
        free: dict[str, Any] = {"risk": Risk(), "limits": ()}
        alone = {end: deal.model_copy(update=free) for end, deal in ends.items()}
        return _with_better(alone, compared.baseline, best, here)
    found = solve(together, scenarios, options=replace(options, baseline=compared), asks="plan")
    is_same = key_of(found.settlement.deal, found.plan) == key_of(best.settlement.deal, best.plan)
    if is_same and abs(found.objective_usd - best.objective_usd) <= SAME * abs(best.objective_usd):
        return frozenset() if _costs_the_same(best, together) and is_lawful(found, together) else None
    alone = {end: deal.model_copy(update={"risk": best.settlement.deal.risk}) for end, deal in ends.items()}
    return _with_better(alone, found.plan, best, best.settlement.cost)


def _with_better(ends: Mapping[End, Deal], plan: Plan | None, best: Solution, cost: Array) -> frozenset[End] | None:
    """Return the ends whose deal has a plan with a lower objective than some costs have; None if no end has."""
    found = frozenset(end for end, deal in ends.items() if plan is not None and _is_better(deal, plan, best, cost))
    return found or None


def _is_better(deal: Deal, plan: Plan, best: Solution, cost: Array) -> bool:
    scenarios, against = best.settlement.scenarios, Against(baseline=best.baseline_cost)
    try:
        refuse_impossible(deal, plan, first_users(scenarios), scenarios)
    except InputError:
        return False
    usd, known = (objective_of(deal, own, scenarios.weights, against) for own in (cost_of(deal, plan, scenarios), cost))
    return usd < known - SAME * abs(known)
