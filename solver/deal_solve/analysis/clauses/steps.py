"""Every clause of an offer, and what one step towards the buyer would make of it.

A step is a change of one part of an offer (its API part, a seat type, or the paper itself). All of them only add to
what can be signed, or lower what has to be paid, but for those in `NOT_LAWS`, which also move payments in time, or
change what later terms are: of those the old wording may be the better one, and a buyer would keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from deal_solve.deal.deal import Deal
from deal_solve.deal.offer import ApiPart, Capped, Offer, Premium, Rollover, SeatPart, Tiers, TrueUp, Uplift
from deal_solve.plan.resolved import resolve

Part = TypeVar("Part")


@dataclass(frozen=True)
class Wording:
    """How a clause stands, what is asked for (None: nothing is better), and the fields that say so."""

    was: str
    asked: str | None = None
    fields: dict[str, Any] | None = None


@dataclass(frozen=True)
class ClauseStep:
    """One clause of an offer: its name, how it stands, what to ask for, and the deal with that; None: nothing better.

    `is_in_hand` where the step is what the offer has already, and the deal the one without it.
    """

    clause: str
    was: str
    asked: str | None = None
    deal: Deal | None = None
    is_in_hand: bool = False


NOT_LAWS = frozenset(
    ("period", "payment", "term", "renewal", "true-up check", "true-up from", "true-up price", "tiers", "seat usage")
)
FIFTH, QUARTER = 0.2, 0.25
FIRST_CAP = 0.05


def clause_steps(deal: Deal, offer: str) -> Iterator[ClauseStep]:
    """Yield every clause that an offer has, in the order of the tables below."""
    paper = deal.offers[offer]
    if paper.api is not None:
        for clause, asks in API.items():
            yield _step(deal, offer, clause, asks(paper.api), lambda fields: {"api": _with(paper.api, fields)})
    if paper.seats:
        for clause, asks_seats in SEATS.items():
            yield from _seat_step(deal, offer, clause, asks_seats)
    for clause, asks_paper in PAPER.items():
        said = asks_paper(paper)
        if said is not None:
            yield _step(deal, offer, clause, said, dict)
    if paper.api is not None and paper.seats:
        yield ClauseStep("one paper", "two papers", "one paper", _apart(deal, offer), is_in_hand=True)


def _with(part: Any, fields: dict[str, Any]) -> Any:
    return part.model_copy(update=fields)


def _step(
    deal: Deal, offer: str, clause: str, said: Wording, update: Callable[[dict[str, Any]], dict[str, Any]]
) -> ClauseStep:
    if said.fields is None:
        return ClauseStep(clause, said.was)
    return ClauseStep(clause, said.was, said.asked, with_offer(deal, offer, update(said.fields)))


def with_offer(deal: Deal, offer: str, fields: dict[str, Any]) -> Deal:
    """Return the deal with some fields of an offer replaced."""
    return deal.model_copy(update={"offers": {**deal.offers, offer: _with(deal.offers[offer], fields)}})


def _seat_step(deal: Deal, offer: str, clause: str, asks: Callable[[SeatPart], Wording | None]) -> Iterator[ClauseStep]:
    """Yield the step of a clause on every seat type of an offer that has it, all types at once."""
    paper = deal.offers[offer]
    resolved = resolve(deal).offers[offer].seats
    said = {name: asks(seat.part) for name, seat in resolved.items() if name in deal.seat_types}
    known = {name: each for name, each in said.items() if each is not None}
    if clause == "seat usage" and paper.api is None:
        return
    better = {name: each for name, each in known.items() if each.fields is not None}
    if not better:
        if known:
            yield ClauseStep(clause, _words(each.was for each in known.values()))
        return
    seats = {**paper.seats, **{name: _with(paper.seats[name], each.fields or {}) for name, each in better.items()}}
    changed = with_offer(deal, offer, {"seats": seats})
    asked = _words(each.asked or "" for each in better.values())
    yield ClauseStep(clause, _words(each.was for each in better.values()), asked, changed)


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"


def _words(texts: Iterator[str]) -> str:
    return " / ".join(dict.fromkeys(texts))


def _apart(deal: Deal, offer: str) -> Deal:
    """Return the deal with both parts of an offer on papers of their own: what only one paper gives is gone.

    That is bundle tiers, and seat usage that counts toward the commitment. The two need not have the same term.
    """
    paper = deal.offers[offer]
    seats = {name: _with(part, {"counts_toward_commitment": False}) for name, part in paper.seats.items()}
    both = {"bundle": (), "exclusive": False}
    halves = {f"{offer}-api": _with(paper, {**both, "seats": {}})}
    halves[f"{offer}-seats"] = _with(paper, {**both, "api": None, "seats": seats})
    others = {name: each for name, each in deal.offers.items() if name != offer}
    return deal.model_copy(update={"offers": {**others, **halves}})


# Clauses of the API part


def _overage(api: ApiPart) -> Wording:
    if isinstance(api.overage, Premium):
        return Wording(f"list + {_percent(api.overage.premium)}", "list", {"overage": "list"})
    if api.overage == "list":
        return Wording("list", "contracted", {"overage": "contracted"})
    return Wording(api.overage)


def _unused(api: ApiPart) -> Wording:
    full = {"unused": Rollover(rollover=1.0, cap=1.0)}
    if not isinstance(api.unused, Rollover):
        return Wording(api.unused, "rollover 100%", full)
    was = f"rollover {_percent(api.unused.rollover)}, cap {_percent(api.unused.cap)}"
    return Wording(was) if api.unused == full["unused"] else Wording(was, "rollover 100%", full)


def _next(value: Any, ladder: tuple[Any, ...]) -> Any | None:
    """Return what follows a value on a ladder; None at its end."""
    index = ladder.index(value) + 1
    return ladder[index] if index < len(ladder) else None


def _period(api: ApiPart) -> Wording:
    asked = _next(api.period, ("month", "quarter", "half", "year"))
    return Wording(api.period, asked, {"period": asked} if asked else None)


def _payment(api: ApiPart) -> Wording:
    asked = _next(api.payment, ("prepaid_yearly", "prepaid", "arrears"))
    return Wording(api.payment, asked, {"payment": asked} if asked else None)


def _ramp(api: ApiPart) -> Wording:
    """Any rising shape; one that falls somewhere is no case of it."""
    if api.ramp == "free":
        return Wording("free")
    factors = api.ramp or (1.0,)
    was = " : ".join(f"{factor:g}" for factor in factors) if api.ramp else "equal years"
    return Wording(was, "free", {"ramp": "free", "step_usd": None}) if sorted(factors) == [*factors] else Wording(was)


def _step_usd(api: ApiPart) -> Wording:
    if api.step_usd is None:
        return Wording("any amount")
    return Wording(f"multiples of {api.step_usd:,.10g}", "any amount", {"step_usd": None})


API: dict[str, Callable[[ApiPart], Wording]] = {
    "overage": _overage,
    "unused commitment": _unused,
    "period": _period,
    "ramp": _ramp,
    "payment": _payment,
    "commitment step": _step_usd,
}

# Clauses of seats


def _true_up(part: SeatPart, field: str, asked: Any) -> Wording | None:
    """Return a field of a true-up clause, asked otherwise where something is better; None under a hard cap."""
    clause = part.true_up
    if not isinstance(clause, TrueUp):
        return None
    was = _said(field, getattr(clause, field))
    if asked is None:
        return Wording(was)
    return Wording(was, _said(field, asked), {"true_up": _with(clause, {field: asked})})


def _said(field: str, value: Any) -> str:
    words = {"check": f"{value} months", "retroactive": "window's start" if value else "window's end"}
    return words.get(field, str(value))


def _check(part: SeatPart) -> Wording | None:
    clause = part.true_up
    return _true_up(part, "check", _next(clause.check, (1, 3, 12))) if isinstance(clause, TrueUp) else None


def _count(part: SeatPart) -> Wording | None:
    clause = part.true_up
    return _true_up(part, "count", _next(clause.count, ("peak", "snapshot"))) if isinstance(clause, TrueUp) else None


def _from(part: SeatPart) -> Wording | None:
    """Added seats are charged from the window's end; not with ratchet none, which charges the window alone."""
    clause = part.true_up
    is_asked = isinstance(clause, TrueUp) and clause.retroactive and clause.ratchet != "none"
    return _true_up(part, "retroactive", False if is_asked else None)


