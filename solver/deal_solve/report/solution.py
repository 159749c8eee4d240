"""What `solve` prints: first what to sign and what it costs, then the tables behind it."""

from __future__ import annotations

from deal_solve.analysis.summary import Summary, summarise
from deal_solve.deal.deal import LIST, Deal
from deal_solve.optimise.solution import Branch, Solution
from deal_solve.plan.plan import ApiAgreement, Plan, SeatAgreement
from deal_solve.report.controls import controls_table
from deal_solve.report.futures import futures_text
from deal_solve.report.health import health_tables
from deal_solve.report.tables import (
    commitment_table,
    cost_tables,
    limit_table,
    project_table,
    routing_table,
    seat_table,
    track_table,
)
from deal_solve.report.text import joined, labelled, money, percent, round_money, shortened, table
from deal_solve.uncertainty.scenarios import Futures

MOST_LINES = 12
OUTCOMES = {"solved": "solved", "pruned": "ruled out", "infeasible": "impossible", "limit": "stopped"}


def solution_report(deal: Deal, scenarios: Futures, solution: Solution, notes: tuple[str, ...] = ()) -> str:
    """Return the short block and all tables of a solution."""
    summary = summarise(deal, solution.settlement, scenarios)
    parts = [
        "\n".join(short_block(deal, scenarios, solution, summary)),
        commitment_table(deal, solution.settlement),
        seat_table(solution.settlement),
        track_table(deal, solution.plan),
        routing_table(deal, solution.plan),
        project_table(deal, solution.plan),
        *cost_tables(deal, summary),
        *health_tables(deal, solution.settlement),
        limit_table(deal, solution.settlement),
        agreements_table(solution),
        controls_table(deal),
    ]
    if notes or solution.notes:
        parts.append(
            "Notes\n" + "\n".join(line for note in (*notes, *solution.notes) for line in labelled("-", note, 2))
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def short_block(deal: Deal, scenarios: Futures, solution: Solution, summary: Summary) -> list[str]:
    """Return what to sign and what it costs: at most 12 lines of at most 100 columns."""
    must = [
        [
            shortened(
                f"{deal.title or 'This deal'}: {deal.horizon_months} months from {deal.start:%Y-%m}, all amounts USD"
            )
        ],
        labelled("Sign", api_sentence(deal, solution.plan.api)),
        *_seat_lines(solution.plan),
        labelled("Cost", cost_sentence(deal, summary)),
        labelled("Fixed", fixed_sentence(deal, summary)),
        labelled("Proof", _proof(deal, scenarios, solution, summary)),
    ]
    room = MOST_LINES - sum(map(len, must))
    chosen: dict[str, list[str]] = {}
    for label, text in (
        ("Versus", _saving(solution, summary)),
        ("Next", _next(solution)),
        ("Tail", tail_sentence(summary)),
    ):
        lines = labelled(label, text) if text else []
        if lines and len(lines) <= room:
            chosen[label], room = lines, room - len(lines)
    middle = [chosen[label] for label in ("Tail", "Versus", "Next") if label in chosen]
    head = [line for part in (*must[:-1], *middle) for line in part]
    return [*head[: MOST_LINES - len(must[-1])], *must[-1]]


def _title(deal: Deal, offer: str) -> str:
    title = deal.offer(offer).title
    return f"{offer} ({title})" if title and offer != LIST else offer


def api_sentence(deal: Deal, api: ApiAgreement) -> str:
    """Return the API agreement in one sentence."""
    amounts = [usd for term in api.terms for usd in term.commitment_usd]
    bands = joined([round_money(term.band_usd_per_year) for term in api.terms])
    if api.offer == LIST:
        return "API pay as you go at list prices, nothing committed"
    paper = f"API agreement {_title(deal, api.offer)}, {_renewed(deal, api.term_months)}"
    if not any(amounts):
        return f"{paper}: nothing committed, usage billed at the rates of the band from 0"
    committed = f"{round_money(amounts[0])} USD committed in each contract year"
    if len(set(amounts)) > 1:
        years = " / ".join(str(year + 1) for year in range(len(amounts)))
        committed = f"{joined(list(map(round_money, amounts)))} USD committed in contract year {years}"
    elif len(amounts) == 1:
        committed = f"{round_money(amounts[0])} USD committed in contract year 1"
    return f"{paper}: {committed} (band from {bands} a year)"


def _renewed(deal: Deal, months: int) -> str:
    return f"{months} months" + (", then renewed" if months < deal.horizon_months else "")


def _seat_lines(plan: Plan) -> list[list[str]]:
    """Return one line per seat type, at most three in all."""
    sentences = [seat_sentence(name, agreement) for name, agreement in plan.seats.items() if any(agreement.contracted)]
    if len(sentences) > 3:
        sentences = [*sentences[:2], f"and {len(sentences) - 2} more seat types, see the table of seats"]
    return [[shortened(line) for line in labelled("", sentence)[:2]] for sentence in sentences]


def seat_sentence(name: str, agreement: SeatAgreement) -> str:
    """Return a seat agreement in one sentence."""
    counts = joined([f"{count:,}" for count in agreement.contracted])
    years = " / ".join(str(year + 1) for year in range(len(agreement.contracted)))
    when = "in every contract year" if len(set(agreement.contracted)) == 1 else f"in contract year {years}"
    return f"{counts} {name} seats {when}, from {agreement.offer}, {agreement.term_months} months"


def cost_sentence(deal: Deal, summary: Summary) -> str:
    """Return the cost over the horizon: expected and, if uncertain, the range."""
    value = basis(deal)
    if summary.scenarios == 1:
        return f"{money(summary.total.expected_usd)} over {deal.horizon_months} months{value}, certain"
    low, high = money(summary.total.p10_usd), money(summary.total.p90_usd)
    return (
        f"{money(summary.total.expected_usd)} expected over {deal.horizon_months} months{value}; "
        f"{low} (P10) to {high} (P90)"
    )


def basis(deal: Deal) -> str:
    """Return at which rate a cost is a present value; '' if payments are not discounted."""
    rate = deal.cost_of_capital_per_year
    return f", present value at {percent(rate)} a year" if rate else ""


def fixed_sentence(deal: Deal, summary: Summary) -> str:
    """Return what is owed whatever happens."""
    fixed = f"{money(summary.committed_usd)} of commitments and contracted seats over {deal.horizon_months} months"
    if summary.beyond_horizon_usd:
        fixed += f", and {money(summary.beyond_horizon_usd)} beyond them"
    return fixed


def tail_sentence(summary: Summary) -> str:
    """Return the tail of the cost, or nothing where the scenarios are too few to say."""
    if summary.cvar_usd is None:
        return ""
    text = f"{money(summary.cvar_usd)} in the mean of the worst {percent(1 - summary.confidence)} of futures"
    if summary.worst_usd is not None and money(summary.worst_usd) == money(summary.cvar_usd):
        text += " and in the worst one"
    elif summary.worst_usd is not None:
        text += f", {money(summary.worst_usd)} in the worst one"
    return text


def _saving(solution: Solution, summary: Summary) -> str:
    if solution.reference_cost is None:
        return ""
    reference = float(solution.settlement.weights @ solution.reference_cost)
    saved = reference - summary.total.expected_usd
    word = "less" if saved >= 0 else "more"
    share = percent(abs(saved) / reference, 2) if reference else "0%"
    best = f"{money(reference)}, the best without API commitment (both expected)"
    return f"{money(abs(saved))} ({share}) {word} than {best}"


def _others(solution: Solution) -> list[Branch]:
    """Return every other agreement or band, the nearest first: a renewed band makes no other agreement."""
    api = solution.plan.api
    chosen = (api.offer, api.term_months, api.terms[0].band_usd_per_year)
    others = [b for b in solution.branches if (b.offer, b.term_months, b.band_usd_per_year) != chosen]
    return sorted((b for b in others if b.outcome != "infeasible"), key=_least)


def _least(branch: Branch) -> float:
    return branch.bound_usd if branch.objective_usd is None else branch.objective_usd


def _next(solution: Solution) -> str:
    others = _others(solution)
    if not others:
        return ""
    best = others[0]
    word = "" if best.objective_usd is not None else "at least "
    above = _above(solution, _least(best))
    band = f", band from {round_money(best.band_usd_per_year)}" if best.band_usd_per_year else ""
    return f"nearest other agreement: {best.offer}, {best.term_months} months{band}, {word}{above} dearer (objective)"


def _above(solution: Solution, usd: float) -> str:
    base = abs(solution.objective_usd)
    return percent((usd - solution.objective_usd) / base, 2) if base else money(usd - solution.objective_usd)


def _proof(deal: Deal, scenarios: Futures, solution: Solution, summary: Summary) -> str:
    futures = futures_text(scenarios)
    objective = f"objective {money(solution.objective_usd)} ({aim(deal, summary)})"
    if solution.status == "optimal":
        return f"optimal to a gap of {percent(solution.gap, 4)}: {objective}, {futures}"
    bound = f"bound {money(solution.bound_usd)}, gap {percent(solution.gap, 4)}"
    return f"stopped by a limit: {objective}, {bound}, {futures}"


def aim(deal: Deal, summary: Summary) -> str:
    """Return what the objective is, in a few words."""
    risk = deal.risk
    if risk.criterion != "expected":
        return {"worst": "cost in the worst future", "regret": "largest regret"}[risk.criterion]
    if risk.weight == 0 or summary.scenarios == 1:
        return "expected cost"
    tail = f"the worst {percent(1 - summary.confidence)}"
    return f"{percent(1 - risk.weight)} expected cost, {percent(risk.weight)} {tail} by {risk.on}"


def agreements_table(solution: Solution) -> str:
    """Return every API agreement and band of the search with its best objective or its bound."""
    if len(solution.branches) < 2:
        return ""
    rows = []
    for branch in sorted(solution.branches, key=lambda b: (b.outcome == "infeasible", _least(b))):
        solved = branch.outcome not in ("infeasible",)
        amount = "at least " * (branch.objective_usd is None) + money(_least(branch)) if solved else "-"
        above = _above(solution, _least(branch)) if solved else "-"
        band = round_money(branch.band_usd_per_year) if branch.band_usd_per_year else "none"
        rows.append([branch.offer, f"{branch.term_months}", band, OUTCOMES[branch.outcome], amount, above])
    headers = ["offer", "first term", "commitment band", "outcome", "objective", "above best"]
    return table("API agreements, objective over the horizon (USD), seats from any offer", headers, rows)
