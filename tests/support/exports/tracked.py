"""A signed deal and exports of two months since, for tests of `track`."""

from datetime import timedelta

from tests.support.exports import FIRST, bucket, page, usage, write

DEAL = """
title: Tracked
start: 2026-09
horizon_months: 36
workloads:
  api: {requests_per_month: {p10: 20k, p50: 30k, p90: 45k}, input_tokens: 1000, output_tokens: 0, models: [opus],
    today: {model: claude-opus-5}}
offers:
  quote: {terms: [12, 24], api: {bands: [{commit_usd_per_year: 1k, discount: 20%}], overage: list}}
"""
PLAN = "api: {offer: quote, term_months: 12, commitment_usd: 3k}\n"


def thousand_a_day():
    """Return 63 days, of which two are late, of 1,000 requests of 1,000 tokens of Opus 5 at 5 USD a million."""
    nothing = {"output_tokens": 0, "cache_read_input_tokens": 0, "cache_creation": None}
    row = usage(requests=1000, uncached_input_tokens=1_000_000, **nothing)
    return page(*(bucket(FIRST + timedelta(day), row) for day in range(63)))


def written(folder, deal=DEAL, plan=PLAN):
    """Write a deal, its plan and the exports, and return their paths."""
    days = write(folder, "usage.json", thousand_a_day())
    return write(folder, "deal.yaml", deal), write(folder, "plan.yaml", plan), days
