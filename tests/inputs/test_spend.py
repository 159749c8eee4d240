"""Requests that follow from today's bill (model §1), by hand."""

import pytest

from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.uncertainty.expansion import scenarios_of

BILL = """
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads:
  bot:
    spend_usd_per_month: 50k
    input_tokens: 10k
    output_tokens: 1000
    today: {model: sonnet}
"""


def requests(text: str, month: int = 0) -> list[float]:
    """Return the requests of `bot` in a month, lowest scenario first."""
    return sorted(scenarios_of(loads(text)).requests["bot"][month])


def test_requests_are_the_bill_over_the_list_cost_of_one() -> None:
    """Sonnet 5.5 at 2 and 10 a million: 0.02 + 0.01 = 0.03; 50 000 / 0.03 = 1 666 666.67 requests."""
    assert requests(BILL) == pytest.approx([50_000 / 0.03])


def test_a_band_of_the_bill_is_a_band_of_requests() -> None:
    """40k, 50k and 90k over 0.03."""
    text = BILL.replace("50k", "{p10: 40k, p50: 50k, p90: 90k}")
    assert requests(text) == pytest.approx([40_000 / 0.03, 50_000 / 0.03, 90_000 / 0.03])


def test_the_bill_was_paid_as_today_cached_in_batch_with_its_charges() -> None:
    """κ = 0.8, h = 0.75 at its P50: f = 0.2 + 0.8 · (0.75 · 0.05 + 0.25 · 1.25) = 0.48; 0.02 f + 0.01 = 0.0196.

    US-only inference 1.1 and batch 0.5 give 0.01078, and 0.01 for a web search 0.02078. In batch h is 0.75 at most.
    """
    cache = "cache: {share: 80%, hit_rate: {p10: 50%, p50: 75%, p90: 80%}}"
    today = f"{{model: sonnet, cached: true, batch: true}}\n    {cache}\n    batchable: 100%"
    text = BILL.replace("{model: sonnet}", today) + "    usage_multiplier: 1.1\n    other_usd_per_request: 0.01\n"
    assert requests(text) == pytest.approx([50_000 / 0.02078])


def test_season_and_growth_are_not_in_the_bill() -> None:
    """December counts twice (mean 13/12), and requests double in a year: the first month has 12/13 of the average."""
    season = "season_by_calendar_month: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]"
    text = f"{BILL}    growth_per_year: 100%\n    {season}\n"
    assert requests(text) == pytest.approx([50_000 / 0.03 * 12 / 13])
    assert requests(text, 11) == pytest.approx([50_000 / 0.03 * 24 / 13 * 2 ** (11 / 12)])


def test_what_retires_before_the_start_was_billed_as_itself() -> None:
    """Sonnet 4.5 at 3 and 15 retires on 2026-11-30; the bill of November: 0.03 + 0.015 = 0.045, in its own tokens."""
    text = BILL.replace("{model: sonnet}", "{model: claude-sonnet-4-5-20250929}") + "tokens_counted_in: old\n"
    assert requests(text) == pytest.approx([50_000 / 0.045])


def test_a_request_that_costs_nothing_has_no_count() -> None:
    text = BILL.replace("10k", "0").replace("output_tokens: 1000", "output_tokens: 0")
    with pytest.raises(InputError, match=r"workloads.bot.spend_usd_per_month: a request costs nothing"):
        requests(text)
