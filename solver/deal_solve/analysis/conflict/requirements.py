"""What a person wrote in a deal or a proposal and could change, one requirement each (model §3, §7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deal_solve.currency import converted
from deal_solve.deal.card_overrides import SeatPlanOverride
from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.deal.risk import Limit
from deal_solve.deal.yaml_source import Loc, dotted
from deal_solve.messages import counted
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve

FIX = "--fix"
VENDORS = ("offers", "rates")
"""Where the vendor's rules stand: what is changed there has to be negotiated."""
NO_MAXIMUM = 10**9
"""Seats of an offer whose maximum is dropped."""


@dataclass(frozen=True)
class Requirement:
    """One requirement: where it stands, in the deal's own words, its line, and its number (USD, seats or a share)."""

    path: str
    words: str
    line: int | None
    amount: float | None
    loc: Loc


def requirements(deal: Deal, fix: Proposal | None = None) -> tuple[Requirement, ...]:
    """Return every requirement of a deal, and every part of a proposal that is pinned, in the order of the file."""
    found = [
        Requirement(dotted(loc), words, None if loc[0] == FIX else deal.line(loc), amount, loc)
        for loc, words, amount in (*_limits(deal), *_controls(deal), *_seats(deal), *_uses(deal), *_pins(fix))
    ]
    return tuple(sorted(found, key=lambda each: each.line or 0))


Named = tuple[Loc, str, float | None]


def _limits(deal: Deal) -> Iterator[Named]:
    for index, limit in enumerate(deal.limits):
        yield ("limits", index), limit_words(limit), deal.at_most_usd(limit)


def limit_words(limit: Limit) -> str:
    """Return a limit as a person would say it, without its number."""
    if limit.probability_within is not None:
        return f"limit on {limit.of} with a probability of {limit.probability_within:.0%}"
    what = {"expected": "expected ", "cvar": f"CVaR {limit.confidence:.0%} ", "worst": "worst "}[limit.measure or ""]
    return f"limit on {'' if limit.is_certain else what}{limit.of}"


def _controls(deal: Deal) -> Iterator[Named]:
    owners = [("workload", name, work.requires) for name, work in deal.workloads.items()]
    owners += [("cohort", name, cohort.requires) for name, cohort in deal.cohorts.items()]
    for kind, name, requires in owners:
        for control in dict.fromkeys(requires):
            yield (f"{kind}s", name, "requires", control), f"{kind} {name} requires {control}", None
    for control in dict.fromkeys(deal.requires_on_both_lines):
        yield ("requires_on_both_lines", control), f"{control} is required on both lines", None


def _seats(deal: Deal) -> Iterator[Named]:
    for name, offer in deal.offers.items():
        for seat_type in offer.seats:
            part, loc = resolve(deal).offers[name].seats[seat_type].part, ("offers", name, "seats", seat_type)
            if part.minimum:
                price = part.usd_per_user_month or 0.0
                each, whole = (f"{converted(usd):,.2f}" for usd in (price, part.minimum * price * 12))
                yearly = f"{part.minimum:,} × {each} USD × 12 = {whole} a year"
                words = f"minimum {counted(part.minimum, 'seat')} of {seat_type} in {name} ({yearly})"
                yield (*loc, "minimum"), words, float(part.minimum)
            if part.maximum is not None:
                words = f"maximum {counted(part.maximum, 'seat')} of {seat_type} in {name}"
                yield (*loc, "maximum"), words, float(part.maximum)
            if part.orders_expected_users and seat_type in deal.seat_types:
                words = f"{name} asks for as many seats of {seat_type} as users are expected (initial_order)"
                yield (*loc, "initial_order"), words, None
        if offer.exclusive:
            yield ("offers", name, "exclusive"), f"offer {name} is exclusive", None
    for plan in deal.card.plans:
        sold = ", ".join(name for name in plan.seats if name in deal.seat_types)
        if sold and plan.minimum:
            words = f"minimum {counted(plan.minimum, 'seat')} of {sold} together"
            yield ("rates", "plans", plan.id, "minimum"), words, float(plan.minimum)
        if sold and plan.maximum is not None:
            words = f"maximum {counted(plan.maximum, 'user')} of {sold} together"
            yield ("rates", "plans", plan.id, "maximum"), words, float(plan.maximum)
    for name, cohort in deal.cohorts.items():
        if NONE not in cohort.tracks:
            yield ("cohorts", name, "tracks"), f"cohort {name} must be served by {' or '.join(cohort.tracks)}", None


