"""Routing left to the optimiser: what of a proposal is pinned, and what the answer is said to be."""

from __future__ import annotations

from deal_solve.plan.completion.complete import Agreements
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal


def fixed(agreements: Agreements, proposal: Proposal) -> Proposal:
    """Return completed agreements, seats and tracks, with only those routes and projects that were given."""
    plan = Plan(api=agreements.api, seats=agreements.seats, tracks=agreements.tracks)
    data = plan.model_dump(mode="json", include={"api", "seats", "tracks"})
    for name, agreement in plan.seats.items():
        data["seats"][name]["at_list"] = [seller or False for seller in agreement.at_list]
        data["seats"][name].pop("terms", None)
    given = proposal.model_dump(mode="json", include={"projects", "routing", "use", "later"})
    return Proposal.model_validate({**data, **given})


def assumed_of(plan: Plan, agreements: Agreements, proposal: Proposal) -> tuple[str, ...]:
    """Return what was assumed: the agreements as completed, the routing as optimised under them."""
    notes = list(agreements.assumed)
    free = [name for name in plan.routing if name not in proposal.routing]
    free += [name for name in plan.use if name not in proposal.use]
    if free:
        notes.append(f"{', '.join(free)}: routed as is best under these agreements.")
    for name, projects in plan.projects.items():
        if projects and name not in proposal.projects:
            notes.append(f"Workload {name} buys {', '.join(projects)}, which pays for itself.")
    return tuple(notes)
