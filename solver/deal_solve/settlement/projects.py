"""Enablement projects: one-off costs at time 0 (model §3)."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.plan.plan import Plan
from deal_solve.settlement.ledger import Ledger, Row


def post_projects(ledger: Ledger, deal: Deal, plan: Plan) -> None:
    """Post the cost of every project bought, paid at time 0 and charged for month 0."""
    for workload, bought in plan.projects.items():
        known = deal.workloads[workload].projects if workload in deal.workloads else {}
        for name in bought:
            if name not in known:
                raise InputError(f"plan: projects.{workload} has {name!r}, which the deal does not offer there")
            ledger.post(Row("projects", f"{workload} {name}", 1.0, known[name].usd, paid=0, first=0, last=0))
