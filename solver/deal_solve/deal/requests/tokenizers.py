"""The tokenizer generation in which the tokens of a request are counted (model §2)."""

from __future__ import annotations

from datetime import date

from deal_solve.deal.cross_checks import family_of
from deal_solve.deal.deal import Deal
from deal_solve.deal.rate_card import FAMILIES, Model
from deal_solve.deal.workload import AS_RUN, Request, Today, Workload
from deal_solve.errors import InputError


def counted_in(deal: Deal, request: Request) -> str:
    """Return the generation: the request's own, else the deal's; `as_run` is that of today's model."""
    stated = request.tokens_counted_in or deal.tokens_counted_in
    if stated != AS_RUN:
        return stated
    if not isinstance(request, Workload) or request.today is None:
        raise InputError("tokens_counted_in: as_run needs a today section that says what it runs on")
    return model_today(deal, request.today).tokenizer


def today_of(deal: Deal) -> date:
    """Return the day of the card, or the start of the deal where that is earlier."""
    return min(deal.card.as_of, deal.start)


def model_today(deal: Deal, today: Today) -> Model:
    """Return the model that runs today: an id means itself, retired or not, a slot its newest model of the day."""
    if is_slot(deal, today.model):
        return deal.card.newest(family_of(deal, today.model), today_of(deal))
    return deal.card.model(_base(deal, today.model))


def is_slot(deal: Deal, name: str) -> bool:
    """Whether a name, or the model of a variant, is a slot."""
    return _base(deal, name) in FAMILIES


def _base(deal: Deal, name: str) -> str:
    return deal.variants[name].model if name in deal.variants else name
