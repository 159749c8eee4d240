"""What `simulate` prints: the cost with its percentiles and exceedance curve, and the contract years."""

from __future__ import annotations

from deal_solve.analysis.simulate.result import Simulation
from deal_solve.deal.deal import Deal
from deal_solve.facts.names import line_title
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.renewal import plan_lines
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import basis, title_line
from deal_solve.report.text import bullets, heading, labelled, money, percent, table


def simulation_report(deal: Deal, simulation: Simulation) -> str:
    """Return a simulation in print."""
    plan = simulation.plan
    head = [*heading(title_line(deal)), *plan_lines(deal, plan)]
    head += labelled("Cost", _cost(deal, simulation))
    tail = percent(1 - simulation.confidence)
    head += labelled("Tail", f"{money(simulation.cvar_usd)} in the mean of the worst {tail} of scenarios")
    if simulation.mean_loss_usd is not None and simulation.loss_probability is not None:
        more = "more" if simulation.mean_loss_usd > 0 else "less"
        costlier = f"costlier in {percent(simulation.loss_probability, 2)} of scenarios"
        head += labelled("Versus", f"{money(abs(simulation.mean_loss_usd))} {more} than the other plan, {costlier}")
    parts = ["\n".join(head)]
    for label, sentences in (("Assumed", simulation.assumed), ("Notes", simulation.notes)):
        if sentences:
            parts.append(bullets(label, sentences))
    rows = [[f"P{percent(each.level)[:-1]}", money(each.cost_usd)] for each in simulation.percentiles]
    parts.append(table("Percentiles of the cost", ["not exceeded", "cost"], rows))
    curve = [[money(each.cost_usd), percent(each.probability, 2)] for each in simulation.exceedance]
    parts += [table("Exceedance curve", ["cost", "exceeded in"], curve, left=0)] if curve else []
    parts += [_years(deal, simulation), _lines(deal, plan, simulation)]
    return "\n\n".join(parts) + "\n"


def _cost(deal: Deal, simulation: Simulation) -> str:
    error = simulation.standard_error_usd
    known = "" if error is None else f" ± {money(error)} (standard error)"
    over = scenarios_text(simulation.about.scenarios)
    return f"{money(simulation.mean_usd)}{known} expected over {over}{basis(deal)}"


def _years(deal: Deal, simulation: Simulation) -> str:
    headers = ["year", "paid", "overage", "forfeited", "P(overage)", "P(shortfall)"]
    rows = [
        [
            f"{each.contract_year + 1} ({deal.span(12 * each.contract_year, 12 * each.contract_year + 12)})",
            money(each.paid_usd),
            money(each.overage_usd),
            money(each.forfeited_usd),
            percent(each.overage_probability, 2),
            percent(each.shortfall_probability, 2),
        ]
        for each in simulation.years
    ]
    return table("By contract year (USD, expected, not discounted)", headers, rows)


def _lines(deal: Deal, plan: Plan, simulation: Simulation) -> str:
    rows = [[line_title(deal, plan, line), money(usd)] for line, usd in simulation.by_line.items()]
    rows.append(["total", money(simulation.mean_usd)])
    discounted = ", present value" if deal.cost_of_capital_per_year else ""
    title = f"Cost by line over {counted(deal.compared_months, 'month')} (USD, expected{discounted})"
    return table(title, ["line", "expected cost"], rows)
