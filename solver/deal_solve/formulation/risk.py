"""The objective and the limits (deal model, section 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.limits import EXACT_CHANCE, Limit
from deal_solve.formulation.program import Program, Terms, Variable, scaled
from deal_solve.uncertainty.scenarios import Array


@dataclass(frozen=True)
class Against:
    """What cost is compared with: `reference` (S,) for loss, `best` (S,) for regret, in dollars."""

    reference: Array | None = None
    best: Array | None = None


def set_objective(program: Program, deal: Deal, against: Against) -> Terms:
    """Return the objective in money units: (1-λ)·E + λ·CVaR, the worst case, or the largest regret.

    For loss, the expected cost of the reference is added back by the caller: it is a constant.
    """
    risk = deal.risk
    if risk.criterion == "worst":
        return [(_largest(program, program.by_scenario()), 1.0)]
    if risk.criterion == "regret":
        assert against.best is not None
        return [(_largest(program, program.by_scenario(), against.best / program.unit_usd), 1.0)]
    if risk.weight == 0:
        return program.expected()
    less = against.reference / program.unit_usd if risk.on == "loss" and against.reference is not None else None
    tail = cvar(program, program.by_scenario(), risk.confidence, less)
    return [*scaled(program.expected(), 1 - risk.weight), *scaled(tail, risk.weight)]


def cvar(program: Program, costs: list[Terms], confidence: float, less: Array | None = None) -> Terms:
    """Add ξ_ω >= z_ω - η; return η + Σ p_ω·ξ_ω / (1 - confidence)."""
    eta = program.variable("value_at_risk", None)
    total: Terms = [(eta, 1.0)]
    for place, (cost, weight) in enumerate(zip(costs, program.scenarios.weights, strict=True)):
        if weight > 0:
            excess = program.variable("excess")
            shift = -float(less[place]) if less is not None else 0.0
            program.row("excess", [(excess, 1.0), (eta, 1.0), *scaled(cost, -1)], ">=", shift)
            total.append((excess, weight / (1 - confidence)))
    return total


def _largest(program: Program, costs: list[Terms], less: Array | None = None) -> Variable:
    """Add w >= z_ω for every scenario that can happen; return w."""
    largest = program.variable("largest", None)
    for place, (cost, weight) in enumerate(zip(costs, program.scenarios.weights, strict=True)):
        if weight > 0:
            shift = -float(less[place]) if less is not None else 0.0
            program.row("largest", [(largest, 1.0), *scaled(cost, -1)], ">=", shift)
    return largest


def add_limits(program: Program, deal: Deal, committed: Terms) -> None:
    """Add every limit of the deal; `committed` is Σ C + 12·N·price at index 1, in money units."""
    for number, limit in enumerate(deal.limits):
        bound = program.usd(limit.at_most)
        label = f"limit_{number}"
        if limit.of == "committed":
            program.row(label, committed, "<=", bound)
            continue
        costs = program.by_scenario(limit.contract_year, limit.discounted)
        weights = program.scenarios.weights
        if limit.probability_within is not None:
            _chance(program, limit, costs, bound, label)
        elif limit.measure == "expected":
            mean = [pair for cost, p in zip(costs, weights, strict=True) for pair in scaled(cost, p)]
            program.row(label, mean, "<=", bound)
        elif limit.measure == "cvar":
            program.row(label, cvar(program, costs, limit.confidence), "<=", bound)
        else:
            for cost, weight in zip(costs, weights, strict=True):
                if weight > 0:
                    program.row(label, cost, "<=", bound)


def _chance(program: Program, limit: Limit, costs: list[Terms], bound: float, label: str) -> None:
    """Add cost_ω <= budget unless v_ω = 1, Σ p·v <= ε; above 200 scenarios CVaR_(1-ε) <= budget (safe)."""
    assert limit.probability_within is not None
    allowed = 1 - limit.probability_within
    if program.scenarios.size > EXACT_CHANCE and allowed > 0:
        program.row(label, cvar(program, costs, limit.probability_within), "<=", bound)
        return
    broken: Terms = []
    for cost, weight in zip(costs, program.scenarios.weights, strict=True):
        excess = max(_most(cost) - bound, 0.0)
        if weight > 0 and excess > 0:
            over = program.binary("over_budget")
            program.row(label, [*cost, (over, -excess)], "<=", bound)
            broken.append((over, float(weight)))
    if broken:
        program.row(label, broken, "<=", allowed + 1e-12)


def _most(cost: Terms) -> float:
    """Return an upper bound of an expression over the bounds of its variables."""
    ends = [(c * (v.lowBound or 0.0), c * v.upBound) for v, c in cost]
    return float(np.sum([max(low, high) for low, high in ends]))
