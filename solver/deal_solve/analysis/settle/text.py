"""What `settle` prints: what was assumed, what the plan costs, and the invoice of one scenario."""

from __future__ import annotations

from deal_solve.analysis.settle.invoice import invoice_table
from deal_solve.facts.allocation import allocate
from deal_solve.facts.summary import summarise
from deal_solve.report.allocation import allocation_tables
from deal_solve.report.health import seats_table
from deal_solve.report.plan_tables import (
    commitment_table,
    limit_table,
    line_table,
    project_table,
    routing_table,
    track_table,
)
from deal_solve.report.renewal import plan_lines, renewal_tables
from deal_solve.report.sentences import (
    cost_sentence,
    fixed_sentence,
    title_line,
    worst_sentence,
)
from deal_solve.report.text import bullets, heading, labelled
from deal_solve.report.years import years_table
from deal_solve.settlement.settle import Settlement


def settlement_report(
    settlement: Settlement,
    assumed: tuple[str, ...],
    scenario: int,
    notes: tuple[str, ...] = (),
    fiscal_year_start: int | None = None,
) -> str:
    """Return the settled plan in print, with the invoice of one scenario."""
    deal, scenarios, plan = settlement.deal, settlement.scenarios, settlement.plan
    summary = summarise(deal, settlement, scenarios)
    head = [*heading(title_line(deal)), *plan_lines(deal, plan)]
    head += labelled("Cost", cost_sentence(deal, summary))
    head += labelled("Fixed", fixed_sentence(deal, summary))
    if worst := worst_sentence(deal, summary):
        head += labelled("Worst", worst)
    parts = [
        "\n".join(head),
        bullets("Assumed", assumed),
        bullets("Notes", notes),
        *renewal_tables(deal, plan, settlement),
        commitment_table(deal, settlement),
        seats_table(settlement),
        track_table(deal, plan),
        routing_table(deal, plan),
        project_table(deal, plan),
        line_table(deal, plan, summary),
        years_table(settlement, fiscal_year_start),
        *allocation_tables(deal, plan, allocate(settlement)),
        limit_table(deal, settlement),
        invoice_table(
            deal, plan, settlement.invoice(scenario), scenarios.names[scenario], float(scenarios.weights[scenario])
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
