"""Checks of the agreement in force and of the months of signing: what can be settled and decided exactly (model §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deal_solve.deal.allowance import Allowance
from deal_solve.deal.cohort import USE
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import PERIOD_MONTHS, ApiPart
from deal_solve.deal.offers.in_force import ApiInForce, InForce
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.deal.rate_card import FAMILIES
from deal_solve.deal.yaml_source import Loc
from deal_solve.messages import counted, unknown

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal

Finding = tuple[Loc, str]
HERE: Loc = ("in_force",)


def in_force_findings(deal: Deal) -> Iterator[Finding]:
    """Yield what is wrong with the agreement in force and the months of signing of a well-formed deal."""
    held = deal.in_force
    if held is not None:
        offer = deal.offers.get(held.offer)
        if offer is None:
            yield (*HERE, "offer"), unknown("offer", held.offer, deal.offers)
            return
        found = [*_agreement(deal, held, offer), *_api(deal, held, offer), *_seats(deal, held, offer)]
        yield from found
        if found:
            return
    yield from _months(deal)


def _agreement(deal: Deal, held: InForce, offer: Offer) -> Iterator[Finding]:
    if offer.on_the_table:
        yield (*HERE, "offer"), f"{held.offer} is on the table too; write on_the_table: no in it"
    span, ends = deal.span(1, deal.horizon_months), deal.month(held.ends)
    if ends <= 0:
        over = f"so it is over when the deal starts in {deal.start:%Y-%m}"
        todo = f"leave in_force out, or state a month of {span}"
        yield (*HERE, "ends"), f"{held.ends:%Y-%m} is the first month after the agreement, {over}; {todo}"
    elif ends >= deal.horizon_months:
        text = f"{held.ends:%Y-%m} is outside the horizon, so nothing would be left to decide"
        yield (*HERE, "ends"), f"{text}; expected a month of {span}, or more horizon_months"
    known = (*FAMILIES, "seats")
    for name in held.index:
        if name not in known:
            yield (*HERE, "index", name), unknown("price family", name, known)


def _api(deal: Deal, held: InForce, offer: Offer) -> Iterator[Finding]:
    here, api, part = (*HERE, "api"), held.api, offer.api
    if api is None:
        return
    if part is None:
        yield here, f"{held.offer} has no api part"
        return
    known = [band.commit_usd_per_year for band in part.bands]
    if api.band_usd_per_year not in known:
        thresholds = ", ".join(f"{usd:g}" for usd in known)
        if api.commits and api.band_usd_per_year == 0:
            message = f"is missing; state the band of {held.offer} that the commitment is in: {thresholds}"
            yield (*here, "band_usd_per_year"), message
            return
        yield (*here, "band_usd_per_year"), f"{api.band_usd_per_year:g} is no band of {held.offer}; it has {thresholds}"
    if api.commits != (api.band_usd_per_year > 0):
        yield (*here, "commitment_usd"), "there is a commitment in a band above 0, and only there"
        return
    if not api.commits:
        return
    yield from _amounts(deal, held, api, part)
    unsaid = {
        "excess: counts_next": part.excess == "counts_next",
        "yearly_minimum": bool(part.yearly_minimum),
    }
    for clause, stands in unsaid.items():
        if stands:
            yield here, f"in_force and {clause} of {held.offer} cannot stand together; what it counted is not stated"
    yield from _period(deal, held, api, part)


def _amounts(deal: Deal, held: InForce, api: ApiInForce, part: ApiPart) -> Iterator[Finding]:
    here, given, left = (*HERE, "api", "commitment_usd"), len(api.commitment_usd), -(-deal.month(held.ends) // 12)
    if given == 1:
        return
    if part.period == "term":
        text = f"a list and period: term of {held.offer} cannot stand together"
        yield here, f"{text}; its balance is one: state the mean of its contract years"
    elif 0 < left != given:
        text = f"{counted(given, 'amount')}, but {counted(left, 'contract year')} left until {held.ends:%Y-%m}"
        yield here, f"{text}; state one for each, the one that runs first, or one number for all"


def _period(deal: Deal, held: InForce, api: ApiInForce, part: ApiPart) -> Iterator[Finding]:
    here = (*HERE, "api", "period_started")
    if api.period_started is None:
        yield here, "is missing; state the first month of the commitment period that runs at the start"
        return
    started, ends = deal.month(api.period_started), deal.month(held.ends)
    step = ends - started if part.period == "term" else PERIOD_MONTHS[part.period]
    if not started <= 0 < started + step:
        yield (
            here,
            f"a commitment period of {counted(step, 'month')} that began then does not run in {deal.start:%Y-%m}",
        )
    elif (ends - started) % step:
        after = f"; ends is the first month after the agreement: is {deal.calendar(ends + 1):%Y-%m} meant?"
        text = f"commitment periods of {counted(step, 'month')} that began then do not end before {held.ends:%Y-%m}"
        yield here, f"{text}{'' if (ends + 1 - started) % step else after}"
    balance = api.carried_in_usd + api.committed_in(0) * step / 12
    if api.drawn_usd > balance + CENT_TOLERANCE_USD:
        message = f"{api.drawn_usd:g} is more than the balance of {balance:g}; what was overage is paid"
        yield (*HERE, "api", "drawn_usd"), message


def _seats(deal: Deal, held: InForce, offer: Offer) -> Iterator[Finding]:
    for name in held.seats:
        here = (*HERE, "seats", name)
        if name not in offer.seats:
            yield here, f"{held.offer} does not have this seat type"
            continue
        part = offer.seats[name]
        clause, ends = part.true_up, deal.month(held.ends)
        carries = isinstance(clause, TrueUp) and not clause.retroactive
        is_kept = isinstance(clause, TrueUp) and clause.ratchet == "term" and any(m > ends for m in deal.signing_months)
        undecided = {
            "a true_up that is not retroactive beside a channel": carries and offer.channel is not None,
            "a true_up that is not retroactive, signed after the end,": carries and is_kept,
        }
        for what, stands in undecided.items():
            if stands:
                yield here, f"in_force and {what} of {held.offer} cannot stand together; this is not priced"
        yield from _included(deal, held, name)


def _included(deal: Deal, held: InForce, seat_type: str) -> Iterator[Finding]:
    """What is used beyond the allowance of seats in force is known of every cohort on them."""
    allowance = deal.seat_part(held.offer, seat_type).allowance
    for key, cohort in deal.cohorts.items():
        if next((track for track in cohort.tracks if track in held.seats), None) != seat_type:
            continue
        if allowance is not None and seat_type in cohort.covered_share:
            beside = ("cohorts", key, "covered_share", seat_type)
            yield beside, f"covered_share and the allowance of {seat_type!r} in {held.offer} cannot stand together"
        if isinstance(allowance, Allowance) and cohort.use is None:
            usd = f"{allowance.usd_per_user_month:.10g} USD a user and month"
            yield ("cohorts", key), f"{held.offer}, in force, includes {usd}, so the cohort needs {USE}"


def _months(deal: Deal) -> Iterator[Finding]:
    here: Loc = ("signing", "months")
    for month in deal.signing_months:
        if month >= deal.horizon_months:
            yield here, f"month {deal.dated(month)} is outside the horizon of {counted(deal.horizon_months, 'month')}"
    if deal.in_force is not None:
        yield from _early(deal, deal.in_force, [m for m in deal.signing_months if m < deal.month(deal.in_force.ends)])


def _early(deal: Deal, held: InForce, months: list[int]) -> Iterator[Finding]:
    here: Loc = ("signing", "months")
    if not months:
        return
    if deal.signing.early == "refused":
        before = f"is before {held.ends:%Y-%m}, the end of in_force"
        yield here, f"month {deal.dated(months[0])} {before}; state signing.early: forfeited or credited"
    if held.seats:
        yield from _running_seats(deal, held, months[0])
    if deal.signing.early == "credited":
        yield from _credited(deal)
    part = deal.offers[held.offer].api
    if held.api is not None and held.api.commits and part is not None and held.api.period_started is not None:
        step = PERIOD_MONTHS.get(part.period)
        last = deal.month(held.api.period_started) if step is None else deal.month(held.ends) - step
        if months[0] < last:
            yield here, f"month {deal.dated(months[0])} is before the last commitment period in force begins"


def _running_seats(deal: Deal, held: InForce, first: int) -> Iterator[Finding]:
    """Seats in force run on for less than a contract year, and no other seats of their plan count with them."""
    if deal.month(held.ends) - first >= 12:
        yield (
            ("signing", "months"),
            f"month {deal.dated(first)} is a year or more before seats in force end in {held.ends:%Y-%m}; sign later, "
            "or leave the seats out of the deal: they run to their end whatever is signed",
        )
    for seat_plan in deal.card.plans:
        beside = {name for cohort in deal.cohorts.values() for name in cohort.tracks if name in seat_plan.seats}
        others = sorted(beside - set(held.seats))
        if seat_plan.maximum is not None and others and any(name in held.seats for name in seat_plan.seats):
            message = (
                f"signing before the end of in_force and {', '.join(others)} in tracks cannot stand together: it is of "
                f"the plan of seats in force, whose maximum of {seat_plan.maximum} holds for all its types at once"
            )
            yield ("signing", "months"), message


def _credited(deal: Deal) -> Iterator[Finding]:
    """What is undrawn is a credit of kind balance of whatever is signed; a band without commitment has none.

    Of an agreement in force that is measured at list it would be list dollars, which nothing says how to credit.
    """
    for name, offer in deal.offers.items():
        if offer.api is None:
            continue
        if not offer.on_the_table:
            is_held = deal.in_force is not None and deal.in_force.offer == name
            if is_held and offer.api.is_measured_at_list:
                yield ("signing", "early"), f"credited and measured_at: list of {name} cannot stand together"
            continue
        clauses = [c for c in offer.api.clashes_with_balance() if c != "bands without a commitment"]
        if offer.api.credit is not None and offer.api.credit.pays == "charges":
            clauses.append("credit: pays: charges")
        for clause in clauses:
            message = f"credited and {clause} of {name} cannot stand together; keep one of them"
            yield ("signing", "early"), message
