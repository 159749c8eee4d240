"""The list cost of a request (model §2), by hand and against an independent price library."""

from datetime import UTC, datetime

import numpy as np
import pytest
from genai_prices import Usage, calc_price

from deal_solve.deal.load import loads
from deal_solve.deal.rate_card import load_card
from deal_solve.deal.requests.request_cost import effective_hit_rate, request_cost
from deal_solve.plan.resolved import resolve

DAY = datetime(2026, 11, 23, tzinfo=UTC)
CARD = load_card("claude", DAY.date())
ON_SALE = [m.id for m in CARD.models if not (m.retires and m.retires <= DAY.date())]


def our_cost(model: str, tokens: float, output: float, share: float = 0.0, hit: float = 0.0, ttl: str = "5m") -> float:
    """USD of one request on `model`, in the model's own tokens, cached if `share` is above 0."""
    generation = CARD.model(model).tokenizer
    start = "2026-11" if CARD.model(model).retires else "2026-12"  # from its retirement on an id means its slot
    cache = f"cache: {{share: {share}, hit_rate: {hit}, ttl: {ttl}}}" if share else ""
    deal = loads(
        f"""
        start: {start}
        horizon_months: 12
        rates: claude@2026-11-23
        tokens_counted_in: {generation}
        workloads:
          app:
            requests_per_month: 1
            input_tokens: {tokens}
            output_tokens: {output}
            models: [{model}]
            {cache}
        """.replace("\n        ", "\n")
    )
    option = resolve(deal).epochs("app")[0].option(model + "+cache" * bool(share))
    assert option is not None
    cost = request_cost(deal.workloads["app"], option, option.parts[0], 1.0)
    return float(cost.at(np.array([hit]))[0])


def their_cost(model: str, **tokens: int) -> float:
    """USD of one request by the independent library."""
    price = calc_price(Usage(**tokens), model_ref=model, provider_id="anthropic", genai_request_timestamp=DAY)
    return float(price.total_price)


@pytest.mark.parametrize("model", ON_SALE)
@pytest.mark.parametrize("tokens", [5_000, 90_000, 140_000])
def test_uncached_requests_cost_what_an_independent_library_says(model: str, tokens: int) -> None:
    """5 000, 90 000 and 140 000 prompt tokens: the last one is above the threshold of Haiku 5.5."""
    ours = our_cost(model, tokens, 480)
    assert ours == pytest.approx(their_cost(model, input_tokens=tokens, output_tokens=480), rel=1e-9)


@pytest.mark.parametrize("model", ON_SALE)
@pytest.mark.parametrize("tokens", [20_000, 140_000])
def test_cached_requests_cost_what_an_independent_library_says(model: str, tokens: int) -> None:
    """κ = 0.8 and h = 0.75: three requests in four read the prefix, one in four writes it (5 minutes)."""
    prefix = int(0.8 * tokens)
    read = their_cost(model, input_tokens=tokens, cache_read_tokens=prefix, output_tokens=300)
    write = their_cost(model, input_tokens=tokens, cache_write_tokens=prefix, output_tokens=300)
    ours = our_cost(model, tokens, 300, share=0.8, hit=0.75)
    assert ours == pytest.approx(0.75 * read + 0.25 * write, rel=1e-9)


def test_the_library_is_stale_where_we_say_so() -> None:
    """Sonnet 4.5 above 200 000 tokens: the library still has 6 USD per million, a tier that ended on 2026-05-01."""
    assert their_cost("claude-sonnet-4-5-20250929", input_tokens=300_000, output_tokens=0) == pytest.approx(1.8)
    assert our_cost("claude-sonnet-4-5-20250929", 300_000, 0) == pytest.approx(0.9)


def test_one_hour_writes_cost_twice_the_input() -> None:
    """Opus 5.5, 10 000 tokens, κ = 1, h = 0: 10 000 · 4 · 2.0 / 10^6 = 0.08 USD."""
    assert our_cost("claude-opus-5-5", 10_000, 0, share=1.0, hit=0.0, ttl="1h") == pytest.approx(0.08)


def test_writes_of_both_lives_cost_their_mean() -> None:
    """ψ = 0.3 · 1.25 + 0.7 · 2 = 1.775: 10 000 · 4 · 1.775 / 10^6 = 0.071 USD."""
    mixed = "{5m: 30%, 1h: 70%}"
    assert our_cost("claude-opus-5-5", 10_000, 0, share=1.0, hit=0.0, ttl=mixed) == pytest.approx(0.071)


def test_short_prefixes_are_not_cached() -> None:
    """Opus 4.6 caches from 4 096 tokens: κ·I = 0.5 · 8 000 = 4 000 is not cached, 0.5 · 8 192 = 4 096 is."""
    model = "claude-opus-4-6"
    assert our_cost(model, 8_000, 0, share=0.5, hit=1.0) == pytest.approx(8_000 * 5 / 1e6)
    assert our_cost(model, 8_192, 0, share=0.5, hit=1.0) == pytest.approx(8_192 * 5 / 1e6 * (0.5 + 0.5 * 0.1))


def test_in_batch_the_smaller_hit_rate_counts() -> None:
    """h = 0.8 and a batch hit rate of 0.45 give 0.45 in batch; h = 0.3 stays 0.3."""
    deal = loads(
        "start: 2026-12\nhorizon_months: 12\nworkloads: {app: {requests_per_month: 1, input_tokens: 9000, "
        "output_tokens: 1, cache: {share: 50%, hit_rate: 80%, batch_hit_rate: 45%}, batchable: 100%}}"
    )
    hit = np.array([0.8, 0.3])
    assert effective_hit_rate(deal.workloads["app"].cache, True, hit).tolist() == [0.45, 0.3]
    assert effective_hit_rate(deal.workloads["app"].cache, False, hit).tolist() == [0.8, 0.3]
