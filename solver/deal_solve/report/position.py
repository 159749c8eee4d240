"""The position today in print: drawn against pace, when the balance runs out, what is lost, and seats."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.messages import counted
from deal_solve.report.text import percent, whole_money
from deal_solve.settlement.in_force.position import Position


def position_sentences(found: Position, ran_out: str | None = None) -> Iterator[str]:
    """Yield where the agreement in force stands, in plain sentences; `ran_out` the month since which all is drawn."""
    if found.balance_usd:
        yield (
            f"{whole_money(found.drawn_usd)} of {whole_money(found.balance_usd)} drawn in {found.period}, against "
            f"{whole_money(found.pace_usd)} at an even pace; {_exhausted(found, ran_out)}; expected to be lost by its "
            f"end in {found.ends}: {whole_money(found.expected_forfeited_usd)}"
        )
    else:
        yield f"{found.offer} ends in {found.ends}, without a commitment"
    for seats in found.seats:
        users = counted(round(seats.expected_active), "active user")
        licensed = counted(seats.licensed, "licensed seat")
        yield f"{users} of {seats.seat_type} on {licensed} ({seats.contracted:,} contracted)"


def is_drawn(found: Position) -> bool:
    """Whether all of a balance is drawn already."""
    return found.balance_usd > 0 and found.balance_usd - found.drawn_usd <= CENT_TOLERANCE_USD


def _exhausted(found: Position, ran_out: str | None) -> str:
    if is_drawn(found):
        return f"it ran out in {ran_out}" if ran_out else "nothing of it is left"
    if found.exhausted is None:
        return "the balance lasts"
    ends = found.exhausted_p10, found.exhausted_p90
    spread = "" if ends[0] == ends[1] == found.exhausted else f" (P10 {ends[0]}, P90 {ends[1]})"
    likely = "" if found.exhausted_probability > 1 - 1e-9 else f" in {percent(found.exhausted_probability, 0)} of cases"
    return f"it runs out in {found.exhausted}{spread}{likely}"
