"""A deal with most clauses, for tests of proposals, validity, reports and the command line."""

from deal_solve.deal.load import loads

TEXT = """\
start: 2027-01
horizon_months: 36
title: Example
uncertainty:
  list_price_change_per_year: {models: -10%}
workloads:
  bot:
    requests_per_month: {p10: 500k, p50: 1M, p90: 2M}
    input_tokens: 4000
    output_tokens: 400
    batchable: 50%
    cache: {share: 80%, hit_rate: 70%}
    today: {model: sonnet}
    quality: {scores: {opus: 0.97, sonnet: 0.93, haiku: 0.85}}
    projects: {caching: {usd: 10k, ready_month: 2}, rerouting: {usd: 20k, ready_month: 4}}
  reports:
    requests_per_month: 100k
    input_tokens: 10000
    output_tokens: 1000
    quality: {mean_floor: 0.95, scores: {opus: 0.97, sonnet: 0.93}}
    shares: {sonnet: {minimum: 20%, maximum: 60%}}
cohorts:
  makers:
    headcount: 100
    headcount_growth_per_year: 20%
    tracks: [team-premium, enterprise, tool]
    requires: [scim]
    use: {requests_per_user_month: 100, input_tokens: 5000, output_tokens: 500, models: [sonnet, opus]}
  sellers:
    headcount: 40
    active_share: {p10: 25%, p50: 50%, p90: 75%}
    tracks: [none, enterprise, team-standard]
    unserved_usd_per_user_month: 9
    use: {requests_per_user_month: 10, input_tokens: 500, output_tokens: 500, models: [haiku]}
internal_tools:
  tool: {build_usd: 1000, provides: [sso]}
offers:
  quote:
    title: First quote
    terms: [12, 24]
    provides: [scim, audit_logs]
    api:
      bands:
        - {commit_usd_per_year: 0, discount: 1%}
        - {commit_usd_per_year: 100k, discount: 5%}
        - {commit_usd_per_year: 200k, discount: 9%}
    seats: {enterprise: {minimum: 50, maximum: 400, reduction_right: 10%}}
  ramped:
    terms: [36]
    provides: [scim]
    api: {bands: [{commit_usd_per_year: 120k, discount: 8%}], ramp: [0.5, 1, 1.5], step_usd: 50k}
  free:
    terms: [24]
    provides: [scim]
    renewal: list
    api: {bands: [{commit_usd_per_year: 100k, discount: 8%}], ramp: free}
  alone:
    exclusive: true
    provides: [scim]
    api: {bands: [{commit_usd_per_year: 50k, discount: 3%}]}
"""


def example(**changes):
    """Return the deal with pieces of its text replaced."""
    text = TEXT
    for old, new in changes.get("replace", ()):
        assert old in text, old
        text = text.replace(old, new)
    return loads(text + changes.get("more", ""))
