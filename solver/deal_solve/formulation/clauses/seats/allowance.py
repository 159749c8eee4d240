"""The allowance of seats: usage beyond the dollars that a seat includes (model §5; formulation §3).

U_j ≥ f_j · V[c,t](x) - a · A[c,t] · n[c,y]           each user alone: per class of users j, at s_j
U ≥ Σ_c V[c,t](x) - a · Σ_c A[c,t] · n[c,y]           pooled: over the cohorts on the seat type

In each month and scenario; n are the cohort's tracks as in `people`, A the users that are served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deal_solve.deal.allowance import Allowance
from deal_solve.deal.deal import Deal
from deal_solve.formulation.clauses.api.drawdown_cost import DrawdownCost
from deal_solve.formulation.clauses.offers import SeatCandidate, channel_of_seats
from deal_solve.formulation.clauses.routing import OTHER, Routing
from deal_solve.formulation.model.expression import Expression, Variable
from deal_solve.formulation.model.per_scenario import Who, cohort_of
from deal_solve.formulation.model.period import Period
from deal_solve.formulation.model.program import Due, Program, equal_columns
from deal_solve.formulation.model.rate_groups import Item, RateGroups
from deal_solve.plan.resolved import resolve


class Included(NamedTuple):
    """Users whose usage counts against an allowance, in so far as they are on the seat."""

    who: Who
    on: Variable


class _Pool(NamedTuple):
    """Users whose usage is beyond the allowance together, `factor` times it, and what a dollar of it costs."""

    users: Sequence[Included]
    factor: float
    usd: float
    is_refused: bool


def extra_usage(
    program: Program, deal: Deal, routing: Routing, at: tuple[SeatCandidate, int], users: Sequence[Included]
) -> None:
    """Charge usage beyond the allowance of a candidate seat agreement at the end of each month of a contract year."""
    candidate, year = at
    allowance = resolve(deal).seat(candidate, candidate.seat_type).allowance
    if allowance is None:
        return
    directly, channelled = program, program.through(channel_of_seats(deal, candidate))
    for pool in _pools(deal, allowance, users):
        program = directly if pool.is_refused else channelled
        beyond = {
            month: _beyond(program, routing, pool, allowance.usd_per_user_month, month)
            for month in deal.months_of(year)
        }
        if program.by_cuts:
            none = program.linear(Expression())
            periods = [Period(found, [pool.usd], none, (month + 1, month)) for month, found in beyond.items()]
            line = "refused_usage" if pool.is_refused else "extra_usage"
            program.recur(DrawdownCost(periods, arrears=False, line=line), 12 * year)
            continue
        for month, found in beyond.items():
            _rows(program, pool, month, found)


def _pools(deal: Deal, allowance: Allowance, users: Sequence[Included]) -> Iterator[_Pool]:
    """Yield all users together if pooled, else every class of users of a cohort alone."""
    is_refused = allowance.beyond == "blocked"
    if allowance.pooled:
        yield _Pool(users, 1.0, allowance.usd_per_extra_usd, is_refused)
        return
    for one in users:
        use = deal.cohorts[cohort_of(one.who)].use
        classes = [(each.share, each.factor) for each in use.spread] if use and use.spread else [(1.0, 1.0)]
        for share, factor in classes:
            yield _Pool([one], factor, share * allowance.usd_per_extra_usd, is_refused)


def _beyond(program: Program, routing: Routing, pool: _Pool, usd_per_user: float, month: int) -> RateGroups:
    """Return f · V - a · A · n of a month, V at the list prices of the month, in money units."""
    sums = program.sums
    used, requests, served = sums.used(tuple(one.who for one in pool.users), month)
    items = []
    for one in pool.users:
        for usage in routing.included.get(one.on, []):
            if usage.epoch.start <= month < usage.epoch.end:
                index = 1.0 if usage.family == OTHER else sums.index[usage.family][month]
                place, per = usage.variable.place, pool.factor * usage.per_request
                items.append(Item(place, requests[usage.user, usage.basis], per, index))
        items.append(Item(one.on.place, served[one.who], -program.usd(usd_per_user)))
    return RateGroups(used, items)


def _rows(program: Program, pool: _Pool, month: int, beyond: RateGroups) -> None:
    """Add U >= f · V - a · A · n in each group of equal scenarios."""
    table, variables = beyond.per_scenario(), [program.variables[place] for place in beyond.indices]
    for members in equal_columns(table):
        terms = [(v, amount) for v, amount in zip(variables, table[:, members[0]].tolist(), strict=True) if amount]
        maximum = sum(max(amount * v.upBound, 0.0) for v, amount in terms)
        if maximum > 0:
            extra = program.variable("extra_usage", 0, maximum)
            program.add("beyond_allowance", extra >= Expression(terms))
            program.pay(
                "refused_usage" if pool.is_refused else "extra_usage",
                extra,
                pool.usd * program.unit_usd,
                Due(month + 1, month, members),
            )
