"""The signed plan as an agreement in force: what runs at a month, what is drawn of it, and the deal from there on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.track.clouds import continue_clouds
from deal_solve.analysis.track.continued import continue_in
from deal_solve.analysis.track.index import protected_from
from deal_solve.analysis.track.used import Balance, Used, balance_of
from deal_solve.deal.base import months_later
from deal_solve.deal.deal import AT_LIST, LIST, Deal
from deal_solve.deal.load import loads
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.errors import InputError, Problem
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.settle import Settlement

SUFFIX = "-in-force"


@dataclass(frozen=True)
class InForce:
    """The deal from the month after the last one measured, the commitment period that runs then, and what is named."""

    deal: Deal
    balance: Balance | None
    notes: tuple[str, ...] = ()


def part_measured(last: date) -> float:
    """Return which part of its month is over on a day, 1 on the last.

    >>> part_measured(date(2026, 10, 31)), part_measured(date(2026, 4, 15))
    (1.0, 0.5)
    """
    return last.day / (months_later(last, 1) - last.replace(day=1)).days


def in_force(signed: Settlement, found: MeasureResult, used: Used, deal: Deal) -> InForce:
    """Return `deal` (the file with what is measured now) from the month after the last one measured.

    The plan's first term is an agreement in force: its commitment, what was drawn so far, its seats, at its prices with
    term and bundle discount. Raises InputError where nothing of it runs any more, where the months before were listed
    scenario by scenario, and for clauses that an agreement in force cannot have.
    """
    data: dict[str, Any] = deepcopy(deal.written)
    if data.get("scenarios"):
        raise InputError("scenarios: a listed scenario has its months counted from the old start; remove it to track")
    last = date.fromisoformat(found.last)
    start = months_later(last, 1)
    now = signed.deal.month(start)
    if not 0 < now < signed.deal.horizon_months:
        months = f"{signed.deal.start:%Y-%m} to {signed.deal.calendar(signed.deal.horizon_months - 1):%Y-%m}"
        raise InputError(
            f"the exports end before {start:%Y-%m}, and what is signed is about {months}: nothing of it is measured"
        )
    balance = balance_of(signed, used, now, part_measured(last))
    data["start"] = f"{start:%Y-%m}"
    data["in_force"] = held = _held(signed, found, now, balance)
    index = protected_from(signed, found, now)
    if index:
        held["index"] = index
    name = held["offer"].removesuffix(SUFFIX)
    data.setdefault("offers", {})[held["offer"]] = _offer(signed, name, deal.offers[name])
    data.pop("signing", None)
    notes = (*continue_in(data, deal, signed, found, now), *continue_clouds(data, deal, signed, used, now))
    try:
        left = loads(json.dumps(data), f"tracked {deal.title or 'deal'}")
        return InForce(left, balance, (*other_ends(signed, left), *notes))
    except InputError as error:
        stated = [Problem(each.path.replace(SUFFIX, ""), each.message.replace(SUFFIX, "")) for each in error.problems]
        why = "the signed plan cannot be tracked as an agreement in force"
        raise InputError([replace(each, message=f"{why}: {each.message}") for each in stated]) from None


def seats_end(signed: Settlement, seat_type: str) -> str:
    """Return the first month after the first term of a seat agreement, YYYY-MM."""
    span = resolve(signed.deal).taken(signed.plan.seats[seat_type]).spans[0]
    return f"{signed.deal.calendar(span.end):%Y-%m}"


def other_ends(signed: Settlement, held: Deal) -> Iterator[str]:
    """Yield the parts of the plan that end in another month than the one in which the deal from here on is signed."""
    running = held.in_force
    ends = f"{running.ends:%Y-%m}" if running else ""
    for name in running.seats if running else ():
        own, offer = seats_end(signed, name), signed.plan.seats[name].offer
        other = running.offer.removesuffix(SUFFIX) if running else offer
        if offer != other:
            yield f"seats of {name} are of {offer}: its prices hold, with the protection of {other}"
        if own != ends:
            goes = (
                "their fees go on to it as they are" if own < ends else "those until then are counted, not those after"
            )
            yield f"seats of {name} end in {own}, the deal from here on is signed in {ends}: {goes}"
    if running and running.api is None and signed.plan.api.offer != LIST:
        yield f"the first term of the API agreement is over: until {ends} its usage is priced at list"


def _held(signed: Settlement, found: MeasureResult, now: int, balance: Balance | None) -> dict[str, Any]:
    """Return the agreement in force, the API and seats; it ends with the API, else with the first seats."""
    deal, plan = signed.deal, signed.plan
    held: dict[str, Any] = {}
    ends: list[int] = []
    if plan.api.offer != LIST:
        taken = resolve(deal).taken(plan.api)
        held["offer"], span = plan.api.offer + SUFFIX, taken.spans[0]
        if balance is not None:
            ends.append(span.end)
            band = plan.api.terms[0].band_usd_per_year
            held["api"] = {"band_usd_per_year": band, "period_started": f"{deal.calendar(balance.months.start):%Y-%m}"}
            amounts = {"drawn_usd": balance.drawn_usd, "carried_in_usd": balance.carried_usd}
            held["api"] |= {name: round(usd, 2) for name, usd in amounts.items()}
            held["api"]["commitment_usd"] = _committed(signed, taken, now, balance)
    for name, agreement in plan.seats.items():
        span = resolve(deal).taken(agreement).spans[0]
        if agreement.offer not in AT_LIST and now < span.end:
            held.setdefault("offer", agreement.offer + SUFFIX)
            contracted = agreement.contracted[now // 12]
            is_only = found.people is not None and len(plan.seats) == 1
            active = round(found.people.assigned * found.people.active_now) if found.people and is_only else 0
            held.setdefault("seats", {})[name] = {"contracted": contracted, "licensed": max(contracted, active)}
            ends.append(span.end)
    if not ends:
        raise InputError("nothing of the plan is in force any more: its first terms have ended, or it is all at list")
    held["ends"] = f"{deal.calendar(ends[0] if balance is not None else min(ends)):%Y-%m}"
    return held


def _committed(signed: Settlement, taken: OfferTerms, now: int, balance: Balance) -> float | list[float]:
    """Return the commitment of a contract year, USD: one amount, or one per year left where the years differ.

    A balance of the whole term counts with the mean of its years.
    """
    left = signed.plan.api.terms[0].commitment_usd[(now - taken.spans[0].start) // 12 :]
    if taken.require_api().period == "term" or max(left) - min(left) <= CENT_TOLERANCE_USD:
        return round(balance.commitment_usd * 12 / len(balance.months), 2)
    return [round(usd, 2) for usd in left]


def _offer(signed: Settlement, name: str, offer: Offer) -> dict[str, Any]:
    """Return the offer as it was signed: at its first term and bundle tier."""
    found: dict[str, Any] = {"extends": name, "title": offer.title or name, "on_the_table": False}
    deal, plan = signed.deal, signed.plan
    if plan.api.offer == name:
        taken = resolve(deal).taken(plan.api)
        tier = bundle_tiers(deal, plan)[0]
        term = offer.terms[taken.spans[0].length]
        if offer.api is not None:
            found["api"] = _api(offer, offer.api, (term.api, tier.api))
        found["seats"] = _seats(signed, name, (term.seats, tier.seats))
    else:
        agreement = next(each for each in plan.seats.values() if each.offer == name)
        term = offer.terms[resolve(deal).taken(agreement).spans[0].length]
        found["seats"] = _seats(signed, name, (term.seats, 0.0))
    for seat_type, agreement in plan.seats.items():
        if agreement.offer not in (name, *AT_LIST):
            found.setdefault("seats", {})[seat_type] = _other_seats(signed, seat_type)
    return {key: value for key, value in found.items() if value != {}}


def _other_seats(signed: Settlement, seat_type: str) -> dict[str, Any]:
    """Return the seats of another offer than the one in force, at the prices of their own term."""
    agreement = signed.plan.seats[seat_type]
    offer = signed.deal.offers[agreement.offer]
    term = offer.terms[resolve(signed.deal).taken(agreement).spans[0].length]
    part = offer.seats[seat_type].model_dump(mode="json", exclude_unset=True)
    return {**part, **_seats(signed, agreement.offer, (term.seats, 0.0)).get(seat_type, {})}


def _api(offer: Offer, part: ApiPart, extra: tuple[float, float]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if any(extra):
        found["bands"] = [
            {"commit_usd_per_year": band.commit_usd_per_year, "discount": _combined(offer, band.discount, extra)}
            for band in part.bands
        ]
    return found


def _combined(offer: Offer, discount: Mapping[str, float], extra: tuple[float, float]) -> dict[str, float]:
    whole = {"all": 0.0, **discount}
    if offer.discounts == "add":
        return {name: share + sum(extra) for name, share in whole.items()}
    return {name: 1 - (1 - share) * (1 - extra[0]) * (1 - extra[1]) for name, share in whole.items()}


def _seats(signed: Settlement, name: str, extra: tuple[float, float]) -> dict[str, Any]:
    """Return the prices of seats less term and bundle discount.

    Where discounts add up, those of volume tiers are of a lower price now: t of the full one are t / (1 - extra).
    """
    on_table = resolve(signed.deal).offers[name]
    if not any(extra):
        return {}
    adds_up = on_table.offer.discounts == "add"
    kept = 1 - sum(extra) if adds_up else (1 - extra[0]) * (1 - extra[1])
    found: dict[str, Any] = {}
    for seat_type, seat in on_table.seats.items():
        found[seat_type] = {"usd_per_user_month": seat.usd * kept}
        if adds_up and seat.part.tiers is not None and kept > 0:
            tiers = seat.part.tiers
            steps = [{"seats": step.seats, "discount": step.discount / kept} for step in tiers.steps]
            found[seat_type]["tiers"] = {"kind": tiers.kind, "steps": steps}
    return found
