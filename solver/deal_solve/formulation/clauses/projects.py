"""Enablement projects (model §3): y[w,p] ∈ {0,1}, paid at time 0. What needs one is held by `routing`."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.deal.workload import ProjectName
from deal_solve.formulation.model.expression import Variable
from deal_solve.formulation.model.program import Due, Program


def buy_projects(program: Program, deal: Deal) -> dict[tuple[str, ProjectName], Variable]:
    """Add one binary per project, paid at time 0."""
    bought: dict[tuple[str, ProjectName], Variable] = {}
    for name, work in deal.workloads.items():
        for project, facts in work.projects.items():
            bought[name, project] = program.binary(f"project_{name}_{project}")
            program.pay("projects", bought[name, project], facts.usd, Due(0, 0))
    return bought
