"""Solution polishing: the integers fixed, the linear program solved at tight tolerances, the routing made sparse.

A branch-and-cut answer is integral only to a tolerance. Here its integers are rounded and fixed and the linear program
is solved once more, for cost and then for each stage of the tie-breaking that numbers can still change: one linear
program on the optimal face of another. Then a small integer program closes every routing option that is not needed at
the same cost, which is a stage too, and where the plan uses one of them the linear programs are solved again. See
formulation §6, "Rounding and solving again".
"""

from __future__ import annotations

from collections.abc import Iterator

import pulp

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Program
from deal_solve.formulation.read import SMALLEST_SHARE, read_plan, value_of
from deal_solve.formulation.tie_stages import tie_stages
from deal_solve.optimise.search.benders import exact_objective
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.solver.highs_session import session_of
from deal_solve.optimise.solver.solvers import Answer, Bounds, Clock, RunSettings, fix_integers, minimise, restore
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.resolved import resolve

POLISH_TOLERANCE = 1e-7
"""Relative cost that the choice of the fewest routing options may give up."""
PRICE_TOLERANCE = 1e-8
"""Prices and reduced costs nearer to zero are zero: ten times the tolerance to which they are known."""
HIGHS = "highs"
"""The solver of the linear programs here, whatever the search was done with: it says what everything is worth."""
GRACE_SECONDS, GRACE_SHARE = 1.0, 0.03
"""What the plan in hand may take after the limit, seconds or a share of it, to be solved with its integers fixed."""
OPTIONS_NODE_LIMIT = 1000
"""Branchings after which the fewest routing options are left."""
OPTIONS_STAGE = "routing options"
"""The name of that stage."""

Held = list[tuple[Expression, float]]
"""What was minimised, in order, and its minimum (money units or pieces)."""


def polish(formulation: Formulation, solver: str, clock: Clock, *, is_whole: bool = True) -> tuple[Plan, str]:
    """Return the plan of a solved formulation with its integers fixed, and OPTIONS_STAGE if that stage was left.

    One that is not `is_whole` has any shares and commitments that cost the least. The program is left at the plan's
    values.
    """
    fix_integers(formulation.program)
    if not is_whole:
        _solve_linear(formulation, clock, formulation.objective)
        return read_plan(formulation), ""
    held = _solve_stages(formulation, clock)
    values = {variable: variable.varValue for variable in formulation.program.variables}
    closed, is_decided = _fewest_options(formulation, solver, clock, held)
    if closed and any(value and variable.upBound == 0 for variable, value in values.items()):
        _solve_stages(formulation, clock)
    elif closed:  # the plan in hand uses nothing that was closed, so that it is still the first by every stage
        for variable, value in values.items():
            variable.varValue = value
    minimise(formulation.program, formulation.objective)  # its objective value is that of the cost
    return read_plan(formulation), "" if is_decided else OPTIONS_STAGE


def options_in_use(formulation: Formulation, solver: str, clock: Clock) -> int:
    """Return how many routing options, as few as possible, carry the plan of a solved formulation.

    The program is left as it was: binaries that were added bind nothing.
    """
    program = formulation.program
    shares = [share for _, share, _ in _shares(formulation)]
    bounds: Bounds = [(share, share.lowBound, share.upBound) for share in shares]
    bounds += fix_integers(program)
    known = len(program.variables)
    held = _solve_stages(formulation, clock)
    if _fewest_options(formulation, solver, clock, held)[0]:
        _solve_linear(formulation, clock, formulation.objective)
    in_use = sum((share.varValue or 0.0) > SMALLEST_SHARE for share in shares)
    restore(bounds)
    for variable in program.variables[known:]:
        variable.lowBound = variable.upBound = 1
    return in_use


def _solve_stages(formulation: Formulation, clock: Clock) -> Held:
    """Minimise cost, then each stage of the tie-breaking that numbers can still change, and return all minima.

    Each linear program is solved on the optimal face of the one before. Where that is one point nothing can be changed.
    After the time limit the plan stays as cost leaves it.
    """
    program, objective = formulation.program, formulation.objective
    _solve_linear(formulation, clock, objective)
    held: Held = [(objective, value_of(objective))]
    if clock.is_over or session_of(program).is_only_solution():
        return held
    rows: list[str] = []
    bounds: Bounds = []
    for stage in tie_stages(formulation):
        if clock.is_over:
            break
        if not stage.is_count and exact_objective(program, stage.measure) > stage.min_step:
            found = [variable.varValue for variable in program.variables]
            _stay_on_face(program, bounds, rows)
            if _linear(formulation, clock, stage.measure).outcome != "optimal":
                # Pins to the cent leave a face that is hit to the last digit only: the plan stays as it was found.
                for variable, value in zip(program.variables, found, strict=True):
                    variable.varValue = value
                break
            held.append((stage.measure, value_of(stage.measure)))
    for row in rows:
        program.relax(row)
    restore(bounds[::-1])
    return held


