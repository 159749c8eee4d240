"""Routing options and tracks that can never be taken (model §2, §3, §5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deal_solve.currency import converted
from deal_solve.deal.cohort import NONE, Use
from deal_solve.deal.cross_checks import Finding, quality_of
from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Epoch, allowed_models, epochs_of
from deal_solve.deal.requests.tokenizers import model_today
from deal_solve.deal.workload import Workload
from deal_solve.deal.yaml_source import Loc
from deal_solve.messages import counted
from deal_solve.plan.resolved import User, resolve
from deal_solve.plan.tracks import missing_controls
from deal_solve.plan.unknown_limits import Held, held

UNPUBLISHED = 1024


def unreachable_options(deal: Deal) -> Iterator[Finding]:
    """Yield workloads no agreement may serve, closed options and projects, and tracks no control lets through."""
    for name, work in deal.workloads.items():
        loc: Loc = ("workloads", name)
        yield from _unserved(deal, work, (*loc, "requires"))
        user = resolve(deal).users[name]
        yield from _closed(deal, user, loc)
        yield from _projects(deal, user, work, loc)
        yield from _caching(deal, user, loc)
        yield from _counted(deal, work, loc)
    for name, cohort in deal.cohorts.items():
        loc = ("cohorts", name)
        yield from _tracks(deal, name, loc)
        if cohort.use:
            user = resolve(deal).users[name]
            yield from _closed(deal, user, (*loc, "use"))
            yield from _caching(deal, user, (*loc, "use"))
    listed = {track for cohort in deal.cohorts.values() for track in cohort.tracks}
    for tool in deal.internal_tools:
        if tool not in listed:
            yield ("internal_tools", tool), "no cohort has it among its tracks"


def _unserved(deal: Deal, work: Workload, loc: Loc) -> Iterator[Finding]:
    apis = [offer for offer in resolve(deal).offers.values() if offer.api is not None]
    needed = {*work.requires, *deal.requires_on_both_lines}
    if not any(needed <= offer.api_provides for offer in apis):
        yield loc, f"no API agreement provides {', '.join(sorted(needed))} together, so no plan is possible"


def _closed(deal: Deal, user: User, loc: Loc) -> Iterator[Finding]:
    """Models and cascades that are open in no epoch: below the floor, or not on sale; and batch closed by a control."""
    request, floor = user.request, user.request.quality.floor
    used = _open_models(user.epochs)
    cascades = [f"{c.first}>{c.then}" for c in request.cascades] if isinstance(request, Workload) else []
    closed = [name for name in (*allowed_models(deal, request), *cascades) if name not in used]
    known: set[str] = set()
    if closed and floor is not None:
        known = _open_models(epochs_of(deal, _only(request, closed), user.requires))
    for name in closed:
        if floor is not None and name in known:
            score = quality_of(deal, request.quality.scores, name) if ">" not in name else None
            mark = "" if score is None else f" ({score:g})"
            yield (*loc, "quality", "floor"), f"{floor:g} closes {name}{mark} in every epoch"
        else:
            yield loc, f"{name} is open in no month: not on sale, or closed by a control or a project never ready"
    if isinstance(request, Workload) and request.batchable > 0:
        for control in request.requires:
            if deal.card.controls[control].closes_batch:
                yield (*loc, "batchable"), f"{control} closes batch, so the batchable share does nothing"


def _only(request: Workload | Use, names: list[str]) -> Workload | Use:
    """Return a request of some of its models and cascades, by the names of their options, without a floor."""
    changed: dict[str, Any] = {
        "quality": request.quality.model_copy(update={"floor": None}),
        "models": tuple(name for name in names if ">" not in name),
    }
    if isinstance(request, Workload):
        changed["cascades"] = tuple(c for c in request.cascades if f"{c.first}>{c.then}" in names)
    return request.model_copy(update=changed)


def _counted(deal: Deal, work: Workload, loc: Loc) -> Iterator[Finding]:
    """Token counts that are taken for another generation's than that of the model they were probably exported from."""
    if work.today is None or work.tokens_counted_in or "tokens_counted_in" in deal.model_fields_set:
        return
    model = model_today(deal, work.today)
    own, assumed = (deal.card.tokenizers[name] for name in (model.tokenizer, deal.tokens_counted_in))
    if own != assumed:
        yield (
            (*loc, "tokens_counted_in"),
            (
                f"the token counts are taken as those of the {deal.tokens_counted_in} tokenizers, and {model.id} of "
                f"today has an {model.tokenizer} one: state as_run if they were counted by it (then they cost "
                f"{assumed / own - 1:+.0%}), else {deal.tokens_counted_in}"
            ),
        )


