"""List prices of measured usage: the rate of the card that was in force on the day, by class, tier and window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from deal_solve.deal.model_names import canonical
from deal_solve.deal.rate_card import Card, Rates, load_card
from deal_solve.exports.row import NANO, Place, Quantity
from deal_solve.exports.uses import COLUMN, QUANTITIES

FACTORS = {
    "cache_read": "cache_read_multiplier",
    "cache_write_5m": "cache_write_5m_multiplier",
    "cache_write_1h": "cache_write_1h_multiplier",
}
LONG_TOKENS = 200_000
"""Where the context windows of reports are divided."""
RESIDENCY = "us_residency"


def list_price(place: Place, quantity: Quantity, amount: int) -> int:
    """Return the list price of an amount of tokens or searches, billionths of a dollar; requests cost nothing.

    Cache writes of unknown life are priced as those of 5 minutes. Raises KeyError for a model that is not on the card.
    """
    return round(amount * _rates_of(place)[COLUMN[quantity]] * NANO / 1e6)


def list_prices(place: Place, row: Sequence[int]) -> list[int]:
    """Return the same for each quantity of a row."""
    return [
        round(amount * usd * NANO / 1e6) if amount else 0 for amount, usd in zip(row, _rates_of(place), strict=True)
    ]


def window_of(model: str | None, day: date, prompt_tokens: int) -> str:
    """Return whether a single prompt is `long`: above where its model costs more, else above 200,000 tokens."""
    return "long" if prompt_tokens > long_above(model or "", day) else "short"


@lru_cache(maxsize=65_536)
def long_above(name: str, day: date) -> float:
    """Return the length of prompt, tokens, above which a model costs more on a day, else the one that windows have."""
    card, meant = load_card(), canonical(name.strip())
    known = meant in {model.id for model in card.models}
    return (card.model(meant).rates_on(day).long_above_prompt_tokens if known else None) or LONG_TOKENS


def _rates_of(place: Place) -> tuple[float, ...]:
    return _rates(place.model or "", place.day, place.tier == "batch", place.window == "long", place.geo == "us")


@lru_cache(maxsize=65_536)
def _rates(model: str, day: date, is_batch: bool, is_long: bool, is_us: bool) -> tuple[float, ...]:
    """Return USD per million of each quantity, in the order of a row."""
    card = load_card()
    rates = card.model(model).rates_on(day)
    factor = (rates.batch_multiplier if is_batch else 1.0) * (_residency(card) if is_us else 1.0)
    other = {"web_searches": 1e6 * card.web_search_usd_per_request, "requests": 0.0}
    return tuple(other[name] if name in other else factor * _usd(rates, is_long, name) for name in QUANTITIES)


def _usd(rates: Rates, is_long: bool, quantity: Quantity) -> float:
    if quantity == "output":
        long_rate = rates.long_output_usd_per_mtok
        return rates.output_usd_per_mtok if not is_long or long_rate is None else long_rate
    long_rate = rates.long_input_usd_per_mtok
    usd = rates.input_usd_per_mtok if not is_long or long_rate is None else long_rate
    if quantity == "input":
        return usd
    name = "cache_write_5m" if quantity == "cache_write" else quantity
    return usd * float(getattr(rates, FACTORS[name]))


def _residency(card: Card) -> float:
    control = card.controls.get(RESIDENCY)
    return 1.0 if control is None else control.usage_multiplier
