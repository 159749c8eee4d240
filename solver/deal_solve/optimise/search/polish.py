"""Solution polishing: the integers fixed, the linear program solved at tight tolerances, the routing made sparse.

A branch-and-cut answer is integral only to a tolerance. Here its integers are rounded and fixed and the linear program
is solved once more; then a small integer program closes every routing option that is not needed at the same cost, which
is the last stage of the tie-breaking, and the linear program is solved again. See formulation §6, "Rounding and solving
again".
"""

from __future__ import annotations

from deal_solve.errors import InternalError
from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.read import read_plan, value_of
from deal_solve.optimise.search.benders import run_with_cuts as run
from deal_solve.optimise.search.tie_breaking import PERTURBATION
from deal_solve.optimise.solver.solvers import Clock, fix_integers, minimise
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.resolved import resolve

POLISH_TOLERANCE = 1e-7
"""Relative cost that the choice of the fewest routing options may give up."""


def polish(formulation: Formulation, solver: str, clock: Clock) -> Plan:
    """Return the plan of a solved formulation with its integers fixed, and leave the program at its values."""
    fix_integers(formulation.program)
    perturbed = formulation.objective + PERTURBATION * formulation.committed
    _solve_linear(formulation, solver, clock, perturbed)
    if _fewest_options(formulation, solver, clock):
        _solve_linear(formulation, solver, clock, perturbed)
    minimise(formulation.program, formulation.objective)  # its objective value has no perturbation in it
    return read_plan(formulation)


def _solve_linear(formulation: Formulation, solver: str, clock: Clock, objective: Expression) -> None:
    minimise(formulation.program, objective)
    patient = Clock(None, clock.watcher)
    answer = run(formulation.program, solver, 0.0, patient, relax=True, exact=True)
    if answer.outcome == "infeasible":  # integers found at the usual tolerance can be infeasible at the tight one
        answer = run(formulation.program, solver, 0.0, patient, relax=True)
    clock.solving += patient.solving
    if answer.outcome != "optimal":
        raise InternalError(f"the linear program with all choices fixed is {answer.outcome}")


def _fewest_options(formulation: Formulation, solver: str, clock: Clock) -> bool:
    """Close options until as few as possible carry the plan at (nearly) the same cost; whether anything was closed.

    Only options whose reduced cost is nearly zero can carry more than dust, so only those get a binary.
    """
    program = formulation.program
    cost = value_of(formulation.objective)
    # Reduced costs are those of the perturbed objective: cost, and a trace of committed dollars.
    room = (POLISH_TOLERANCE + 2 * program.optimality_tolerance) * max(abs(cost), 1e-6)
    open_options: dict[tuple[str, int, Path], list[tuple[str, Variable]]] = {}
    for decisions in formulation.paths:
        for (user, start, key), disaggregated in decisions.routing.shares.items():
            for share, activity in disaggregated:
                if (activity.varValue or 0.0) > 0.5:
                    if (share.dj or 0.0) * 1e-4 > room and (share.varValue or 0.0) < 1e-6:
                        share.upBound = 0.0
                    else:
                        open_options.setdefault((user, start, decisions.path), []).append((key, share))
    unsettled = {index: shares for index, shares in open_options.items() if len(shares) > 1}
    if not unsettled:
        return False
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
    same_cost = program.add("same_cost", formulation.objective <= cost + room)
    minimise(program, total(count))
    answer = run(program, solver, 1e-6, clock, branching=False)
    program.relax(same_cost)  # the fewest options may stand right at it, and the next cut would shut them out
    if answer.outcome not in ("optimal", "limit"):
        for _, used in pairs:
            used.lowBound = used.upBound = 1
        return True
    for share, used in pairs:
        is_used = (used.varValue or 0.0) > 0.5
        used.lowBound = used.upBound = int(is_used)
        if not is_used:
            share.upBound = 0.0
    return True
