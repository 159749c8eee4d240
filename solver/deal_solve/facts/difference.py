"""The difference between two settled plans, split by line: what makes one of them costlier than the other.

The lines of an invoice do not say why a plan costs more: a larger commitment moves dollars from overage to commitment
without costing anything. So the API side is split by cause. Whatever the offers, usage that draws down a commitment
costs

    its list value
    + what contracted rates add to it (a discount: negative)
    + what overage costs above contracted rates
    + what of the commitment is forfeited
    + what paying the commitment ahead of use costs in present value

and every other line of the settlement stands for itself. The lines:

- routing: usage of the workloads at list prices of the month of use. Their requests are given, so it differs only
  because other options answer them
- metered_usage: usage of people at the same list prices. It differs with their tracks and their models
- rate: usage counted toward the API agreement at contracted rates, less the same at list: discounts, price
  protection and uplift together; a saving is negative
- commitment: what paying ahead costs: API payments as they fall due, less the same amounts paid when they are
  used, at month's end, or lost, at the period's end. 0 without cost of capital, in arrears, without commitment
- overage: what overage costs above the contracted rate, at the period's end
- forfeiture: commitment paid and lost, at the period's end
- credit: what a credit pays, or covers of usage as it is used under a commitment that is paid in advance (negative)
- other_charges, seats, true_up, projects, unserved: as settled; tools: build and run
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import plans_of
from deal_solve.plan.resolved import resolve
from deal_solve.record import Record
from deal_solve.settlement.api.drawdown import priced_terms
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.lines import CAUSES, lines_by_cause
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet, blocks


@dataclass(frozen=True)
class LineDifference(Record):
    """One line of a difference (vocabulary: comparing deals), expected and discounted; costs are positive."""

    line: Annotated[str, Field(description="routing, metered_usage, rate, commitment, overage, forfeiture, seats, …")]
    winner_usd: Annotated[float, Field(description="in the plan of the result")]
    other_usd: Annotated[float, Field(description="in the other plan")]
    difference_usd: Annotated[float, Field(description="other less winner")]


@dataclass(frozen=True)
class Difference(Record):
    """How much more one plan costs than another, USD, discounted; negative where it costs less.

    Beyond expected cost the objective differs by `risk_usd`, which is 0 where expected cost is what is minimised.
    """

    lines: Annotated[Table[LineDifference], Field(description="they add up to expected_usd")]
    expected_usd: Annotated[float, Field(description="difference of expected cost, discounted")]
    risk_usd: Annotated[float, Field(description="what the objective differs beyond that")]
    objective_usd: Annotated[float, Field(description="expected_usd + risk_usd")]

    def of(self, line: str) -> float:
        """Return the difference of one line."""
        return next(row.difference_usd for row in self.lines if row.line == line)


def difference(winner: Settlement, other: Settlement, objective_usd: float | None = None) -> Difference:
    """Return what `other` costs more than `winner`, line by line.

    `objective_usd` is the difference of their objectives, where something other than expected cost is minimised.
    """
    before, after = cost_lines(winner), cost_lines(other)
    rows = tuple(LineDifference(line, before[line], after[line], after[line] - before[line]) for line in CAUSES)
    expected = _mean(other, other.cost) - _mean(winner, winner.cost)
    risk = 0.0 if objective_usd is None else objective_usd - expected
    return Difference(Table(rows), expected, risk, objective_usd=expected + risk)


def cost_lines(settlement: Settlement) -> dict[str, float]:
    """Return the expected discounted cost of a plan by the lines of a difference; they add up to all of it."""
    added_up = lines_by_cause().items()
    lines = {cause: sum(_mean(settlement, settlement.by_line[line]) for line in own) for cause, own in added_up}
    return lines | _api_lines(settlement)


def _mean(settlement: Settlement, values: Array) -> float:
    return float(settlement.weights @ values)


def _present(deal: Deal, block: ScenarioSet, monthly: Array, start: int = 0) -> float:
    """Return the expected present value of (months, S) dollars, each paid at the end of its month, `start` first."""
    ends = np.arange(start, start + len(monthly)) + 1
    return float(np.array([deal.discount(int(end)) for end in ends]) @ (monthly @ block.weights))


def _api_lines(settlement: Settlement) -> dict[str, float]:
    """Return routing, metered usage, rate, commitment, overage, forfeiture and credit."""
    counted = uncounted = workloads = contracted = drawn = 0.0
    for block in blocks(settlement.scenarios):
        sums = _of_block(settlement, block)
        counted, uncounted, workloads = counted + sums[0], uncounted + sums[1], workloads + sums[2]
        contracted, drawn = contracted + sums[3], drawn + sums[4]
    overage, forfeited, uncovered = _at_period_ends(settlement)
    covered_by_credit = _covered_by_credit(settlement)
    shortfall = _mean(settlement, settlement.by_line["shortfall"])
    in_arrears = resolve(settlement.deal).taken(settlement.plan.api).require_api().payment == "arrears"
    paid = _mean(settlement, settlement.by_line["commitment"]) + uncovered
    return {
        "routing": workloads,
        "metered_usage": counted + uncounted - workloads,
        "rate": contracted - counted,
        "commitment": 0.0 if in_arrears else paid - drawn + covered_by_credit - forfeited,
        "overage": overage,
        "forfeiture": shortfall if in_arrears else forfeited,
        "credit": _mean(settlement, settlement.by_line["credit"]) - (0.0 if in_arrears else covered_by_credit),
    }


def _of_block(settlement: Settlement, block: ScenarioSet) -> tuple[float, float, float, float, float]:
    """Return usage at list (counted, not counted, of workloads), at contracted rates, and what of it is drawn down."""
    found = [_of_path(settlement.deal, plan, own) for plan, own in plans_of(settlement.deal, settlement.plan, block)]
    counted, uncounted, workloads, contracted, drawn = map(sum, zip(*found, strict=True))
    return counted, uncounted, workloads, contracted, drawn


def _of_path(deal: Deal, plan: Plan, block: ScenarioSet) -> tuple[float, float, float, float, float]:
    usage = usage_of(deal, plan, block)
    workloads = usage_of(deal, plan, block, users=deal.workloads).counted
    contracted = drawn = 0.0
    bundle = tuple(tier.api for tier in bundle_tiers(deal, plan))
    for term in priced_terms(deal, plan, block, usage.counted, bundle):
        usd = sum(_present(deal, block, item.usage_usd, term.span.start) for item in term.usage)
        contracted += usd
        drawn += usd if term.band.commit_usd_per_year > 0 else 0.0
    counted, uncounted = _at_list(deal, block, usage.counted), _at_list(deal, block, usage.uncounted)
    return counted, uncounted, _at_list(deal, block, workloads), contracted, drawn


def _at_list(deal: Deal, block: ScenarioSet, values: dict[str, Array]) -> float:
    """Return the expected present value of usage per model, (H, S) at today's list, at the list of its month."""
    return sum(_present(deal, block, usd * block.index[deal.card.model(name).family]) for name, usd in values.items())


def _covered_by_credit(settlement: Settlement) -> float:
    """Return usage that a credit covers as balance, expected and discounted from the month of use."""
    return sum(
        settlement.deal.discount(month + 1) * float(usd @ settlement.weights)
        for record in settlement.drawdown
        for month, usd in enumerate(record.credited_usd, record.start)
    )


def _at_period_ends(settlement: Settlement) -> tuple[float, float, float]:
    """Return overage above contracted rates, forfeited commitment, and uncovered usage at contracted rates.

    Each is expected and discounted from the end of its commitment period.
    """
    totals = np.zeros(3)
    for record in settlement.drawdown:
        uncovered = record.overage_usd - record.surcharge_usd
        discount = settlement.deal.discount(record.end)
        values = np.stack([record.surcharge_usd, record.forfeited_usd, uncovered])
        totals += discount * (values @ settlement.weights)
    overage, forfeited, uncovered_usd = totals
    return float(overage), float(forfeited), float(uncovered_usd)
