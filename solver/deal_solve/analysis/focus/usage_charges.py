"""Usage of the API as charges: tokens by workload, model, class and month, at list, contracted and paid prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from json import dumps

import numpy as np

from deal_solve.analysis.focus.cost_row import API, UNUSED, USED, Account, Amounts, Head, Sku
from deal_solve.analysis.focus.drawn import Drawn
from deal_solve.analysis.focus.places import Places
from deal_solve.deal.requests.request_cost import TokenPrice, effective_hit_rate, token_prices
from deal_solve.deal.requests.routing_options import Option
from deal_solve.facts.names import user_name
from deal_solve.settlement.seats.seat_plans import served
from deal_solve.settlement.settle import Settlement
from deal_solve.settlement.usage import Stream, routed, streams
from deal_solve.uncertainty.scenario_set import Array, ScenarioSet

METERS = {
    "input": "Input Tokens",
    "cache_write": "Cache Write Tokens",
    "cache_read": "Cache Read Tokens",
    "output": "Output Tokens",
}
MTOK = 1e6


@dataclass(frozen=True, eq=False)
class _Tokens:
    """Millions of tokens of one price from month `start` on, (months, S), and the share of them that counts."""

    stream: Stream
    model_id: str
    price: TokenPrice
    start: int
    mtok: Array


@dataclass(frozen=True, eq=False)
class _Priced:
    """Counted usage of one price: millions of tokens and USD, (months, S) each."""

    tokens: _Tokens
    mtok: Array
    at_list: Array
    contracted: Array
    usage: Array


def add_usage(account: Account, places: Places, drawn: Drawn, scenarios: ScenarioSet) -> None:
    """Add all usage of a plan over some scenarios: what is covered, charged above a balance, and not counted."""
    deal, plan = places.deal, places.plan
    scenarios = served(deal, plan, scenarios)[0]
    for stream in streams(deal, plan, scenarios):
        for start, end, shares in routed(deal, plan, stream):
            requests = stream.requests[start - stream.start : end - stream.start]
            for option, share in shares:
                for model_id, price, each in _of_a_request(stream, option, scenarios):
                    mtok = requests * (stream.metered * share * each / MTOK)
                    _add(account, places, drawn, scenarios, _Tokens(stream, model_id, price, start, mtok))


def _of_a_request(stream: Stream, option: Option, scenarios: ScenarioSet) -> list[tuple[str, TokenPrice, Array]]:
    user = stream.user
    hits = effective_hit_rate(user.request.cache, option.batch, scenarios.hit_rate[user.name])
    return [
        (part.model_id, price, tokens)
        for part in option.parts
        for price, tokens in token_prices(user.request, option, part, user.usage_multiplier, hits)
    ]


def _add(account: Account, places: Places, drawn: Drawn, scenarios: ScenarioSet, tokens: _Tokens) -> None:
    family = places.deal.card.model(tokens.model_id).family
    months = slice(tokens.start, tokens.start + len(tokens.mtok))
    listed = tokens.mtok * tokens.price.usd_per_mtok
    at_list = listed * scenarios.index[family][months]
    counted = tokens.stream.counted
    if counted < 1:
        _add_uncounted(account, places, tokens, at_list, scenarios.weights)
    if counted > 0:
        follows = listed * drawn.protected[family][months]
        contracted = follows * drawn.contracted[tokens.model_id][months, None]
        usage = follows * drawn.committed[tokens.model_id][months, None]
        priced = _Priced(tokens, *(counted * each for each in (tokens.mtok, at_list, contracted, usage)))
        _add_counted(account, places, drawn, scenarios.weights, priced)


def _add_uncounted(account: Account, places: Places, tokens: _Tokens, at_list: Array, weights: Array) -> None:
    """Add usage that is billed at list, month by month; `at_list` is (months, S)."""
    share = 1 - tokens.stream.counted
    for row, usd in enumerate(at_list):
        month = tokens.start + row
        head = _head(places, tokens, month, "uncounted_usage", places.issuer_of_user(tokens.stream.user.name, month))
        mtok = tokens.mtok[row]
        account.add(head, _means(weights, *(share * each for each in (usd, usd, usd, usd, mtok, MTOK * mtok))))


def _add_counted(account: Account, places: Places, drawn: Drawn, weights: Array, priced: _Priced) -> None:
    """Add usage at contracted rates: billed month by month, or drawn from a balance and billed above it."""
    for row in range(len(priced.mtok)):
        month = priced.tokens.start + row
        mtok, at_list, contracted, usage = (
            each[row] for each in (priced.mtok, priced.at_list, priced.contracted, priced.usage)
        )
        head = replace(
            _head(places, priced.tokens, month, "usage", places.issuer_of_api(month)),
            applied_to=places.api_commitment(month),
        )
        applied = float((usage * drawn.drawn[month]) @ weights)
        if not drawn.is_prepaid[month]:
            means = _means(weights, usage, usage, contracted, at_list, mtok, MTOK * mtok)
            account.add(head, replace(means, applied=applied))
            continue
        share, paid = drawn.covered[month], usage * drawn.paid_ahead[month]
        means = _means(weights, 0 * paid, paid, *(share * each for each in (contracted, at_list, mtok, MTOK * mtok)))
        used = replace(head, line="commitment", discount=places.discount(month), status=USED, is_committed=True)
        account.add(used, replace(means, committed=means.effective, applied=applied))
        charge, above = usage * drawn.overage[month], 1 - share
        means = _means(weights, charge, charge, *(above * each for each in (contracted, at_list, mtok, MTOK * mtok)))
        billed = places.month(drawn.ends[month])
        words = f"{head.description}, above the commitment"
        account.add(replace(head, billed=billed, line="overage", description=words, applied_to=None), means)


def add_unused(account: Account, places: Places, alone: Settlement) -> None:
    """Add what is left unused of every period of a prepaid commitment, when it is lost: billed before."""
    weights = alone.weights
    for record in alone.drawdown:
        if not places.is_prepaid(record.start):
            continue
        bought = record.commitment_usd + record.carried_in_usd - record.credit_usd
        lost = bought - (record.covered_usd - record.credited_usd.sum(axis=0)) - record.rolled_over_usd
        usd = float(np.broadcast_to(lost, weights.shape) @ weights)
        sku = Sku("api-commitment", "api-commitment", "API Commitment", "USD")
        head = Head(
            category="Usage",
            description=f"unused API commitment of {places.span(record.start, record.end)}",
            frequency="One-Time",
            billed=places.month(record.end - 1),
            charged=places.period(record.start, record.end),
            issuer=places.issuer_of_api(record.start),
            line="commitment",
            year=record.contract_year + 1,
            sku=sku,
            discount=places.discount(record.start),
            status=UNUSED,
            is_committed=True,
        )
        account.add(head, Amounts(0.0, usd, usd, usd, quantity=usd, committed=usd))


def _head(places: Places, tokens: _Tokens, month: int, line: str, issuer: str) -> Head:
    user, price = tokens.stream.user.name, tokens.price
    meter = METERS[price.token_class]
    words = [meter.lower(), "of", tokens.model_id]
    words += ["in batch"] if price.is_batch else []
    words += ["in long context"] if price.is_long else []
    return Head(
        category="Usage",
        description=" ".join(words),
        frequency="Usage-Based",
        billed=places.month(month),
        charged=places.month(month),
        issuer=issuer,
        line=line,
        year=month // 12 + 1,
        service=API,
        sku=_sku(tokens.model_id, price, tokens.stream),
        sub_account=(user, user_name(places.deal, user)),
    )


def _sku(model_id: str, price: TokenPrice, stream: Stream) -> Sku:
    meter = METERS[price.token_class]
    sku = f"{model_id}-{meter.lower().replace(' ', '-')}"
    details: dict[str, object] = {
        "x_ModelId": model_id,
        "x_TokenDirection": "Output" if price.token_class == "output" else "Input",
    }
    name = sku
    cache = stream.user.request.cache
    if price.token_class == "cache_write" and cache is not None:
        details["x_CacheLife"] = life = cache.ttl if isinstance(cache.ttl, str) else "mixed"
        name += f"-{life}" if isinstance(cache.ttl, str) else f"-{cache.ttl.one_hour:g}-of-1h"
    if price.is_batch:
        details["x_Batch"], name = True, f"{name}-batch"
    if price.is_long:
        details["x_LongContext"], name = True, f"{name}-long"
    if price.factor != 1:
        details["x_PriceFactor"], name = price.factor, f"{name}-x{price.factor:g}"
    return Sku(sku, name, meter, "1000000 Tokens", "Tokens", dumps(details))


def _means(weights: Array, *values: Array) -> Amounts:
    """Return expected amounts, in the order of `Amounts`, of as many values of a scenario each."""
    return Amounts(*(float(each @ weights) for each in values))
