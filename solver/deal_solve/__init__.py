"""Decide the structure of a Claude deal before it is signed.

The public names are those imported below for type checkers, listed in docs/reference/python.md. Each is imported on
first use, so that `import deal_solve` is cheap. What a function returns is defined in the package of its question, such
as `deal_solve.analysis.curve`.
"""

from deal_solve.version import VERSION

TYPE_CHECKING = False  # as type checkers read it; nothing more is imported in the first moments of a command
if TYPE_CHECKING:
    from deal_solve.analysis.breakeven.breakeven import breakeven as breakeven
    from deal_solve.analysis.check.findings import findings as findings
    from deal_solve.analysis.clauses.clauses import clauses as clauses
    from deal_solve.analysis.conflict.conflict import explain_infeasible as explain_infeasible
    from deal_solve.analysis.criteria.criteria import criteria as criteria
    from deal_solve.analysis.curve.curve import curve as curve
    from deal_solve.analysis.document.document import document as document
    from deal_solve.analysis.frontier.frontier import frontier as frontier
    from deal_solve.analysis.levers.waterfall import waterfall as waterfall
    from deal_solve.analysis.measure.measure import measure as measure
    from deal_solve.analysis.review.review import review as review
    from deal_solve.analysis.sensitivity.sensitivity import sensitivity as sensitivity
    from deal_solve.analysis.sensitivity.sobol import sobol as sobol
    from deal_solve.analysis.simulate.simulate import simulate as simulate
    from deal_solve.analysis.solve.json import from_json as from_json
    from deal_solve.analysis.sweep.design import Design as Design
    from deal_solve.analysis.sweep.regions import regions as regions
    from deal_solve.analysis.sweep.sweep import sweep as sweep
    from deal_solve.analysis.uncertainty.uncertainty import uncertainty_cost as uncertainty_cost
    from deal_solve.analysis.wait.wait import wait as wait
    from deal_solve.analysis.when.when import when as when
    from deal_solve.analysis.why_not.alternatives import alternatives as alternatives
    from deal_solve.analysis.why_not.single_track import wrong_tracks as wrong_tracks
    from deal_solve.analysis.why_not.why_not import why_not as why_not
    from deal_solve.deal.deal import Deal as Deal
    from deal_solve.deal.edit import value_at as value_at
    from deal_solve.deal.edit import varied as varied
    from deal_solve.deal.load import load as load
    from deal_solve.deal.load import loads as loads
    from deal_solve.deal.rate_card import load_card as load_card
    from deal_solve.errors import Cancelled as Cancelled
    from deal_solve.errors import DealSolveError as DealSolveError
    from deal_solve.errors import Infeasible as Infeasible
    from deal_solve.errors import InputError as InputError
    from deal_solve.errors import InternalError as InternalError
    from deal_solve.errors import LimitReached as LimitReached
    from deal_solve.errors import Problem as Problem
    from deal_solve.facts.allocation import allocate as allocate
    from deal_solve.facts.calendar import calendar as calendar
    from deal_solve.facts.controls import control_table as control_table
    from deal_solve.facts.cost_split import cost_split as cost_split
    from deal_solve.facts.decisions import decisions as decisions
    from deal_solve.facts.difference import difference as difference
    from deal_solve.facts.health import commitment_health as commitment_health
    from deal_solve.facts.health import seat_health as seat_health
    from deal_solve.facts.savings import savings as savings
    from deal_solve.facts.summary import periods as periods
    from deal_solve.facts.summary import summarise as summarise
    from deal_solve.facts.today import today as today
    from deal_solve.facts.usage.routing import routing as routing
    from deal_solve.frames import Table as Table
    from deal_solve.memory import bounded_memory as bounded_memory
    from deal_solve.optimise.export import export as export
    from deal_solve.optimise.options import SolveOptions as SolveOptions
    from deal_solve.optimise.search.cache import SolveCache as SolveCache
    from deal_solve.optimise.signing import solve as solve
    from deal_solve.optimise.solution import Solution as Solution
    from deal_solve.optimise.solver.progress import Progress as Progress
    from deal_solve.outputs import figure as figure
    from deal_solve.outputs import show as show
    from deal_solve.outputs import to_json as to_json
    from deal_solve.plan.completion.complete import complete as complete
    from deal_solve.plan.plan import Plan as Plan
    from deal_solve.plan.proposal import Proposal as Proposal
    from deal_solve.plan.proposal import load_proposal as load_proposal
    from deal_solve.settlement.limit_checks import limit_checks as limit_checks
    from deal_solve.settlement.settle import Settlement as Settlement
    from deal_solve.settlement.settle import settle as settle
    from deal_solve.stopping import cancellable as cancellable
    from deal_solve.uncertainty.expansion import scenarios_of as scenarios_of
    from deal_solve.uncertainty.parquet import read_scenarios as read_scenarios
    from deal_solve.uncertainty.parquet import write_scenarios as write_scenarios
    from deal_solve.uncertainty.sampling import SampledSet as SampledSet
    from deal_solve.uncertainty.sampling import sample as sample
    from deal_solve.uncertainty.scenario_set import Scenarios as Scenarios
    from deal_solve.uncertainty.scenario_set import ScenarioSet as ScenarioSet

__version__ = VERSION

_known: dict[str, str] = {}


def _modules() -> dict[str, str]:
    """Return the module of every public name, as the imports for type checkers say."""
    if not _known:
        _known.update(_read())
    return _known


def _read() -> dict[str, str]:
    import ast
    from pathlib import Path

    body = ast.parse(Path(__file__).read_text(encoding="utf-8")).body
    (public,) = (node.body for node in body if isinstance(node, ast.If))
    imports = [node for node in public if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def __getattr__(name: str) -> object:
    if name == "__all__":
        return sorted(_modules())
    if name in _modules():
        from importlib import import_module

        return getattr(import_module(_modules()[name]), name)
    raise AttributeError(f"module 'deal_solve' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_modules()})
