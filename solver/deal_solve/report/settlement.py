"""What `settle` prints: what was assumed, what the plan costs, and the invoice of one scenario."""

from __future__ import annotations

from deal_solve.analysis.summary import summarise
from deal_solve.deal.deal import Deal
from deal_solve.report.invoice import invoice_table
from deal_solve.report.solution import api_sentence, cost_sentence, fixed_sentence, seat_sentence, tail_sentence
from deal_solve.report.tables import (
    commitment_table,
    cost_tables,
    limit_table,
    project_table,
    routing_table,
    seat_table,
    track_table,
)
from deal_solve.report.text import labelled, shortened
from deal_solve.settlement.settle import Settlement


def settlement_report(
    deal: Deal, settlement: Settlement, assumed: tuple[str, ...], scenario: int, notes: tuple[str, ...] = ()
) -> str:
    """Return the settled plan in print."""
    scenarios, plan = settlement.scenarios, settlement.plan
    summary = summarise(deal, settlement, scenarios)
    title = f"{deal.title or 'This deal'}: {deal.horizon_months} months from {deal.start:%Y-%m}, all amounts USD"
    head = [shortened(title), *labelled("Plan", api_sentence(deal, plan.api))]
    for name, agreement in plan.seats.items():
        head += labelled("", seat_sentence(name, agreement))
    head += labelled("Cost", cost_sentence(deal, summary))
    head += labelled("Fixed", fixed_sentence(deal, summary))
    if tail := tail_sentence(summary):
        head += labelled("Tail", tail)
    parts = ["\n".join(head)]
    for label, sentences in (("Assumed", assumed), ("Notes", notes)):
        if sentences:
            parts.append(f"{label}\n" + "\n".join(line for text in sentences for line in labelled("-", text, 2)))
    parts += [
        commitment_table(deal, settlement),
        seat_table(settlement),
        track_table(deal, plan),
        routing_table(deal, plan),
        project_table(deal, plan),
        *cost_tables(deal, summary),
        limit_table(deal, settlement),
        invoice_table(
            deal, settlement.invoice(scenario), scenarios.names[scenario], float(scenarios.weights[scenario])
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
