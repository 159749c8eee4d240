"""The API agreement at another commitment: usage of every period by how dear it is to leave it uncovered.

What a balance leaves uncovered is charged by the ratios of overage to contracted rates, the highest covered first
(model §4): with cumulated usage V_1 ≤ V_2 ≤ … by falling ratio r_1 > r_2 > …, the charge is
Σ_j (r_j - r_(j+1)) · max(0, V_j - balance). Both are kept for each band, so that a commitment in another band is priced
at its discount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.deal.offers.offer import Offer
from deal_solve.plan.plan import ApiTerm, Plan
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.settlement.api.drawdown import Priced, priced_terms
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

API_CLAUSES = frozenset(
    {"bands", "period", "overage", "unused", "payment", "excess", "ramp", "step_usd", "yearly_minimum"}
)
OFFER_CLAUSES = frozenset(
    {
        "title",
        "terms",
        "discounts",
        "provides",
        "exclusive",
        "api",
        "seats",
        "bundle",
        "price_protection",
        "renewal",
        "renewal_cap",
        "on_the_table",
    }
)
"""Clauses whose cost is worked out here; any other is named where it is in the way."""
MAX_RATIOS = 40
SAME_RATIO = 1e-12


class NotWorkedOut(Exception):
    """Why the cost of other decisions cannot be worked out outside the program."""


@dataclass(frozen=True)
class Period:
    """One commitment period: its months, its contract years, the term it lies in, and whether it is the term's last."""

    months: range
    years: range
    term: int
    is_last: bool

    @property
    def share(self) -> float:
        """What part of the yearly commitments of its contract years falls into it."""
        return len(self.months) / (12 * len(self.years))


@dataclass(frozen=True, eq=False)
class ApiWhatIf:
    """Usage of every band b, period p, ratio j and scenario: `usage_usd` cumulated and `steps`, both (B, P, J, S)."""

    part: ApiPart
    periods: tuple[Period, ...]
    thresholds_usd: tuple[float, ...]
    planned_usd: Mapping[int, float]
    usage_usd: Array
    steps: Array

    @cached_property
    def terms(self) -> dict[int, list[int]]:
        """The contract years of each term."""
        found: dict[int, list[int]] = {}
        for period in self.periods:
            years = found.setdefault(period.term, [])
            years += [year for year in period.years if year not in years]
        return found

    def band(self, term: int) -> int:
        """Return the band of a term at the planned commitment: the highest whose threshold its mean reaches."""
        mean = np.mean([self.planned_usd[year] for year in self.terms[term]])
        reached = [band for band, usd in enumerate(self.thresholds_usd) if usd <= mean + CENT_TOLERANCE_USD]
        if not reached:
            raise NotWorkedOut("the commitment lies below the lowest band")
        return reached[-1]

    def settled(self) -> list[PeriodCost]:
        """Return what every period comes to at the planned commitment."""
        carried, ahead = np.zeros((2, self.usage_usd.shape[-1]))
        found: list[PeriodCost] = []
        for index, period in enumerate(self.periods):
            if found and period.term != self.periods[index - 1].term:
                carried, ahead = np.zeros_like(carried), np.zeros_like(ahead)
            committed = period.share * sum(self.planned_usd[year] for year in period.years)
            band = self.band(period.term)
            usage, steps = self.usage_usd[band, index], self.steps[band, index]
            cost = PeriodCost(committed, usage[-1], carried, ahead, (steps * _above(usage, carried + committed)).sum(0))
            found.append(cost)
            carried = cost.rolled(self.part, period.is_last)
            ahead = np.maximum(ahead + cost.usage_usd - committed, 0.0) * (self.part.excess == "counts_next")
        return found

    def cost(self) -> Array:
        """Return what the agreement costs at the planned commitment, not discounted, (S,)."""
        zero = np.zeros(self.usage_usd.shape[-1])
        each = zip(self.settled(), self.periods, strict=True)
        return sum((cost.usd - cost.rolled(self.part, period.is_last) for cost, period in each), zero)


