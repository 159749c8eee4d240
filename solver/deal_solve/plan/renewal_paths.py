"""The paths through the tables of a plan: those that scenarios take, or all there are (model §6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from deal_solve.deal.deal import Deal
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import Path, groups_of, on_path, rows_of
from deal_solve.uncertainty.scenario_set import Scenarios, blocks


def all_paths(plan: Plan) -> Iterator[Path]:
    """Yield every path through the tables of a plan, whether a scenario takes it or not."""
    yield from itertools.product(*(range(len(table.rows)) for table in plan.later))


def plans_by_path(deal: Deal, plan: Plan, scenarios: Scenarios | None = None) -> dict[Path, Plan]:
    """Return the plan without tables on every path that some scenario takes; without scenarios, on all paths.

    A plan without tables is the only one, on the path ().
    """
    if not plan.later:
        return {(): plan}
    if scenarios is None:
        paths = set(all_paths(plan))
    else:
        paths = {path for block in blocks(scenarios) for path, _ in groups_of(rows_of(deal, plan, block))}
    return {path: on_path(deal, plan, path) for path in sorted(paths)}
