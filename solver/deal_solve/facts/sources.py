"""What a deal assumes, which of it carries a source, and how much the cost of a plan hangs on each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import one_at_a_time
from deal_solve.uncertainty.paths import bands_of


@dataclass(frozen=True)
class Assumption:
    """A forecast, score or price that the buyer states, by its dotted path.

    `source` is that of the path or of the nearest part of the file around it. `swing_usd` is how far apart the cost of
    the plan is with this forecast at P10 and at P90, all others at P50: USD over the horizon, discounted; 0 for what is
    certain.
    """

    path: str
    source: str | None
    swing_usd: float = 0.0


def assumptions(deal: Deal, plan: Plan) -> Table[Assumption]:
    """Return every assumption, those that move the cost most first, then in the order of the file."""
    swings = _swings(deal, plan)
    found = [Assumption(path, source_of(deal, path), swings.get(path, 0.0)) for path in _paths(deal)]
    return Table(tuple(sorted(found, key=lambda row: -row.swing_usd)))


def _paths(deal: Deal) -> Iterator[str]:
    """Yield forecasts, the scenarios or events that stand beside them, quality scores, and the buyer's own prices."""
    yield from (path for _, path, band in bands_of(deal) if any(band.quantiles))
    yield from (f"uncertainty.events.{name}" for name in deal.uncertainty.events)
    yield from (f"scenarios.{name}" for name in deal.scenarios)
    for name, work in deal.workloads.items():
        yield from [f"workloads.{name}.quality.scores"] * bool(work.quality.scores)
        yield from (f"workloads.{name}.projects.{project}" for project in work.projects)
    for name, cohort in deal.cohorts.items():
        yield f"cohorts.{name}.headcount"
        yield from [f"cohorts.{name}.use.quality.scores"] * bool(cohort.use and cohort.use.quality.scores)
    for part in ("models", "seats", "tokenizers"):
        yield from (f"rates.{part}.{name}" for name in getattr(deal.rates, part))
    yield from (f"internal_tools.{name}" for name in deal.internal_tools)
    yield from (f"offers.{name}" for name in deal.offers)


def source_of(deal: Deal, path: str) -> str | None:
    """Return the source that is stated of a field, or of the nearest part of the file around it."""
    around = [given for given in deal.sources if path == given or path.startswith((f"{given}.", f"{given}["))]
    return deal.sources[max(around, key=len)] if around else None


def _swings(deal: Deal, plan: Plan) -> dict[str, float]:
    bands = [path for _, path, band in bands_of(deal) if not band.is_certain]
    if not bands:
        return {}
    cost = settle(deal, plan, one_at_a_time(deal, bands)).cost
    return {path: abs(float(cost[2 * index + 1] - cost[2 * index])) for index, path in enumerate(bands)}
