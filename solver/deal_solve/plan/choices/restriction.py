"""What is forced on a plan: a proposal, and two things that no plan states but a buyer asks for."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from deal_solve.deal.base import Name
from deal_solve.deal.workload import ProjectName
from deal_solve.plan.proposal import Proposal


class Restriction(Proposal):
    """A proposal that may also decide single projects, and close tracks without choosing among the rest."""

    decided: dict[Name, dict[ProjectName, bool]] = Field({}, description="per workload: projects bought, or not")
    among: dict[Name, tuple[tuple[Name, ...], ...]] = Field({}, description="per cohort and year: the tracks left open")


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return two maps as one, map by map; where both say something, `own` counts."""
    both = {key: merged(base[key], own[key]) for key in base.keys() & own.keys() if isinstance(own[key], dict)}
    return {**base, **own, **both}


def overlay(restriction: Restriction, fix: Proposal | None) -> Restriction:
    """Return what is forced together with what was pinned before; where both say something, what is forced counts."""
    if fix is None:
        return restriction
    return Restriction.model_validate(
        merged(fix.model_dump(exclude_unset=True), restriction.model_dump(exclude_unset=True))
    )
