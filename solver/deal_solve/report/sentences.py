"""What is said of a plan in sentences: what is signed, what it costs, and how sure that is."""

from __future__ import annotations

from itertools import pairwise

from deal_solve.deal.deal import AT_LIST, LIST, LIST_MONTHLY, Deal
from deal_solve.facts.summary import Summary
from deal_solve.messages import counted
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import ApiAgreement, Plan
from deal_solve.plan.resolved import resolve
from deal_solve.plan.terms import Left
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.text import gap_percent, joined, money, percent, round_money
from deal_solve.uncertainty.scenario_set import Scenarios


def title_line(deal: Deal) -> str:
    """Return the name of the deal, its months and its currency."""
    return f"{deal.title or 'This deal'}: {months_line(deal)}"


def months_line(deal: Deal) -> str:
    """Return the months that are compared, those before the month of signing with them, and the currency."""
    return f"{counted(deal.compared_months, 'month')} from {deal.whole.start:%Y-%m}, all amounts USD"


def gap_notes(is_proven: bool, mark: str = "GAP") -> list[str]:
    """Return what a mark says in a table, as a note of its own; nothing where all of it is proven."""
    note = "the search stopped before the gap asked for, so a cheaper deal may exist; --time-limit gives it longer"
    return [] if is_proven else [f"{mark}: {note}"]


BEST = "the best deal"


def best_deal(solution: Solution) -> str:
    """Return what a solution is called: no more than the best that was found, where it is not proven."""
    return BEST if solution.status == "optimal" else f"{BEST} found in the time"


def titled(deal: Deal, offer: str) -> str:
    """Return the id of an offer with its title, where it has one."""
    title = resolve(deal).offers[offer].offer.title
    return f"{offer} ({title})" if title and offer not in AT_LIST else offer


def api_sentence(deal: Deal, api: ApiAgreement, with_title: bool = True) -> str:
    """Return the API agreement in one sentence, with the title of its offer or without."""
    if api.offer == LIST:
        return "API pay as you go at list prices, nothing committed"
    by_year = [(usd, term.offer is None) for term in api.terms for usd in term.commitment_usd]
    amounts = [usd for usd, is_taken in by_year if is_taken]
    years = " / ".join(str(year) for year, (_, is_taken) in enumerate(by_year, 1) if is_taken)
    bands = joined([round_money(term.band_usd_per_year) for term in api.terms if term.offer is None])
    name = titled(deal, api.offer) if with_title else api.offer
    taken = f"API agreement {name}, {_renewed(deal, api.term_months, api.left)}"
    if not any(amounts):
        return f"{taken}: nothing committed, usage billed at the rates of its band without commitment"
    what = f"USD {committed(deal, api.offer)}"
    agreed = f"{round_money(amounts[0])} {what} in each contract year"
    if len(set(amounts)) > 1:
        agreed = f"{joined(list(map(round_money, amounts)))} {what} in contract year {years}"
    elif len(amounts) == 1 or api.left:
        agreed = f"{round_money(amounts[0])} {what} in contract year {years}"
    return f"{taken}: {agreed} (band from {bands} a year)"


def committed(deal: Deal, offer: str) -> str:
    """Return how commitments of an offer are counted, as printed beside their amount."""
    api = resolve(deal).offers[offer].api
    return "committed at list" if api is not None and api.is_measured_at_list else "committed"


def offer_sentence(deal: Deal, offer: str, months: int) -> str:
    """Return an API agreement and its term."""
    return f"API agreement {titled(deal, offer)}, {_renewed(deal, months)}"


def _renewed(deal: Deal, months: int, left: Left = ()) -> str:
    """Return a first term and what follows it."""
    text = f"{counted(months, 'month')}"
    if months >= deal.horizon_months:
        return text
    if left and left[0][0] > months:
        text += ", renewed"
    for start, end in left:
        text += f", left at the end of {deal.calendar(start - 1):%Y-%m}"
        text += f", taken again from {deal.calendar(end):%Y-%m}" if end < deal.horizon_months else ""
    return text if left else f"{text}, then renewed"


def seat_sentence(deal: Deal, plan: Plan, name: str) -> str:
    """Return a seat agreement in one sentence; its term is said where it is not that of the API agreement."""
    agreement = plan.seats[name]
    if agreement.offer == LIST_MONTHLY:
        return f"{name} seats at list billed monthly, one for each user of the month, none contracted"
    counts = joined([f"{count:,}" for count in agreement.contracted])
    years = " / ".join(str(year + 1) for year in range(len(agreement.contracted)))
    when = "in every contract year" if len(set(agreement.contracted)) == 1 else f"in contract year {years}"
    taken = agreement.offer
    if taken != plan.api.offer or taken == LIST:
        taken += f", {_renewed(deal, agreement.term_months)}"
    sellers = [agreement.seller(year) for year in range(len(agreement.contracted))]
    for year, (before, after) in enumerate(pairwise(sellers), 1):
        billed = "billed monthly" if after == LIST_MONTHLY else "billed yearly"
        if before != after == agreement.offer:
            taken += f", taken again from {deal.calendar(12 * year):%Y-%m}"
        elif before != after:
            taken += f", left for list {billed} at the end of {deal.calendar(12 * year - 1):%Y-%m}"
    return f"{counts} {name} seats {when}, from {taken}"


