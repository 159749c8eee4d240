"""What a workload runs on today, and the requests that its bill stands for (model §1)."""

from __future__ import annotations

from deal_solve.deal.cross_checks import family_of
from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.request_cost import usage_multiplier, usd_at_p50
from deal_solve.deal.requests.routing_options import Option, part_of
from deal_solve.deal.requests.tokenizers import is_slot, model_today, today_of
from deal_solve.deal.workload import Today, Workload
from deal_solve.deal.yaml_source import Loc
from deal_solve.errors import InputError


def list_usd_today(deal: Deal, workload_id: str) -> float:
    """Return the list cost of one request on `today` in USD, other charges included, the hit rate at its P50.

    Today is the day of the card, or the start of the deal where that is earlier: what retires in between is still
    priced as itself. Raises InputError where a request costs nothing, or nothing runs today.
    """
    work = deal.workloads[workload_id]
    here: Loc = ("workloads", workload_id)
    if work.today is None:
        raise InputError(deal.problem(here, "there is no today section that says what it runs on"))
    option = todays_option(deal, work, work.today)
    usd = usd_at_p50(work, option, usage_multiplier(deal, work, work.requires))
    if usd <= 0:
        message = "a request costs nothing on today's model, so no requests follow; state requests_per_month"
        raise InputError(deal.problem((*here, "spend_usd_per_month"), message))
    return usd


def todays_option(deal: Deal, work: Workload, today: Today) -> Option:
    """Return what a workload runs on today, by the day of the card; floors and controls of the plan do not touch it."""
    model = deal.card.newest(family_of(deal, today.model), today_of(deal)) if is_retired(deal, today) else None
    part = part_of(deal, work, today.model, model or model_today(deal, today))
    return Option(today.key, (part,), today.cached, today.batch, None, (), 0.0, frozenset())


def is_retired(deal: Deal, today: Today) -> bool:
    """Whether today's model is gone by the day of the card: the newest of its family is priced in its place."""
    retires = model_today(deal, today).retires
    return not is_slot(deal, today.model) and retires is not None and retires <= today_of(deal)
