"""What in a valid deal is dead or never binds: what a buyer wrote and nothing will ever read."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.analysis.check.clauses import non_binding_clauses
from deal_solve.analysis.check.clouds import unreachable_clouds
from deal_solve.analysis.check.offers import unreachable_offers
from deal_solve.analysis.check.options import unreachable_options
from deal_solve.analysis.check.plausibility import implausible
from deal_solve.deal.deal import Deal
from deal_solve.deal.yaml_source import dotted
from deal_solve.frames import Table
from deal_solve.uncertainty.scenario_set import ScenarioSet


@dataclass(frozen=True)
class Finding:
    """One remark on a deal: where, and what in one sentence."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


def implausible_findings(deal: Deal, scenarios: ScenarioSet) -> Table[Finding]:
    """Return all that a file says and hardly means, in the order deal, bands, requests, people, offers."""
    return Table(tuple(Finding(dotted(loc), sentence) for loc, sentence in implausible(deal, scenarios)))


def findings(deal: Deal, scenarios: ScenarioSet) -> Table[Finding]:
    """Return everything that can never matter, in the order workloads, cohorts, offers, the rest."""
    found = (
        *unreachable_options(deal),
        *unreachable_offers(deal, scenarios),
        *non_binding_clauses(deal, scenarios),
        *unreachable_clouds(deal, scenarios),
    )
    return Table(tuple(Finding(dotted(loc), sentence) for loc, sentence in found))
