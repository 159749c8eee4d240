"""Numbers that can be, and are seldom meant: a slip of the pen, a missing %, another unit. Never a reason to refuse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from deal_solve.deal.cohort import Use
from deal_solve.deal.cross_checks import Finding
from deal_solve.deal.deal import LIST_MONTHLY, Deal
from deal_solve.deal.money import EXACT_USD
from deal_solve.deal.numbers import Band, parse_number
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.true_up import TrueUp
from deal_solve.deal.yaml_source import Loc, dotted, loc_of
from deal_solve.facts.baseline_usage import highest_usage_at_list
from deal_solve.facts.names import listed
from deal_solve.facts.sources import source_of
from deal_solve.messages import counted, nearest, usd
from deal_solve.plan.leaving import may_leave
from deal_solve.plan.resolved import SeatOffer, User, resolve
from deal_solve.uncertainty.expansion import central, explicit_list
from deal_solve.uncertainty.open_growth import MAX_TIMES, TO_DO, times_apart
from deal_solve.uncertainty.paths import bands_of
from deal_solve.uncertainty.scenario_set import ScenarioSet

MAX_GROWTH = 3.0
MAX_COST_OF_CAPITAL = 0.5
MAX_DISCOUNT = 0.6
MIN_TOKENS = 20
MAX_SEAT_PRICE_RATIO = 5.0
MIN_HALF_WIDTH = 0.1
MAX_FIRST_MONTH_RATIO = 3.0
MAX_RATIO_TO_USAGE = 30.0
"""A band that starts this many times above, or ends this many times below, the usage of a year is in another unit."""
MIN_PLAN_MINIMUM = 5
"""A plan's minimum of fewer seats costs too little to ask about."""
MAX_STEP_RATIO = 100.0
"""Thresholds of one list of an offer are rarely so many times apart: thousands may have slipped in."""
MEASURED = "measured"
"""A source that begins so says where usage stands today, which is known better than what it will come to."""
_QUANTILES = ("p10", "p50", "p90", "low", "high", "plus_minus")
_COUNTS = ("usd", "tokens", "requests", "headcount", "at_most", "active_users", "seats", "contracted")
_RATES = ("per_mtok", "per_request", "per_usd", "factor", "multiplier")


