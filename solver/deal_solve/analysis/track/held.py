"""The signed plan as an agreement in force: what runs at a month, what is drawn of it, and the deal from there on."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from typing import Any

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.deal.base import months_later, parse_month
from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.settlement.api.rates import api_factor, band_of

SUFFIX = "-in-force"


def drawn_usd(deal: Deal, plan: Plan, found: MeasureResult, months: range) -> float:
    """Return what was used in months of the deal at the contracted rates of the plan, USD at dated list prices.

    A last month that is measured in part counts as if it had gone on like that.
    """
    taken = resolve(deal).taken(plan.api)
    span = taken.span_of(months.start // 12)
    band = band_of(taken, span, plan.api.terms[span.index])
    last = date.fromisoformat(found.last)
    days = (months_later(last, 1) - last.replace(day=1)).days
    drawn = 0.0
    for row in found.reconciliation:
        month = deal.month(date.fromisoformat(f"{row.month}-01"))
        if month in months and row.model in {model.id for model in deal.card.models}:
            partly = days / last.day if row.month == f"{last:%Y-%m}" else 1.0
            drawn += partly * row.list_usd * api_factor(taken, span, band, 0.0, deal.card.model(row.model))
    return drawn


def deal_in_force(deal: Deal, plan: Plan, found: MeasureResult, updated: str) -> Deal:
    """Return the deal of `updated` (the file with what is measured now) from the month after the last one measured.

    The plan's first term is an agreement in force: its commitment, what was drawn so far, its seats. Raises InputError
    where nothing of it runs any more, or where the months before were listed scenario by scenario.
    """
    data: dict[str, Any] = deepcopy(loads(updated).written)
    if data.get("scenarios"):
        raise InputError("scenarios: a listed scenario has its months counted from the old start; remove it to track")
    start = found.deal().start
    now = deal.month(start)
    if not 0 < now < deal.horizon_months:
        raise InputError(
            f"the exports end before {start:%Y-%m}, which is not inside the deal's months; nothing to track"
        )
    data["start"] = f"{start:%Y-%m}"
    data["in_force"] = _in_force(deal, plan, found, now)
    offers = data.setdefault("offers", {})
    offers[data["in_force"]["offer"]] = {
        "extends": data["in_force"]["offer"].removesuffix(SUFFIX),
        "on_the_table": False,
    }
    data.pop("signing", None)
    for each in (*data.get("workloads", {}).values(), *data.get("cohorts", {}).values()):
        if "starts" in each and deal.month(parse_month(str(each["starts"]))) <= now:
            del each["starts"]
    for work in data.get("workloads", {}).values():
        for project in work.get("projects", {}).values():
            project["ready_month"] = max(int(project.get("ready_month", 0)) - now, 0)
    return loads(json.dumps(data), f"tracked {deal.title or 'deal'}")


def _in_force(deal: Deal, plan: Plan, found: MeasureResult, now: int) -> dict[str, Any]:
    held: dict[str, Any] = {}
    ends: list[int] = []
    if plan.api.offer != LIST:
        taken = resolve(deal).taken(plan.api)
        held["offer"], span = plan.api.offer + SUFFIX, taken.spans[0]
        if now < span.end:
            ends.append(span.end)
            held["api"] = _api(deal, plan, found, (taken, now))
    for name, agreement in plan.seats.items():
        taken = resolve(deal).taken(agreement)
        span = taken.spans[0]
        if (
            agreement.offer != LIST
            and now < span.end
            and held.get("offer", agreement.offer + SUFFIX) == agreement.offer + SUFFIX
        ):
            held["offer"] = agreement.offer + SUFFIX
            contracted = agreement.contracted[now // 12]
            active = round(found.people.assigned * found.people.active_now) if found.people else contracted
            held.setdefault("seats", {})[name] = {"contracted": contracted, "licensed": max(contracted, active)}
            ends.append(span.end)
    if not ends:
        raise InputError("nothing of the plan is in force any more: its first terms have ended, or it is all at list")
    held["ends"] = f"{deal.calendar(max(ends)):%Y-%m}"
    return held


def _api(deal: Deal, plan: Plan, found: MeasureResult, at: tuple[OfferTerms, int]) -> dict[str, Any]:
    taken, now = at
    span = taken.spans[0]
    term = plan.api.terms[0]
    period = next(each for each in taken.require_api().periods(range(span.start, span.end)) if now < each.stop)
    commitment = term.commitment_usd[(now - span.start) // 12]
    balance = commitment * len(period) / 12
    return {
        "band_usd_per_year": term.band_usd_per_year,
        "commitment_usd": commitment,
        "period_started": f"{deal.calendar(period.start):%Y-%m}",
        "drawn_usd": round(min(drawn_usd(deal, plan, found, range(period.start, now)), balance), 2),
    }
