"""What happens when: terms, negotiations, invoices, true-up checks, projects, retirements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from deal_solve.analysis.table import Table
from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.offer import TrueUp
from deal_solve.plan.plan import Plan
from deal_solve.plan.terms import terms_of

NEGOTIATE_MONTHS = 12
"""How long before a term ends one starts to negotiate the next."""


@dataclass(frozen=True)
class Event:
    """One dated event; `usd` is the amount that is invoiced then, certain (at today's price index), if there is one."""

    day: date
    what: str
    usd: float | None = None


def calendar(deal: Deal, plan: Plan) -> Table[Event]:
    """Return the events of a plan in order of time."""
    found = [*_papers(deal, plan), *_invoices(deal, plan), *_checks(deal, plan), *_projects(deal, plan)]
    found += _retirements(deal, plan)
    return Table(tuple(sorted(found, key=lambda event: event.day)))


def _signed(plan: Plan) -> dict[tuple[str, int], list[str]]:
    """Return every paper that is signed (not list), with what is bought under it."""
    signed: dict[tuple[str, int], list[str]] = {}
    if plan.api.offer != LIST:
        signed.setdefault((plan.api.offer, plan.api.term_months), []).append("API")
    for seat_type, seats in plan.seats.items():
        if seats.offer != LIST and any(seats.contracted):
            signed.setdefault((seats.offer, seats.term_months), []).append(f"{seat_type} seats")
    return signed


def _papers(deal: Deal, plan: Plan) -> Iterator[Event]:
    for (offer, months), bought in _signed(plan).items():
        for span in terms_of(deal, offer, months):
            word = "starts" if span.index == 0 else "is renewed"
            yield Event(deal.calendar(span.start), f"{offer} {word} for {span.length} months: {', '.join(bought)}")
            end = span.start + span.length
            start = max(end - NEGOTIATE_MONTHS, span.start)
            yield Event(deal.calendar(start), f"start negotiating what follows {offer}, which ends {_month(deal, end)}")
            if span.end == deal.horizon_months:
                yield Event(deal.calendar(end), f"{offer} ends")


def _month(deal: Deal, month: int) -> str:
    return f"{deal.calendar(month):%Y-%m}"


def _invoices(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield commitments paid in advance, one event a year."""
    api = deal.offer(plan.api.offer).api
    for span, term in zip(terms_of(deal, plan.api.offer, plan.api.term_months), plan.api.terms, strict=True):
        for year, usd in zip(span.years, term.commitment_usd, strict=True):
            if usd and api is not None and api.payment != "arrears":
                whole = api.payment == "prepaid_yearly" or api.period_months == 12
                how = "" if whole else f", in {12 // api.period_months} invoices over the year"
                yield Event(deal.calendar(12 * year), f"API commitment of contract year {year + 1}{how}", usd)


def _checks(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield the first true-up check of every term; the others follow at the same pace."""
    for seat_type, seats in plan.seats.items():
        clause = deal.seat_part(seats.offer, seat_type).true_up
        if not isinstance(clause, TrueUp):
            continue
        for span in terms_of(deal, seats.offer, seats.term_months):
            until = f", then every {_pace(clause.check)} until {_month(deal, span.end)}"
            what = f"first count of {seat_type} users for the true-up{until}"
            if span.index == 0 or seats.offer != LIST:
                yield Event(deal.calendar(span.start + clause.check), what)


def _pace(months: int) -> str:
    return {1: "month", 3: "quarter", 12: "year"}[months]


def _projects(deal: Deal, plan: Plan) -> Iterator[Event]:
    for workload, bought in plan.projects.items():
        for project in bought:
            facts = deal.workloads[workload].projects[project]
            yield Event(deal.calendar(0), f"{project} for {workload} begins", facts.usd)
            yield Event(deal.calendar(facts.ready_month), f"{project} for {workload} must be ready")


def _retirements(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield the retirements, inside the horizon, of models that the plan routes to by name."""
    routed: dict[str, list[str]] = {}
    for user, routes in [*plan.routing.items(), *plan.use.items()]:
        for key in dict.fromkeys(key for route in routes for key, share in route.shares.items() if share > 0):
            for name in key.partition("+")[0].split(">"):
                base = deal.variants[name].model if name in deal.variants else name
                routed.setdefault(base, []).append(user)
    for model in deal.card.models:
        if model.id in routed and model.retires and deal.month_after(model.retires) < deal.horizon_months:
            users = ", ".join(dict.fromkeys(routed[model.id]))
            yield Event(model.retires, f"{model.id} retires; {users} goes on with the newest {model.family}")
