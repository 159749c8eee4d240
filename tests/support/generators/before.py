"""What the API agreement in force charges, month by month and scenario by scenario: an oracle for the settlement."""

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.settlement.in_force.usage import Until, tracks_today, usage_before
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

LENGTH = {"year": 12, "half": 6, "quarter": 3}


def api_before(deal: Deal, scenarios: ScenarioSet) -> Array:
    """Return USD paid for counted usage and commitment before the month of signing, (S,), not discounted."""
    alone, month = deal.held, deal.signing_month
    ends = alone.month(alone.in_force.ends)
    if month:
        before = scenarios.before
        until = Until(min(ends, month), min(ends, month), month)  # what counts does so in the months before signing
        usage = usage_before(alone, before, tracks_today(alone) if alone.cohorts else {}, until).counted
    else:
        before, usage = scenarios, {}
    return np.array([_alone(alone, before, usage, (month, min(ends, month), ends), s) for s in range(scenarios.size)])


def _alone(deal, before, usage, months, scenario):
    (_, until, ends), held, part = months, deal.in_force, deal.offers[deal.in_force.offer].api
    api, offer = held.api, deal.offers[held.offer]
    band = next(b for b in part.bands if b.commit_usd_per_year == api.band_usd_per_year)
    paid, carried, drawn = 0.0, api.carried_in_usd, api.drawn_usd
    items = {}

    def rates(model_id, t):
        model = deal.card.model(model_id)
        now = before.index[model.family][t, scenario]
        base = held.index.get(model.family, 1.0)
        if offer.price_protection == "none":
            base = now
        elif offer.price_protection == "pass_through":
            base = min(base, now)
        elif offer.price_protection != "locked":
            base = min(now, base * (1 + offer.price_protection.capped) ** (t / 12))
        rate = (1 - band.discount_of(model.id, model.family)) * base
        premium = 0.0 if part.overage == "list" else getattr(part.overage, "premium", 0.0)
        over = rate if part.overage == "contracted" else now * (1 + premium)
        return rate, max(over, rate)

    for t in range(until):
        for model_id, usd in usage.items():
            rate, over = rates(model_id, t)
            items.setdefault(t, []).append((usd[t, scenario] * rate, over / rate))
    if not any(api.commitment_usd):
        return sum(v for own in items.values() for v, _ in own)
    step = LENGTH[part.period]
    start = deal.month(api.period_started)
    while start <= until and start < ends:
        to_go = (ends - 1 - start) // 12  # contract years after the one of this period
        yearly = api.commitment_usd[-1 - to_go] if len(api.commitment_usd) > 1 else api.commitment_usd[0]
        commitment = yearly * step / 12
        own = sorted(
            (pair for t in range(max(start, 0), min(start + step, until)) for pair in items.get(t, [])),
            key=lambda pair: -pair[1],
        )
        left = max(carried + commitment - drawn, 0.0)
        for value, ratio in own:
            covered = min(value, left)
            left -= covered
            over = (value - covered) * ratio
            paid += value + over - (value - covered) if part.payment == "arrears" else over
        total = drawn + sum(value for value, _ in own)
        shortfall = commitment - max(min(total, carried + commitment) - min(total, carried), 0.0)
        expired = max(carried - total, 0.0)
        rolled = 0.0
        if part.unused != "forfeited" and start + step < ends:
            rolled = min(part.unused.rollover * shortfall, part.unused.cap * commitment)
        if part.payment == "arrears":
            paid += shortfall - rolled + expired
        elif start >= 0 and (part.payment == "prepaid" or (ends - start) % 12 == 0):
            paid += commitment if part.payment == "prepaid" else yearly
        carried, drawn, start = rolled, 0.0, start + step
    return paid
