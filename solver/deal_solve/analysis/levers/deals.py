"""The deal with only some of its levers: at list, on one model, without caching or batch, on standard offers."""

from __future__ import annotations

from typing import Any, TypeVar

from deal_solve.deal.card_overrides import ControlOverride, SeatOverride, SeatPlanOverride
from deal_solve.deal.clauses.clause import Lever, Part
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.deal.rate_card import SeatUsd
from deal_solve.deal.requests.tokenizers import counted_in
from deal_solve.deal.risk import Risk
from deal_solve.deal.workload import Quality, Today, Workload
from deal_solve.plan.resolved import resolve

OPUS = "opus"
Users = frozenset[str]
DealModelPart = TypeVar("DealModelPart", ApiPart, SeatPart, Offer)


def at_list(deal: Deal) -> Deal:
    """Return the deal before any agreement: list prices only, no limits, least expected cost.

    List is given every control that some offer provides for the API or for the seat type, so that controls close the
    same tracks as later on; a seat type that is not on the card is sold as in the first offer that has it, with its
    minimum. A seat type of which list does not say what it includes includes what the first offer that says so does.
    """
    with_api = [offer for offer in deal.offers.values() if offer.api]
    provided = {control for offer in with_api for control in offer.provides} | {*deal.card.api_provides}
    seats = {**deal.rates.seats, **{name: _seat_at_list(deal, name) for name in deal.seat_types}}
    plans = {**deal.rates.plans, **_plans_at_list(deal)}
    rates = deal.rates.model_copy(update={"api_provides": tuple(sorted(provided)), "seats": seats, "plans": plans})
    return deal.model_copy(update={"offers": {}, "limits": (), "risk": Risk(), "rates": rates})


def _plans_at_list(deal: Deal) -> dict[str, SeatPlanOverride]:
    """Return a plan for every seat type that is on no card and in no plan: the minimum of the first offer with it."""
    found = {}
    for name in deal.seat_types:
        parts = _parts(deal, name)
        if parts and parts[0].minimum and name not in deal.list_offer.seats and deal.card.plan_of(name) is None:
            found[f"only-{name}"] = SeatPlanOverride(seats=(name,), minimum=parts[0].minimum)
    return found


def _parts(deal: Deal, seat_type: str) -> list[SeatPart]:
    return [offer.seats[seat_type].part for offer in resolve(deal).offers.values() if seat_type in offer.seats]


def _seat_at_list(deal: Deal, seat_type: str) -> SeatOverride:
    parts = _parts(deal, seat_type)
    says: dict[str, Any] = {"provides": tuple(dict.fromkeys(control for part in parts for control in part.provides))}
    sold = [offer.seats[seat_type] for offer in resolve(deal).offers.values() if seat_type in offer.seats]
    known = [seat.part for seat in sold if seat.unknown_limits_usd is None]
    if known and (len(known) < len(sold) or seat_type not in deal.list_offer.seats):
        included = "covered_share" if known[0].allowance is None else "allowance"
        says[included] = getattr(known[0], included)
    if parts and seat_type not in deal.list_offer.seats:
        says["usd_per_user_month"] = SeatUsd(yearly=parts[0].usd_per_user_month)
    return deal.rates.seats.get(seat_type, SeatOverride()).model_copy(update=says)


def without_largest_count(deal: Deal) -> Deal:
    """Return the deal with no maximum of plans: headcount is priced, whether it can be had or not."""
    plans = {
        plan.id: deal.rates.plans.get(plan.id, SeatPlanOverride()).model_copy(update={"maximum": None})
        for plan in deal.card.plans
    }
    return deal.model_copy(update={"rates": deal.rates.model_copy(update={"plans": plans})})


def all_opus(deal: Deal) -> Deal:
    """Return the deal with one option for everybody: the newest Opus, not cached, not in batch.

    Floors, limits of shares, projects and US residency close nothing; what a control multiplies stays. Use of seats and
    tools is cached as the client does: nobody chooses that.
    """
    works = {name: _on(deal, work, Today(model=OPUS)) for name, work in deal.workloads.items()}
    return _on_stated_models(deal, works)


def on_todays_models(deal: Deal) -> Deal:
    """Return the deal with one option for each workload: what it runs on today, else as in `all_opus`."""
    works = {name: _on(deal, work, work.today or Today(model=OPUS)) for name, work in deal.workloads.items()}
    return _on_stated_models(deal, works)


def _on(deal: Deal, work: Workload, only: Today) -> Workload:
    """Return a workload that runs on one model. It may be uncached where it is cached today, and the same in batch.

    Its tokens stay counted by the tokenizer they are counted by in the deal.
    """
    today = work.today if work.today and work.today.model == only.model else None
    closed: dict[str, Any] = {"quality": Quality(), "shares": {}, "cascades": (), "projects": {}, "today": today}
    modes = {"cache": work.cache if only.cached else None, "batchable": work.batchable if only.batch else 0.0}
    counted = {"tokens_counted_in": counted_in(deal, work)}
    return work.model_copy(update={**closed, **modes, **counted, "models": (only.model,)})


def _on_stated_models(deal: Deal, works: dict[str, Workload]) -> Deal:
    only: dict[str, Any] = {"models": (OPUS,), "quality": Quality(), "shares": {}}
    people = {
        name: cohort.model_copy(update={"use": cohort.use.model_copy(update=only)}) if cohort.use else cohort
        for name, cohort in deal.cohorts.items()
    }
    known = deal.rates.controls
    anywhere = {
        name: known.get(name, ControlOverride()).model_copy(update={"needs_us_residency": False})
        for name in deal.card.controls
    }
    rates = deal.rates.model_copy(update={"controls": anywhere})
    return deal.model_copy(update={"workloads": works, "cohorts": people, "rates": rates})


def with_modes(deal: Deal, cached: Users, batched: Users) -> Deal:
    """Return the deal in which only these workloads may be cached, and only these may wait for the batch."""
    works = {}
    for name, work in deal.workloads.items():
        closed: dict[str, Any] = {} if name in cached else {"cache": None}
        closed |= {} if name in batched else {"batchable": 0.0}
        works[name] = work.model_copy(update=closed)
    return deal.model_copy(update={"workloads": works})


def on_standard_offers(deal: Deal, bundle: bool) -> Deal:
    """Return the deal without limits and with every clause of its offers as a deal file leaves it.

    Prices stay: bands, volume tiers, terms and what they earn, minimum and maximum of seats, controls, exclusivity.
    With `bundle` so does what is given for both parts in one order form: bundle tiers, and seat usage that counts
    toward the commitment.
    """
    offers = {name: _standard(offer, bundle) for name, offer in deal.offers.items()}
    return deal.model_copy(update={"offers": offers, "limits": ()})


def _standard(offer: Offer, bundle: bool) -> Offer:
    levers: set[Lever] = {"clauses"} if bundle else {"clauses", "bundle"}
    api = offer.api and _without(offer.api, "api", levers)
    seats = {name: _without(part, "seats", levers) for name, part in offer.seats.items()}
    return _without(offer, "offer", levers).model_copy(update={"api": api, "seats": seats})


def _without(part: DealModelPart, where: Part, levers: set[Lever]) -> DealModelPart:
    """Return a part of an offer with the clauses of some levers as a deal file leaves them."""
    fields = {clause.path[0] for clause in CLAUSES if clause.part == where and clause.lever in levers}
    return part.model_copy(update={name: type(part).model_fields[name].default for name in fields})
