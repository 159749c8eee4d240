"""Deal files that several tests read: small ones that are solved at once, and one without a plan."""

APP = """\
schema: deal-solve/1
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads: {app: {requests_per_month: 1M, input_tokens: 1000, output_tokens: 200, models: [sonnet]}}
"""
"""A workload that costs 4,000 USD a month at list, and no offer for it."""

SMALL = f"""
{APP}
scenarios:
  low: {{weight: 1, requests_per_month: {{app: 600k}}}}
  high: {{weight: 1, requests_per_month: {{app: 1.2M}}}}
offers:
  quote: {{terms: {{12: {{}}}}, api: {{bands: [{{commit_usd_per_year: 1k, discount: 20%}}], overage: list}}}}
"""

INFEASIBLE = f"{APP}limits: [{{measure: expected, of: total, at_most: 1k}}]\n"

LOW_OR_HIGH = """\
start: 2027-01
horizon_months: 12
workloads:
  bot: {requests_per_month: {low: 500k, high: 1.5M}, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}
offers:
  quote: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%}], overage: contracted}}
"""
"""Requests between two ends, and one band."""

LEVERS = """\
start: 2027-01
horizon_months: 12
workloads:
  bot: {requests_per_month: 1M, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet], batchable: 50%,
    cache: {share: 50%, hit_rate: 80%}}
cohorts: {staff: {headcount: 30, tracks: [team-standard, none], unserved_usd_per_user_month: 15}}
offers:
  quote: {api: {bands: [{commit_usd_per_year: 20k, discount: 20%}], overage: contracted, unused: {rollover: 100%}}}
"""
"""A workload that can be cached and batched, people who may have seats, and a clause that no standard offer has."""

BY_QUARTER = """
horizon_months: 12
workloads: {bot: {spend_usd_per_month: 30000, input_tokens: 6000, output_tokens: 500, today: {model: sonnet},
  models: [sonnet]}}
offers: {q: {terms: [12], api: {period: quarter, step_usd: 240k, bands: [{commit_usd_per_year: 240k, discount: 20%}]}}}
"""
"""A bill of 360,000 USD a year that does not grow, and a commitment of 240,000 by quarter at 20 % off."""


def by_table(months: int, usd: int, renewal: str = "") -> str:
    """Return a bill that may grow or shrink, an offer from so many USD a year, and tables that decide renewals."""
    return f"""
horizon_months: {months}
renewal_decisions: {{usage: 2}}
workloads: {{bot: {{spend_usd_per_month: {{p10: 20k, p50: 40k, p90: 80k}},
  growth_per_year: {{p10: -60%, p50: 0%, p90: 60%}},
  input_tokens: 6000, output_tokens: 500, today: {{model: sonnet}}, models: [sonnet]}}}}
offers: {{q: {{terms: [12], api: {{bands: [{{commit_usd_per_year: {usd}, discount: 20%}}], overage: list}}{renewal}}}}}
"""
