"""Which option answers which share of the requests, from when to when."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan, Route
from deal_solve.plan.resolved import resolve


@dataclass(frozen=True)
class Routed:
    """The share of the requests of a workload or cohort that an option answers in months [start, end)."""

    user: str
    start: int
    end: int
    option: str
    share: float


def routing(deal: Deal, plan: Plan) -> Table[Routed]:
    """Return the routing of every workload and metered cohort, the largest share first."""
    return Table(
        tuple(
            Routed(user, start, end, option, share)
            for user, routes in (*plan.routing.items(), *plan.use.items())
            for start, end, shares in runs(deal, user, routes)
            for option, share in sorted(shares.items(), key=lambda item: -item[1])
        )
    )


def runs(deal: Deal, user: str, routes: tuple[Route, ...]) -> list[tuple[int, int, dict[str, float]]]:
    """Return the shares per option of months [start, end); epochs that are routed alike (to 0.01 %) stand together."""
    ends = [epoch.end for epoch in resolve(deal).epochs(user)]
    found: list[tuple[int, int, dict[str, float]]] = []
    for route, end in zip(routes, ends, strict=True):
        shares = {key: share for key, share in route.shares.items() if share > 0}
        if found and _rounded(found[-1][2]) == _rounded(shares):
            found[-1] = (found[-1][0], end, shares)
        else:
            found.append((route.from_month, end, shares))
    return found


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {key: round(share, 4) for key, share in shares.items()}
