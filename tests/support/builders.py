"""Small deals for settlement tests: one request costs exactly 1 USD at today's list, so requests are list dollars."""

import json
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, Route, SeatAgreement
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.expansion import scenarios_of

DOLLAR = {"input_usd_per_mtok": 1_000_000, "output_usd_per_mtok": 0}
RATES = {
    "card": "claude@2026-11-23",
    "models": {"claude-opus-5-5": DOLLAR, "claude-sonnet-5-5": DOLLAR, "claude-haiku-5-5": DOLLAR},
    "seats": {"seat": {"usd_per_user_month": 20, "covered_share": 1}},
}
APP = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus", "sonnet"]}


def deal_of(horizon: int = 12, **sections: Any) -> Deal:
    """Return a deal that starts in January 2027."""
    base = {"start": "2027-01", "horizon_months": horizon, "rates": RATES}
    return loads(json.dumps({**base, **sections}))


def months(*years: float) -> list[float]:
    """Return one value per month from one per contract year."""
    return [float(year) for year in years for _ in range(12)]


def count(base: float = 100.0, horizon: int = 12, **changes: float) -> list[float]:
    """Return `base` users a month but `mN=x` in month N."""
    path = [float(base)] * horizon
    for key, users in changes.items():
        path[int(key[1:])] = float(users)
    return path


def only(**paths: Any) -> dict[str, Any]:
    """Return an explicit list with one scenario."""
    return {"only": {"weight": 1, **paths}}


def bands(*pairs: tuple[float, float]) -> dict[str, Any]:
    """Return the part of an offer with these (threshold in USD a year, discount) bands."""
    return {"bands": [{"commit_usd_per_year": low, "discount": discount} for low, discount in pairs]}


def routes(*shares: dict[str, float], starts: tuple[int, ...] = (0,)) -> dict[str, tuple[Route, ...]]:
    """Return the routing of `app`: these shares from these months on."""
    return {"app": tuple(Route(from_month=start, shares=each) for start, each in zip(starts, shares, strict=True))}


def api_deal(monthly: Any, api: dict[str, Any] | None = None, index: Any = 1, **rest: Any) -> Deal:
    """Return a deal with the workload `app` of these list dollars a month and the offer `quote` (10 % from 1 USD)."""
    offer = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}], **(api or {})}}
    offer |= rest.pop("offer", {})
    path = only(requests_per_month={"app": monthly}, list_price_index={"opus": index})
    return deal_of(**{"workloads": {"app": APP}, "offers": {"quote": offer}, "scenarios": path, **rest})


def api_plan(*terms: tuple[float, tuple[float, ...]], first: int = 12, offer: str = "quote", **rest: Any) -> Plan:
    """Return a plan with these (band, commitments) per term and all of `app` on opus."""
    given = {"routing": {"app": (Route(from_month=0, shares={"opus": 1}),)}, **rest}
    agreed = tuple(ApiTerm(band_usd_per_year=band, commitment_usd=usd) for band, usd in terms)
    return Plan(api=ApiAgreement(offer=offer, term_months=first, terms=agreed), **given)


def list_api(horizon: int) -> ApiAgreement:
    """Return pay as you go."""
    terms = tuple(ApiTerm(band_usd_per_year=0, commitment_usd=(0,)) for _ in range(horizon // 12))
    return ApiAgreement(offer="list", term_months=12, terms=terms)


def seat_deal(count: Any, part: dict[str, Any] | None = None, index: Any = 1, **rest: Any) -> Deal:
    """Return a deal with the cohort `staff` of these users a month and the offer `quote` of `seat` at 20 a month."""
    offer = {"terms": [12], "seats": {"seat": part or {}}, **rest.pop("offer", {})}
    staff = {"headcount": 0, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 7}
    path = only(active_users={"staff": count}, list_price_index={"seats": index})
    return deal_of(**{"cohorts": {"staff": staff}, "offers": {"quote": offer}, "scenarios": path, **rest})


def seat_plan(contracted: tuple[int, ...], first: int = 12, offer: str = "quote", **rest: Any) -> Plan:
    """Return a plan with these seats per contract year, `staff` on them, and no API use."""
    given = {"api": list_api(12 * len(contracted)), "tracks": {"staff": ("seat",) * len(contracted)}, **rest}
    return Plan(seats={"seat": SeatAgreement(offer=offer, term_months=first, contracted=contracted)}, **given)


def settled(deal: Deal, plan: Plan, **how: Any) -> Settlement:
    """Settle over the deal's own scenarios, and check that the parts add up to the whole."""
    result = settle(deal, plan, scenarios_of(deal), **how)
    np.testing.assert_allclose(sum(result.by_line.values()), result.cost, rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(result.by_year_discounted.sum(axis=0), result.cost, rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(result.by_year.sum(axis=0), result.undiscounted, rtol=1e-12, atol=1e-6)
    for scenario in range(len(result.weights)):
        billed = result.invoice(scenario)["amount_usd"].sum()
        np.testing.assert_allclose(billed, result.undiscounted[scenario], rtol=1e-12, atol=1e-6)
    return result


def total(deal: Deal, plan: Plan, **how: Any) -> float:
    """Return the discounted total of the only scenario."""
    result = settled(deal, plan, **how)
    assert result.cost.shape == (1,)
    return float(result.cost[0])


def lines(result: Settlement) -> dict[str, float]:
    """Return the lines of the only scenario that are not 0, discounted, rounded to cents."""
    return {line: round(float(usd[0]), 2) for line, usd in result.by_line.items() if abs(usd[0]) > 1e-6}


def before(solution: Solution) -> dict[str, float]:
    """Return the lines of the first scenario, not discounted, of the months before signing, those that are not 0."""
    found: dict[str, float] = {}
    settlement = solution.settlement
    bill = settlement.invoice(0)
    early = bill[bill["contract_year"] < 0]
    for line, usd in zip(early["item"], early["amount_usd"], strict=True):
        name = next(each.name for each in LINES.values() if each.title == line)
        found[name] = round(found.get(name, 0.0) + float(usd), 2)
    np.testing.assert_allclose(sum(found.values()), settlement.before[0], atol=0.05)
    return found


NEXT = {"terms": [12, 24], "api": {**bands((0.01, 0.2)), "overage": "contracted"}}


def held(monthly=100, api=None, in_force=None, horizon=24, ends="2027-07", **rest):
    """Return a deal of 24 months whose agreement in force ends in month 6: 10 % off, 1,200 a year, 900 drawn so far."""
    current = {"on_the_table": False, "terms": [12], "api": {**bands((1_200, 0.1)), **(api or {})}}
    own = {"band_usd_per_year": 1_200, "commitment_usd": 1_200, "period_started": "2026-07", "drawn_usd": 900}
    own |= in_force or {}
    rest = {"offers": {"current": current, "next": NEXT}, **rest}
    return api_deal(monthly, horizon=horizon, in_force={"offer": "current", "ends": ends, "api": own}, **rest)
