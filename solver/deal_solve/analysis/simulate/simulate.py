"""A plan over any number of scenarios in bounded memory: one number per scenario is kept, the rest is added up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing

import numpy as np

from deal_solve.analysis.simulate.outcomes import AHEAD, Outcomes, Work, outcomes_of
from deal_solve.analysis.simulate.result import Exceedance, Percentile, Simulation, YearOutcome
from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.facts.summary import COARSE_CONFIDENCE
from deal_solve.frames import Table
from deal_solve.memory import refuse_larger
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import About
from deal_solve.settlement.lines import LINES
from deal_solve.uncertainty import measures
from deal_solve.uncertainty.paths import FLOAT_BYTES
from deal_solve.uncertainty.sampling import SampledSet
from deal_solve.uncertainty.scenario_set import Array, Scenarios

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
COARSE_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
EXCEEDED = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
KEPT = 10
"""Numbers per scenario that are held while costs are put in order."""
IN_TAIL = 10
"""The exceedance curve of sampled scenarios ends where fewer than these lie beyond."""


def simulate(
    deal: Deal,
    plan: Plan,
    scenarios: Scenarios,
    *,
    baseline: Plan | None = None,
    executor: Executor | None = None,
    ahead: int = AHEAD,
    progress: Callable[[int], None] | None = None,
    outcomes: Callable[[Outcomes], None] | None = None,
) -> Simulation:
    """Settle a complete plan over scenarios, block by block, and return what it costs.

    `executor` runs the blocks (default: this process), with at most `ahead` chunks of them under way; the result has
    the same bits either way. `progress` is told how many scenarios are done, `outcomes` gets every block, in order.
    Raises InputError for a plan that does not fit the deal, and where the costs take more memory than they may.
    """
    needed = FLOAT_BYTES * KEPT * scenarios.size
    refuse_larger(needed, f"the costs of {counted(scenarios.size, 'scenario')}", "ask for fewer (--scenarios N)")
    total = _Total(deal.years)
    with closing(outcomes_of(Work(deal, plan, baseline), scenarios, executor, ahead)) as blocks:
        for block in blocks:
            total.add(block)
            if outcomes:
                outcomes(block)
            if progress:
                progress(total.size)
    return total.simulation(About(deal, scenarios), plan)


class _Total:
    """Adds up blocks in the order they come in."""

    def __init__(self, years: int) -> None:
        self.size = 0
        self.undiscounted = 0.0
        self.costs: list[Array] = []
        self.losses: list[Array] = []
        self.by_line = dict.fromkeys(LINES, 0.0)
        self.years: Array = np.zeros((years, 5))

    def add(self, block: Outcomes) -> None:
        weights = block.weights
        self.size += len(weights)
        self.costs.append(block.cost)
        if block.baseline is not None:
            self.losses.append(block.cost - block.baseline)
        self.undiscounted += _mean(block.undiscounted, weights)
        for line, values in block.by_line.items():
            self.by_line[line] += _mean(values, weights)
        happens = [(values > CENT_TOLERANCE_USD).astype(float) for values in (block.uncovered, block.shortfall)]
        for column, yearly in enumerate((block.paid, block.overage, block.forfeited, *happens)):
            self.years[:, column] += (yearly * weights).sum(axis=1)

    def simulation(self, about: About, plan: Plan) -> Simulation:
        scenarios, weights, confidence = about.scenarios, about.scenarios.weights, about.deal.risk.confidence
        cost = np.concatenate(self.costs)
        loss = np.concatenate(self.losses) if self.losses else None
        confidence = min(confidence, COARSE_CONFIDENCE) if scenarios.is_coarse else confidence
        error, notes = _standard_error(cost, scenarios)
        return Simulation(
            plan=plan,
            mean_usd=_mean(cost, weights),
            standard_error_usd=error,
            undiscounted_usd=self.undiscounted,
            confidence=confidence,
            cvar_usd=measures.cvar(cost, weights, confidence),
            percentiles=_percentiles(cost, scenarios),
            exceedance=_exceedance(cost, scenarios),
            by_line={line: usd for line, usd in self.by_line.items() if usd},
            years=Table(tuple(YearOutcome(year, *map(float, row)) for year, row in enumerate(self.years))),
            mean_loss_usd=None if loss is None else _mean(loss, weights),
            loss_probability=None if loss is None else measures.probability(loss > CENT_TOLERANCE_USD, weights),
            notes=(*scenarios.notes, *notes),
            cost=cost,
            loss=loss,
            about=about,
        )


def _percentiles(cost: Array, scenarios: Scenarios) -> Table[Percentile]:
    """Return the cost not exceeded with 1 % to 99 % probability; from too few scenarios with 10 % to 90 %."""
    levels = COARSE_LEVELS if scenarios.is_coarse else LEVELS
    found = measures.quantiles(cost, scenarios.weights, levels)
    return Table(tuple(Percentile(level, usd) for level, usd in zip(levels, found.tolist(), strict=True)))


def _exceedance(cost: Array, scenarios: Scenarios) -> Table[Exceedance]:
    """Return the probability of a higher cost, level by level: the tail of the distribution, read from the right."""
    weights = scenarios.weights
    minimum = IN_TAIL / scenarios.size if scenarios.kind == "sampled" else 0.0
    minimum = 0.1 if scenarios.is_coarse else minimum
    shares = [share for share in EXCEEDED if minimum <= share <= 1 - minimum]
    found = measures.quantiles(cost, weights, [1 - share for share in shares]).tolist() if shares else []
    return Table(tuple(Exceedance(usd, measures.probability(cost > usd, weights)) for usd in dict.fromkeys(found)))


def _mean(values: Array, weights: Array) -> float:
    return float((values * weights).sum())


def _standard_error(cost: Array, scenarios: Scenarios) -> tuple[float | None, tuple[str, ...]]:
    """Return the standard error of the mean cost over independent draws, and why there is none for Sobol points."""
    if not isinstance(scenarios, SampledSet) or len(cost) < 2:
        return None, ()
    if scenarios.method == "sobol":
        return None, (
            "Sobol points are not independent draws, so one set has no standard error; compare sets of other seeds",
        )
    return float(cost.std(ddof=1) / np.sqrt(len(cost))), ()
