"""What happens when: terms, negotiations, invoices, true-up checks, projects, retirements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from deal_solve.deal.deal import LIST, LIST_MONTHLY, Deal
from deal_solve.deal.offers.cloud_years import cloud_year, cloud_years, months_of_cloud_year
from deal_solve.deal.offers.running import seat_months
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.facts.accrual import bills, expected_rows, seats_usd
from deal_solve.facts.names import listed, quoted_offer, seats_name, track_name, user_name
from deal_solve.frames import Table
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan, RenewalTable
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import TermSpan, whole_years
from deal_solve.record import NotWritten, Record
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.seats.seats import seat_contracts
from deal_solve.settlement.settle import Settlement

NEGOTIATE_MONTHS = 12
"""How long before a term ends one starts to negotiate the next: in its second half, never on the day it is signed."""

AGAIN = " (taken again)"
"""Added to the name of what was left before."""

EventKind = Literal[
    "start",
    "renewal",
    "end",
    "negotiation",
    "notice",
    "invoice",
    "bill",
    "count",
    "project_start",
    "project_ready",
    "retirement",
    "cloud",
    "credit",
    "table",
]


@dataclass(frozen=True)
class Event(Record):
    """One dated event."""

    day: Annotated[date, Field(description="the date, YYYY-MM-DD")]
    kind: Annotated[EventKind, Field(description="what kind of event it is")]
    what: Annotated[str, Field(description="what happens, in words")]
    usd: Annotated[
        float | None,
        Field(
            description="what is expected to be paid, in all of its invoices or bills: the amounts add up to all that "
            "is paid; where a table decides, as on the likeliest path at price index 1; null if nothing is paid"
        ),
    ] = None
    item: NotWritten[str] = field(default="", repr=False)
    """What is invoiced, negotiated or has to be ready, in a few words."""
    invoices: NotWritten[int] = field(default=1, repr=False)
    """In how many invoices over the year the dollars are paid, the first of them on this day; equal but for bills."""
    first_usd: NotWritten[float | None] = field(default=None, repr=False)
    """How much the first of several bills is, which follow usage."""
    counts: NotWritten[tuple[int, int]] = field(default=(1, 1), repr=False)
    """How often users are counted, the first time on this day, and how many months lie between two counts."""

    @property
    def recurrence(self) -> tuple[int, int]:
        """How often it happens, and how many months lie between."""
        between = 1 if self.kind == "bill" else 12 // self.invoices
        return (self.invoices, between) if self.invoices > 1 else self.counts


def calendar(settlement: Settlement) -> Table[Event]:
    """Return the events of a settled plan in order of time."""
    deal, plan = settlement.deal, settlement.plan
    found = [*_agreements(deal, plan), *_invoices(settlement), *_bills(settlement), *_checks(deal, plan)]
    found += [*_projects(deal, plan), *_retirements(deal, plan), *_ends(deal, plan), *_tables(deal, plan)]
    found += [*_clouds(settlement), *_credit(deal, plan), *_in_force(deal)]
    return Table(tuple(sorted(found, key=lambda event: event.day)))


def month_end(deal: Deal, month: int) -> date:
    """Return the last day of a month: what is paid at its end is paid in it, in the calendar as in cash by month."""
    return deal.calendar(month + 1) - timedelta(days=1)


def _in_force(deal: Deal) -> Iterator[Event]:
    """Yield the end of the agreement in force where it is not cut short by signing."""
    held = deal.whole.in_force
    if held is not None and held.ends <= deal.start:
        yield Event(held.ends, "end", f"the agreement in force, {quoted_offer(deal.whole, held.offer)}, has ended")


def _credit(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield the end of the credit that the API agreement grants: what is left of it then is lost."""
    taken = resolve(deal).taken(plan.api)
    credit, span = taken.require_api().credit, taken.spans[0]
    if credit is None or (credit.pays == "balance" and not plan.api.terms[0].band_usd_per_year):
        return
    end = span.start + credit.paid_until(span.end - span.start)
    if credit.pays == "balance":
        end = taken.require_api().periods(range(span.start, span.end))[0].stop
    what = f"the credit with {quoted_offer(deal, plan.api.offer)} ends; what is left of it is lost"
    yield Event(deal.calendar(end), "credit", what)


