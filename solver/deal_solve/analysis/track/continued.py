"""What a deal file counts from its start, counted on from a later one: adoption, growth, events, limits, what is paid.

A cohort keeps its first month, so that its people go on growing and adopting. What cannot be continued is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band
from deal_solve.settlement.seats.tracks import months_in_use
from deal_solve.settlement.settle import Settlement

Data = dict[str, Any]
MONTHS_PER_YEAR = 12


def continue_in(data: Data, deal: Deal, signed: Settlement, found: MeasureResult, now: int) -> Iterator[str]:
    """Move all that `data`, the deal as written, counts from its start to month `now` of the signed one.

    `deal` is the same file, read. Yields in a line each what could not be moved as it is.
    """
    moved = _Moved(data, deal, signed.deal.whole.month(signed.deal.calendar(now)), frozenset(found.daily or {}))
    yield from _workloads(moved)
    yield from _cohorts(moved)
    yield from _events(moved)
    yield from _limits(moved)
    _prices(moved)
    _paid(data, signed, now)


class _Moved:
    """The data of a deal that begins `now` months later, and which of its workloads are measured."""

    def __init__(self, data: Data, deal: Deal, now: int, measured: frozenset[str]) -> None:
        self.data, self.deal, self.now, self.measured = data, deal, now, measured

    def since(self, begun: int) -> str:
        """Return a month of the old deal as YYYY-MM."""
        return f"{self.deal.calendar(begun):%Y-%m}"


def _workloads(moved: _Moved) -> Iterator[str]:
    """Begin what runs already; what was not measured is at what it has grown to."""
    for name, work in moved.deal.workloads.items():
        written, begun = moved.data["workloads"][name], moved.deal.month(work.starts)
        if begun > moved.now:
            continue
        written.pop("starts", None)
        if name in moved.measured:
            continue
        field, volume = work.volume
        written[field] = _grown(volume, work.growth_per_year, moved.now - begun)
        if not work.growth_per_year.is_certain:
            yield f"workloads.{name}: not measured; it goes on from what it grew to since {moved.since(begun)} at P50"


def _cohorts(moved: _Moved) -> Iterator[str]:
    """Keep when people began; what each of them asks for is at what it has grown to."""
    for name, cohort in moved.deal.cohorts.items():
        written, use = moved.data["cohorts"][name], cohort.use
        if moved.deal.month(cohort.starts) < moved.now:
            written["starts"] = moved.since(moved.deal.month(cohort.starts))
        if use is not None:
            written["use"]["requests_per_user_month"] = _grown(
                use.requests_per_user_month, use.growth_per_year, moved.now
            )
            if not use.growth_per_year.is_certain:
                yield f"cohorts.{name}.use: goes on from what it grew to since {moved.since(0)} at P50"


def _grown(level: Band, growth_per_year: Band, months: int) -> dict[str, float]:
    """Return a level after some months of the median growth."""
    factor = (1 + growth_per_year.p50) ** (months / MONTHS_PER_YEAR)
    return {"p10": level.p10 * factor, "p50": level.p50 * factor, "p90": level.p90 * factor}


def _events(moved: _Moved) -> Iterator[str]:
    """Leave out what has shown in the usage that was measured, and shorten the delay of what has not begun yet."""
    for name, event in moved.deal.uncertainty.events.items():
        written = moved.data["uncertainty"]["events"]
        is_over = event.factor == 1 or moved.deal.month(event.from_month) < moved.now
        seen = [each for each in event.workloads if each in moved.measured]
        left = [each for each in event.workloads if each not in seen or not is_over]
        if is_over and seen:
            yield f"uncertainty.events.{name}: what was measured of {', '.join(seen)} shows whether it came; left out"
        if not left:
            del written[name]
            continue
        written[name]["workloads"] = left
        begun = {each: moved.deal.month(moved.deal.workloads[each].starts) for each in left}
        late = {each: _delay(event.delay_months, month, moved.now, each in seen) for each, month in begun.items()}
        if event.delay_months:
            written[name]["delay_months"] = max(late.values())
        if len(set(late.values())) > 1:
            yield f"uncertainty.events.{name}: delays all of {', '.join(left)} by the longest delay that is left"


def _delay(months: int, begun: int, now: int, is_measured: bool) -> int:
    """Return what is left of a delay: nothing of what was measured, all of what is to begin later."""
    return 0 if is_measured else max(months + min(begun - now, 0), 0)


def _limits(moved: _Moved) -> Iterator[str]:
    """Leave out limits on contract years: those of what is signed next are others."""
    kept = []
    for index, limit in enumerate(moved.deal.limits):
        if limit.contract_year is None:
            kept.append(moved.data["limits"][index])
        else:
            yield f"limits[{index}]: is about a contract year of what is signed; left out of the deal from here on"
    if moved.deal.limits:
        moved.data["limits"] = kept


def _prices(moved: _Moved) -> None:
    """Leave out the yearly changes of list prices of years that are over."""
    for name, changes in moved.deal.uncertainty.list_price_change_per_year.items():
        if len(changes) > 1:
            written = moved.data["uncertainty"]["list_price_change_per_year"]
            written[name] = written[name][min(moved.now // MONTHS_PER_YEAR, len(changes) - 1) :]


def _paid(data: Data, signed: Settlement, now: int) -> None:
    """Take what is bought once and was, as paid: projects, and the building of tools that are in use."""
    for name, bought in signed.plan.projects.items():
        for project in bought:
            data["workloads"][name]["projects"][project]["usd"] = 0
    for name in signed.deal.internal_tools:
        months = months_in_use(signed.deal, signed.plan, name)
        if months and months[0] < now:
            data["internal_tools"][name]["build_usd"] = 0
    for work in data.get("workloads", {}).values():
        for project in work.get("projects", {}).values():
            project["ready_month"] = max(int(project.get("ready_month", 0)) - now, 0)
