"""Deals that can be solved by hand (model §9): one request costs exactly 1 USD at today's list.

Yearly numbers of the deal model are monthly ones here, so every amount is 12 times the one in the text: `YEAR * 88`
stands for its 88.
"""

import json

from deal_solve import Proposal, loads

YEAR = 12
DOLLAR = {"input_usd_per_mtok": 1_000_000, "output_usd_per_mtok": 0}
APP = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
DISCOUNT, KEPT = 0.2, 0.8
RARE = {"low": 60, "middle": 100, "high": 160}
CHANCES = {"low": 0.3, "middle": 0.5, "high": 0.2}


def read(horizon=12, **sections):
    """Return a deal that starts in January 2027, its model at 1 USD a token and its seat at 20 USD a month."""
    rates = {
        "card": "claude@2026-11-23",
        "models": {"claude-opus-5-5": DOLLAR},
        "seats": {"seat": {"usd_per_user_month": 20, "covered_share": 1}},
    }
    return loads(json.dumps({"start": "2027-01", "horizon_months": horizon, "rates": rates, **sections}))


def explicit(paths, weights=None):
    """Return an explicit list: a path is one number, one per contract year, or one per month."""
    chances = weights or dict.fromkeys(paths, 1 / len(paths))
    return {name: {"weight": chances[name], "requests_per_month": {"app": path}} for name, path in paths.items()}


def quote(*bands, terms=(12,), **api):
    """Return an offer with these (threshold, discount) bands."""
    steps = [{"commit_usd_per_year": usd, "discount": discount} for usd, discount in bands]
    return {"terms": list(terms), "api": {"bands": steps, **api}}


def newsvendor(paths=RARE, weights=CHANCES, risk="neutral", horizon=12, **api):
    """Return the deal of 9.1: 20 % off (from any commitment), overage at list unless said otherwise."""
    offer = quote((0.01, DISCOUNT), terms=(horizon,), **api)
    return read(horizon, workloads={"app": APP}, offers={"quote": offer}, scenarios=explicit(paths, weights), risk=risk)


def certainly(usage, **offers):
    """Return a deal with one scenario: this list value a month, and these offers."""
    return read(workloads={"app": APP}, offers=offers, scenarios=explicit({"only": usage}))


def commitment(solution, year=0):
    """Return C of a contract year in dollars."""
    return [usd for term in solution.plan.api.terms for usd in term.commitment_usd][year]


def covers(solution):
    """Return the commitment of the first year as the text states it: the list value it covers, in 12 USD."""
    return commitment(solution) / KEPT / YEAR


def fixed(**parts):
    """Return a proposal that pins these parts of the plan."""
    return Proposal.model_validate(parts)


def expected(solution):
    """Return the expected settled cost."""
    return float(solution.settlement.weights @ solution.settlement.cost)


def tail(risk_on, confidence):
    """Return the risk that looks at the tail only."""
    return {"weight": 1, "on": risk_on, "confidence": confidence}


PATHS = {"a": [60, 100], "b": [60, 160], "c": [100, 100], "d": [100, 160]}


def two_years(**api):
    """Return the deal of 9.4: term 24, the same commitment in both years."""
    return newsvendor(PATHS, None, horizon=24, **api)


def office(**seats):
    """Return a deal of ten people who cost 15 a month each without a seat."""
    offers = {"office": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 12, "billing": "monthly", **seats}}}}
    people = {"headcount": 10, "tracks": ["none", "seat"], "unserved_usd_per_user_month": 15}
    return read(cohorts={"staff": people}, offers=offers, risk="neutral")