def _added_price(part: SeatPart) -> Wording | None:
    is_list = isinstance(part.true_up, TrueUp) and part.true_up.price == "list"
    return _true_up(part, "price", "contracted" if is_list else None)


def _ratchet(part: SeatPart) -> Wording | None:
    clause = part.true_up
    if not isinstance(clause, TrueUp):
        return None
    return _true_up(part, "ratchet", _next(clause.ratchet, ("term", "year", "none")[: 2 + clause.retroactive]))


def _reduction(part: SeatPart) -> Wording:
    more = min(1.0, part.reduction_right + QUARTER)
    was = _percent(part.reduction_right)
    return Wording(was) if more == part.reduction_right else Wording(was, _percent(more), {"reduction_right": more})


def _minimum(part: SeatPart) -> Wording:
    least = part.minimum or 0
    return Wording(f"{least:,}", f"{least // 2:,}", {"minimum": least // 2}) if least else Wording("0")


def _tiers(part: SeatPart) -> Wording | None:
    """Return incremental tiers as tiers on all units, and those with every threshold a fifth lower."""
    if part.tiers is None:
        return None
    if part.tiers.kind == "incremental":
        return Wording("incremental", "all_units", {"tiers": _with(part.tiers, {"kind": "all_units"})})
    if part.tiers.steps[0].seats == 1:
        return Wording("all_units from 1")
    steps: list[Any] = []
    for step in part.tiers.steps:
        seats = max(int(step.seats * (1 - FIFTH)), steps[-1].seats + 1 if steps else 1)
        steps.append(_with(step, {"seats": seats}))
    tiers = Tiers(kind="all_units", steps=tuple(steps))
    return Wording(f"from {_seats(part.tiers)}", f"from {_seats(tiers)}", {"tiers": tiers})


def _seats(tiers: Tiers) -> str:
    return ", ".join(f"{step.seats:,}" for step in tiers.steps)


def _billing(part: SeatPart) -> Wording:
    return Wording("yearly", "monthly", {"billing": "monthly"}) if part.billing == "yearly" else Wording("monthly")


def _usage(part: SeatPart) -> Wording:
    if part.counts_toward_commitment:
        return Wording("counts")
    return Wording("apart", "counts", {"counts_toward_commitment": True})


SEATS: dict[str, Callable[[SeatPart], Wording | None]] = {
    "true-up check": _check,
    "true-up count": _count,
    "true-up from": _from,
    "true-up price": _added_price,
    "true-up ratchet": _ratchet,
    "reduction right": _reduction,
    "seat minimum": _minimum,
    "tiers": _tiers,
    "seat billing": _billing,
    "seat usage": _usage,
}

# Clauses of the paper


def _protection(offer: Offer) -> Wording:
    now = offer.price_protection
    was = f"capped {_percent(now.capped)}" if isinstance(now, Capped) else now
    return Wording(was) if now == "pass_through" else Wording(was, "pass_through", {"price_protection": "pass_through"})


def _bundle(offer: Offer) -> Wording | None:
    if not offer.bundle:
        return None
    tiers = tuple(_with(t, {"combined_usd_per_year": t.combined_usd_per_year * (1 - FIFTH)}) for t in offer.bundle)
    was, asked = (", ".join(f"{t.combined_usd_per_year:,.10g}" for t in each) for each in (offer.bundle, tiers))
    return Wording(f"from {was}", f"from {asked}", {"bundle": tiers})


def _term(offer: Offer) -> Wording:
    """Return the terms with a shorter one added, at the discounts of the shortest."""
    was = ", ".join(map(str, offer.terms))
    shortest = min(offer.terms)
    if shortest == 12:
        return Wording(f"{was} months")
    terms = {shortest - 12: offer.terms[shortest], **offer.terms}
    return Wording(f"{was} months", f"also {shortest - 12}", {"terms": terms})


def _renewal(offer: Offer) -> Wording:
    now = offer.renewal
    was = f"uplift {_percent(now.uplift)}" if isinstance(now, Uplift) else now
    return Wording(was) if now == "same" else Wording(was, "same", {"renewal": "same"})


def _renewal_cap(offer: Offer) -> Wording | None:
    """Return the cap a step lower; without protection prices follow list, whatever a cap says."""
    if offer.price_protection == "none":
        return None
    now = offer.renewal_cap
    was = "none" if now is None else _percent(now)
    if now == 0:
        return Wording(was)
    asked = FIRST_CAP if now is None or now > FIRST_CAP else 0.0
    return Wording(was, _percent(asked), {"renewal_cap": asked})


def _exclusive(offer: Offer) -> Wording | None:
    return Wording("exclusive", "beside others", {"exclusive": False}) if offer.exclusive else None


PAPER: dict[str, Callable[[Offer], Wording | None]] = {
    "price protection": _protection,
    "bundle": _bundle,
    "term": _term,
    "renewal": _renewal,
    "renewal cap": _renewal_cap,
    "exclusive": _exclusive,
}


# The yardstick


def with_points(deal: Deal, offer: str, points: float) -> Deal:
    """Return the deal with so many points more discount: in every band, or on seats where an offer has no API part."""
    paper, more = deal.offers[offer], points / 100
    if paper.api is None:
        terms = {months: _with(term, {"seats": term.seats + more}) for months, term in paper.terms.items()}
        return with_offer(deal, offer, {"terms": terms})
    bands = tuple(_with(band, {"discount": _raised(band.discount, more)}) for band in paper.api.bands)
    return with_offer(deal, offer, {"api": _with(paper.api, {"bands": bands})})


def most_points(deal: Deal, offer: str) -> float:
    """Return how many points may be added before a discount would reach 100 %."""
    paper = deal.offers[offer]
    if paper.api is None:
        return 100 * (1 - max(term.seats for term in paper.terms.values()))
    return 100 * (1 - max(share for band in paper.api.bands for share in band.discount.values()))


def _raised(discount: dict[str, float], more: float) -> dict[str, float]:
    return {name: share + more for name, share in {"all": 0.0, **discount}.items()}
