"""The whole program in one file, all API agreements at once, for any other solver."""

from __future__ import annotations

from pathlib import Path

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible, InputError
from deal_solve.files import written
from deal_solve.formulation.build import formulate
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.fixings import fix_decisions, fixings_of
from deal_solve.optimise.comparison import comparison_of
from deal_solve.optimise.search.agreement import size_of
from deal_solve.optimise.search.cache import SolveCache
from deal_solve.optimise.search.settings import SearchProblem, SearchSettings
from deal_solve.optimise.search.workspace import Workspace
from deal_solve.optimise.solution import Size, Solution
from deal_solve.optimise.solver.solvers import Clock, minimise
from deal_solve.optimise.sums import sums_of
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal, pins_of
from deal_solve.settlement.objective import fit_risk
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.scenario_set import Scenarios


def export(
    deal: Deal, scenarios: Scenarios | None, path: str | Path, fix: Proposal | Plan | Solution | None = None
) -> Size:
    """Write the program to a .lp or .mps file (a temporary file, then renamed) and return its size.

    The objective is in the money unit of the program (a power of ten of dollars). Raises InputError for another ending,
    Infeasible if no API agreement is open.
    """
    path = Path(path)
    if path.suffix not in (".lp", ".mps"):
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; expected model.lp or model.mps")
    scenarios = scenarios_of(deal) if scenarios is None else scenarios
    deal, _ = fit_risk(deal, scenarios)
    sums = sums_of(deal, scenarios)
    workspace = Workspace(SearchSettings(), Clock(None), SolveCache())
    fixings = fixings_of(deal, pins_of(fix))
    against = comparison_of(SearchProblem(deal, sums, fixings=fixings), scenarios, workspace).against
    formulation = formulate(
        deal,
        sums,
        fixings.agreements(api_agreements(deal)),
        against,
        fixings.options(),
    )
    if not formulation.agreements.api:
        raise Infeasible("no API agreement is open, so there is no program to write")
    fix_decisions(formulation, fixings)
    minimise(formulation.program, formulation.objective)
    problem = formulation.program.written.problem
    write = problem.writeLP if path.suffix == ".lp" else problem.writeMPS
    written(path, lambda temporary: write(str(temporary)))
    return size_of(formulation)
