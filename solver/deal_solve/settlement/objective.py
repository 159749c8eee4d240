"""The number that is minimised, computed from settled costs: what the optimiser's answer is held against."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.messages import counted
from deal_solve.uncertainty.measures import Against, cvar, worst
from deal_solve.uncertainty.scenario_set import COARSE_SIZE, Array, Scenarios

COARSE_CONFIDENCE = 0.9


def objective_of(deal: Deal, cost: Array, weights: Array, against: Against) -> float:
    """Return the objective of settled costs (S,), in dollars.

    For loss it is (1-λ)·E[cost] + λ·(E[baseline] + CVaR[cost - baseline]): the risk measure of loss with the
    baseline's expected cost added back, so that it is an amount of cost.
    """
    risk = deal.risk
    if risk.criterion == "worst":
        return worst(cost, weights)
    if risk.criterion == "regret":
        return worst(against.regret(cost), weights)
    expected = float(weights @ cost)
    if risk.weight == 0:
        return expected
    if risk.on == "loss":
        tail = constant_of(deal, weights, against) / risk.weight + cvar(against.loss(cost), weights, risk.confidence)
    else:
        tail = cvar(cost, weights, risk.confidence)
    return (1 - risk.weight) * expected + risk.weight * tail


def constant_of(deal: Deal, weights: Array, against: Against) -> float:
    """Return what `objective_of` adds to the program's objective: λ·E[baseline] for loss, else 0; dollars."""
    if deal.risk.criterion != "expected" or deal.risk.on != "loss" or against.baseline is None:
        return 0.0
    return deal.risk.weight * float(weights @ against.baseline)


def fit_risk(deal: Deal, scenarios: Scenarios) -> tuple[Deal, tuple[str, ...]]:
    """Return the deal with a confidence that its scenarios can carry, and what was changed, in words.

    Raises InputError if a stated confidence asks for a tail that a coarse expansion does not have.
    """
    risk = deal.risk
    if not scenarios.is_coarse or risk.weight == 0 or risk.confidence <= COARSE_CONFIDENCE:
        return deal, ()
    source = "discrete expansion" if scenarios.kind == "discrete" else "sampled set"
    few = f"the {source} has {counted(scenarios.size, 'scenario')}, too few for a tail beyond {COARSE_CONFIDENCE}"
    if "confidence" in risk.model_fields_set:
        raise InputError(f"risk.confidence: {risk.confidence:g} is asked for, but {few}; expected at most 0.9")
    fitted = risk.model_copy(update={"confidence": COARSE_CONFIDENCE})
    fitted.model_fields_set.discard("confidence")  # it stays one that nobody stated
    more = f"{COARSE_SIZE} or more carry {risk.confidence:g} and may sign otherwise"
    note = f"CVaR is taken at confidence 0.9: {few}; {more} (--confidence 0.9 weighs the same tail over both)"
    return deal.model_copy(update={"risk": fitted}), (note,)


SAME_RELATIVE, SAME_USD = 2e-6, 0.01
"""Amounts that differ by no more are the same: what two solves of one deal may differ by."""


def is_below(one: float, other: float) -> bool:
    """Whether an amount is lower than another one by more than two solves may differ."""
    return one < other - max(SAME_RELATIVE * abs(other), SAME_USD)


def is_same(one: float, other: float, gap: float = 0.0) -> bool:
    """Whether two objectives are the same, as far as solves to a gap can tell."""
    return abs(one - other) <= max(max(SAME_RELATIVE, 2 * gap) * abs(other), SAME_USD)
