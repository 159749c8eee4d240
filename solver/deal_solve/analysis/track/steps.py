"""What to do about a signed deal: now, before its dates, and at the renewal, each with what is at stake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from deal_solve.analysis.track.clouds import CloudPosition, cloud_positions
from deal_solve.analysis.track.held import seats_end
from deal_solve.analysis.track.outlook import Outlook
from deal_solve.analysis.track.spent import SpentLine
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.facts.calendar import calendar
from deal_solve.facts.decisions import deal_in_a_line
from deal_solve.messages import counted
from deal_solve.optimise.solution import Solution
from deal_solve.record import Record
from deal_solve.report.position import is_drawn
from deal_solve.report.text import whole_money
from deal_solve.settlement.in_force.position import Position, SeatPosition
from deal_solve.settlement.settle import Settlement

NOW = "now"
LIKELY = 0.5
"""Above this probability something is acted on now, below it watched."""
SMALL = 0.01
"""A share of the balance below which nothing is done about it."""


@dataclass(frozen=True)
class Task(Record):
    """One thing to do, or to ask for."""

    when: Annotated[str, Field(description="now, or the month YYYY-MM in which it falls due")]
    what: Annotated[str, Field(description="what to do, in words")]
    usd: Annotated[float | None, Field(description="what is expected to be at stake, USD; null: it is not in dollars")]


def steps(
    signed: Settlement, position: Position, outlook: Outlook, total: SpentLine, best: Solution
) -> tuple[Task, ...]:
    """Return what to do now, what falls due before the agreement ends, and what to ask for then, in order of time.

    `total` is all usage since signing against the plan.
    """
    found = [*_balance(position, outlook), *_off_plan(total), *_true_up(outlook), *_dates(signed, best)]
    ends = {each.seat_type: seats_end(signed, each.seat_type) for each in position.seats}
    found += [step for cloud in cloud_positions(best) for step in _cloud(cloud)]
    found += [step for seats in position.seats for step in _seats(ends[seats.seat_type], seats, best)]
    found += [
        _seats_end(position, ends[each.seat_type], each)
        for each in position.seats
        if ends[each.seat_type] != position.ends
    ]
    found.append(_renewal(signed, position, best))
    return tuple(sorted(found, key=lambda step: "" if step.when == NOW else step.when))


def _balance(position: Position, outlook: Outlook) -> Iterator[Task]:
    """Yield what to do about the balance; where overage is at contracted rates, more commitment saves nothing."""
    surcharge = outlook.overage_surcharge_usd
    if surcharge > CENT_TOLERANCE_USD and position.exhausted_probability > LIKELY and position.exhausted:
        out = "has run out" if is_drawn(position) else f"runs out in {position.exhausted}"
        ask = f"the balance {out}, and overage costs more than contracted rates by"
        yield Task(NOW, f"ask for more commitment at the contracted rate: {ask}", surcharge)
    lost = position.expected_forfeited_usd
    if lost > SMALL * position.balance_usd and outlook.forfeited_probability > LIKELY:
        ask = "ask that what is not drawn rolls over, or counts for the renewal"
        yield Task(NOW, f"move usage onto the commitment before {position.ends}, and {ask}", lost)


def _off_plan(total: SpentLine) -> Iterator[Task]:
    """Yield what to do about usage outside of the plan's P10 to P90 of the days measured."""
    if total.came_usd > total.p90_usd + SMALL * total.expected_usd:
        over = f"usage costs {whole_money(total.came_usd)}, more than the plan's P90 of {whole_money(total.p90_usd)}"
        ask = "route, cache and batch as it has it, or ask what is no longer so"
        what = f"{over}: {ask}; above its expected {whole_money(total.expected_usd)}"
        yield Task(NOW, what, total.came_usd - total.expected_usd)
    elif total.came_usd < total.p10_usd - SMALL * total.expected_usd:
        under = f"usage costs {whole_money(total.came_usd)}, less than the plan's P10 of {whole_money(total.p10_usd)}"
        ask = "ask whether it is late, or will not come"
        what = f"{under}: {ask}; below its expected {whole_money(total.expected_usd)}"
        yield Task(NOW, what, total.expected_usd - total.came_usd)


def _cloud(cloud: CloudPosition) -> Iterator[Task]:
    if cloud.shortfall_usd > SMALL * cloud.committed_usd and cloud.shortfall_probability > LIKELY:
        what = (
            f"the commitment to {cloud.cloud} will lack spend in {cloud.ends}: bring other spend or purchases forward"
        )
        yield Task(NOW, what, cloud.shortfall_usd)


def _true_up(outlook: Outlook) -> Iterator[Task]:
    if outlook.true_up_month is not None:
        yield Task(outlook.true_up_month, "seats above the licensed ones are charged", outlook.true_up_usd)


def _seats(ends: str, seats: SeatPosition, best: Solution) -> Iterator[Task]:
    idle, above = seats.licensed - seats.expected_active, seats.expected_active - seats.contracted
    if idle >= 1:
        held = f"{counted(seats.licensed, 'seat')} of {seats.seat_type}: {counted(round(idle), 'seat')} idle"
        renewed = best.plan.seats.get(seats.seat_type)
        is_fewer = renewed is None or renewed.contracted[0] < seats.licensed
        renewal = f"renew fewer in {ends}" if is_fewer else f"keep them: they are in use by {ends}"
        yield Task(NOW, f"{held}; give them to who waits, and {renewal}", None)
    elif above >= 1:
        more = f"{counted(round(above), 'active user')} of {seats.seat_type} above what is contracted"
        yield Task(NOW, f"{more}: ask for them at the contracted price before they are counted", None)


def _seats_end(position: Position, ends: str, seats: SeatPosition) -> Task:
    """Return what to do where seats end in another month than the API, in which the deal from here on is signed."""
    what = f"the {counted(seats.licensed, 'seat')} of {seats.seat_type} end here, the API in {position.ends}"
    return Task(ends, f"{what}: renew them for their own term, or ask for one end for both", None)


def _dates(signed: Settlement, best: Solution) -> Iterator[Task]:
    """Yield the dates of notice and negotiation that are still ahead."""
    start = best.settlement.deal.whole.start
    for event in calendar(signed):
        if event.kind in ("notice", "negotiation") and event.day >= start:
            yield Task(f"{event.day:%Y-%m}", event.what, None)
            return


def _renewal(signed: Settlement, position: Position, best: Solution) -> Task:
    month = best.settlement.deal.start
    next_one, before = deal_in_a_line(best.settlement), deal_in_a_line(signed)
    what = f"ask for the same again: {before}" if next_one == before else f"ask for {next_one}; signed was {before}"
    return Task(max(f"{month:%Y-%m}", position.ends), what, None)
