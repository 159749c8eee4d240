"""Decide the structure of a Claude deal before it is signed.

The public names are listed in `__all__` and imported on first use, so that `import deal_solve` is cheap.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deal_solve.analysis.simulate import Simulation, simulate
    from deal_solve.deal.card import load_card
    from deal_solve.deal.deal import Deal
    from deal_solve.deal.load import load, loads
    from deal_solve.errors import Cancelled, DealSolveError, Infeasible, InputError, InternalError, LimitReached
    from deal_solve.optimise.export import export
    from deal_solve.optimise.progress import Progress
    from deal_solve.optimise.solution import Solution
    from deal_solve.optimise.solve import solve
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal, load_proposal
    from deal_solve.settlement.settle import Settlement, settle
    from deal_solve.uncertainty.expand import scenarios_of
    from deal_solve.uncertainty.parquet import read_scenarios, write_scenarios
    from deal_solve.uncertainty.sample import sample
    from deal_solve.uncertainty.scenarios import ScenarioSet

_HOMES = {
    "load_card": "deal.card",
    "Deal": "deal.deal",
    "load": "deal.load",
    "loads": "deal.load",
    "Cancelled": "errors",
    "DealSolveError": "errors",
    "Infeasible": "errors",
    "InputError": "errors",
    "InternalError": "errors",
    "LimitReached": "errors",
    "export": "optimise.export",
    "Progress": "optimise.progress",
    "Solution": "optimise.solution",
    "solve": "optimise.solve",
    "Plan": "plan.plan",
    "Proposal": "plan.proposal",
    "load_proposal": "plan.proposal",
    "Settlement": "settlement.settle",
    "settle": "settlement.settle",
    "Simulation": "analysis.simulate",
    "simulate": "analysis.simulate",
    "scenarios_of": "uncertainty.expand",
    "read_scenarios": "uncertainty.parquet",
    "write_scenarios": "uncertainty.parquet",
    "sample": "uncertainty.sample",
    "ScenarioSet": "uncertainty.scenarios",
}

__all__ = [
    "Cancelled",
    "Deal",
    "DealSolveError",
    "Infeasible",
    "InputError",
    "InternalError",
    "LimitReached",
    "Plan",
    "Progress",
    "Proposal",
    "ScenarioSet",
    "Settlement",
    "Simulation",
    "Solution",
    "export",
    "load",
    "load_card",
    "load_proposal",
    "loads",
    "read_scenarios",
    "sample",
    "scenarios_of",
    "settle",
    "simulate",
    "solve",
    "write_scenarios",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("deal-solve")
    if name in _HOMES:
        return getattr(import_module(f"deal_solve.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deal_solve' has no attribute {name!r}")
