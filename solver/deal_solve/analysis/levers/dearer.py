"""Why a step of the levers costs more than the one before it: each step is an optimum of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from deal_solve.analysis.levers.deals import on_standard_offers
from deal_solve.analysis.levers.result import Step
from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.messages import usd

DOLLAR = 1.0
"""What costs no more than this above the step before costs the same."""
UNDER_OFFERS = ("commitment", "bundle", "clauses")
"""Steps whose plans are chosen by the objective of the deal; those before are the cheapest in expectation."""


def dearer_steps(deal: Deal, *tables: Table[Step]) -> Iterator[str]:
    """Yield a sentence for each step that costs more than the one before, with what holds from there on."""
    more: dict[str, float] = {}
    for table in tables:
        for before, step in pairwise(table):
            if before.expected_usd is not None and step.expected_usd is not None:
                above = step.expected_usd - before.expected_usd
                if above > DOLLAR:
                    more.setdefault(step.lever, above)
    for lever, above in more.items():
        yield f"The step {lever} costs {usd(round(above))} more than the one before: {'; '.join(_why(deal, lever))}."


def _why(deal: Deal, lever: str) -> list[str]:
    """Return what holds from a step on and does not before, as far as it can cost more."""
    if lever not in UNDER_OFFERS:
        return ["the models, floors and shares that the deal allows hold from here on"]
    found = []
    if lever == "clauses":
        if on_standard_offers(deal, bundle=True).offers != deal.offers:
            found.append(
                "the clauses of the offers as written are worse for you, taken together, than the standard ones, those "
                "of a file that says nothing (deal-solve clauses values each)"
            )
        if deal.limits:
            found.append("the limits of the deal hold from here on")
    if lever == "commitment":
        found.append("what list lacks and the deal requires has to be provided from here on")
    if deal.risk.weight or deal.risk.criterion != "expected":
        found.append("plans are chosen by the risk of the deal and not by expected cost alone")
    return found or ["it is an optimum of its own"]