def implausible(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield what a file says and hardly means, in the order deal, bands, requests, people, offers, amounts."""
    rate = deal.cost_of_capital_per_year
    if rate > MAX_COST_OF_CAPITAL:
        yield ("cost_of_capital_per_year",), f"{rate:.0%} a year is more than any firm pays; is it {rate:g}%?"
    for _, path, band in bands_of(deal):
        yield from _band(deal, loc_of(path), band)
    for user in resolve(deal).users.values():
        yield from _request(deal, user)
        yield from _quality(user)
    for name, cohort in deal.cohorts.items():
        if cohort.headcount < 1:
            yield ("cohorts", name, "headcount"), f"{cohort.headcount:g} people are less than one; is it a share?"
    if deal.scenarios:
        yield from _first_month(deal)
    yearly = highest_usage_at_list(deal, scenarios)
    highest = None if yearly is None else float(yearly.max())
    yield from _own_seat_types(deal)
    for name, offer in deal.offers.items():
        yield from _offer(deal, name, offer, highest)
    if highest is not None and highest > EXACT_USD:
        text = f"usage comes to {usd(highest)} USD in a year at list; above {EXACT_USD:g} the answer is not to the cent"
        yield ("workloads",), text
    yield from _separators(deal)


def _band(deal: Deal, loc: Loc, band: Band) -> Iterator[Finding]:
    is_growth = "growth" in str(loc[-1])
    is_whole = all(value == int(value) for value in band.quantiles) and "%" not in _as_written(deal, loc)
    if is_growth and (band.p90 > MAX_GROWTH or (is_whole and band.p90 >= 1)):
        meant = f"; write {band.p90:g}% if that is meant" if is_whole else ""
        yield loc, f"grows by {band.p90:,.0%} a year{meant}"
    times = times_apart(band.p10, band.p90, deal.compared_months)
    if is_growth and not deal.scenarios and band.p90 <= MAX_GROWTH and times > MAX_TIMES:
        after = f"{band.p10:+.0%} to {band.p90:+.0%} a year, P90 {times:,.0f} times P10 at the end"
        yield loc, f"{after}: expected costs hang on what lies above P90; {TO_DO}"
    width = max(band.p90 - band.p50, band.p50 - band.p10)
    is_forecast = not is_growth and not (source_of(deal, dotted(loc)) or "").startswith(MEASURED)
    if not band.is_certain and is_forecast and band.p50 > 0 and width < MIN_HALF_WIDTH * band.p50:
        yield loc, f"is known to within ±{width / band.p50:.1%}; few forecasts are better than ±{MIN_HALF_WIDTH:.0%}"


def _first_month(deal: Deal) -> Iterator[Finding]:
    """Yield workloads whose own requests are far from what the listed scenarios expect of the first month."""
    stated, listed = central(deal.whole).requests, explicit_list(deal.whole)
    for name, requests in listed.requests.items():
        own, expected = float(stated[name][0, 0]), listed.mean(requests[0])
        if max(own, expected) > MAX_FIRST_MONTH_RATIO * min(own, expected):
            bill = f"today's bill has {counted(own, 'request')}"
            text = f"{bill}, but the scenarios expect {expected:,.10g} in the first month"
            yield ("workloads", name, "requests_per_month"), text


def _as_written(deal: Deal, loc: Loc) -> str:
    """Return what stands at a place of the file, as text."""
    node: Any = deal.written
    for part in loc:
        if not isinstance(node, dict) or part not in node:
            return ""
        node = node[part]
    return str(node)


def _request(deal: Deal, user: User) -> Iterator[Finding]:
    loc: Loc = ("workloads", user.name) if not isinstance(user.request, Use) else ("cohorts", user.name, "use")
    models = {part.model_id: part for epoch in user.epochs for option in epoch.options for part in option.parts}
    for bucket in user.request.input_tokens:
        if bucket.tokens < MIN_TOKENS:
            text = f"{counted(bucket.tokens, 'input token')}, fewer than in one sentence; are they thousands?"
            yield (*loc, "input_tokens"), text
        asked = bucket.tokens + user.request.output_tokens
        short = [key for key, part in models.items() if asked * part.token_factor > deal.card.model(key).context_tokens]
        if short:
            text = f"{asked:,.0f} tokens with the answer do not fit the context window of {', '.join(sorted(short))}"
            yield (*loc, "input_tokens"), text
    if 0 < user.request.output_tokens < MIN_TOKENS / 10:
        yield (*loc, "output_tokens"), f"{counted(user.request.output_tokens, 'output token')}, hardly one word"


def _quality(user: User) -> Iterator[Finding]:
    """Yield a workload that runs on one model today, where nothing says that a cheaper one is not good enough."""
    request = user.request
    names = dict.fromkeys(option.key.partition("+")[0] for epoch in user.epochs for option in epoch.options)
    if isinstance(request, Use) or request.today is None or len(names) < 2:
        return
    if request.quality.floor is None and request.quality.mean_floor is None:
        text = f"runs on {request.today.model} today, and no floor says which of {', '.join(names)} is good enough"
        yield ("workloads", user.name, "quality"), text


def _offer(deal: Deal, name: str, offer: Offer, highest: float | None) -> Iterator[Finding]:
    loc: Loc = ("offers", name)
    if offer.api is not None:
        yield from _bands(deal, offer.api, (*loc, "api", "bands"), highest)
    on_card = {seat.id for seat in deal.card.seats}
    on_the_table = resolve(deal).offers.get(name)  # an agreement in force is not
    for seat_type, seat in on_the_table.seats.items() if on_the_table else ():
        here = (*loc, "seats", seat_type)
        ratio = seat.usd / seat.card_usd if seat.card_usd else 1.0
        if seat_type in on_card and not 1 / MAX_SEAT_PRICE_RATIO <= ratio <= MAX_SEAT_PRICE_RATIO:
            text = f"{usd(seat.usd)} USD a month is {ratio:.3g} times the card's {usd(seat.card_usd)}"
            yield (*here, "usd_per_user_month"), f"{text}; is it the price of a year, or of all seats?"
        steps = seat.part.tiers.steps if seat.part.tiers else ()
        yield from _slips((*here, "tiers", "steps"), [(index, step.seats) for index, step in enumerate(steps)])
        yield from _twice_on_list(deal, name, seat, here)
        for index, step in enumerate(steps):
            yield from _discount((*here, "tiers", "steps", index, "discount"), step.discount)
    for months, term in offer.terms.items():
        yield from _discount((*loc, "terms", str(months)), max(term.api, term.seats))
    yield from _slips(
        (*loc, "bundle"), [(index, tier.combined_usd_per_year) for index, tier in enumerate(offer.bundle)]
    )
    for index, tier in enumerate(offer.bundle):
        yield from _discount((*loc, "bundle", index), max(tier.api, tier.seats))


def _own_seat_types(deal: Deal) -> Iterator[Finding]:
    """Yield seat types that the card does not know, each where it stands first: misspelt, or the buyer's own."""
    on_card = [seat.id for seat in deal.card.seats]
    places: dict[str, Loc] = {}
    for name, offer in deal.offers.items():
        for seat_type in offer.seats:
            places.setdefault(seat_type, ("offers", name, "seats", seat_type))
    for seat_type, loc in places.items():
        if seat_type not in on_card:
            near = nearest(seat_type, on_card) or next(
                (each for each in on_card if each.startswith(f"{seat_type}-")), ""
            )
            meant = f"; did you mean {near}?" if near else ""
            sellers = [name for name, offer in deal.offers.items() if seat_type in offer.seats]
            sold = f"only {listed(sellers)} {'sell' if len(sellers) > 1 else 'sells'} it"
            included = _included(deal, loc[1], seat_type)
            text = f"{seat_type} is no seat of the rate card, so it is taken as one of your own: {sold}"
            yield loc, f"{text}, it has no list price, no limits of a plan, and what it includes is {included}{meant}"


def _twice_on_list(deal: Deal, name: str, seat: SeatOffer, loc: Loc) -> Iterator[Finding]:
    """Yield seats that are charged their largest count and a plan's minimum where they are left for monthly list."""
    clause, plan = seat.part.true_up, deal.card.plan_of(seat.seat_type)
    is_left = may_leave(deal, name) and min(deal.offers[name].terms) < deal.horizon_months
    monthly = resolve(deal).offers.get(LIST_MONTHLY)
    is_sold = monthly is not None and seat.seat_type in monthly.seats
    if not isinstance(clause, TrueUp) or clause.retroactive or clause.ratchet == "none" or not is_left:
        return
    if plan is not None and plan.minimum >= MIN_PLAN_MINIMUM and is_sold:
        text = "for a year after leaving for list billed monthly its largest count is charged, and beside it what users"
        yield (
            (*loc, "true_up"),
            f"{text} lack to the {counted(plan.minimum, 'seat')} of the plan; does the contract say both?",
        )


def _included(deal: Deal, offer: str | int, seat_type: str) -> str:
    """Return what of its usage a seat type of an offer includes, in words."""
    seat = resolve(deal).offers[str(offer)].seats[seat_type]
    if seat.part.allowance is not None:
        return "as stated"
    shares = set(seat.covered_share.values())
    if shares == {0.0}:
        return "nothing: usage is billed at API rates"
    return "all usage" if shares == {1.0} else "as stated"


def _bands(deal: Deal, api: ApiPart, loc: Loc, highest: float | None) -> Iterator[Finding]:
    models = deal.card.models
    for index, band in enumerate(api.bands):
        yield from _discount((*loc, index, "discount"), max(band.discount.values(), default=0.0))
    for index, (before, here) in enumerate(pairwise(api.bands)):
        asked = [(m.family, here.discount_of(m.id, m.family), before.discount_of(m.id, m.family)) for m in models]
        lower = dict.fromkeys(family for family, now, less in asked if now < less)
        if lower:
            text = f"is lower than in the band before it, which asks for less: {', '.join(lower)}"
            yield (*loc, index + 1, "discount"), text
    yield from _slips(loc, [(index, band.commit_usd_per_year) for index, band in enumerate(api.bands)])
    committed = [band.commit_usd_per_year for band in api.bands if band.commit_usd_per_year]
    if not (committed and highest):
        return
    if min(committed) > MAX_RATIO_TO_USAGE * highest or max(committed) * MAX_RATIO_TO_USAGE < highest:
        text = f"run from {usd(min(committed))} to {usd(max(committed))} a year, and usage comes to at most"
        yield loc, f"{text} {usd(highest)} at list: are both in USD a year?"


def _slips(loc: Loc, thresholds: list[tuple[int, float]]) -> Iterator[Finding]:
    """Yield thresholds that start far above the one before: written in thousands, or with zeros too many."""
    for (_, before), (index, here) in pairwise([each for each in thresholds if each[1] > 1]):
        if here >= MAX_STEP_RATIO * before:
            text = f"starts at {usd(here)}, {here / before:,.4g} times the one before it ({usd(before)})"
            yield (*loc, index), f"{text}; are both in the same unit?"


def _discount(loc: Loc, discount: float) -> Iterator[Finding]:
    if discount > MAX_DISCOUNT:
        yield loc, f"a discount of {discount:.0%} is more than vendors give; is it what remains to be paid?"


def _separators(deal: Deal) -> Iterator[Finding]:
    """Yield counts and dollars with three digits after the point: 1.500 is one and a half."""
    for loc, text in deal.grouped.items():
        field = next((str(part) for part in reversed(loc) if isinstance(part, str) and part not in _QUANTILES), "")
        if any(word in field for word in _COUNTS) and not any(word in field for word in _RATES):
            yield loc, f"{text} is read as {parse_number(text):g}; write {text.replace('.', '')} if that is meant"
