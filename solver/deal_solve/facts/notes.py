"""What is to be known of a plan beside its numbers: the order of drawdown (model §4), the limit of list (model §6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deal_solve.deal.deal import LIST, Deal
from deal_solve.facts.accrual import each_part, expected_of, go_once_through
from deal_solve.facts.once import once
from deal_solve.facts.usage.burn import burn
from deal_solve.messages import usd
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import plans_of
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.rates import api_factor, band_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

MIN_REPORTED_SHARE = 0.001
RARE = 0.1
"""A list bill above the limit in no more of the scenarios than this is not reported."""


def plan_notes(settlement: Settlement) -> tuple[str, ...]:
    """Return what is to be known of a plan beside its numbers: the order of drawdown, the limit of list."""
    return (
        *order_note(settlement, chronological_usd(settlement)),
        *limit_note(settlement),
        *list_note(settlement),
        *burn_note(settlement),
    )


def list_note(settlement: Settlement) -> tuple[str, ...]:
    """Return a sentence if the commitment is measured in list dollars."""
    records = [record for record in settlement.drawdown if record.is_at_list]
    if not any(settlement.mean(record.commitment_usd) > 0 for record in records):
        return ()
    return (
        "The commitment, its thresholds and the usage that is tested against it are in list dollars; usage is billed "
        "monthly at contracted rates, so its utilisation is not a share of what is paid.",
    )


def burn_note(settlement: Settlement) -> tuple[str, ...]:
    """Return a sentence if the plan uses more list dollars than it needs, to cut its shortfall."""
    found = burn(settlement)
    if found is None:
        return ()
    return (
        f"Burn: {', '.join(found.users)} {'runs' if len(found.users) == 1 else 'run'} on dearer options than needed, "
        f"to reach the commitment measured at list: {usd(found.usage_usd)} USD of usage at list instead of "
        f"{usd(found.usage_without_usd)}. The plan is expected to cost {usd(found.cost_usd)}, and "
        f"{usd(found.cost_without_usd)} without.",
    )


def limit_note(settlement: Settlement) -> tuple[str, ...]:
    """Return a sentence if the list bill of some month is above the card's limit in more than 10 % of the scenarios."""
    likely, limit = probability_above(settlement), settlement.deal.card.list_usd_per_month_limit
    if limit is None or likely <= RARE:
        return ()
    return (
        f"API usage at list exceeds {usd(limit)} USD in some month with a probability of {likely:.0%}; above that the "
        "vendor does not sell without a contract (rates.list_usd_per_month_limit).",
    )


def note_in_one_pass(settlement: Settlement, *works: Callable[[Settlement], Any]) -> None:
    """Go once through all parts of a settlement for its notes and expected payments, and for other works."""
    drawn_as_used = [as_used] if may_differ_as_used(settlement) else []
    go_once_through(settlement, expected_of, above_limit, *drawn_as_used, *works)


@once
def probability_above(settlement: Settlement) -> float:
    """Return the probability that the list bill of some month is above the card's limit; 0 where none is known."""
    if settlement.deal.card.list_usd_per_month_limit is None:
        return 0.0
    return sum(share for shares in each_part(settlement, above_limit) for share in shares)


def above_limit(part: Settlement) -> list[float]:
    """Return the probability of that in a part of a settlement, on each path through the tables."""
    deal, limit = part.deal, part.deal.card.list_usd_per_month_limit
    if limit is None:
        return []
    paths = plans_of(deal, part.plan, part.scenarios.in_memory())
    return [float(own.weights @ (_at_list(deal, plan, own) > limit)) for plan, own in paths]


def _at_list(deal: Deal, plan: Plan, block: ScenarioSet) -> Array:
    """Return the most USD of API usage of any month without an agreement, (S,), other charges left out."""
    is_at_list = np.full(block.months, plan.api.offer == LIST)
    for start, end in plan.api.left:
        is_at_list[start:end] = True
    if not is_at_list.any():
        return np.zeros(block.size)
    billed = np.zeros((block.months, block.size))
    for model_id, value in usage_of(deal, plan, block).counted.items():
        billed += value * block.index[deal.card.model(model_id).family]
    return np.asarray(billed.max(axis=0, where=is_at_list[:, None], initial=0.0))


@once
def chronological_usd(settlement: Settlement) -> float:
    """Return the expected cost of a plan if usage draws down the commitment as it is used."""
    cost = np.concatenate(each_part(settlement, as_used)) if may_differ_as_used(settlement) else settlement.cost
    return float(settlement.weights @ cost)


def may_differ_as_used(settlement: Settlement) -> bool:
    """Whether a plan may cost something else if usage draws down the commitment as it is used."""
    plan = settlement.plan
    commits = bool(plan.later) or any(term.band_usd_per_year > 0 for term in plan.api.terms)
    return settlement.order != "chronological" and commits and not _has_one_ratio(settlement)


def as_used(part: Settlement) -> Array:
    """Return what a part of a settlement costs so, (S,)."""
    return settle(part.deal, part.plan, part.scenarios, order="chronological").cost


def _has_one_ratio(settlement: Settlement) -> bool:
    """Whether an uncovered dollar costs the same in a term whatever the model and month, as far as that is plain."""
    deal, plan = settlement.deal, settlement.plan
    taken = resolve(deal).taken(plan.api)
    if taken.api is None or taken.api.overage == "contracted":
        return True
    if plan.later or taken.offer.price_protection != "none":
        return False
    for span, term in zip(taken.spans, plan.api.terms, strict=True):
        band = band_of(taken, span, term)
        if len({api_factor(taken, span, band, 0.0, model) for model in deal.card.models}) > 1:
            return False
    return True


def order_note(settlement: Settlement, as_used_usd: float) -> tuple[str, ...]:
    """Return a sentence if the order of drawdown moves the expected cost by more than 0.1 %."""
    expected = float(settlement.weights @ settlement.cost)
    if abs(as_used_usd - expected) <= MIN_REPORTED_SHARE * abs(expected):
        return ()
    change = abs(as_used_usd - expected) / abs(expected) if expected else 1.0
    word = "more" if as_used_usd > expected else "less"
    return (
        f"Drawn down in the order of use, not the costliest overage first, the plan costs {change:.2%} {word} in "
        "expectation; ask the vendor which order the contract means.",
    )
