"""The objective and the limits (model §7; formulation §3).

ξ_ω ≥ z_ω - η                                 CVaR = η + Σ p_ω · ξ_ω / (1-α)
worst ≥ z_ω
measure ≤ budget;  cost_ω ≤ budget + excess_ω · over_ω,  Σ_ω p_ω · over_ω ≤ ε      budget: at_most + room
"""

from __future__ import annotations

from collections.abc import Mapping

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import EXACT_CHANCE, Limit
from deal_solve.errors import InternalError
from deal_solve.formulation.model.expression import Expression, Variable, lower_bound, total
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.model.recourse import Tail, When, Worst
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import BLOCK, Array

ROOM_SHARE, MAX_ROOM_USD = 1e-8, 0.0049
"""What a limit on cost leaves above its amount, so that rounding in the sums of a program does not decide: a share of
it, less than half a cent. What a limit is worth may be many times as much, so it is no more.
"""


def set_objective(program: Program, deal: Deal, against: Against) -> Expression:
    """Return the objective in money units: (1-λ)·E + λ·CVaR, the worst case, or the largest regret.

    For loss, the expected cost of the baseline is added back by the caller: it is a constant.
    """
    risk = deal.risk
    if risk.criterion == "worst":
        return 1.0 * _largest(program)
    if risk.criterion == "regret":
        if against.best is None:
            raise InternalError("regret is measured against the best cost of each scenario, and none is given")
        return 1.0 * _largest(program, against.best / program.unit_usd)
    if risk.weight == 0:
        return program.expected()
    less = against.baseline / program.unit_usd if risk.on == "loss" and against.baseline is not None else None
    tail, mean = cvar(program, When(), risk.confidence, less), program.expected()
    if program.by_cuts and program.size > BLOCK:  # known without looking into any scenario, where looking takes long
        shift = 0.0 if less is None else -float(program.weights @ less)
        program.add("tail_above_mean", tail >= mean + shift)
    return (1 - risk.weight) * mean + risk.weight * tail


def cvar(program: Program, when: When, confidence: float, less: Array | None = None) -> Expression:
    """Add ξ_ω >= z_ω - η; return η + Σ p_ω·ξ_ω / (1 - confidence). With cuts, one variable stands for it."""
    if program.by_cuts:
        return 1.0 * program.epigraph("tail", when, Tail(program.weights, confidence), less)
    eta = program.variable("value_at_risk", None)
    tail: list[Expression] = []
    for index, (cost, weight) in enumerate(zip(program.by_scenario(when), program.weights, strict=True)):
        if weight > 0:
            excess = program.variable("excess")
            shift = -float(less[index]) if less is not None else 0.0
            program.add("excess", excess + eta >= cost + shift)
            tail.append(weight / (1 - confidence) * excess)
    return eta + total(tail)


def _largest(program: Program, less: Array | None = None) -> Variable:
    """Add w >= z_ω for every scenario that can happen; return w."""
    if program.by_cuts:
        return program.epigraph("largest", When(), Worst(program.weights), less)
    largest = program.variable("largest", None)
    for index, (cost, weight) in enumerate(zip(program.by_scenario(), program.weights, strict=True)):
        if weight > 0:
            shift = -float(less[index]) if less is not None else 0.0
            program.add("largest", largest >= cost + shift)
    return largest


def is_exact_chance(limit: Limit, size: int) -> bool:
    """Whether a limit is a probability that is held scenario by scenario (model §7)."""
    within = limit.probability_within
    return within is not None and 0 < within < 1 and size <= EXACT_CHANCE


def add_limits(program: Program, deal: Deal, certain: Mapping[str, Expression]) -> None:
    """Add every limit of the deal; `certain` has Σ C + 12·N·price at index 1, in money units.

    `committed` is over the horizon on the path with the most, `signed` over the first terms: decisions, which are held
    to the dollar as stated.
    """
    for number, limit in enumerate(deal.limits):
        at_most_usd = deal.at_most_usd(limit)
        label = f"limit_{number}"
        if limit.is_certain:
            program.add(label, certain[limit.of] <= program.usd(at_most_usd))
            continue
        bound = program.usd(at_most_usd + min(ROOM_SHARE * at_most_usd, MAX_ROOM_USD))
        when = When(limit.contract_year, limit.discounted)
        if limit.probability_within is not None:
            _chance(program, limit, when, bound, label)
        elif limit.measure == "expected":
            program.add(label, program.expected(when=when) <= bound)
        elif limit.measure == "cvar":
            program.add(label, cvar(program, when, limit.confidence) <= bound)
        else:
            _never_above(program, when, bound, label)


def measured(program: Program, limit: Limit, certain: Mapping[str, Expression]) -> Expression:
    """Return what a limit bounds, in money units, to be minimised: the least `at_most` that a plan would keep."""
    if limit.is_certain:
        return certain[limit.of]
    when = When(limit.contract_year, limit.discounted)
    within = limit.probability_within
    if within == 0:
        return Expression()
    if within is None and limit.measure == "expected":
        return program.expected(when=when)
    if within is None and limit.measure == "cvar":
        return cvar(program, when, limit.confidence)
    if within is not None and within < 1 and not is_exact_chance(limit, program.size):
        return cvar(program, when, within)
    budget = program.variable("budget", None)
    broken: list[Expression] = []
    for cost, weight in zip(program.by_scenario(when), program.weights, strict=True):
        if weight > 0:
            over = program.binary("over_budget") if within is not None and within < 1 else None
            if over is None:
                program.add("budget", cost <= budget)
            else:
                program.add("budget", cost <= budget + max(-lower_bound(-cost), 0.0) * over)
                broken.append(float(weight) * over)
    if broken and within is not None:
        program.add("budget", total(broken) <= 1 - within + 1e-12)
    return 1.0 * budget


def _never_above(program: Program, when: When, bound: float, label: str) -> None:
    """Add cost_ω <= bound in every scenario that can happen."""
    if program.by_cuts:
        worst = program.epigraph("worst", when, Worst(program.weights))
        program.add(label, worst <= bound)
        return
    for cost, weight in zip(program.by_scenario(when), program.weights, strict=True):
        if weight > 0:
            program.add(label, cost <= bound)


def _chance(program: Program, limit: Limit, when: When, bound: float, label: str) -> None:
    """Add cost_ω <= budget unless v_ω = 1, Σ p·v <= ε; above 200 scenarios CVaR_(1-ε) <= budget (safe)."""
    within = limit.probability_within or 0.0
    allowed = 1 - within
    if allowed == 0:
        _never_above(program, when, bound, label)
        return
    if not is_exact_chance(limit, program.size):
        if within > 0:
            program.add(label, cvar(program, when, within) <= bound)
        return
    broken: list[Expression] = []
    for cost, weight in zip(program.by_scenario(when), program.weights, strict=True):
        excess = max(-lower_bound(-cost) - bound, 0.0)
        if weight > 0 and excess > 0:
            over = program.binary("over_budget")
            program.add(label, cost - excess * over <= bound)
            broken.append(float(weight) * over)
    if broken:
        program.add(label, total(broken) <= allowed + 1e-12)