def _clouds(settlement: Settlement) -> Iterator[Event]:
    """Yield the ends of the years at which what a cloud commitment lacks is paid, whatever is signed."""
    deal = settlement.deal
    lacking: dict[tuple[str, int], float] = {}
    for (line, item, _, _, paid), usd in expected_rows(settlement).items():
        if line == "cloud_shortfall":
            lacking[item, paid] = lacking.get((item, paid), 0.0) + usd
    for name, cloud in deal.cloud_commitments.items():
        for year in range(cloud_year(deal, 0), cloud_years(deal)):
            what = f"what year {year + 1} lacks of the commitment to {cloud.title or name} is paid"
            end = months_of_cloud_year(deal, year).stop
            yield Event(month_end(deal, end - 1), "cloud", what, lacking.get((name, end)) or None)


def _tables(deal: Deal, plan: Plan) -> Iterator[Event]:
    for table in plan.later:
        what = "look up in the table what to sign: what starts then is shown here as on the likeliest path"
        yield Event(deal.calendar(table.month), "table", what)


def _agreements(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield start, renewals and negotiations of every agreement that is signed (not list)."""
    for offer, spans in _signed(deal, plan).items():
        for index, (span, bought) in enumerate(spans):
            name, word = quoted_offer(deal, offer), "is renewed" if index else "starts"
            what = (
                f"{name} {word} for {counted(span.length, 'month')}{_why(deal, spans[0][0], span)}: {', '.join(bought)}"
            )
            yield Event(deal.calendar(span.start), "renewal" if index else "start", what)
            end = span.start + span.length
            start, last = end - min(NEGOTIATE_MONTHS, span.length // 2), f"{deal.calendar(end - 1):%Y-%m}"
            item = f"{name} (ends {last})"
            left = " and ".join(_left(deal, plan, offer, end))
            tables = [table for table in plan.later if (table.month <= end if left else table.month == end)]
            if tables:
                what = f"whether {left} with {item} is renewed" if left else f"what follows {item}"
                yield Event(deal.calendar(start), "table", f"{_rule(deal, tables[-1])} {what}", item=item)
            elif left:
                what = f"give notice that {left} with {item} is not renewed"
                yield Event(deal.calendar(start), "notice", what, item=item)
            else:
                yield Event(deal.calendar(start), "negotiation", f"start negotiating what follows {item}", item=item)


def _why(deal: Deal, first: TermSpan, span: TermSpan) -> str:
    """Return why a renewal is not for as long as the first term: its length is no decision (`renewal_months`)."""
    if span.length == first.length:
        return ""
    fits = span.start + span.length <= whole_years(deal.horizon_months)
    return f" (the {'longest term on offer that fits' if fits else 'shortest term on offer, as none fits'})"


def _rule(deal: Deal, table: RenewalTable) -> str:
    """Return that a table decides, when, and by which months."""
    seen = listed(["usage"] * bool(table.usage_edges_usd) + ["users"] * bool(table.users_edges) or ["one row"])
    months = deal.span(table.month - 12, table.month)
    return f"the table of {deal.calendar(table.month):%Y-%m} decides, by the {seen} of {months},"


def _left(deal: Deal, plan: Plan, offer: str, month: int) -> Iterator[str]:
    """Yield the parts taken from an offer that are left for list in a month."""
    if offer == plan.api.offer and any(begin == month for begin, _ in plan.api.left):
        yield "the API agreement"
    for seat_type, agreement in plan.seats.items():
        starts = [begin for begin, _ in agreement.left if agreement.seller(begin // 12 - 1) == agreement.offer]
        if offer == agreement.offer and month in starts:
            yield f"the agreement for {seats_name(deal, seat_type)}"


def _ends(deal: Deal, plan: Plan) -> Iterator[Event]:
    for offer, spans in _signed(deal, plan).items():
        last = spans[-1][0]
        yield Event(deal.calendar(last.start + last.length), "end", f"{quoted_offer(deal, offer)} has ended")


def _signed(deal: Deal, plan: Plan) -> dict[str, list[tuple[TermSpan, list[str]]]]:
    """Return the terms of every agreement in which something is bought, with what that is."""
    found: dict[str, dict[int, tuple[TermSpan, list[str]]]] = {plan.api.offer: {}}
    for span in resolve(deal).taken(plan.api).spans:
        if not span.left:
            found[plan.api.offer][span.start] = span, ["API" + AGAIN * plan.api.was_left(span.start)]
    for seat_type, agreement in plan.seats.items():
        for span in resolve(deal).taken(agreement).spans:
            if not span.left and any(plan.takes_seats(seat_type, year) for year in span.years):
                terms = found.setdefault(agreement.offer, {})
                what = seats_name(deal, seat_type) + AGAIN * agreement.was_left(span.start)
                terms.setdefault(span.start, (span, []))[1].append(what)
    return {
        offer: [terms[start] for start in sorted(terms)]
        for offer, terms in found.items()
        if terms and offer not in (LIST, LIST_MONTHLY)
    }


def _bills(settlement: Settlement) -> Iterator[Event]:
    """Yield what is billed as it is used, built, added and granted."""
    for bill in bills(settlement):
        day = month_end(settlement.deal, bill.paid) if bill.is_at_end else settlement.deal.calendar(bill.paid)
        yield Event(day, "bill", bill.what, bill.usd, bill.item, bill.invoices, bill.first_usd)


def _invoices(settlement: Settlement) -> Iterator[Event]:
    """Yield commitments and contracted seats paid in advance, one event a year."""
    deal, plan = settlement.deal, settlement.plan
    tiers, decided_by_table = bundle_tiers(deal, plan), min((table.month for table in plan.later), default=None)
    for seat_type, seats in plan.seats.items():
        bundle = [tier.seats for tier in tiers] if seats.offer == plan.api.offer else []
        contracts = seat_contracts(deal, seat_type, seats, bundle, np.ones((deal.horizon_months, 1)))
        for contract, year in ((each, year) for each in contracts for year in each.years):
            count = contract.contracted[year]
            if count:
                invoices = 1 if contract.seat.part.billing == "yearly" else len(contract.months_of(year))
                item = f"{count:,} {seats_name(deal, seat_type)}"
                what = f"{item} of contract year {year + 1}{_pieces(invoices)}"
                is_sure = decided_by_table is None or 12 * year < decided_by_table
                usd = seats_usd(settlement, seat_type, year) if is_sure else contract.year_usd(year)
                yield Event(deal.calendar(contract.months_of(year).start), "invoice", what, usd, item, invoices)
    taken = resolve(deal).taken(plan.api)
    api = taken.api
    for span, term in zip(taken.spans, plan.api.terms, strict=True):
        for year, usd in zip(span.years, term.commitment_usd, strict=True):
            if usd and api is not None and api.payment != "arrears":
                months = deal.months_of(year)
                invoices = 1 if api.payment == "prepaid_yearly" else len(api.periods(months))
                item = "API commitment"
                what = f"{item} of contract year {year + 1}{_pieces(invoices)}"
                yield Event(deal.calendar(12 * year), "invoice", what, usd * len(months) / 12, item, invoices)


def _pieces(invoices: int) -> str:
    return f", in {counted(invoices, 'invoice')} over the year" if invoices > 1 else ""


def _checks(deal: Deal, plan: Plan) -> Iterator[Event]:
    """Yield the first true-up check of every term; the others follow at the same pace."""
    for seat_type, seats in plan.seats.items():
        clause = resolve(deal).seat(seats, seat_type).part.true_up
        if not isinstance(clause, TrueUp):
            continue
        spans = [span for span in resolve(deal).taken(seats).spans if not span.left]
        used = [span for span in spans if any(seats.contracted[year] for year in span.years)]
        what = f"count of {track_name(deal, seat_type)} users for the true-up"
        for group in [used] if seats.offer == LIST else [[span] for span in used]:
            years = [year for span in group for year in span.years]
            first = next(index for index, year in enumerate(years) if seats.contracted[year])
            months = [seat_months(deal, seat_type, year) for year in years[first:]]
            for run in _runs([min(t + clause.check, own.stop) for own in months for t in own[:: clause.check]], clause):
                text = f"first {what}, then every {_pace(clause.check)} until {deal.calendar(run[-1] - 1):%Y-%m}"
                counts = (len(run), clause.check)
                yield Event(month_end(deal, run[0] - 1), "count", text if len(run) > 1 else what, counts=counts)


def _runs(days: list[int], clause: TrueUp) -> list[list[int]]:
    """Return the months of counts in runs at the pace of the clause: a contract year that is cut begins another one."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day - runs[-1][-1] == clause.check:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _pace(months: int) -> str:
    return {1: "month", 3: "quarter", 12: "year"}[months]


def _projects(deal: Deal, plan: Plan) -> Iterator[Event]:
    for workload, bought in plan.projects.items():
        for project in bought:
            facts = deal.workloads[workload].projects[project]
            yield Event(
                deal.calendar(0), "project_start", f"{project} for {user_name(deal, workload)} begins", facts.usd
            )
            item = f"{project} for {user_name(deal, workload)}"
            yield Event(deal.calendar(facts.ready_month), "project_ready", f"{item} must be ready", item=item)


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
            users = ", ".join(user_name(deal, user) for user in dict.fromkeys(routed[model.id]))
            yield Event(
                model.retires, "retirement", f"{model.id} retires; {users} goes on with the newest {model.family}"
            )