def _stay_on_face(program: Program, bounds: Bounds, rows: list[str]) -> None:
    """Keep to the optimal face of the linear program that was solved last: what has a price stays where it is.

    By complementary slackness a plan is optimal exactly if every variable with a reduced cost is at its bound and every
    row with a price is tight. What is changed for it is appended to `bounds` and `rows`.
    """
    for variable in program.variables:
        if abs(variable.dj or 0.0) > PRICE_TOLERANCE and variable.lowBound != variable.upBound:
            bounds.append((variable, variable.lowBound, variable.upBound))
            variable.lowBound = variable.upBound = variable.varValue
    prices = session_of(program).row_prices()
    for row, price in zip(program.rows[: len(prices)], prices, strict=True):
        if abs(price) > PRICE_TOLERANCE and row.sense != pulp.LpConstraintEQ:
            sign = float(row.sense)  # +1 for >=, -1 for <=: the other side of it
            terms = Expression([(v, sign * factor) for v, factor in program.terms(row)])
            rows.append(program.add("on_face", terms <= sign * row.rhs))


def _with_room(value: float, tolerance: float) -> float:
    return value + tolerance * max(abs(value), 1.0)


def _solve_linear(formulation: Formulation, clock: Clock, objective: Expression) -> None:
    answer = _linear(formulation, clock, objective)
    if answer.outcome != "optimal":
        why = f"the linear program with all choices fixed is {answer.outcome}"
        raise session_of(formulation.program).too_far_apart(formulation.program, why)


def _linear(formulation: Formulation, clock: Clock, objective: Expression) -> Answer:
    minimise(formulation.program, objective)
    patient = Clock(max(GRACE_SECONDS, GRACE_SHARE * (clock.limit or 0.0)) if clock.is_over else None, clock.watcher)
    answer = run(formulation.program, RunSettings(HIGHS, relax=True, exact=True), patient)
    if answer.outcome == "infeasible":  # integers found at the usual tolerance can be infeasible at the tight one
        answer = run(formulation.program, RunSettings(HIGHS, relax=True), patient)
    clock.solving += patient.solving
    if patient.is_over:
        clock.check()
    return answer


def _shares(formulation: Formulation) -> Iterator[tuple[tuple[str, int, str, Path], Variable, Variable]]:
    """Yield every routing share of every path: whose it is, the variable, and its activity."""
    for decisions in formulation.paths:
        for (user, start, key), disaggregated in decisions.routing.shares.items():
            for share, activity in disaggregated:
                yield (user, start, key, decisions.path), share, activity


def _fewest_options(formulation: Formulation, solver: str, clock: Clock, held: Held) -> tuple[bool, bool]:
    """Close options until as few as possible carry the plan at (nearly) the same cost, and what else is `held`.

    Return whether anything was closed, and whether no fewer are proven to do. Only options whose reduced cost is nearly
    zero can carry more than dust, so only those get a binary.
    """
    if clock.is_over:
        return False, False
    program = formulation.program
    cost = held[0][1]
    # Reduced costs are those of what was minimised last, by which none of it may rise either.
    room = (POLISH_TOLERANCE + 2 * program.optimality_tolerance) * max(abs(cost), 1e-6)
    open_options: dict[tuple[str, int, Path], list[tuple[str, Variable]]] = {}
    for (user, start, key, path), share, activity in _shares(formulation):
        if (activity.varValue or 0.0) > 0.5:
            if (share.dj or 0.0) * 1e-4 > room and (share.varValue or 0.0) < 1e-6:
                share.upBound = 0.0
            else:
                open_options.setdefault((user, start, path), []).append((key, share))
    unsettled = {index: shares for index, shares in open_options.items() if len(shares) > 1}
    if not unsettled:
        return False, True
    count: list[Expression] = []
    pairs: list[tuple[Variable, Variable]] = []
    for (user, start, _), shares in unsettled.items():
        epoch = next(e for e in resolve(formulation.deal).epochs(user) if e.start == start)
        ranks = {option.key: rank for rank, option in enumerate(epoch.options)}
        for key, share in shares:
            used = program.binary("option_used")
            program.add("option_used", share <= used)
            count.append((1.0 + 1e-3 * ranks[key]) * used)
            pairs.append((share, used))
    rows = [program.add("same_cost", formulation.objective <= cost + room)]
    rows += [program.add("same_stage", measure <= _with_room(value, POLISH_TOLERANCE)) for measure, value in held[1:]]
    minimise(program, total(count))
    answer = run(program, RunSettings(solver, 1e-6, node_limit=OPTIONS_NODE_LIMIT), clock, branching=False)
    for row in rows:
        program.relax(row)  # the fewest options may stand right at it, and the next cut would shut them out
    if answer.outcome not in ("optimal", "limit"):
        for _, used in pairs:
            used.lowBound = used.upBound = 1
        return True, answer.outcome == "infeasible"
    for share, used in pairs:
        is_used = (used.varValue or 0.0) > 0.5
        used.lowBound = used.upBound = int(is_used)
        if not is_used:
            share.upBound = 0.0
    return True, answer.outcome == "optimal"
