"""Clauses of the API part of an offer (model §4)."""

from __future__ import annotations

from typing import Any

from deal_solve.deal.clauses.clause import (
    Clause,
    a_twentieth,
    always,
    next_of,
    one_point,
    percent,
    ten_points,
)
from deal_solve.deal.offer import ApiPart, Offer, Premium, Rollover


def _overage_text(value: Any) -> str:
    return f"list + {percent(value.premium)}" if isinstance(value, Premium) else str(value)


def _better_overage(api: ApiPart) -> Any:
    return "list" if isinstance(api.overage, Premium) else "contracted"


ALL_ROLLS_OVER = Rollover(rollover=1.0, cap=1.0)


def _unused_text(value: Any) -> str:
    is_rolled = isinstance(value, Rollover)
    return f"rollover {percent(value.rollover)}, cap {percent(value.cap)}" if is_rolled else str(value)


def _idle_rollover(offer: Offer, api: ApiPart) -> str | None:
    if not isinstance(api.unused, Rollover):
        return None
    if api.unused.rollover == 0 or api.unused.cap == 0:
        return "nothing is rolled over, so it is as forfeited"
    if max(offer.terms) <= api.period_months:
        return "every term has one commitment period, and at the end of a term the rest is forfeited"
    return None


def _ramp_text(value: Any) -> str:
    if value == "free":
        return "free"
    return " : ".join(f"{factor:g}" for factor in value) if value else "equal years"


def _better_ramp(api: ApiPart) -> Any:
    """Any rising shape is a case of a free ramp; one that falls somewhere is not."""
    rises = api.ramp == "free" or sorted(api.ramp or (1.0,)) == [*(api.ramp or (1.0,))]
    return "free" if rises else api.ramp


def _step_text(value: float | None) -> str:
    return "any amount" if value is None else f"multiples of {value:,.10g}"


API = (
    Clause(
        "API bands",
        "api",
        ("bands",),
        "commitment",
        numbers={"commit_usd_per_year": a_twentieth, "discount": one_point},
    ),
    Clause(
        "overage",
        "api",
        ("overage",),
        "clauses",
        "a premium on list → list → contracted rates",
        better=_better_overage,
        printed=_overage_text,
        numbers={"premium": one_point},
        needs="commitment",
    ),
    Clause(
        "unused commitment",
        "api",
        ("unused",),
        "clauses",
        "forfeited, or some of it → all of it rolls over, without a cap",
        better=always(ALL_ROLLS_OVER),
        printed=_unused_text,
        asked=lambda _, __: "rollover 100%",
        numbers={"rollover": ten_points, "cap": ten_points},
        needs="commitment",
        idle=_idle_rollover,
    ),
    Clause(
        "period",
        "api",
        ("period",),
        "clauses",
        "month → quarter → half → year",
        is_law=False,
        better=next_of("period", "month", "quarter", "half", "year"),
        needs="commitment",
    ),
    Clause(
        "ramp",
        "api",
        ("ramp",),
        "clauses",
        "equal years, or rising factors → any years that do not fall",
        better=_better_ramp,
        printed=_ramp_text,
        along={"step_usd": None},
        numbers={"ramp": ten_points},
        needs="commitment",
    ),
    Clause(
        "payment",
        "api",
        ("payment",),
        "clauses",
        "a year in advance → at each period's start → in arrears",
        is_law=False,
        better=next_of("payment", "prepaid_yearly", "prepaid", "arrears"),
        needs="commitment",
    ),
    Clause(
        "commitment step",
        "api",
        ("step_usd",),
        "clauses",
        "multiples of an amount → any amount",
        better=always(None),
        printed=_step_text,
        needs="commitment",
    ),
)