def _open_models(epochs: tuple[Epoch, ...]) -> set[str]:
    """Return the models and cascades that are open in some epoch, cached and batched or not."""
    return {option.key.partition("+")[0] for epoch in epochs for option in epoch.options}


def _projects(deal: Deal, user: User, work: Workload, loc: Loc) -> Iterator[Finding]:
    needed = {project for epoch in user.epochs for option in epoch.options for project in option.projects}
    for project, facts in work.projects.items():
        if facts.ready_month >= deal.horizon_months:
            yield (*loc, "projects", project), f"is ready in month {deal.dated(facts.ready_month)}, after the horizon"
        elif project not in needed:
            yield (*loc, "projects", project), "no open option needs it, so it would never be bought"


def _caching(deal: Deal, user: User, loc: Loc) -> Iterator[Finding]:
    """Cached options on models whose minimum length is not published, or that the stable prefix never reaches."""
    request = user.request
    if request.cache is None:
        return
    parts = {p.model_id: p for e in user.epochs for o in e.options if o.cached for p in o.parts}
    for model_id, part in parts.items():
        longest = max(bucket.tokens for bucket in request.input_tokens) * request.cache.share * part.token_factor
        if deal.card.model(model_id).min_cacheable_tokens is None:
            yield (
                (*loc, "cache"),
                f"the minimum cacheable length of {model_id} is not published; {UNPUBLISHED:,} is used",
            )
        if longest < part.min_cacheable_tokens:
            yield (
                (*loc, "cache", "share"),
                f"the stable prefix has {counted(round(longest), 'token')} on {model_id}, below its minimum of "
                f"{part.min_cacheable_tokens:,.0f}: caching changes nothing there",
            )


def beyond_limits(limits: Held) -> str:
    """Return why a seat is closed whose limits are not published."""
    usage, price = (f"{converted(usd):,.2f}" for usd in (limits.usd, limits.seat_usd))
    uses = f"a user uses {usage} USD a month at list, more than the seat's price of {price}"
    return f"{uses}, and what it includes is not published"


def _limits(deal: Deal, name: str, track: str) -> Held | None:
    """Return what is used against the price of a seat where every seller's limits are unknown, the dearest of them."""
    if track in deal.internal_tools:
        return None
    sellers = resolve(deal).sellers(track)
    found = [held(deal, name, resolve(deal).offers[seller].seats[track]) for seller in sellers]
    unknown = [each for each in found if each is not None]
    return max(unknown, key=lambda each: each.seat_usd) if unknown and len(unknown) == len(found) else None


def _tracks(deal: Deal, name: str, loc: Loc) -> Iterator[Finding]:
    cohort = deal.cohorts[name]
    apis = [offer.offer_id for offer in resolve(deal).offers.values() if offer.api is not None]
    closed = []
    for index, track in enumerate(cohort.tracks):
        if track == NONE:
            continue
        offers = apis if track in deal.internal_tools else resolve(deal).sellers(track)
        lacking = [missing_controls(deal, name, track, seller, seller) for seller in offers]
        if all(lacking):
            closed.append(track)
            nearest = min(lacking, key=len, default=cohort.requires)
            source = "no tool on any agreement" if track in deal.internal_tools else "no offer that sells it"
            missing = f"{', '.join(nearest)} is missing at best" if nearest else "nobody sells it"
            yield (*loc, "tracks", index), f"{track} is closed: {source} provides all controls required ({missing})"
            continue
        limits = _limits(deal, name, track)
        if limits is not None and limits.is_closed:
            closed.append(track)
            where = (*loc, "tracks", index)
            yield (
                where,
                f"{track} is closed: {beyond_limits(limits)}; state rates.seats.{track}.allowance, a number or all",
            )
    if len(closed) == len(cohort.tracks):
        yield (*loc, "tracks"), "every track is closed, so no plan is possible"
    capped = any(
        seat.part.true_up == "hard_cap"
        for offer in resolve(deal).offers.values()
        for seat in offer.seats.values()
        if seat.seat_type in deal.seat_types
    )
    if cohort.unserved_usd_per_user_month is not None and NONE not in cohort.tracks and not capped:
        yield (*loc, "unserved_usd_per_user_month"), "nobody can be left unserved: no track none and no hard cap"
