"""Deal files that several tests read: one that is solved at once, and one without a plan."""

SMALL = """
schema: deal-solve/1
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads:
  app:
    requests_per_month: 1M
    input_tokens: 1000
    output_tokens: 200
    models: [sonnet]
scenarios:
  low: {weight: 1, requests_per_month: {app: 600k}}
  high: {weight: 1, requests_per_month: {app: 1.2M}}
offers:
  quote: {terms: {12: {}}, api: {bands: [{commit_usd_per_year: 1k, discount: 20%}], overage: list}}
"""

INFEASIBLE = """\
schema: deal-solve/1
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads: {app: {requests_per_month: 1M, input_tokens: 1000, output_tokens: 200, models: [sonnet]}}
limits: [{measure: expected, of: total, at_most: 1k}]
"""
