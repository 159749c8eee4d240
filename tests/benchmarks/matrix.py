"""The extensive program of a deal as a matrix, with every API agreement in it, for tools that are not this project."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Risk
from deal_solve.formulation.build import FormulationOptions, formulate
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.solver.highs_session import HighsSession
from deal_solve.optimise.solver.solvers import minimise
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


@dataclass(frozen=True)
class Matrix:
    """Minimise cost · x with row_low <= coefficients · x <= row_high, low <= x <= high and x[whole] whole numbers.

    The objective is in units of `unit_usd` dollars. n columns, m rows: `cost`, `low`, `high`, `whole`, `owner` and
    `shared` (n,), `row_low` and `row_high` (m,), `coefficients` (m, n). Only columns that are `shared` stand in rows of
    more than one of the `parts`, which are as many as there are scenarios; every column is owned by one of them.
    """

    cost: Array
    low: Array
    high: Array
    whole: Array
    row_low: Array
    row_high: Array
    coefficients: csr_array
    unit_usd: float
    parts: int
    owner: Array
    shared: Array

    @property
    def row_owner(self) -> Array:
        """The part of each row (m,): that of its columns that follow from the future, else the first one."""
        return np.maximum.reduceat(self.owner[self.coefficients.indices], self.coefficients.indptr[:-1])


def neutral(deal: Deal) -> Deal:
    """Return the deal at its expected cost: CVaR would tie the scenarios to each other."""
    return deal.model_copy(update={"risk": Risk()})


def matrix_of(deal: Deal, futures: ScenarioSet) -> Matrix:
    """Return the program that `solve --export` writes of a deal without limits, at its expected cost."""
    deal = neutral(deal)
    columns = ScenarioSums(deal, futures)
    formulation = formulate(deal, columns, api_agreements(deal))
    program = formulation.program
    minimise(program, formulation.objective)
    session = HighsSession()
    session.synchronise(program, relax=False)
    session.highs.ensureRowwise()
    lp = session.highs.getLp()
    inside = lp.a_matrix_
    coefficients = csr_array((inside.value_, inside.index_, inside.start_), shape=(lp.num_row_, lp.num_col_))
    by_cuts = FormulationOptions(by_cuts=True)  # all but what follows from the future
    plan = formulate(deal, columns, api_agreements(deal), options=by_cuts).program
    first = np.isin([v.name for v in program.variables], [v.name for v in plan.variables])
    owner, shared = split(coefficients, first, futures.size)
    return Matrix(
        cost=np.array(lp.col_cost_),
        low=np.array(lp.col_lower_),
        high=np.array(lp.col_upper_),
        whole=np.array([kind == highspy.HighsVarType.kInteger for kind in lp.integrality_]),
        row_low=np.array(lp.row_lower_),
        row_high=np.array(lp.row_upper_),
        coefficients=coefficients,
        unit_usd=program.unit_usd,
        parts=futures.size,
        owner=owner,
        shared=shared,
    )


def split(coefficients: csr_array, first: Array, parts: int) -> tuple[Array, Array]:
    """Return the part of every column, and whether it stands in rows of several; `first` are known before the future.

    What follows from the future falls into blocks that share columns of the plan only, some for each scenario and
    clause. They are dealt out in turn: which part has which does not matter where all are solved at once. The first
    part owns the plan.
    """
    later = (coefficients[:, ~first] != 0).astype(np.int32)
    _, blocks = connected_components(later.T @ later, directed=False)
    owner = np.zeros(len(first), dtype=np.int64)
    owner[~first] = blocks % parts
    touched = coefficients[np.diff(later.tocsr().indptr) > 0]
    shared = first & (np.bincount(touched.indices, minlength=len(first)) > 0)
    return owner, shared