def cost_sentence(deal: Deal, summary: Summary) -> str:
    """Return the cost over the horizon: expected and, if uncertain, the range."""
    value = basis(deal)
    if summary.scenarios == 1:
        return f"{money(summary.total.expected_usd)} over {counted(deal.compared_months, 'month')}{value}, certain"
    low, high = money(summary.total.p10_usd), money(summary.total.p90_usd)
    return (
        f"{money(summary.total.expected_usd)} expected over {counted(deal.compared_months, 'month')}{value}; "
        f"{low} (P10) to {high} (P90)"
    )


def basis(deal: Deal) -> str:
    """Return at which rate a cost is a present value; '' if payments are not discounted."""
    rate = deal.cost_of_capital_per_year
    return f", present value at {percent(rate)} a year" if rate else ""


def fixed_sentence(deal: Deal, summary: Summary) -> str:
    """Return what is owed whatever happens."""
    over = f"over {counted(deal.compared_months, 'month')}"
    fixed = f"{money(summary.committed_usd)} committed {over}: API commitment and seats"
    if summary.beyond_horizon_usd:
        fixed += f"; {money(summary.beyond_horizon_usd)} more after them"
    return fixed


def worst_sentence(deal: Deal, summary: Summary) -> str:
    """Return the mean of the worst costs, or nothing where there is one scenario only."""
    if summary.cvar_usd is None:
        return ""
    over = f"over {counted(deal.compared_months, 'month')}"
    text = f"{money(summary.cvar_usd)} {over}, mean of the worst {percent(1 - summary.confidence)} of scenarios"
    if summary.worst_usd is not None:
        is_alike = money(summary.worst_usd) == money(summary.cvar_usd)
        text += "; as much in the worst one" if is_alike else f"; {money(summary.worst_usd)} in the worst one"
    return text


def versus_sentence(deal: Deal, solution: Solution, summary: Summary) -> str:
    """Return what the plan saves against the baseline, in expectation; '' without a baseline."""
    if solution.baseline_cost is None:
        return ""
    baseline = float(solution.settlement.weights @ solution.baseline_cost)
    saved = baseline - summary.total.expected_usd
    share = percent(abs(saved) / abs(baseline), 2) if baseline else "0%"
    without = f"{money(baseline)} expected over {counted(deal.compared_months, 'month')} without API commitment"
    return f"{without}; this {'saves' if saved >= 0 else 'adds'} {money(abs(saved))} ({share})"


def proof_sentence(deal: Deal, scenarios: Scenarios, solution: Solution, summary: Summary) -> str:
    """Return objective, bound, gap, scenarios, seed and date of the prices."""
    status = "optimal" if solution.status == "optimal" else "not proven to the gap asked for"
    over = f"over {counted(deal.compared_months, 'month')}"
    objective = f"objective {money(solution.objective_usd)} {over} ({aim(deal, summary)})"
    proof = f"bound {money(solution.bound_usd)}, gap {gap_percent(solution.gap)}"
    return f"{status}: {objective}, {proof}; {scenarios_text(scenarios)}; prices of {deal.card.as_of}"


def aim(deal: Deal, summary: Summary) -> str:
    """Return what the objective is, in a few words."""
    risk = deal.risk
    if risk.criterion != "expected":
        return {"worst": "cost in the worst scenario", "regret": "largest regret"}[risk.criterion]
    if risk.weight == 0 or summary.scenarios == 1:
        return "expected cost"
    what = "cost above no commitment" if risk.on == "loss" else "cost"
    worst = f"mean of the worst {percent(1 - summary.confidence)} of {what}"
    return f"{percent(1 - risk.weight)} expected cost, {percent(risk.weight)} {worst}"


def tail_note(deal: Deal, summary: Summary) -> tuple[str, ...]:
    """Return a remark where the tail in print, that of cost, is not the one that the objective weighs."""
    risk = deal.risk
    if (risk.criterion, risk.on) != ("expected", "loss") or risk.weight == 0 or summary.scenarios == 1:
        return ()
    worst = f"worst {percent(1 - summary.confidence)}"
    return (
        f"{worst} is the mean of the costliest scenarios; the objective weighs that of the largest losses instead "
        "(cost above the best plan without API commitment in the same scenario), so that a deal can be cheaper in "
        "expectation and in its worst scenarios, and still be the worse one",
    )
