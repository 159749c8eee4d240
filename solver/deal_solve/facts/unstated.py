"""What a deal file leaves unsaid or guesses, and a plan depends on, each with the field that would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from deal_solve.deal.cross_checks import MODELS
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.rate_card import FAMILIES, Model
from deal_solve.deal.requests.tokenizers import model_today
from deal_solve.deal.workload import Workload
from deal_solve.frames import Table
from deal_solve.plan.resolved import User, resolve
from deal_solve.plan.unknown_limits import held
from deal_solve.record import Record

Kind = Literal[
    "quality",
    "project",
    "clause",
    "list_price",
    "price",
    "allowance",
    "limits",
    "closed",
    "retired",
    "maximum",
    "tokens",
]


@dataclass(frozen=True, kw_only=True)
class Unstated(Record):
    """One thing that a file does not state, and what counts in its place."""

    kind: Annotated[
        Kind,
        Field(
            description="quality: no score closes a model; project: free and ready at once; clause: a default of an "
            "offer; list_price: how list prices move, stated or not; price: a seat above the card's; allowance: usage "
            "a seat includes; limits: usage up to the price of a seat whose limits are not published, taken as "
            "included; closed: such a seat, where usage is above its price; retired: today's model, or one that may "
            "answer, is gone; maximum: users of a seat plan; tokens: the tokenizer of the counts"
        ),
    ]
    path: Annotated[str, Field(description="the field that would change it")]
    value: Annotated[str | float | None, Field(description="what counts: a word, a share, a number or USD")] = None
    compared: Annotated[
        str | float | None, Field(description="what it stands against: the card's price, what is retired, the models")
    ] = None
    month: Annotated[str | None, Field(description="from which month on, YYYY-MM, where not from the first")] = None


def unstated(deal: Deal) -> Table[Unstated]:
    """Return all that a file leaves unsaid and that matters: list prices, workloads, cohorts, offers, seats."""
    found = list(_list_prices(deal))
    for user in resolve(deal).users.values():
        found += _of_user(deal, user)
    for name, offer in deal.offers.items():
        found += _clauses(deal, name, offer)
    found += _seats(deal)
    counted = [user.request.tokens_counted_in for user in resolve(deal).users.values()]
    if "tokens_counted_in" not in deal.model_fields_set and None in counted:
        found.append(Unstated(kind="tokens", path="tokens_counted_in", value=deal.tokens_counted_in))
    return Table(tuple(found))


def _list_prices(deal: Deal) -> Iterator[Unstated]:
    """Yield how list prices move; in words in `compared`; None where they stay."""
    changes = deal.uncertainty.list_price_change_per_year
    here = "uncertainty.list_price_change_per_year"
    if any(scenario.list_price_index for scenario in deal.scenarios.values()):
        return
    moving = {name: bands for name, bands in changes.items() if any(any(band.quantiles) for band in bands)}
    for name, bands in moving.items():
        yield Unstated(kind="list_price", path=f"{here}.{name}", value=name, compared=_change(bands))
    if MODELS not in changes and not moving.keys() & {*FAMILIES} and resolve(deal).users:
        yield Unstated(kind="list_price", path=f"{here}.{MODELS}", value=MODELS)


def _change(bands: Sequence[Band]) -> str:
    """Return a yearly change in words, of more than one year by year, its quantiles where it is not certain."""
    by_year = ", ".join(_signed(band.p50) for band in bands)
    ends = "" if bands[0].is_certain else f" (P10 {_signed(bands[0].p10)}, P90 {_signed(bands[0].p90)})"
    return f"{by_year} a year{ends}" if len(bands) == 1 else f"{by_year} in years 1 to {len(bands)}"


def _signed(share: float) -> str:
    return f"{100 * share:+.4g}%" if share else "0%"


def _of_user(deal: Deal, user: User) -> Iterator[Unstated]:
    """Yield models that no quality closes, projects that are not priced, and a model of today that is gone."""
    request, here = user.request, f"workloads.{user.name}" if user.is_workload else f"cohorts.{user.name}.use"
    models = dict.fromkeys(o.key.partition("+")[0] for epoch in user.epochs for o in epoch.options)
    quality = request.quality
    if len(models) > 1 and quality.floor is None and quality.mean_floor is None:
        yield Unstated(kind="quality", path=f"{here}.quality.floor", compared=", ".join(models))
    if isinstance(request, Workload):
        yield from _projects(request, here, len(models) > 1)
    yield from _retired(deal, user, here)


def _projects(work: Workload, here: str, has_other_models: bool) -> Iterator[Unstated]:
    today = work.today
    opened = {
        "caching": work.cache is not None and not (today and today.cached),
        "batch": work.batchable > 0 and not (today and today.batch),
        "rerouting": today is not None and has_other_models,
    }
    for project, is_needed in opened.items():
        if is_needed and project not in work.projects:
            yield Unstated(kind="project", path=f"{here}.projects.{project}", value=0.0)


def _retired(deal: Deal, user: User, here: str) -> Iterator[Unstated]:
    """Yield today's model and those that may answer, where they are gone inside the horizon."""
    request = user.request
    today = request.today if isinstance(request, Workload) else None
    named = {} if today is None or today.model in FAMILIES else {model_today(deal, today).id: f"{here}.today.model"}
    for index, name in enumerate(request.models or ()):
        base = deal.variants[name].model if name in deal.variants else name
        if base not in FAMILIES:
            named.setdefault(deal.card.model(base).id, f"{here}.models[{index}]")
    for model_id, path in named.items():
        yield from _gone(deal, deal.card.model(model_id), path)


