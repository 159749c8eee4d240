"""Which offer provides which control on which line, and where a required one is missing (model §5)."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.frames import Table
from deal_solve.plan.resolved import OfferOnTable, resolve


@dataclass(frozen=True)
class ControlRow:
    """One control in one offer: whether its API and its seats have it (None: no such part), and who requires it.

    A gap is a line of the offer that lacks a control that somebody requires on that line.
    """

    control: str
    required_by: str
    offer: str
    on_api: bool | None
    on_seats: bool | None
    api_gap: bool
    seats_gap: bool


def control_table(deal: Deal) -> Table[ControlRow]:
    """Return every control that is required or that an offer promises, on every offer, list first.

    Seats have a control if every seat type of the offer that some cohort may take has it.
    """
    offers = resolve(deal).offers.values()
    return Table(tuple(_row(deal, control, offer) for control in _controls(deal) for offer in offers))


def one_line_only(deal: Deal) -> tuple[str, ...]:
    """Return a warning for every offer with both lines that provides a required control on one of them only."""
    return tuple(
        f"{row.offer} provides {row.control} on {'the API' if row.on_api else 'seats'} only, "
        f"not on {'seats' if row.on_api else 'the API'}"
        for row in control_table(deal)
        if row.offer in deal.offers and row.required_by and {row.on_api, row.on_seats} == {True, False}
    )


def _controls(deal: Deal) -> tuple[str, ...]:
    """Return the controls at stake: those required first, then those promised in the file."""
    required = [control for work in deal.workloads.values() for control in work.requires]
    required += [control for cohort in deal.cohorts.values() for control in cohort.requires]
    promised = [control for offer in deal.offers.values() for control in offer.provides]
    promised += [c for offer in deal.offers.values() for part in offer.seats.values() for c in part.provides]
    return tuple(dict.fromkeys((*deal.requires_on_both_lines, *required, *promised)))


def _row(deal: Deal, control: str, offer: OfferOnTable) -> ControlRow:
    works = [name for name, work in deal.workloads.items() if control in work.requires]
    cohorts = [name for name, cohort in deal.cohorts.items() if control in cohort.requires]
    both = ["both lines"] if control in deal.requires_on_both_lines else []
    seats = [seat for name, seat in offer.seats.items() if name in deal.seat_types]
    on_api = control in offer.api_provides if offer.api else None
    on_seats = all(control in seat.provides for seat in seats) if seats else None
    needs_seats = any(seat.seat_type in deal.cohorts[c].tracks for c in cohorts for seat in seats)
    return ControlRow(
        control=control,
        required_by=", ".join([*both, *works, *cohorts]),
        offer=offer.offer_id,
        on_api=on_api,
        on_seats=on_seats,
        api_gap=on_api is False and bool(both or works),
        seats_gap=on_seats is False and bool(both or needs_seats),
    )
