"""Bands, terms, seats and tiers of offers that can never be taken or reached (model §4, §6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deal_solve.currency import converted
from deal_solve.deal.clauses.seats import SEATS
from deal_solve.deal.cross_checks import Finding
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.rate_card import SeatPlan
from deal_solve.deal.yaml_source import Loc
from deal_solve.facts.baseline_usage import highest_usage_at_list
from deal_solve.messages import counted
from deal_solve.plan.crowds import crowding, crowds, is_crowded, served_first, too_many_combinations, unpriced
from deal_solve.plan.dearer import dearer_options
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.first_users import FirstUsers, first_users, joint_users
from deal_solve.uncertainty.measures import quantile
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet


def unreachable_offers(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield what of each offer is out of reach."""
    yearly = highest_usage_at_list(deal, scenarios)
    for name, offer in deal.offers.items():
        loc: Loc = ("offers", name)
        for months in offer.terms:
            if months > 12 * deal.years:
                yield (
                    (*loc, "terms", str(months)),
                    f"is longer than the horizon of {counted(deal.compared_months, 'month')}",
                )
        if offer.api:
            yield from _worse_bands(deal, offer.api, (*loc, "api", "bands"))
            if yearly is not None:
                yield from _unreached_bands(deal, offer.api, yearly, scenarios, (*loc, "api", "bands"))
        yield from _seats(deal, name, offer, scenarios, loc)
    yield from crowded_plans(deal, scenarios)
    yield from _dearer(deal, scenarios)


def _dearer(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield the options of each user that are closed under a commitment measured at list, those of all epochs once."""
    measured = [name for name, offer in deal.offers.items() if offer.api is not None and offer.api.is_measured_at_list]
    closed: dict[str, dict[str, None]] = {}
    for user, _, key in sorted(dearer_options(deal, scenarios)):
        closed.setdefault(user, {})[key] = None
    for user, keys in closed.items():
        loc: Loc = ("workloads", user) if user in deal.workloads else ("cohorts", user, "use")
        what = f"{', '.join(keys)}: dearer at list than an option that is as good"
        yield loc, f"{what}, so closed under a commitment of {', '.join(measured)} (measured_at: list)"


def crowded_plans(deal: Deal, scenarios: ScenarioSet) -> Iterator[Finding]:
    """Yield which cohorts are too many for a plan of the vendor together, and in how many scenarios."""
    first = first_users(scenarios)
    for plan in deal.card.plans:
        if plan.maximum is None:
            continue
        cohorts = tuple(name for name, cohort in deal.cohorts.items() if {*plan.seats} & {*cohort.tracks})
        loc = ("rates", "plans", plan.id, "maximum")
        if too_many_combinations(deal, first, plan):
            yield loc, too_many_combinations(deal, first, plan)
        found = {crowd: None for year in range(deal.years) for crowd in crowds(first, cohorts, year, plan.maximum)}
        for crowd in found:
            exceeded = (joint_users(scenarios.users, crowd) > plan.maximum * (1 + 1e-9)).any(axis=0)
            users = (
                f"{' and '.join(crowd)} have more than {counted(plan.maximum, 'user')}{' together' * (len(crowd) > 1)}"
            )
            types = ", ".join(name for name in plan.seats if name in deal.seat_types)
            where = f"in {int(exceeded.sum()):,} of {counted(scenarios.size, 'scenario')} ({types})"
            years = [year for year in range(deal.years) if is_crowded(first, crowd, year, plan.maximum)]
            yield loc, f"{users} {where}: {_outcome(deal, first, plan, crowd, years)}"


def _outcome(deal: Deal, first: FirstUsers, plan: SeatPlan, crowd: tuple[str, ...], years: list[int]) -> str:
    """Return what follows where cohorts are too many for a plan together: some are unserved, or it is closed."""
    if unpriced(deal, crowd) or any(crowding(deal, first, plan, year) is None for year in years):
        return f"in contract years with such months they {'cannot be' if len(crowd) == 1 else 'cannot all be'} on it"
    last = served_first(deal, crowd)[-1]
    return "those above it are unserved" + (f", first of {last}" if len(crowd) > 1 else "")


def _unreached_bands(deal: Deal, api: ApiPart, yearly: Array, scenarios: ScenarioSet, loc: Loc) -> Iterator[Finding]:
    """A threshold above P99 of the highest yearly usage at list (above every branch, where the set is coarse)."""
    highest = yearly.max(axis=0)
    if scenarios.is_coarse:
        maximum, what = float(highest.max()), "in every branch"
    else:
        maximum, what = quantile(highest, scenarios.weights, 0.99), "in 99 % of the scenarios"
    people = ", people on the track that uses most of it" * bool(deal.cohorts)
    for index, band in enumerate(api.bands):
        if band.commit_usd_per_year > maximum:
            yield (
                (*loc, index),
                f"{converted(band.commit_usd_per_year):,.0f} a year is above the usage {what}: at most "
                f"{converted(maximum):,.0f} a year, "
                f"at list and routed as today{people}",
            )


def _worse_bands(deal: Deal, api: ApiPart, loc: Loc) -> Iterator[Finding]:
    """A band that asks for more and gives nothing more on any model."""
    for index in range(1, len(api.bands)):
        here, before = api.bands[index], api.bands[index - 1]
        if all(here.discount_of(m.id, m.family) <= before.discount_of(m.id, m.family) for m in deal.card.models):
            yield (*loc, index), "gives no model a higher discount than the band before it, which asks for less"


def _seats(deal: Deal, name: str, offer: Offer, scenarios: ScenarioSet, loc: Loc) -> Iterator[Finding]:
    for seat_type in offer.seats:
        here = (*loc, "seats", seat_type)
        cohorts = [key for key, cohort in deal.cohorts.items() if seat_type in cohort.tracks]
        if not cohorts:
            yield here, "no cohort has this seat type among its tracks"
            continue
        seat = resolve(deal).offers[name].seats[seat_type]
        part = seat.part
        peak: Array = np.sum([scenarios.users[key] for key in cohorts], axis=0).max(axis=0)
        if offer.seats[seat_type].maximum is not None and part.maximum is not None:
            above = float(scenarios.weights[np.ceil(peak - 1e-9) > part.maximum].sum())
            if above > 0:
                where = (
                    f"the users of {', '.join(cohorts)} together exceed {part.maximum} in {above:.0%} of the scenarios"
                )
                yield (*here, "maximum"), f"{where}; more than the maximum cannot be contracted"
        if part.minimum and float(peak.max()) < part.minimum:
            users = f"at most {counted(round(float(peak.max())), 'user')} at a time"
            yield (*here, "minimum"), f"{counted(part.minimum, 'seat')}, more than anyone could use: {users}"
        for index, step in enumerate(part.tiers.steps if part.tiers else ()):
            if part.maximum is not None and step.seats > part.maximum:
                yield (
                    (*here, "tiers", "steps", index),
                    f"{counted(step.seats, 'seat')}, above the maximum of {part.maximum}",
                )
        if part.counts_toward_commitment and all(seat.covered_share[c] == 1 for c in cohorts):
            yield (*here, "counts_toward_commitment"), "these seats include all usage, so nothing is metered"
        for clause in SEATS:
            reason = clause.idle(offer, part) if clause.idle else None
            if reason is not None:
                yield (*here, *clause.path), reason
