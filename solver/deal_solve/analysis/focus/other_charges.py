"""What is invoiced beside usage of the API: commitments and what lacks to them, seats, credits, fees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from deal_solve.analysis.focus.cost_row import PROVIDER, SEATS, Account, Amounts, Head, Service, Sku, dollars_of
from deal_solve.analysis.focus.places import Places
from deal_solve.deal.cohort import NONE
from deal_solve.facts.accrual import commitment_start, paid_in
from deal_solve.facts.names import seats_name, user_name
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.ledger import Row
from deal_solve.settlement.lines import LINES, is_billed
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

OWN_LINES = ("projects", "build", "run")
"""Lines that the buyer pays itself: no invoice of the vendor or a cloud has them."""
INVOICED = tuple(line.name for line in LINES.values() if line.is_cash and line.name not in OWN_LINES)
"""The lines that are invoiced; the rows of Cost and Usage add up to them."""
CLOUD = {"category": "Other", "subcategory": "Other (Other)"}


def add_others(account: Account, places: Places, alone: Settlement, scenarios: ScenarioSet) -> None:
    """Add every payment of a settlement that is not usage of tokens, those of 0 left out.

    What users who went without cost the buyer before signing is nobody's invoice.
    """
    makers: dict[str, Callable[[Places, Row], Head]] = {
        "commitment": _commitment,
        "shortfall": _shortfall,
        "credit": _credit,
        "other_charges": _other_charges,
        "extra_usage": _extra_usage,
        "seats": _seats,
        "true_up": _seats,
        "fee": _fee,
        "cloud_shortfall": _cloud_shortfall,
        "before": _adjustment,
    }
    for row in alone.rows or ():
        is_surcharge = row.line == "overage" and not places.is_prepaid(row.last)
        if (row.line in makers and is_billed(row.line, row.item)) or is_surcharge:
            head = (_adjustment if is_surcharge else makers[row.line])(places, row)
            account.add(head, _amounts(places, row, head, scenarios))


def _amounts(places: Places, row: Row, head: Head, scenarios: ScenarioSet) -> Amounts:
    usd, quantity = _mean(row.amount, scenarios), _mean(row.quantity, scenarios)
    if row.line in ("seats", "true_up"):
        seat = resolve(places.deal).seat_of(places.plan.seats[row.item], row.item, row.year)
        at_list = _mean(row.quantity * seat.card_usd * scenarios.index["seats"][row.first], scenarios)
        return Amounts(usd, usd, usd, at_list, quantity, applied=quantity)
    if row.line == "commitment":
        return Amounts(usd, 0.0, usd, usd, quantity=usd, committed=usd, applied=usd)
    if row.line == "extra_usage":
        return Amounts(usd, usd, usd, usd, quantity, quantity)
    consumed = usd if row.line == "other_charges" else 0.0
    return Amounts(usd, usd, usd, usd, quantity=usd if head.sku else 0.0, consumed=consumed)


def _mean(values: Array | float, scenarios: ScenarioSet) -> float:
    weights = scenarios.weights
    return float(np.broadcast_to(values, weights.shape) @ weights)


def _head(places: Places, row: Row, category: str, description: str, issuer: str) -> Head:
    return Head(
        category=category,
        description=description,
        frequency="One-Time",
        billed=places.month(paid_in(row)),
        charged=places.period(row.first, row.last + 1),
        issuer=issuer,
        line=row.line,
        year=row.year + 1,
    )


def _commitment(places: Places, row: Row) -> Head:
    text = f"API commitment of {places.span(row.first, row.last + 1)}, paid in advance"
    head = _head(places, row, "Purchase", text, places.issuer_of_api(row.first))
    commitment = places.api_commitment(row.first)
    return replace(
        head,
        sku=dollars_of("api-commitment", "API Commitment"),
        discount=places.discount(row.first),
        applied_to=commitment,
        resource=(commitment, text) if commitment else None,
    )


def _shortfall(places: Places, row: Row) -> Head:
    first = commitment_start(places.deal, places.plan, row)
    text = f"{row.item} of {places.span(first, row.last + 1)}"
    head = _head(places, row, "Usage", text, places.issuer_of_api(row.last))
    return replace(
        head,
        charged=places.period(first, row.last + 1),
        sku=dollars_of("api-shortfall", "Unused API Commitment", consumed=True),
    )


def _credit(places: Places, row: Row) -> Head:
    return _head(places, row, "Credit", LINES[row.line].title, places.issuer_of_api(row.first))


def _other_charges(places: Places, row: Row) -> Head:
    name = user_name(places.deal, row.item)
    text = f"other charges per request of {name}"
    head = _head(places, row, "Usage", text, places.issuer_of_user(row.item, row.first))
    sku = dollars_of("other-charges", "Other Charges", consumed=True)
    return replace(head, frequency="Usage-Based", sku=sku, sub_account=(row.item, name))


def _extra_usage(places: Places, row: Row) -> Head:
    track = places.plan.tracks[row.item][row.year]
    issuer = places.issuer_of_seats(track, row.year) if track != NONE else PROVIDER
    name = user_name(places.deal, row.item)
    head = _head(places, row, "Usage", f"usage of {name} beyond the allowance of its seats", issuer)
    sku = Sku("extra-usage", "extra-usage", "Usage Beyond Allowance", "USD", "USD")
    return replace(head, frequency="Usage-Based", service=SEATS, sku=sku, sub_account=(row.item, name))


def _seats(places: Places, row: Row) -> Head:
    name = seats_name(places.deal, row.item)
    is_growth = row.line == "true_up"
    text = f"{name}{', added (true-up)' if is_growth else ''}, {places.span(row.first, row.last + 1)}"
    head = _head(places, row, "Purchase", text, places.issuer_of_seats(row.item, row.year))
    commitment = None if is_growth else places.seat_commitment(row.item, row.year)
    return replace(
        head,
        frequency="One-Time" if is_growth else "Recurring",
        service=SEATS,
        sku=Sku(f"seats-{row.item}", f"seats-{row.item}", "Seats", "Seat-Months"),
        applied_to=commitment,
        applied_unit="Seat-Months" if commitment else None,
        resource=(commitment, text) if commitment else None,
    )


def _fee(places: Places, row: Row) -> Head:
    is_of_seats = row.fee_of in ("seats", "true_up")
    if row.fee_of in ("other_charges", "uncounted_usage"):
        issuer = places.issuer_of_user(row.user or row.item, row.last)
    elif row.fee_of == "extra_usage":
        issuer = places.issuer_of_seats(places.plan.tracks[row.item][row.year], row.year)
    else:
        issuer = places.issuer_of_seats(row.item, row.year) if is_of_seats else places.issuer_of_api(row.last)
    text = f"marketplace fee on {LINES[row.fee_of].title}"
    return replace(_head(places, row, "Adjustment", text, issuer), service=Service("Marketplace", issuer, **CLOUD))


def _cloud_shortfall(places: Places, row: Row) -> Head:
    cloud = places.cloud(row.item)
    text = f"what the cloud commitment lacks, {places.span(row.first, row.last + 1)}"
    return replace(_head(places, row, "Adjustment", text, cloud), service=Service("Cloud commitment", cloud, **CLOUD))


def _adjustment(places: Places, row: Row) -> Head:
    """Return what is charged on top, or paid before signing under the agreement in force or at list."""
    if row.line == "before":
        return _head(places, row, "Adjustment", f"{row.item}, before signing", PROVIDER)
    first = commitment_start(places.deal, places.plan, row)
    text = f"surcharge on API usage above the commitment of {places.span(first, row.last + 1)}"
    return replace(
        _head(places, row, "Adjustment", text, places.issuer_of_api(row.last)),
        charged=places.period(first, row.last + 1),
    )
