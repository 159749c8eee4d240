"""Hand the extensive program to another tool, in a process of its own.

    python peers.py program plain 100 FILE RESULT     write the program of a pinned deal over 100 scenarios
    python peers.py linopy FILE RESULT                build and solve it with a tool

RESULT is what came out, as JSON.
"""

from __future__ import annotations

import json
import math
import pickle
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matrix import Matrix, matrix_of

GAP = 1e-6


class Found(NamedTuple):
    """What a tool says: its status, objective and bound in the units of the program, and when it had built it."""

    status: str
    objective: float
    bound: float
    built: float


def linopy(program: Matrix) -> Found:
    """Solve with linopy: variables and rows as arrays, one block of rows for each number of terms and sign."""
    from linopy import Model

    model, labels = Model(), np.empty(len(program.cost), dtype=np.int64)
    for whole in (False, True):
        at = np.flatnonzero(program.whole == whole)
        kind = {"integer": True} if whole else {}
        block = model.add_variables(program.low[at], program.high[at], coords=[at], name=f"whole_{whole}", **kind)
        labels[at] = block.labels.values
    matrix, has_high = program.coefficients, np.isfinite(program.row_high)
    terms = np.diff(matrix.indptr)
    signs = np.where(program.row_low == program.row_high, "=", np.where(has_high, "<=", ">="))
    bounds = np.where(has_high, program.row_high, program.row_low)
    for count, sign in product(np.unique(terms), ("=", "<=", ">=")):
        rows = np.flatnonzero((terms == count) & (signs == sign))
        if len(rows):
            at = matrix.indptr[rows][:, None] + np.arange(count)
            left = _linopy_sums(model, labels[matrix.indices[at]], matrix.data[at])
            model.add_constraints(left, sign, left.const + bounds[rows], name=f"rows_{count}_{sign}")
    priced = np.flatnonzero(program.cost)
    model.add_objective(_linopy_sums(model, labels[priced][None], program.cost[priced][None]).sum())
    built = time.perf_counter()
    _, status = model.solve("highs", io_api="direct", mip_rel_gap=GAP)
    return Found(status, model.objective.value, model.solver_model.getInfo().mip_dual_bound, built)


def _linopy_sums(model: Any, labels: Any, coefficients: Any) -> Any:
    """Return one expression per row of variables (by label) and coefficients."""
    from linopy import LinearExpression
    from xarray import Dataset

    each = ("row", "_term")
    data = {"vars": (each, labels), "coeffs": (each, coefficients), "const": ("row", np.zeros(len(labels)))}
    return LinearExpression(Dataset(data, coords={"row": np.arange(len(labels))}), model)


def pyomo(program: Matrix) -> Found:
    """Solve with Pyomo: one variable and one linear expression each."""
    from pyomo.environ import SolverFactory

    everything = np.ones(len(program.cost), dtype=bool)
    model = _pyomo_model(program, everything, np.arange(len(program.row_low)), program.cost)
    built = time.perf_counter()
    solver = SolverFactory("appsi_highs")
    solver.options["mip_rel_gap"] = GAP
    return _from_pyomo(solver.solve(model), built)


def _pyomo_model(program: Matrix, present: Any, rows: Any, cost: Any) -> Any:
    """Return a model with the columns that are `present` and some rows."""
    from pyomo.core.expr import LinearExpression
    from pyomo.environ import ConcreteModel, Constraint, Integers, Objective, Reals, Var

    def bound(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    matrix, model = program.coefficients, ConcreteModel()
    model.x = Var(
        np.flatnonzero(present).tolist(),
        domain=lambda _, j: Integers if program.whole[j] else Reals,
        bounds=lambda _, j: (bound(program.low[j]), bound(program.high[j])),
    )
    x = model.x

    def row(_: Any, i: int) -> tuple[float | None, Any, float | None]:
        inside = slice(matrix.indptr[i], matrix.indptr[i + 1])
        indices, values = matrix.indices[inside].tolist(), matrix.data[inside].tolist()
        body = LinearExpression(constant=0, linear_coefs=values, linear_vars=[x[j] for j in indices])
        return bound(program.row_low[i]), body, bound(program.row_high[i])

    model.rows = Constraint(rows.tolist(), rule=row)
    priced = np.flatnonzero(cost).tolist()
    model.objective = Objective(
        expr=LinearExpression(constant=0, linear_coefs=cost[priced].tolist(), linear_vars=[x[j] for j in priced])
    )
    return model


def _from_pyomo(results: Any, built: float) -> Found:
    said = results.problem
    return Found(str(results.solver.termination_condition), said.upper_bound, said.lower_bound, built)


def mpisppy(program: Matrix) -> Found:
    """Solve with mpi-sppy's extensive form: one model per part, tied to each other by the columns they share.

    What no row of a scenario has in it stands in the first model alone, and so does the cost of the plan.
    """
    from mpisppy.opt.ef import ExtensiveForm
    from mpisppy.utils.sputils import attach_root_node

    order = np.argsort(program.row_owner, kind="stable")
    rows = np.split(order, np.searchsorted(program.row_owner[order], np.arange(1, program.parts)))
    shared = np.flatnonzero(program.shared).tolist()

    def scenario(name: str) -> Any:
        part = int(name.removeprefix("future"))
        owned = program.owner == part
        model = _pyomo_model(
            program, owned | program.shared, rows[part], np.where(owned, program.cost, 0) * program.parts
        )
        attach_root_node(model, 0, [model.x[j] for j in shared])
        model._mpisppy_probability = 1 / program.parts
        return model

    names = [f"future{part}" for part in range(program.parts)]
    form = ExtensiveForm({"solver": "appsi_highs"}, names, scenario)
    built = time.perf_counter()
    return _from_pyomo(form.solve_extensive_form({"mip_rel_gap": GAP}), built)


TOOLS: dict[str, Callable[[Matrix], Found]] = {tool.__name__: tool for tool in (linopy, pyomo, mpisppy)}


def write_program(deal: str, futures: str, path: str) -> dict[str, Any]:
    """Write the program of a pinned deal over sampled scenarios; return its size."""
    from deal_solve import load
    from deal_solve.uncertainty.sampling import sample

    read, before = load(Path(__file__).parent / f"{deal}.yaml"), time.perf_counter()
    program = matrix_of(read, sample(read, int(futures), seed=1).in_memory())
    seconds, (rows, columns) = time.perf_counter() - before, program.coefficients.shape
    with Path(path).open("wb") as stream:
        pickle.dump(program, stream)
    status = f"{rows:,} rows, {columns:,} columns, {program.coefficients.nnz:,} non-zeros"
    return {"status": status, "build_seconds": seconds}


def solve(tool: str, path: str) -> dict[str, Any]:
    """Solve a written program with a tool; return what it found, in dollars."""
    with Path(path).open("rb") as stream:
        program = pickle.load(stream)
    before = time.perf_counter()
    found = TOOLS[tool](program)
    return {
        "status": found.status,
        "objective_usd": found.objective * program.unit_usd,
        "gap": (found.objective - found.bound) / abs(found.objective),
        "build_seconds": found.built - before,
    }


def main() -> None:
    """Do what the command line says."""
    *wanted, result = sys.argv[1:]
    found = write_program(*wanted[1:]) if wanted[0] == "program" else solve(*wanted)
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
