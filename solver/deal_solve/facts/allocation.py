"""Who pays: every line of cost to the workloads and cohorts that cause it, scenario by scenario (model §7).

What is somebody's own goes to them: usage, other charges, projects, users left unserved. A commitment, its overage and
what of it is forfeited are in proportion to counted usage at today's list in their commitment period, else in their
contract year. Seats, true-ups and tools go by the users on the track in the months that are charged, else in their
contract year, else equally to the cohorts that take it. What nobody causes is divided equally among all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import Deal
from deal_solve.facts.accrual import commitment_period, commitment_start, each_part_with_rows
from deal_solve.facts.once import once
from deal_solve.facts.summary import Range, YearRange, spread
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_tables import plans_of
from deal_solve.record import Record
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.seats.seat_plans import served
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.settlement.usage import Usage, usage_by_user
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

if TYPE_CHECKING:
    import pandas as pd

Weights = Mapping[str, Array]
"""By workload or cohort, (S,): what a payment is in proportion to."""
BEFORE = "before signing"
"""Stands for the months before the month of signing, and for seats in force that outlast it."""
Costs = dict[tuple[str, str, int], Array]
"""By workload or cohort, line and contract year: dollars, discounted, (S,)."""


@dataclass(frozen=True)
class Payer(Record):
    """Who causes a cost."""

    kind: Annotated[
        Literal["workload", "cohort", "cloud", "before"],
        Field(
            description="software, people, a cloud commitment, whose shortfall nobody here causes, or what is paid "
            "before signing and for seats in force, which no plan decides"
        ),
    ]
    name: Annotated[str, Field(description="its name in the file")]


@dataclass(frozen=True)
class PayerLine(Payer):
    """One line of what somebody causes."""

    line: Annotated[str, Field(description="one of the lines")]


@dataclass(frozen=True)
class AllocatedLine(YearRange, PayerLine):
    """One line of cost of a workload or cohort in a contract year, discounted."""


@dataclass(frozen=True)
class AllocatedYear(YearRange, Payer):
    """All lines of a workload or cohort in a contract year, discounted."""


@dataclass(frozen=True)
class AllocatedTotal(Range, Payer):
    """All lines of a workload or cohort over the horizon, discounted; or what is paid before signing."""


@dataclass(frozen=True)
class Allocation(Record):
    """What each workload and cohort costs; expectations add up to the expected cost of the plan, P10 and P90 do not."""

    lines: Annotated[Table[AllocatedLine], Field(description="by line and contract year, without what costs nothing")]
    years: Annotated[Table[AllocatedYear], Field(description="by contract year")]
    totals: Annotated[Table[AllocatedTotal], Field(description="over the horizon, the workloads first")]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per workload or cohort, line and contract year."""
        return self.lines.to_frame()


@once
def allocate(settlement: Settlement) -> Allocation:
    """Return every line of cost by workload and cohort and contract year: expected, P10 and P90, discounted.

    What is paid for the months before the month of signing, and for seats in force, is not divided: it is one of the
    totals, and one of the years in those whose months seats in force are for. What a cloud commitment lacks in a year
    that ends before the month of signing is in its total alone.
    """
    parts = [part for parts in each_part_with_rows(settlement, allocated) for part in parts]
    weights = np.concatenate([own for own, _ in parts])
    nothing = [np.zeros(len(own)) for own, _ in parts]

    def joined(key: tuple[str, str, int]) -> Array:
        return np.concatenate([costs.get(key, none) for (_, costs), none in zip(parts, nothing, strict=True)])

    keys = {key for _, costs in parts for key, usd in costs.items() if usd.any()}
    earlier = sorted(key for key in keys if key[2] < 0)
    deal, lines = settlement.deal, list(LINES)
    payers = {name: Payer("workload", name) for name in deal.workloads}
    payers |= {name: Payer("cohort", name) for name in deal.cohorts}
    payers |= {cloud_payer(name): Payer("cloud", name) for name in deal.cloud_commitments}
    rows, years, totals = [], [], []
    for key, payer in payers.items():
        name = payer.name
        whole = sum((joined(each) for each in earlier if each[0] == key), np.zeros(len(weights)))
        for year in range(deal.years):
            of_year = np.zeros(len(weights))
            for line in lines:
                if (key, line, year) in keys:
                    usd = joined((key, line, year))
                    of_year += usd
                    found = asdict(spread(usd, weights))
                    rows.append(AllocatedLine(payer.kind, name, line, **found, contract_year=year))
            whole += of_year
            years.append(AllocatedYear(payer.kind, name, **asdict(spread(of_year, weights)), contract_year=year))
        totals.append(AllocatedTotal(payer.kind, name, **asdict(spread(whole, weights))))
    before = {key[2]: joined(key) for key in sorted(keys) if key[0] == BEFORE}
    years += [
        AllocatedYear("before", BEFORE, **asdict(spread(usd, weights)), contract_year=year)
        for year, usd in before.items()
        if year >= 0
    ]
    if before:
        usd = sum(before.values(), np.zeros(len(weights)))
        totals.append(AllocatedTotal("before", BEFORE, **asdict(spread(usd, weights))))
    return Allocation(Table(rows), Table(years), Table(totals))