@dataclass(frozen=True, eq=False)
class PeriodCost:
    """One period at a commitment, USD, arrays (S,): usage, balances from before, the charge for what is uncovered."""

    committed_usd: float
    usage_usd: Array
    carried_usd: Array
    ahead_usd: Array
    overage_usd: Array

    @property
    def shortfall_usd(self) -> Array:
        """The own shortfall: max(0, C - (covered - from carry) - usage counted from before)."""
        covered = np.minimum(self.usage_usd, self.carried_usd + self.committed_usd)
        from_carry = np.minimum(self.usage_usd, self.carried_usd)
        return np.maximum(0.0, self.committed_usd - covered + from_carry - self.ahead_usd)

    @property
    def usd(self) -> Array:
        """What it costs before anything rolls over: covered usage, overage, own shortfall, and the expired balance."""
        covered = np.minimum(self.usage_usd, self.carried_usd + self.committed_usd)
        expired = self.carried_usd - np.minimum(self.usage_usd, self.carried_usd)
        return covered + self.overage_usd + self.shortfall_usd + expired

    def of(self, scenario: int, part: ApiPart, is_last: bool) -> OneScenario:
        """Return the period in one scenario."""
        rolled = float(self.rolled(part, is_last)[scenario])
        return OneScenario(
            usage_usd=float(self.usage_usd[scenario]),
            carried_usd=float(self.carried_usd[scenario]),
            ahead_usd=float(self.ahead_usd[scenario]),
            overage_usd=float(self.overage_usd[scenario]),
            shortfall_usd=float(self.shortfall_usd[scenario]),
            rolled_usd=rolled,
            usd=float(self.usd[scenario]) - rolled,
        )

    def rolled(self, part: ApiPart, is_last: bool) -> Array:
        """Return what rolls over into the next period."""
        if is_last or not isinstance(part.unused, Rollover):
            return np.zeros_like(self.usage_usd)
        return np.minimum(part.unused.rollover * self.shortfall_usd, part.unused.cap * self.committed_usd)


@dataclass(frozen=True)
class OneScenario:
    """One period in one scenario, USD; `usd` is what it costs less what rolls over."""

    usage_usd: float
    carried_usd: float
    ahead_usd: float
    overage_usd: float
    shortfall_usd: float
    rolled_usd: float
    usd: float


def api_what_if(settlement: Settlement, scenarios: ScenarioSet) -> ApiWhatIf:
    """Return the API agreement of a plan for other commitments; raises NotWorkedOut, with the reason, where it cannot.

    `settlement` is that of the plan in these scenarios.
    """
    deal, plan = settlement.deal, settlement.plan
    taken = resolve(deal).taken(plan.api)
    part = taken.api
    refuse_later_signing(deal)
    if plan.later:
        raise NotWorkedOut("a table decides what later terms commit")
    spans = [span for span in taken.spans if not taken.is_at_list(span)]
    if part is None or not any(sum(plan.api.terms[span_index(taken.spans, span)].commitment_usd) for span in spans):
        raise NotWorkedOut("the plan has no API commitment")
    refuse_other_clauses(taken.offer, part)
    periods = tuple(_periods(part, taken.spans, spans))
    stacks = [list(_stacks(settlement, scenarios, periods, band.commit_usd_per_year)) for band in part.bands]
    depth = max(len(usage) for of_band in stacks for usage, _ in of_band)
    if depth > MAX_RATIOS:
        raise NotWorkedOut("the overage rates differ too much from month to month")
    usage, steps = (
        np.array([[_padded(stack[which], depth) for stack in of_band] for of_band in stacks]) for which in (0, 1)
    )
    planned = {
        year: usd
        for span, term in zip(taken.spans, plan.api.terms, strict=True)
        for year, usd in zip(span.years, term.commitment_usd, strict=True)
        if span in spans
    }
    thresholds = tuple(band.commit_usd_per_year for band in part.bands)
    return ApiWhatIf(part, periods, thresholds, planned, usage, steps)


def refuse_later_signing(deal: Deal) -> None:
    """Raise NotWorkedOut where a deal is not signed at its start: an agreement in force reaches into it."""
    if deal.whole is not deal:
        raise NotWorkedOut("the agreement is signed later than the first month")


