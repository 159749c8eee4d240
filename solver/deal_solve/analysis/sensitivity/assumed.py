"""What a deal assumes without a band: paths of scenarios that are listed, and allowances of the card's seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deal_solve.analysis.sensitivity.negotiable import Negotiable
from deal_solve.deal.allowance import Allowance
from deal_solve.deal.deal import Deal
from deal_solve.plan.tracks import is_seat_type
from deal_solve.uncertainty.scenario_set import ScenarioSet

TENTH = 0.1
EVERY = "scenarios.*."
"""Begins the place of a path in all scenarios at once."""
FIELDS = {
    "requests_per_month": "requests",
    "active_users": "users",
    "requests_per_user_month": "per_user",
    "list_price_index": "index",
    "other_spend_usd_per_year": "other_spend",
}
"""The paths of a named scenario, by the name that they have in a set."""
MODELS, SEATS = "models", "seats"


def assumed(deal: Deal, scenarios: ScenarioSet | None) -> Iterator[Negotiable]:
    """Yield every path of listed scenarios, as a factor of all of them, and the allowances that the deal states."""
    if scenarios is not None:
        keys = {field: list(getattr(scenarios, name)) for field, name in FIELDS.items()}
        on_seats = any(is_seat_type(deal, track) for cohort in deal.cohorts.values() for track in cohort.tracks)
        keys["list_price_index"] = [MODELS, *[SEATS] * on_seats]
        for field, found in keys.items():
            for key in found:
                yield Negotiable(f"{EVERY}{field}.{key}", 1.0, 1 - TENTH, 1 + TENTH)
    for name, seat in deal.rates.seats.items():
        if isinstance(seat.allowance, Allowance) and (usd := seat.allowance.usd_per_user_month):
            path = f"rates.seats.{name}.allowance.usd_per_user_month"
            yield Negotiable(path, usd, round((1 - TENTH) * usd, 9), round((1 + TENTH) * usd, 9))


def scaled(scenarios: ScenarioSet, path: str, factor: float) -> ScenarioSet:
    """Return scenarios with one path times a factor in all of them, before the month of signing too.

    The path is one that `assumed` yields; `models` stands for every family but seats.
    """
    field, _, key = path.removeprefix(EVERY).partition(".")
    name = FIELDS[field]

    def is_meant(other: str) -> bool:
        return other != SEATS if (field, key) == ("list_price_index", MODELS) else other == key

    held: dict[str, Any] = getattr(scenarios, name)
    changed: dict[str, Any] = {
        name: {other: values * factor if is_meant(other) else values for other, values in held.items()}
    }
    before, running = (
        None if each is None else scaled(each, path, factor) for each in (scenarios.before, scenarios.running)
    )
    return replace(scenarios, before=before, running=running, **changed)
