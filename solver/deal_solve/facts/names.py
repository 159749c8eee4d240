"""What things are called in print: by their titles, or by their ids where they have none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import LIST, Deal
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.lines import LINES


def offer_name(deal: Deal, offer: str) -> str:
    """Return the name of an offer; list prices are an offer too."""
    if offer == LIST:
        return "list prices"
    return deal.offers[offer].title or offer


def quoted_offer(deal: Deal, offer: str) -> str:
    """Return the name of an offer in a sentence: a title is quoted."""
    name = offer_name(deal, offer)
    return f'"{name}"' if offer != LIST and name != offer else name


def track_name(deal: Deal, track: str) -> str:
    """Return the name of a seat type, of an internal tool, or of none."""
    if track == NONE:
        return NONE
    if track in deal.internal_tools:
        return deal.internal_tools[track].title or track
    return next((seat.title for seat in deal.card.seats if seat.id == track), "") or track


def seats_name(deal: Deal, seat_type: str) -> str:
    """Return what several seats of a type are called."""
    name = track_name(deal, seat_type)
    return f"{name}s" if name.endswith(" seat") else f"{name} seats"


def user_name(deal: Deal, user: str) -> str:
    """Return the name of a workload or a cohort."""
    found = deal.workloads.get(user) or deal.cohorts.get(user)
    return (found.title if found else "") or user


def path_name(deal: Deal, path: str) -> str:
    """Return what a dotted path of the deal file is called: the title of what it belongs to, then its words."""
    part, _, rest = path.partition(".")
    name, _, key = rest.partition(".")
    if part in ("workloads", "cohorts"):
        owner = user_name(deal, name)
    elif part == "offers" and name in deal.offers:
        owner = offer_name(deal, name)
    elif part == "cloud_commitments" and name in deal.cloud_commitments:
        owner = deal.cloud_commitments[name].title or f"commitment to {name}"
        key = re.sub(r"_usd_per_year\[(\d+)\]$", lambda found: f" in year {int(found[1]) + 1}", key)
    else:
        return path.replace(".", " ").replace("_", " ")
    words = key.replace(".", " ").replace("_", " ")
    return f"{owner}: {words}" if words else owner


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def line_title(deal: Deal, plan: Plan, line: str) -> str:
    """Return what a line of a bill is called under a plan: in arrears overage is a surcharge, else all of its usage.

    Where nothing is signed no rate is contracted.
    """
    if line == "usage" and plan.api.offer == LIST:
        return "API usage at list prices"
    facts, api = LINES[line], resolve(deal).taken(plan.api).api
    return facts.in_arrears if facts.in_arrears and api is not None and api.payment == "arrears" else facts.title