def refuse_other_clauses(offer: Offer, part: ApiPart) -> None:
    """Raise NotWorkedOut where an offer has a clause that is not worked out here."""
    if part.yearly_minimum is not None:
        raise NotWorkedOut("the offer has a yearly minimum")
    for model, known in ((offer, OFFER_CLAUSES), (part, API_CLAUSES)):
        for name, facts in type(model).model_fields.items():
            if name not in known and getattr(model, name) != facts.get_default(call_default_factory=True):
                raise NotWorkedOut(f"the offer has the clause {name}")


def span_index(spans: tuple[TermSpan, ...], span: TermSpan) -> int:
    """Return the place of a term."""
    return spans.index(span)


def _periods(part: ApiPart, every: tuple[TermSpan, ...], spans: list[TermSpan]) -> Iterator[Period]:
    for span in spans:
        for months in part.periods(range(span.start, span.end)):
            years = range(months[0] // 12, months[-1] // 12 + 1)
            yield Period(months, years, span_index(every, span), months.stop == span.end)


def _stacks(
    settlement: Settlement, scenarios: ScenarioSet, periods: tuple[Period, ...], threshold_usd: float
) -> Iterator[tuple[Array, Array]]:
    """Yield (cumulated usage, steps of the ratio), each (J, S), of every period in the band from this threshold.

    In a band without commitment all usage is charged at contracted rates, whatever is committed.
    """
    deal, plan = settlement.deal, _in_band(settlement.plan, periods, threshold_usd)
    bundle = tuple(tier.api for tier in bundle_tiers(deal, settlement.plan))
    counted = usage_of(deal, settlement.plan, scenarios).counted
    priced = list(priced_terms(deal, plan, scenarios, counted, bundle))
    for period in periods:
        term = priced[period.term]
        start = period.months.start - term.span.start
        items = [item.within(slice(start, start + len(period.months))) for item in term.usage]
        usage, ratio = _laid_out(items, scenarios.size)
        yield _cumulated(usage, ratio if threshold_usd else np.ones_like(ratio))


def _in_band(plan: Plan, periods: tuple[Period, ...], threshold_usd: float) -> Plan:
    """Return a plan whose terms with commitment are in another band, at its threshold."""
    own = {period.term for period in periods}

    def moved(index: int, term: ApiTerm) -> ApiTerm:
        if index not in own:
            return term
        committed = (threshold_usd,) * len(term.commitment_usd)
        return term.model_copy(update={"band_usd_per_year": threshold_usd, "commitment_usd": committed})

    terms = tuple(moved(index, term) for index, term in enumerate(plan.api.terms))
    return plan.model_copy(update={"api": plan.api.model_copy(update={"terms": terms})})


def _laid_out(items: list[Priced], size: int) -> tuple[Array, Array]:
    """Return usage and ratio of every model and month, each (items, S)."""
    if not items:
        return np.zeros((1, size)), np.ones((1, size))
    usage = np.concatenate([item.usage_usd for item in items])
    ratio = np.concatenate([np.broadcast_to(item.ratio, item.usage_usd.shape) for item in items])
    return usage, ratio


def _cumulated(usage: Array, ratio: Array) -> tuple[Array, Array]:
    """Return usage cumulated by falling ratio, and by how much the ratio falls after it, each (J, S)."""
    order = np.argsort(-ratio, axis=0, kind="stable")
    ratio = np.take_along_axis(ratio, order, axis=0)
    usage = np.cumsum(np.take_along_axis(usage, order, axis=0), axis=0)
    steps = ratio - np.concatenate([ratio[1:], np.zeros((1, ratio.shape[1]))])
    steps[steps < SAME_RATIO] = 0.0
    kept = (steps > 0).any(axis=1)
    kept[-1] = True
    return usage[kept], steps[kept]


def _padded(stack: Array, depth: int) -> Array:
    """Return a stack with this many rows, the first ones zero: nothing is charged by them."""
    return np.concatenate([np.zeros((depth - len(stack), stack.shape[1])), stack])


def _above(usage: Array, balance: Array) -> Array:
    return np.maximum(0.0, usage - balance)