def allocated(part: Settlement) -> list[tuple[Array, Costs]]:
    """Return the weights and costs of a part of a settlement, on each path through the tables."""
    deal, parts = part.deal, [part]
    if part.plan.later:
        paths = plans_of(deal, part.plan, part.scenarios.in_memory())
        parts = [settle(deal, plan, own, part.order, keep_rows=True) for plan, own in paths]
    causes = [_Causes(deal, own.plan, served(deal, own.plan, own.scenarios.in_memory())[0]) for own in parts]
    return [(own.weights, each.costs(own.rows or ())) for own, each in zip(parts, causes, strict=True)]


@dataclass(frozen=True, eq=False)
class _Causes:
    """What payments of a plan are in proportion to, in S scenarios."""

    deal: Deal
    plan: Plan
    scenarios: ScenarioSet

    @property
    def everybody(self) -> tuple[str, ...]:
        """All workloads and cohorts."""
        return (*self.deal.workloads, *self.deal.cohorts)

    @cached_property
    def usage(self) -> dict[str, Usage]:
        """API usage of each workload and cohort."""
        return usage_by_user(self.deal, self.plan, self.scenarios)

    @cached_property
    def counted(self) -> dict[str, Array]:
        """Counted usage of all models at today's list, (H, S), of those that have any."""
        return {name: _sum_of([*own.counted.values()]) for name, own in self.usage.items() if own.counted}

    @cached_property
    def _in_span(self) -> dict[tuple[int, int], Weights]:
        """Counted usage by first month and end, as far as it has been asked for."""
        return {}

    def counted_in(self, months: slice) -> Weights:
        """Return counted usage of all models in some months, (S,)."""
        key = months.start, months.stop
        if key not in self._in_span:
            self._in_span[key] = {name: _in_months(usd, months) for name, usd in self.counted.items()}
        return self._in_span[key]

    def costs(self, rows: Iterable[Row]) -> Costs:
        """Return what every posting comes to, discounted, by who causes it."""
        costs: Costs = {}

        def charge(key: tuple[str, str, int], usd: Array) -> None:
            if key in costs:
                np.add(costs[key], usd, out=costs[key])
            else:
                costs[key] = usd

        for row in rows:
            present = np.broadcast_to(row.amount * self.deal.discount(row.paid), (self.scenarios.size,))
            if row.line == "before":
                for year, part in _years_of(row).items():
                    charge((BEFORE, row.line, year), part * present)
                continue
            for name, usd in self.divided(row, present).items():
                charge((name, row.line, row.year), usd)
        return costs

    def divided(self, row: Row, usd: Array) -> Weights:
        """Return what each workload and cohort bears of a posting that comes to so much, (S,)."""
        tiers, equally = RULES[row.line](self, row)
        left = np.ones(self.scenarios.size)
        found: dict[str, Array] = {}
        for weights in (*tiers, dict.fromkeys(equally or self.everybody, np.ones(self.scenarios.size))):
            total = _sum_of([*weights.values()] or [np.zeros(self.scenarios.size)])
            if not found and total.min() > 0:  # as nearly always: nothing is left for another tier
                per_unit = usd / total
                return {name: own * per_unit for name, own in weights.items()}
            here = np.where(total > 0, left, 0.0)
            for name, own in weights.items():
                found[name] = found.get(name, 0.0) + here * own / np.where(total > 0, total, 1.0) * usd
            left = left - here
            if not left.any():
                break
        return found

    def takers(self, track: str, year: int) -> tuple[str, ...]:
        """Return the cohorts that take a track in a contract year, else those that ever do."""
        tracks = self.plan.tracks
        now = tuple(name for name in self.deal.cohorts if tracks[name][year] == track)
        return now or tuple(name for name in self.deal.cohorts if track in tracks[name])

    def users(self, track: str, months: Iterable[int]) -> Weights:
        """Return user-months on a track by cohort."""
        found: dict[str, list[Array]] = {}
        for month in months:
            for name in self.deal.cohorts:
                if self.plan.tracks[name][month // 12] == track:
                    found.setdefault(name, []).append(self.scenarios.users[name][month])
        return {name: _sum_of(users) for name, users in found.items()}


Tiers = tuple[Iterator[Weights], Sequence[str]]
"""What a posting is in proportion to, each tier where the one before is 0; then who bears it in equal parts."""


def _years_of(row: Row) -> dict[int, float]:
    """Return the contract years whose months a payment for seats in force is for, each with its share of the months.

    -1 is what is for the months before signing.
    """
    months = range(row.first, row.last + 1)
    years = Counter(max(month // 12, -1) for month in months)
    return {year: count / len(months) for year, count in years.items()}


def cloud_payer(name: str) -> str:
    """Return who bears what a cloud commitment lacks, apart from a workload or cohort of the same name."""
    return f"cloud {name}"


def _sum_of(arrays: Sequence[Array]) -> Array:
    """Return the sum of one array or more of the same shape; of one it is the array itself."""
    if len(arrays) < 2:
        return arrays[0]
    total = arrays[0] + arrays[1]
    for each in arrays[2:]:
        total += each
    return total


def _in_months(usd: Array, months: slice) -> Array:
    """Return the sum of some months of an array (H, S), (S,)."""
    return usd[months.start] if months.stop - months.start == 1 else np.asarray(usd[months].sum(axis=0))


def _own(name: str) -> Tiers:
    return iter(()), (name,)


def _by_model(kind: Literal["counted", "uncounted"]) -> Callable[[_Causes, Row], Tiers]:
    """In proportion to usage of the model of a posting in its months."""

    def rule(causes: _Causes, row: Row) -> Tiers:
        used = {name: getattr(own, kind).get(row.item) for name, own in causes.usage.items()}
        months = slice(row.first, row.last + 1)
        return iter(({name: _in_months(usd, months) for name, usd in used.items() if usd is not None},)), ()

    return rule


def _by_period(causes: _Causes, row: Row) -> Tiers:
    """In proportion to counted usage of the commitment period, else of the contract year."""
    first = commitment_start(causes.deal, causes.plan, row)
    year = slice(12 * row.year, 12 * row.year + 12)
    spans = (slice(first, row.last + 1), year)
    return map(causes.counted_in, spans), ()


def _by_whole_period(causes: _Causes, row: Row) -> Tiers:
    """In proportion to counted usage of the commitment period that holds the month of a posting, else of its year."""
    months = commitment_period(causes.deal, causes.plan, row)
    spans = (slice(months.start, months.stop), slice(12 * row.year, 12 * row.year + 12))
    return map(causes.counted_in, spans), ()


def _by_users(causes: _Causes, row: Row) -> Tiers:
    """In proportion to users on the track of a posting in its months, else in its contract year."""
    spans = (range(row.first, row.last + 1), causes.deal.months_of(row.year))
    return (causes.users(row.item, months) for months in spans), causes.takers(row.item, row.year)


RULES: dict[str, Callable[[_Causes, Row], Tiers]] = {
    "commitment": _by_period,
    "usage": _by_model("counted"),
    "overage": _by_period,
    "shortfall": _by_period,
    "credit": _by_whole_period,
    "uncounted_usage": lambda causes, row: _own(row.user) if row.user else _by_model("uncounted")(causes, row),
    "other_charges": lambda _, row: _own(row.item),
    "seats": _by_users,
    "true_up": _by_users,
    "extra_usage": lambda _, row: _own(row.item),
    "refused_usage": lambda _, row: _own(row.item),
    "projects": lambda _, row: _own(row.item.partition(" ")[0]),
    "build": _by_users,
    "run": _by_users,
    "unserved": lambda _, row: _own(row.item),
    "fee": lambda causes, row: RULES[row.fee_of](causes, replace(row, line=row.fee_of)),
    "cloud_shortfall": lambda _, row: _own(cloud_payer(row.item)),
}
"""Who bears each line; what is paid before the month of signing nobody does (`BEFORE`)."""
