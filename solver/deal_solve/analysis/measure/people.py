"""From rows to cohorts: seats assigned, users active, and what people use."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from deal_solve.analysis.measure.growth import DAYS_PER_MONTH
from deal_solve.analysis.measure.workloads import INPUT, WRITES
from deal_solve.exports.read import Exports
from deal_solve.exports.row import Quantity
from deal_solve.exports.uses import named
from deal_solve.record import Record


@dataclass(frozen=True, kw_only=True)
class MeasuredPeople(Record):
    """People with seats as measured."""

    assigned: Annotated[int, Field(description="seats assigned on the last day")]
    active_now: Annotated[float, Field(description="share of them that was active in the last week")]
    active_p10: Annotated[float, Field(description="10 % quantile of the weekly share over the days measured")]
    active_p90: Annotated[float, Field(description="90 % quantile of it")]
    requests_per_user_month: Annotated[float | None, Field(description="of an active user; null: no usage of people")]
    input_tokens: Annotated[float, Field(description="mean input tokens of a request")]
    output_tokens: Annotated[float, Field(description="mean output tokens of a request")]
    cache_share: Annotated[float, Field(description="share of the input read from or written to the cache")]
    hit_rate: Annotated[float, Field(description="share of that which was read")]
    models: Annotated[tuple[str, ...], Field(description="models that answered, most tokens first")]

    @property
    def idle(self) -> float:
        """Seats that nobody used in the last week."""
        return self.assigned * (1 - self.active_now)


def measured_people(exports: Exports) -> MeasuredPeople | None:
    """Return the people of exports; None where no export says how many seats are assigned."""
    days = [each for each in exports.seats if each.assigned]
    if not days:
        return None
    shares = np.array(
        [(each.active_week or each.active_month or each.active_day or 0) / (each.assigned or 1) for each in days]
    )
    shares = np.minimum(shares, 1.0)
    assigned = days[-1].assigned or 0
    totals: defaultdict[Quantity, int] = defaultdict(int)
    models: defaultdict[str, int] = defaultdict(int)
    users: set[str] = set()
    for place, row in exports.used.rows():
        if place.is_of_people:
            for quantity, amount in named(row):
                totals[quantity] += amount
            models[place.model or ""] += sum(row)
            users |= {place.user} if place.user else set()
    entered, written = sum(totals[each] for each in INPUT), sum(totals[each] for each in WRITES)
    cached, requests = totals["cache_read"] + written, totals["requests"]
    active = len(users) or assigned * float(shares[-1]) or 1.0
    return MeasuredPeople(
        assigned=assigned,
        active_now=float(shares[-1]),
        active_p10=float(np.quantile(shares, 0.1)),
        active_p90=float(np.quantile(shares, 0.9)),
        requests_per_user_month=requests / active / exports.days * DAYS_PER_MONTH if requests else None,
        input_tokens=entered / requests if requests else 0.0,
        output_tokens=totals["output"] / requests if requests else 0.0,
        cache_share=cached / entered if entered else 0.0,
        hit_rate=totals["cache_read"] / cached if cached else 0.0,
        models=tuple(sorted(models, key=lambda name: -models[name])),
    )
