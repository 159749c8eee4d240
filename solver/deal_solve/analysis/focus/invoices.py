"""Cost and Usage rows of FOCUS 1.4: the expected invoices of a plan, month by month."""

from __future__ import annotations

from deal_solve.analysis.focus.cost_row import Account, CostRow
from deal_solve.analysis.focus.drawn import drawn_of
from deal_solve.analysis.focus.other_charges import add_others
from deal_solve.analysis.focus.places import Places
from deal_solve.analysis.focus.usage_charges import add_unused, add_usage
from deal_solve.frames import Table
from deal_solve.plan.renewal_tables import plans_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import blocks


def cost_rows(settlement: Settlement) -> Table[CostRow]:
    """Return the expected invoices of a settlement: what is billed, and what each charge costs with its prepayments.

    BilledCost adds up to the expected settlement of the lines that are invoiced (INVOICED), not discounted: what the
    buyer pays itself and what is not paid at all is no charge. ContractedCost and its unit price leave out what a
    commitment takes off, EffectiveCost has it.
    """
    deal, plan = settlement.deal, settlement.plan
    account = Account(deal.title or None)
    for block in blocks(settlement.scenarios):
        for flat, own in plans_of(deal, plan, block):
            alone = settle(deal, flat, own, settlement.order, keep_rows=True)
            places = Places(deal, flat)
            add_usage(account, places, drawn_of(deal, flat, alone, own), own)
            add_unused(account, places, alone)
            add_others(account, places, alone, own)
    return account.rows()
