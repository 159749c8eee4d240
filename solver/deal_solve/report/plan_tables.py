"""The tables behind a plan: commitment, seats, tracks, routing, projects, cost by line and by contract year."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.names import line_title
from deal_solve.facts.summary import PeriodSummary, Summary, periods
from deal_solve.facts.usage.routing import runs
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.text import chance, money, percent, table
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import Settlement


def commitment_table(deal: Deal, settlement: Settlement) -> str:
    """Return the commitment periods; '' for a plan without commitment."""
    records = periods(settlement)
    if not records:
        return ""
    rolls = any(money(record.carried_in_usd) != "0.00" for record in records)
    counts = any(money(record.excess_met_usd) != "0.00" for record in records)
    headers = ["months", "committed", *["carried in"] * rolls, *["met by earlier excess"] * counts]
    headers += ["usage", "covered", "overage", "forfeited", "runs out"]
    rows = [
        [
            deal.span(record.start, record.end),
            money(record.commitment_usd),
            *[money(record.carried_in_usd)] * rolls,
            *[money(record.excess_met_usd)] * counts,
            money(record.usage_usd),
            money(record.covered_usd),
            money(record.overage_usd),
            money(record.forfeited_usd),
            _runs_out(deal, record),
        ]
        for record in records
    ]
    return table(
        "API commitment per period (USD, expected; usage at contracted rates; runs out: month and chance)",
        headers,
        rows,
    )


def _runs_out(deal: Deal, record: PeriodSummary) -> str:
    if record.exhausted_month is None:
        return "never"
    when = f"{deal.calendar(record.exhausted_month):%Y-%m}"
    likely = chance(record.exhausted_probability)
    return when if likely == "100%" else f"{when} {likely}"


def track_table(deal: Deal, plan: Plan) -> str:
    """Return the track of every cohort in every contract year."""
    if not plan.tracks:
        return ""
    headers = ["cohort", *(f"year {year + 1}" for year in range(deal.years))]
    return table("Track of each cohort", headers, [[name, *years] for name, years in plan.tracks.items()], left=9)


def routing_table(deal: Deal, plan: Plan) -> str:
    """Return the shares of every workload and metered cohort; epochs that are routed alike stand together."""
    rows = []
    for user, routes in (*plan.routing.items(), *plan.use.items()):
        head = user
        for start, end, shares in runs(deal, user, routes):
            span = deal.span(start, end)
            for key, share in sorted(shares.items(), key=lambda item: -item[1]):
                rows.append([head, span, key, percent(share, 2)])
                head = span = ""
    if not rows:
        return ""
    return table("Routing of requests", ["workload or cohort", "months", "option", "share"], rows, left=3)


def project_table(deal: Deal, plan: Plan) -> str:
    """Return the projects bought; '' if none."""
    rows = []
    for workload, bought in plan.projects.items():
        for project in bought:
            facts = deal.workloads[workload].projects[project]
            rows.append([workload, project, f"{deal.calendar(facts.ready_month):%Y-%m}", money(facts.usd)])
    headers = ["workload", "project", "ready", "one-off cost"]
    return table("Projects bought at signing (USD, certain)", headers, rows, left=3) if rows else ""


def line_table(deal: Deal, plan: Plan, summary: Summary) -> str:
    """Return the expected cost by line over the horizon."""
    word = "" if summary.scenarios == 1 else "expected "
    discounted = ", present value" if deal.cost_of_capital_per_year else ""
    rows = [[line_title(deal, plan, line), money(usd)] for line, usd in summary.by_line.items()]
    rows.append(["total", money(summary.total.expected_usd)])
    certainty = "certain" if summary.scenarios == 1 else "expected"
    title = f"Cost by line over {counted(deal.compared_months, 'month')} (USD, {certainty}{discounted})"
    return table(title, ["line", f"{word}cost"], rows)


def limit_table(deal: Deal, settlement: Settlement) -> str:
    """Return every limit against what the plan does; '' for a deal without limits."""
    rows = []
    for check in limit_checks(deal, settlement):
        done = "" if check.achieved_usd is None else money(check.achieved_usd)
        likely = "" if check.probability is None else percent(check.probability, 2)
        stand_in = " (CVaR stands in)" if check.probability is not None and done else ""
        kept = "kept" if check.is_kept else "broken"
        rows.append([check.limit + stand_in, money(check.at_most_usd), done, likely, kept])
    headers = ["limit", "at most", "plan", "probability", "is"]
    return table("Limits (USD, not discounted unless said)", headers, rows) if rows else ""
