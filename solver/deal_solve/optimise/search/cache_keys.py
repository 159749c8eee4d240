"""What the answers that a solve cache keeps depend on, by exclusion: the whole deal but for what is proven irrelevant.

A key is a digest of the deal as plain data without the parts that are listed here, each with its proof. A field that is
new is in no list, so it changes every key: an answer is then found again where it need not be, and never taken where it
must not. `tests/laws/test_solve_cache.py` changes every field of a deal in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from deal_solve.deal.deal import Deal
from deal_solve.formulation.model.intervals import summed_monthly

Parts = tuple[str, ...]
"""Dotted paths of parts of a deal; * stands for every key of a map."""

WORDS: Parts = (
    "title",  # printed, never computed with
    "sources",  # where numbers come from: printed, never computed with
)
"""Irrelevant to every number."""

SUMS: Parts = (
    *WORDS,
    "risk",  # weighs the cost of scenarios; the sums are of their requests, users and prices
    "limits",  # bound costs, as above
    "internal_tools",  # are paid for by month in use; usage is summed per cohort, whatever its track
    # Requests, users and price indexes are summed before any offer is applied. Offers only say where sums end: in every
    # month where one caps the rise of prices (`price_protection`), and at the ends of `api.period`; whose sums end in
    # every month, because a seat has an allowance, is a part of the key (`summed_monthly`). So not
    "offers.*.title",
    "offers.*.terms",  # a term ends with a contract year, where every sum ends anyway
    "offers.*.provides",  # open and close agreements, not options of a request
    "offers.*.exclusive",  # says which offers are taken together
    "offers.*.seats",  # prices, counts and covered shares are applied to sums of users and requests
    "offers.*.bundle",  # discounts on prices
    "offers.*.renewal",  # prices from a contract year on
    "offers.*.renewal_cap",  # the same
    "offers.*.channel",  # what payments count toward, beside what they are
    "cloud_commitments.*.usd_per_year",  # other spend is taken off it, and payments, once they are known
    "cloud_commitments.*.cap_share",  # the same
    "offers.*.api.bands",  # thresholds and discounts
    "offers.*.api.yearly_minimum",  # when is paid
    "offers.*.api.overage",  # a price
    "offers.*.api.unused",  # moves a balance from period to period
    "offers.*.api.payment",  # when is paid
    "offers.*.api.excess",  # what of a period's usage counts in the next one
    "offers.*.api.shortfall_at",  # what a shortfall costs; but `measured_at` closes options, and is a part of the key
    "offers.*.api.ramp",  # factors on the commitment
    "offers.*.api.step_usd",  # steps of the commitment
)
"""Irrelevant to how scenarios are summed up over months (`scenario_sums.ScenarioSums`)."""

BASELINE: Parts = (
    *WORDS,
    "risk",  # the baseline is the plan of least expected cost
    "limits",  # and is held to none
    "renewal_decisions",  # and takes no table
)
"""Irrelevant to the baseline, beside every band with a commitment."""

SEATS_ONLY: Parts = (
    "api",  # not taken: the program has the price regimes of one API agreement, which is another offer's or list's
    "bundle",  # needs both parts of the same offer to be taken
    "terms.*.api",  # a discount on the API part, as above
)
"""Irrelevant, of an offer, to the program of an API agreement under another one (or list), and to the baseline where
it has no band without a commitment."""


def sums_key(deal: Deal) -> str:
    """Return the key of how the scenarios of a deal are summed up."""
    return digest(without(plain(deal), SUMS), summed_monthly(deal))


def baseline_key(deal: Deal) -> str:
    """Return the key of the baseline of a deal."""
    data = without(plain(deal), BASELINE)
    for name, offer in data["offers"].items():  # a band with a commitment is closed, an offer without another too
        api = offer["api"] or {"bands": ()}
        free = [band for band in api["bands"] if band["commit_usd_per_year"] == 0]
        data["offers"][name] = {**offer, "api": {**api, "bands": free}} if free else without(offer, SEATS_ONLY)
    return digest(data)


def agreement_keys(deal: Deal, offers: Iterable[str], besides: Parts = ()) -> dict[str, str]:
    """Return the key of the program of an API agreement under each of some offers (or list), without some parts."""
    data = without(plain(deal), (*WORDS, *besides))
    given = data.pop("offers")
    whole = {name: digest(offer) for name, offer in given.items()}
    seats = {name: digest(without(offer, SEATS_ONLY)) for name, offer in given.items()}
    rest = digest(data)
    return {
        taken: digest(rest, {name: whole[name] if name == taken else seats[name] for name in given}) for taken in offers
    }


def plain(deal: Deal) -> dict[str, Any]:
    """Return a deal as plain data, with the month of signing if that is not the first, and what runs till then.

    What is in force is no offer of the deal that is signed after it.
    """
    if deal.whole is deal:
        return deal.model_dump(mode="json")
    held = [offer.model_dump(mode="json") for offer in deal.held.offers.values()]
    return {**deal.model_dump(mode="json"), "signing_month": deal.signing_month, "held": held}


def digest(*parts: Any) -> str:
    """Return a digest of plain data; the order of a map's keys does not count."""
    return blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def without(data: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Return a copy of plain data without some parts; a part that is not there is left out as well."""
    return _without(data, [tuple(part.split(".")) for part in parts])


def _without(data: dict[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    kept = {}
    for key, value in data.items():
        below = [path[1:] for path in paths if path[0] in ("*", key)]
        if () not in below:
            kept[key] = _without(value, below) if below and isinstance(value, dict) else value
    return kept