def _gone(deal: Deal, model: Model, path: str) -> Iterator[Unstated]:
    """Yield a model that is gone inside the horizon: the newest of its family answers and is priced."""
    if model.retires is None or deal.month_after(model.retires) >= deal.horizon_months:
        return
    month = max(deal.month_after(model.retires), 0)
    newest = deal.card.newest(model.family, deal.calendar(month))
    yield Unstated(
        kind="retired",
        path=path,
        value=newest.id,
        compared=model.id,
        month=f"{deal.calendar(month):%Y-%m}" if month else None,
    )


def _clauses(deal: Deal, name: str, offer: Offer) -> Iterator[Unstated]:
    """Yield defaults of an offer that cost or save something: of a commitment, of growth in seats, of renewal."""
    here = f"offers.{name}"
    if any(months < deal.horizon_months for months in offer.terms) and "renewal" not in offer.model_fields_set:
        yield _clause(f"{here}.renewal", "at the same prices, leaving allowed")
    if "price_protection" not in offer.model_fields_set:
        yield _clause(f"{here}.price_protection", "none (prices follow list, up and down)")
    if offer.api is not None and any(band.commit_usd_per_year for band in offer.api.bands):
        yield from _commitment(offer.api, f"{here}.api")
    for seat_type, part in offer.seats.items():
        if seat_type not in deal.seat_types:
            continue
        seats = f"{here}.seats.{seat_type}"
        if "billing" not in part.model_fields_set:
            yield _clause(f"{seats}.billing", "a year in advance")
        if "true_up" not in part.model_fields_set:
            yield _clause(f"{seats}.true_up", "every month, retroactive, at the contracted price, to the year's end")


def _commitment(api: ApiPart, here: str) -> Iterator[Unstated]:
    defaults = {"payment": "prepaid", "overage": "at list prices", "unused": "forfeited"}
    for field, words in defaults.items():
        if field not in api.model_fields_set:
            yield _clause(f"{here}.{field}", words)


def _clause(path: str, words: str) -> Unstated:
    return Unstated(kind="clause", path=path, value=words)


def _seats(deal: Deal) -> Iterator[Unstated]:
    """Yield prices above the card's, and what the card alone says of a seat type that a cohort may take."""
    on_card = {seat.id for seat in deal.card.seats}
    for name, offer in resolve(deal).offers.items():
        for seat_type, seat in offer.seats.items():
            stated = deal.offers[name].seats[seat_type] if name in deal.offers else None
            here = f"offers.{name}.seats.{seat_type}"
            if stated is not None and seat_type in on_card and seat.usd > seat.card_usd:
                yield Unstated(kind="price", path=f"{here}.usd_per_user_month", value=seat.usd, compared=seat.card_usd)
    for seat_type in deal.seat_types:
        parts = [seats[seat_type] for offer in resolve(deal).offers.values() if seat_type in (seats := offer.seats)]
        cohorts = [key for key, cohort in deal.cohorts.items() if seat_type in cohort.tracks]
        unsaid = [key for key in cohorts if seat_type not in deal.cohorts[key].covered_share]
        stated_in = {key for key, offer in deal.offers.items() if _states_covered(offer, seat_type)}
        assumed = [p.part for p in parts if p.offer_id not in stated_in and p.part.allowance is None]
        covered = max((part.covered_share or 0.0 for part in assumed), default=0.0)
        limits = [row for key in unsaid for row in _limits(deal, key, seat_type)]
        yield from limits
        if seat_type in on_card and covered and unsaid and not limits:
            path = f"cohorts.{unsaid[0]}.covered_share.{seat_type}"
            yield Unstated(kind="allowance", path=path, value=covered, compared=seat_type)
    for plan in deal.card.plans:
        stated_plan = deal.rates.plans.get(plan.id)
        is_stated = stated_plan is not None and "maximum" in stated_plan.model_fields_set
        if plan.maximum is not None and not is_stated and set(plan.seats) & set(deal.seat_types):
            path = f"rates.plans.{plan.id}.maximum"
            yield Unstated(kind="maximum", path=path, value=float(plan.maximum), compared=plan.id)


def _limits(deal: Deal, cohort_id: str, seat_type: str) -> Iterator[Unstated]:
    """Yield what a cohort uses on a seat whose limits are not published: included up to its price, else closed."""
    sellers = resolve(deal).sellers(seat_type)
    found = [held(deal, cohort_id, resolve(deal).offers[seller].seats[seat_type]) for seller in sellers]
    unknown = sorted((each for each in found if each), key=lambda each: (each.is_closed, -each.usd))
    if unknown:
        first = unknown[0]
        path = f"cohorts.{cohort_id}.covered_share.{seat_type}"
        kind: Kind = "closed" if first.is_closed else "limits"
        yield Unstated(kind=kind, path=path, value=first.usd, compared=first.seat_usd)


def _states_covered(offer: Offer, seat_type: str) -> bool:
    return seat_type in offer.seats and offer.seats[seat_type].covered_share is not None
