"""Clauses of a seat type in an offer (model §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deal_solve.currency import converted
from deal_solve.deal.allowance import ALL, Allowance
from deal_solve.deal.clauses.clause import (
    FIFTH,
    POINT,
    QUARTER,
    Clause,
    a_tenth_in_whole,
    a_twentieth,
    always,
    next_of,
    one_point,
    percent,
    ten_points,
)
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.seats import SeatPart, Tiers
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.messages import counted


def _has_true_up(part: SeatPart) -> bool:
    return isinstance(part.true_up, TrueUp)


def _in_true_up(better: Callable[[TrueUp], Any]) -> Callable[[SeatPart], Any]:
    return lambda part: better(part.true_up) if isinstance(part.true_up, TrueUp) else None


def _idle_reduction(offer: Offer, part: SeatPart) -> str | None:
    if part.reduction_right and max(offer.terms) == 12:
        return "every term has one contract year, so there is no anniversary to use it at"
    return None


def _true_up(key: str, better: Callable[[TrueUp], Any]) -> dict[str, Any]:
    """Return what the clauses about people above the contracted seats have in common; none under a hard cap."""
    return {"path": ("true_up", key), "lever": "clauses", "better": _in_true_up(better), "is_in": _has_true_up}


def _better_ratchet(clause: TrueUp) -> str:
    """Without `retroactive` there is no ratchet none."""
    return str(next_of("ratchet", "term", "year", *["none"] * clause.retroactive)(clause))


def _has_order(part: SeatPart) -> bool:
    return part.orders_expected_users or part.initial_order is not None


def _better_minimum(part: SeatPart) -> int | None:
    return part.minimum // 2 if part.minimum else part.minimum


def _seats(tiers: Tiers) -> str:
    return ", ".join(f"{step.seats:,}" for step in tiers.steps)


def _tiers_text(tiers: Tiers) -> str:
    if tiers.kind == "incremental":
        return "incremental"
    return "all_units from 1" if tiers.steps[0].seats == 1 else f"from {_seats(tiers)}"


def _better_tiers(part: SeatPart) -> Tiers | None:
    """Return incremental tiers as tiers on all units, and those with every threshold a fifth lower."""
    tiers = part.tiers
    if tiers is None or tiers.kind == "incremental":
        return tiers and tiers.model_copy(update={"kind": "all_units"})
    if tiers.steps[0].seats == 1:
        return tiers
    steps: list[Any] = []
    for step in tiers.steps:
        seats = max(int(step.seats * (1 - FIFTH)), steps[-1].seats + 1 if steps else 1)
        steps.append(step.model_copy(update={"seats": seats}))
    return Tiers(kind="all_units", steps=tuple(steps))


def _counting_text(share: float) -> str:
    return {0.0: "apart", 1.0: "counts"}.get(share, f"{percent(share)} counts")


def _allowance_text(allowance: Allowance | str) -> str:
    if not isinstance(allowance, Allowance):
        return "all usage"
    text = f"{converted(allowance.usd_per_user_month):,.10g} a month{', pooled' if allowance.pooled else ''}"
    off = allowance.extra_discount
    return f"{text}, {percent(off)} off beyond" if off else f"{text}{', blocked' * (allowance.beyond == 'blocked')}"


def _better_allowance(part: SeatPart) -> Allowance | str:
    own = part.allowance
    return own.model_copy(update={"pooled": True}) if isinstance(own, Allowance) and not own.pooled else ALL


SEATS = (
    Clause(
        "seat price",
        "seats",
        ("usd_per_user_month",),
        "commitment",
        "a hundredth less",
        is_law=False,
        better=lambda part: round((1 - POINT) * part.usd_per_user_month, 4),
        printed=lambda usd: f"{converted(usd):,.10g} a month",
        is_in=lambda part: bool(part.usd_per_user_month),
        numbers={"usd_per_user_month": a_twentieth},
        ask="Please lower the price of a seat from USD {was} to USD {asked}.",
    ),
    Clause("seat maximum", "seats", ("maximum",), "commitment", numbers={"maximum": a_tenth_in_whole}),
    Clause(
        "allowance",
        "seats",
        ("allowance",),
        "commitment",
        "of each user → pooled → all usage",
        better=_better_allowance,
        printed=_allowance_text,
        is_in=lambda part: part.allowance is not None,
        numbers={"usd_per_user_month": a_twentieth, "extra_discount": one_point},
        ask="Please change the usage that a seat includes (now: {was}; asked: {asked}).",
    ),
    Clause("covered share", "seats", ("covered_share",), "commitment", numbers={"covered_share": ten_points}),
    Clause(
        "true-up check",
        "seats",
        step="1 → 3 → 12 months",
        is_law=False,
        printed=lambda months: f"{counted(months, 'month')}",
        ask="Please count users for the true-up every {asked} instead of every {was}.",
        **_true_up("check", next_of("check", 1, 3, 12)),
    ),
    Clause(
        "true-up count",
        "seats",
        step="peak → snapshot",
        ask="Please count users for the true-up by the {asked} instead of the {was}.",
        **_true_up("count", next_of("count", "peak", "snapshot")),
    ),
    Clause(
        "true-up from",
        "seats",
        step="charged from the window's start → from its end",
        is_law=False,
        printed=lambda retroactive: "window's start" if retroactive else "window's end",
        ask="Please charge seats added by true-up from the {asked}, not from the {was}.",
        **_true_up("retroactive", lambda clause: clause.ratchet == "none"),  # none charges the window alone
    ),
    Clause(
        "true-up price",
        "seats",
        step="list → contracted",
        is_law=False,
        ask="Please charge seats added by true-up at the {asked} price instead of the {was} price.",
        **_true_up("price", always("contracted")),
    ),
    Clause(
        "true-up ratchet",
        "seats",
        step="term → year → none (where charged from the window's start)",
        ask="Please shorten how long seats added by true-up are kept (now: {was}; asked: {asked}).",
        **_true_up("ratchet", _better_ratchet),
    ),
    Clause(
        "reduction right",
        "seats",
        ("reduction_right",),
        "clauses",
        "25 points more of the seats may be given back",
        better=lambda part: min(1.0, part.reduction_right + QUARTER),
        printed=percent,
        numbers={"reduction_right": ten_points},
        idle=_idle_reduction,
        ask="Please let us give back {asked} of the seats at each anniversary (now: {was}).",
    ),
    Clause(
        "seat minimum",
        "seats",
        ("minimum",),
        "commitment",
        "half of it",
        better=_better_minimum,
        printed=lambda count: f"{count or 0:,}",
        numbers={"minimum": a_tenth_in_whole},
        ask="Please lower the least number of seats from {was} to {asked}.",
    ),
    Clause(
        "initial order",
        "seats",
        ("initial_order",),
        "clauses",
        "the expected users → any number of seats",
        better=always("free"),
        printed=lambda order: "free" if order == "free" else "expected users",
        is_in=_has_order,
        ask="Please let us order any number of seats at signing, not the expected users.",
    ),
    Clause(
        "tiers",
        "seats",
        ("tiers",),
        "commitment",
        "incremental → on all units; else every threshold a fifth lower",
        is_law=False,
        better=_better_tiers,
        printed=_tiers_text,
        asked=lambda tiers, better: "all_units" if tiers.kind == "incremental" else f"from {_seats(better)}",
        is_in=lambda part: part.tiers is not None,
        numbers={"seats": a_tenth_in_whole, "discount": one_point},
        ask="Please change the volume tiers of the seats (now: {was}; asked: {asked}).",
    ),
    Clause(
        "seat billing",
        "seats",
        ("billing",),
        "clauses",
        "yearly → monthly",
        better=always("monthly"),
        stated=("usd_per_user_month", "list_usd_per_user_month"),
        ask="Please bill the seats {asked} instead of {was}.",
    ),
    Clause(
        "seat usage",
        "seats",
        ("counts_toward_commitment",),
        "bundle",
        "apart, or a share of it → all of it counts toward the commitment of the same offer",
        is_law=False,
        better=always(1.0),
        printed=_counting_text,
        is_in=lambda part: part.allowance is None,
        numbers={"counts_toward_commitment": ten_points},
        is_of_both_parts=True,
        ask="Please let all usage on seats count toward the commitment (now: {was}).",
    ),
)
