"""The list cost of one request, affine in the cache hit rate (model §2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deal_solve.deal.deal import Deal
from deal_solve.deal.requests.routing_options import Option, Part
from deal_solve.deal.workload import Cache, Request

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RequestCost:
    """USD per request of one part of an option at today's list: fixed + per_hit · (effective hit rate)."""

    fixed: float
    per_hit: float

    def at(self, hit_rate: Array) -> Array:
        """Return USD per request for each effective hit rate."""
        return self.fixed + self.per_hit * hit_rate


def request_cost(request: Request, option: Option, part: Part, usage_multiplier: float) -> RequestCost:
    """Return g·s·τ·[a·I·f + b·O·o]/10^6 of one part, weighted by the share of requests that pay it.

    f is 1 not cached, and (1-κ) + κ·(h·ρ + (1-h)·ψ) cached, bucket by bucket: a bucket above the model's threshold is
    at the long rates, one whose prefix is below the minimum cacheable length is not cached.
    """
    fixed = per_hit = 0.0
    for bucket in request.input_tokens:
        tokens = bucket.tokens * part.token_factor
        rates = part.rates
        is_long = rates.long_above_prompt_tokens is not None and tokens > rates.long_above_prompt_tokens
        a = rates.long_input_usd_per_mtok if is_long else rates.input_usd_per_mtok
        b = rates.long_output_usd_per_mtok if is_long else rates.output_usd_per_mtok
        a = rates.input_usd_per_mtok if a is None else a
        b = rates.output_usd_per_mtok if b is None else b
        f_fixed, f_hit = _input_factor(request.cache, option, part, tokens)
        output = b * request.output_tokens * part.output_factor * part.token_factor
        fixed += bucket.share * (a * tokens * f_fixed + output)
        per_hit += bucket.share * a * tokens * f_hit
    batch = part.rates.batch_multiplier if option.batch else 1.0
    scale = usage_multiplier * batch * part.price_factor * part.weight / 1e6
    return RequestCost(fixed * scale, per_hit * scale)


@dataclass(frozen=True)
class RequestTokens:
    """Mean tokens of one request by the class they are billed in, as the answering model counts them."""

    uncached: float
    written: float
    read: float
    output: float


def request_tokens(request: Request, option: Option, part: Part, hit_rate: float) -> RequestTokens:
    """Return the tokens that `request_cost` prices, at one effective hit rate; g is a factor on the price alone."""
    uncached = written = read = output = 0.0
    for bucket in request.input_tokens:
        tokens = bucket.tokens * part.token_factor
        prefix = bucket.share * tokens * _cached_share(request.cache, option, part, tokens)
        uncached += bucket.share * tokens - prefix
        written += prefix * (1 - hit_rate)
        read += prefix * hit_rate
        output += bucket.share * request.output_tokens * part.output_factor * part.token_factor
    return RequestTokens(*(part.weight * each for each in (uncached, written, read, output)))


TokenClass = Literal["input", "cache_write", "cache_read", "output"]


@dataclass(frozen=True)
class TokenPrice:
    """What a million tokens of one class cost at today's list, by all that sets it beside the model.

    `factor` is what multiplies the price on the card, of a variant and of controls: 1 without them.
    """

    token_class: TokenClass
    is_batch: bool
    is_long: bool
    factor: float
    usd_per_mtok: float


def token_prices(
    request: Request, option: Option, part: Part, usage_multiplier: float, hit_rate: Array
) -> Iterator[tuple[TokenPrice, Array]]:
    """Yield the tokens of a request, in classes and at their prices, of one part: what `request_cost` adds up.

    The tokens are those at each effective hit rate, weighted by the share of requests that pay the part.
    """
    for bucket in request.input_tokens:
        tokens = bucket.tokens * part.token_factor
        rates = part.rates
        is_long = rates.long_above_prompt_tokens is not None and tokens > rates.long_above_prompt_tokens
        a, b = (rates.long_input_usd_per_mtok, rates.long_output_usd_per_mtok) if is_long else (None, None)
        a = rates.input_usd_per_mtok if a is None else a
        b = rates.output_usd_per_mtok if b is None else b
        share = _cached_share(request.cache, option, part, tokens)
        weight, write = part.weight * bucket.share, request.cache.write_multiplier(rates) if request.cache else 1.0
        output = request.output_tokens * part.output_factor * part.token_factor
        factor = usage_multiplier * part.price_factor
        batch = rates.batch_multiplier if option.batch else 1.0
        classes: tuple[tuple[TokenClass, float, Array], ...] = (
            ("input", a, tokens * (1 - share) * np.ones_like(hit_rate)),
            ("cache_write", a * write, tokens * share * (1 - hit_rate)),
            ("cache_read", a * rates.cache_read_multiplier, tokens * share * hit_rate),
            ("output", b, output * np.ones_like(hit_rate)),
        )
        for name, usd, used in classes:
            if used.any():
                yield TokenPrice(name, option.batch, is_long, factor, usd * batch * factor), weight * used


def _cached_share(cache: Cache | None, option: Option, part: Part, tokens: float) -> float:
    """Return κ, or 0 where nothing is cached: the prefix is below the minimum cacheable length."""
    is_cached = option.cached and cache is not None and cache.share * tokens >= part.min_cacheable_tokens
    return cache.share if is_cached and cache is not None else 0.0


def _input_factor(cache: Cache | None, option: Option, part: Part, tokens: float) -> tuple[float, float]:
    """Return f as (constant, slope in the hit rate)."""
    share = _cached_share(cache, option, part, tokens)
    if cache is None or share == 0:
        return 1.0, 0.0
    read, write = part.rates.cache_read_multiplier, cache.write_multiplier(part.rates)
    return (1 - share) + share * write, share * (read - write)


def effective_hit_rate(cache: Cache | None, batch: bool, hit_rate: Array) -> Array:
    """Return h, or in batch the smaller of h and the batch hit rate; shape as given."""
    if batch and cache is not None and cache.batch_hit_rate is not None:
        return np.minimum(hit_rate, cache.batch_hit_rate)
    return hit_rate


def usage_multiplier(deal: Deal, request: Request, requires: Iterable[str]) -> float:
    """Return g: the request's own multiplier, or that of a required control where it is higher."""
    return max([request.usage_multiplier, *(deal.card.controls[name].usage_multiplier for name in requires)])


def other_usd(request: Request, option: Option) -> float:
    """Return USD per request that is neither discounted nor drawn down: other charges and a cascade's check."""
    return request.other_usd_per_request + option.check_usd


def usd_at_p50(request: Request, option: Option, usage_multiplier: float) -> float:
    """Return what one request costs at today's list in USD, other charges included, the hit rate at its P50."""
    cache = request.cache
    hit_rate = effective_hit_rate(cache, option.batch, np.array(cache.hit_rate.p50 if cache else 0.0))
    costs = (request_cost(request, option, part, usage_multiplier) for part in option.parts)
    return sum(float(cost.at(hit_rate)) for cost in costs) + other_usd(request, option)
