"""What the other drawdown order would cost: priced, never optimised (model §4)."""

from __future__ import annotations

from deal_solve.plan.resolved import resolve
from deal_solve.settlement.rates import api_factor, band_of
from deal_solve.settlement.settle import Settlement, settle

MIN_REPORTED_SHARE = 0.001


def chronological_usd(settlement: Settlement) -> float:
    """Return the expected cost of a plan if usage draws down the commitment as it is used."""
    if settlement.order == "chronological" or not settlement.drawdown or _has_one_ratio(settlement):
        return float(settlement.weights @ settlement.cost)
    other = settle(settlement.deal, settlement.plan, settlement.scenarios, order="chronological")
    return float(other.weights @ other.cost)


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