def _uses(deal: Deal) -> Iterator[Named]:
    users: list[tuple[Loc, str, Any]] = [
        (("workloads", name), f"workload {name}", work) for name, work in deal.workloads.items()
    ]
    users += [(("cohorts", name, "use"), f"cohort {name}", c.use) for name, c in deal.cohorts.items() if c.use]
    for loc, who, request in users:
        for field, words in (("floor", "quality floor"), ("mean_floor", "mean quality")):
            value = getattr(request.quality, field)
            if value is not None:
                yield (*loc, "quality", field), f"{words} of {value:g} for {who}", value
        for model, share in request.shares.items():
            if share.minimum > 0:
                yield (*loc, "shares", model, "minimum"), f"at least {share.minimum:.0%} of {who} on {model}", None
            if share.maximum < 1:
                yield (*loc, "shares", model, "maximum"), f"at most {share.maximum:.0%} of {who} on {model}", None


def _pins(fix: Proposal | None) -> Iterator[Named]:
    if fix is None:
        return
    parts: list[tuple[Loc, Any]] = [(("api", field), value) for field, value in fix.api]
    parts += [(("seats", name, field), value) for name, seats in fix.seats.items() for field, value in seats]
    for part in ("tracks", "projects", "routing", "use"):
        parts += [((part, name), value) for name, value in getattr(fix, part).items()]
    for loc, value in parts:
        if value is not None:
            yield (FIX, *loc), f"{FIX} {dotted(loc)} = {_stated(value)}", None


def _stated(value: Any) -> str:
    if isinstance(value, tuple):
        return " / ".join(map(_stated, value)) or "none"
    if hasattr(value, "shares"):
        return ", ".join(f"{share:.0%} {option}" for option, share in value.shares.items())
    return f"{value:,g}" if isinstance(value, int | float) else str(value)


def relaxed(deal: Deal, dropped: Mapping[Loc, float | None]) -> Deal:
    """Return the deal without some requirements; a limit with a number is raised to it instead of dropped."""
    raised = [
        (dropped.get(("limits", index), deal.at_most_usd(limit)), limit) for index, limit in enumerate(deal.limits)
    ]
    limits = tuple(
        limit.model_copy(update={"at_most": usd / deal.currency.usd}) for usd, limit in raised if usd is not None
    )
    result = deal.model_copy(update={"limits": limits})
    for loc in dropped:
        if loc[0] not in ("limits", FIX):
            result = _without(result, loc)
    return result


def unpinned(fix: Proposal | None, dropped: Mapping[Loc, float | None]) -> Proposal | None:
    """Return the proposal without some of its parts."""
    if fix is None:
        return None
    for _, *loc in (loc for loc in dropped if loc[0] == FIX):
        if loc[0] in ("api", "seats"):
            fix = _changed(fix, tuple(loc), lambda _: None)
        else:
            parts = getattr(fix, str(loc[0]))
            fix = fix.model_copy(update={str(loc[0]): {k: v for k, v in parts.items() if k != loc[1]}})
    return fix


def _without(deal: Deal, loc: Loc) -> Any:
    match loc:
        case (*_, "requires" | "requires_on_both_lines", control):
            return _changed(deal, loc[:-1], lambda names: tuple(name for name in names if name != control))
        case ("offers", *_, "minimum"):
            return _changed(deal, loc, lambda _: 0)
        case ("offers", *_, "maximum"):
            return _changed(deal, loc, lambda _: NO_MAXIMUM)
        case ("rates", "plans", name, end):
            limit = {str(end): 0 if end == "minimum" else None}
            return _changed(deal, loc[:2], lambda plans: {**plans, name: _limited(plans.get(name), limit)})
        case ("offers", *_, "initial_order"):
            return _changed(deal, loc, lambda _: "free")
        case ("offers", _, "exclusive"):
            return _changed(deal, loc, lambda _: False)
        case (*_, "quality", _):
            return _changed(deal, loc, lambda _: None)
        case (*_, "shares", _, end):
            return _changed(deal, loc, lambda _: 0.0 if end == "minimum" else 1.0)
        case ("cohorts", _, "tracks"):
            unserved = _changed(deal, (*loc[:-1], "unserved_usd_per_user_month"), lambda usd: usd or 0.0)
            return _changed(unserved, loc, lambda tracks: (*tracks, NONE))
    raise KeyError(dotted(loc))


def _limited(plan: SeatPlanOverride | None, limit: dict[str, int | None]) -> SeatPlanOverride:
    return (plan or SeatPlanOverride()).model_copy(update=limit)


def _changed(node: Any, loc: Loc, change: Callable[[Any], Any]) -> Any:
    """Return a copy of nested models and maps with one value changed."""
    if not loc:
        return change(node)
    head, rest = loc[0], loc[1:]
    if isinstance(node, dict):
        return {**node, head: _changed(node[head], rest, change)}
    return node.model_copy(update={head: _changed(getattr(node, str(head)), rest, change)})
