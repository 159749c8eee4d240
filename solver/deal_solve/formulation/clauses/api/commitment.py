"""The commitment of each contract year in each price regime (model §4; formulation §3).

base_j ≤ C_max · β_j                          or steps_j ≤ steps_max · β_j
C[j,y] = base_j · φ_y                         or step · steps_j · φ_y, or a base of its own under a free ramp
C[j,y+1] ≥ C[j,y]                             under a free ramp
Σ_{y in the term} C[j,y] ≥ years · θ_j · β_j
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.rates import Regime, api_of, channel_of
from deal_solve.formulation.clauses.offers import Agreements
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.program import Due, Program
from deal_solve.plan.resolved import resolve


@dataclass
class Commitments:
    """C[j,y] in money units, as expressions, and the `maximum` of each.

    `max_usage[j][y]` is the most usage (money units a year, at the pace of the busiest period) that any scenario can
    have at contracted rates: committing more never helps. `at_least` (money units) widens the bound for pinned plans.
    """

    max_usage: dict[Regime, dict[int, float]]
    at_least: float
    of: dict[tuple[Regime, int], Expression] = field(default_factory=dict)
    maximum: dict[tuple[Regime, int], float] = field(default_factory=dict)

    def get(self, regime: Regime, year: int) -> Expression:
        """Return C[j,y]; empty in a regime without commitment."""
        return self.of.get((regime, year), Expression())

    def within(self, regime: Regime, months: range) -> Expression:
        """Return C_P, the part of C[j,y] that falls into some months."""
        return total(count / 12 * self.get(regime, year) for year, count in _months_by_year(months))

    def maximum_within(self, regime: Regime, months: range) -> tuple[float, float]:
        """Return the most that usage at contracted rates and C_P can be in some months, in money units."""
        by_year = _months_by_year(months)
        usage = sum(self.max_usage[regime][year] * count / 12 for year, count in by_year)
        return usage, sum(self.maximum.get((regime, year), 0.0) * count / 12 for year, count in by_year)


def _months_by_year(months: range) -> list[tuple[int, int]]:
    """Return contract years and how many of the months lie in each."""
    return [*Counter(month // 12 for month in months).items()]


def commit(
    program: Program, deal: Deal, agreements: Agreements, max_usage: dict[Regime, dict[int, float]], at_least: float
) -> Commitments:
    """Add C: equal in all years, base · ramp factor, or non-decreasing; mean over the term >= θ·β; C <= C_max·β.

    `max_usage` and `at_least` are those of `Commitments`.
    """
    commitments = Commitments(max_usage, at_least)
    for regime, beta in agreements.regimes.items():
        if regime.commits:
            _commit_term(program, deal, regime, beta, commitments)
    return commitments


def _commit_term(program: Program, deal: Deal, regime: Regime, beta: Variable, book: Commitments) -> None:
    maximum = {year: max(usage, book.at_least) for year, usage in book.max_usage[regime].items()}
    offer, api = resolve(deal).taken(regime.agreement).offer, api_of(deal, regime.agreement)
    years = list(regime.span.years)
    threshold = program.usd(regime.threshold_usd)
    bundle = program.usd(offer.bundle[regime.tier - 1].combined_usd_per_year) if regime.tier else 0.0
    step = program.usd(api.step_usd) if api.step_usd else None
    if api.ramp == "free":
        bases = []
        for year in years:
            # Never less than the year before: what an earlier year may commit, every later one may.
            bound = max(threshold * len(years), bundle, *(maximum[early] for early in years if early <= year))
            bases.append(_base(program, beta, bound, step))
            book.of[regime, year] = bases[-1]
            book.maximum[regime, year] = bound + (step or 0.0)
        for early, late in pairwise(bases):
            program.add("free_ramp", late >= early)
    else:
        factors = [1.0] * len(years) if api.ramp is None else list(api.ramp[: len(years)])
        mean = sum(factors) / len(factors)
        if mean == 0:
            return
        needs = [threshold / mean, bundle / factors[0] if factors[0] else 0.0]
        if api.period == "term":  # only the sum over the years counts
            needs.append(max(maximum.values()) / mean)
        else:
            needs += [maximum[year] / factor for year, factor in zip(years, factors, strict=True) if factor]
        base = _base(program, beta, max(needs), step)
        for year, factor in zip(years, factors, strict=True):
            book.of[regime, year] = factor * base
            book.maximum[regime, year] = (max(needs) + (step or 0.0)) * factor
    program.add("band_threshold", total(book.of[regime, year] for year in years) >= threshold * len(years) * beta)


def _base(program: Program, beta: Variable, maximum: float, step: float | None) -> Expression:
    """Return the base of the commitment: free dollars, or step · whole steps; 0 where the regime is not taken."""
    if step is None:
        base = program.variable("commitment", 0, maximum)
        program.add("commitment_high", base <= maximum * beta)
        return 1.0 * base
    count = int(maximum / step + 1 + 1e-9)
    steps = program.integer("commitment_steps", 0, count)
    program.add("commitment_high", steps <= float(count) * beta)
    return step * steps


def pay_in_advance(program: Program, deal: Deal, agreements: Agreements, commitments: Commitments) -> None:
    """Charge C_P at the start of each period, or C_y at the start of the year; under arrears nothing in advance."""
    for regime in agreements.regimes:
        api = api_of(deal, regime.agreement)
        if not regime.commits or api.payment == "arrears":
            continue
        book = program.through(channel_of(deal, regime))
        for year in regime.span.years:
            whole = deal.months_of(year)
            for months in [whole] if api.payment == "prepaid_yearly" else api.periods(whole):
                part = commitments.within(regime, months)
                book.pay("commitment", part, program.unit_usd, Due(months.start, months.start))
