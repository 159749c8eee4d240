"""Payments of a settlement one by one, the months that each is for and when it is paid; what is billed for use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.facts.names import line_title, listed, seats_name, track_name, user_name
from deal_solve.facts.once import once
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.drawdown import YEARLY_MINIMUM
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, is_billed
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import ScenarioSet, each_block

Result = TypeVar("Result")
USAGE_LINES = ("usage", "uncounted_usage", "other_charges")
"""Lines that the API is billed on month by month."""
USED = "API usage"
BEFORE = "before signing and of seats in force"
MINIMUM_USD = 0.5
"""What comes to less is not shown."""
PERIOD_LINES = ("overage", "shortfall")
"""Lines that are settled at the end of a commitment period."""
Key = tuple[str, str, int, int, int]
"""Line, item, first month, last month, and when it is paid."""


def each_part_with_rows(settlement: Settlement, work: Callable[[Settlement], Result]) -> list[Result]:
    """Return what `work` makes of a settlement with its rows: of the whole if it kept them, else block by block."""
    known = _known(settlement)
    ready: list[Result] | None = known.get(work)
    known[work] = None  # parts are large: handed over, not kept
    return ready if ready is not None else _in_one_pass(settlement, (work,))[0]


def each_part(settlement: Settlement, work: Callable[[Settlement], Result]) -> list[Result]:
    """Return what `work`, which reads no rows, makes of a settlement block by block; from a pass with rows if it was
    done there (`go_once_through`).
    """
    if _known(settlement).get(work) is not None:
        return each_part_with_rows(settlement, work)
    return each_block(settlement.scenarios, lambda _, block: work(replace(settlement, scenarios=block)))


def go_once_through(settlement: Settlement, *works: Callable[[Settlement], Any]) -> None:
    """Go through all parts of a settlement with their rows once, for those works that nobody has asked for yet."""
    known = _known(settlement)
    new = [work for work in works if work not in known]
    known.update(zip(new, _in_one_pass(settlement, new) if new else (), strict=True))


@once
def _known(settlement: Settlement) -> dict[Callable[[Settlement], Any], list[Any] | None]:
    return {}


def _in_one_pass(settlement: Settlement, works: Sequence[Callable[[Settlement], Any]]) -> list[list[Any]]:
    """Return, for each work, what it makes of each part of a settlement with its rows; records that wait are kept."""
    if settlement.rows is not None:
        return [[work(settlement)] for work in works]
    waits = settlement.records is None

    def worked(_: int, block: ScenarioSet) -> tuple[Settlement, list[Any]]:
        part = settle(settlement.deal, settlement.plan, block, settlement.order, keep_rows=True)
        kept = replace(settlement, weights=part.weights, records=part.records if waits else None)  # no rows, no block
        return kept, [work(part) for work in works]

    found = each_block(settlement.scenarios, worked)
    if waits:
        settlement.keep_records([part for part, _ in found])
    return [list(made) for made in zip(*(made for _, made in found), strict=True)]


def months_of(settlement: Settlement, row: Row) -> slice:
    """Return the months that a payment is for: overage and unused commitment are for all of their commitment period,
    seats added for the rest of the contract year unless their ratchet is none.
    """
    deal, plan, end = settlement.deal, settlement.plan, row.last + 1
    first = commitment_start(deal, plan, row)
    accrual = LINES[row.line].accrual
    if accrual == "contract_year":
        clause = resolve(deal).seat_of(plan.seats[row.item], row.item, row.year).part.true_up
        if isinstance(clause, TrueUp) and clause.ratchet != "none":
            end = min(first // 12 * 12 + 12, deal.horizon_months)
    return slice(first, end)


def commitment_start(deal: Deal, plan: Plan, row: Row) -> int:
    """Return the first month that a payment is for: that of the commitment period which ends with its last one.

    What usage lacks to a yearly minimum is for the contract year.
    """
    if LINES[row.line].accrual != "commitment_period":
        return row.first
    return row.last // 12 * 12 if row.item == YEARLY_MINIMUM else commitment_period(deal, plan, row).start


def commitment_period(deal: Deal, plan: Plan, row: Row) -> range:
    """Return the months of the commitment period that holds the last month which a payment is charged for."""
    taken = resolve(deal).taken(plan.api)
    span = taken.span_at(row.last)
    return next(months for months in taken.require_api().periods(range(span.start, span.end)) if row.last in months)


def paid_in(row: Row) -> int:
    """Return the month in which a payment falls: what is paid at the end of a month falls in that month."""
    return row.paid - 1 if row.paid > row.last else row.paid


@dataclass(frozen=True)
class Bill:
    """What is billed beside commitments and contracted seats, month by month or in one; expected USD, not discounted.

    `paid` is the month in which the first is paid, at its end or (`is_at_end` false) at its start, `first_usd` how much
    that is; `invoices` how many there are, `usd` what they come to; `item` what is billed, in a few words. Usage grows
    and falls, so that they are not equal.
    """

    paid: int
    is_at_end: bool
    usd: float
    first_usd: float
    invoices: int
    item: str
    what: str


@once
def expected_rows(settlement: Settlement) -> dict[Key, float]:
    """Return the expected amount of every payment, not discounted."""
    found: dict[Key, float] = {}
    for key, usd in (each for part in each_part_with_rows(settlement, expected_of) for each in part):
        found[key] = found.get(key, 0.0) + usd
    return found


def expected_of(part: Settlement) -> list[tuple[Key, float]]:
    """Return the expected amount of every payment in a part of a settlement, not discounted."""
    weights = part.weights
    return [
        (
            (row.line, row.item, row.first, row.last, row.paid),
            float(weights @ np.broadcast_to(row.amount, weights.shape)),
        )
        for row in part.rows or ()
    ]


def seats_usd(settlement: Settlement, seat_type: str, contract_year: int) -> float:
    """Return the expected fees of a seat type for a contract year."""
    rows = expected_rows(settlement).items()
    return sum(
        usd for (line, item, _, last, _), usd in rows if (line, item, last // 12) == ("seats", seat_type, contract_year)
    )


def bills(settlement: Settlement) -> Iterator[Bill]:
    """Yield all that is paid beside commitments, contracted seats, projects and cloud shortfalls, each as it falls due.

    What is billed month by month for one contract year is together; what ends a commitment period is in one.
    """
    by_label: dict[tuple[str, str, bool], dict[int, float]] = {}
    at_end: dict[int, dict[str, float]] = {}
    months: dict[int, str] = {}
    before: dict[tuple[str, bool], dict[int, float]] = {}
    deal, plan = settlement.deal, settlement.plan
    for (line, item, first, last, paid), usd in expected_rows(settlement).items():
        row = Row(line, item, 1, usd, paid, first, last)
        month, is_at_end = paid_in(row), paid > last
        if line in PERIOD_LINES:
            title, period = line_title(deal, plan, line), at_end.setdefault(month, {})
            period[title] = period.get(title, 0.0) + usd
            months[month] = deal.span(commitment_start(deal, plan, row), last + 1)
        elif line == "before" and is_billed(line, item):
            by_month = before.setdefault((item, is_at_end), {})
            by_month[month] = by_month.get(month, 0.0) + usd
        elif label := _label(deal, plan, line, item, last // 12):
            by_month = by_label.setdefault((*label, is_at_end), {})
            by_month[month] = by_month.get(month, 0.0) + usd
    for (item, of, is_at_end), amounts in by_label.items():
        for run in _runs(amounts):
            pace = ", billed monthly" if len(run) > 1 else ""
            what = f"{item}{of}{pace}{' in arrears' * bool(pace and item == USED)} (expected)"
            yield _bill(run, is_at_end, item, what)
    for month, by_title in at_end.items():
        names = [title for title, usd in by_title.items() if usd >= MINIMUM_USD]
        if names:
            item = listed(names)
            yield _bill({month: sum(by_title.values())}, True, item, f"{item}, {months[month]} (expected)")
    for (item, is_at_end), amounts in before.items():
        for run in _runs(amounts):
            pace = ", billed monthly" if len(run) > 1 else ""
            whose = "of the months before signing" if max(run) < (0 if is_at_end else 1) else BEFORE
            yield _bill(run, is_at_end, item, f"{item}, {whose}{pace} (expected)")


def _label(deal: Deal, plan: Plan, line: str, item: str, year: int) -> tuple[str, str] | None:
    """Return what a payment is for and of which contract year, in words; None for what is no bill."""
    of = f" of contract year {year + 1}"
    if line in USAGE_LINES:
        return USED, of
    match line:
        case "true_up":
            return f"{seats_name(deal, item)} added by true-up", of
        case "extra_usage":
            return f"usage of {user_name(deal, item)} beyond the allowance of seats", f",{of}"
        case "seats" if item in plan.seats and not plan.seats[item].contracted[year]:
            return f"{seats_name(deal, item)} without a contract", of
        case "build" | "run":
            word = "building" if line == "build" else "running"
            return f"{word} {track_name(deal, item)}", f",{of}" if line == "run" else ""
        case "credit" | "fee":
            return LINES[line].title, f",{of}"
    return None


def _runs(amounts: dict[int, float]) -> Iterator[dict[int, float]]:
    """Yield what is paid in months one after the other; what comes to nothing is left out."""
    run: dict[int, float] = {}
    for paid, usd in sorted(amounts.items()):
        if abs(usd) < MINIMUM_USD:
            continue
        if run and paid != max(run) + 1:
            yield run
            run = {}
        run[paid] = usd
    if run:
        yield run


def _bill(run: dict[int, float], is_at_end: bool, item: str, what: str) -> Bill:
    first = min(run)
    return Bill(first, is_at_end, sum(run.values()), run[first], len(run), item, what)
