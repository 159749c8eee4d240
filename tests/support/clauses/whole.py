"""Clauses of the deal as a whole: the agreement in force, months of signing, tables, the card, the currency."""

from collections.abc import Iterator
from typing import Any

from deal_solve.deal.offers.terms import TERM_MONTHS
from tests.support.clauses.registry import ABSENT, DROP, Data, add, deal, offers, part_of, people, present

_held = part_of(deal, "in_force")
_signing = part_of(deal, "signing")

add("in force", deal, "in_force", present, DROP)
add("in force api", _held, "api", present, DROP)
add("in force seats", _held, "seats", present, DROP)
add("in force index", _held, "index", present, DROP)
add("in force amounts", part_of(_held, "api"), "commitment_usd", lambda v: isinstance(v, list), lambda v: v[0])
add("drawn", part_of(_held, "api"), "drawn_usd", present, lambda _: 0.0)
add("carried in", part_of(_held, "api"), "carried_in_usd", present, lambda _: 0.0)
add(
    "signing=later",
    _signing,
    "months",
    lambda v: v is not ABSENT and max(v) > 0,
    lambda v: [min(v)] if len(v) > 1 else [0],
)
add("signing=several months", _signing, "months", lambda v: v is not ABSENT and len(v) > 1, lambda v: v[-1:])
add("early=forfeited", _signing, "early", "forfeited", "credited")
add("early=credited", _signing, "early", "credited", "forfeited")


def _running(data: Data) -> Iterator[Data]:
    """Yield when deals may be signed before the end of seats in force."""
    if data.get("in_force", {}).get("seats") and "early" in data.get("signing", {}):
        yield data["signing"]


def _seats_held(data: Data) -> Iterator[Data]:
    """Yield the seat types of the agreement in force as they were sold."""
    held = data.get("in_force", {})
    yield from data["offers"][held["offer"]].get("seats", {}).values() if held else ()


add("seats beyond signing", _running, "months", present, lambda months: months[-1:] if months[1:] else None)
add("in force true-forward", _seats_held, "true_up", "true-forward", "annual-true-up")
add("in force hard_cap", _seats_held, "true_up", "hard_cap", "add-on-demand")
add("renewal_decisions", deal, "renewal_decisions", present, DROP)
add("currency", deal, "currency", present, DROP)

# The card


def _plans(data: Data) -> Iterator[Data]:
    yield from data["rates"].get("plans", {}).values()


def _rates_of_team(data: Data) -> Iterator[Data]:
    """Yield the rates of deals in which somebody may take a Team seat."""
    if any("team-standard" in one["tracks"] for one in people(data)):
        yield data["rates"]


def _unknown(data: Data) -> Iterator[Data]:
    """Yield those in which no cohort states what a seat includes."""
    yield from (rates for rates in _rates_of_team(data) if not any("covered_share" in one for one in people(data)))


def _team(seats: Any) -> Data:
    return {} if seats is ABSENT else seats.get("team-standard", {})


def _sold_monthly(seats: Any) -> bool:
    """The card sells it both ways; one price is billed yearly."""
    price = _team(seats).get("usd_per_user_month", {"monthly": 25})
    return isinstance(price, dict) and "monthly" in price


def _stated(seats: Any) -> bool:
    return not {"allowance", "covered_share"}.isdisjoint(_team(seats))


def _changed(**fields: Any) -> Any:
    """Return the change that states fields of a Team seat."""
    return lambda seats: {**({} if seats is ABSENT else seats), "team-standard": {**_team(seats), **fields}}


add("plan minimum", _plans, "minimum", present, 0)
add("plan maximum", _plans, "maximum", present, 1_000_000)
add("list billed monthly", _rates_of_team, "seats", _sold_monthly, _changed(usd_per_user_month={"yearly": 20}))
add("allowance unknown", _unknown, "seats", lambda v: not _stated(v), _changed(allowance="all"))
add("allowance of the card", _rates_of_team, "seats", _stated, _changed(allowance={"usd_per_user_month": 0}))


# Terms of four and five years


def _dropped(length: int) -> Any:
    return lambda terms: {key: value for key, value in terms.items() if key != length} or None


for _length in TERM_MONTHS[3:]:
    add(f"term={_length}", offers, "terms", lambda v, n=_length: n in v, _dropped(_length))
