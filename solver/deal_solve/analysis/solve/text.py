"""What `solve` prints: first what to sign and what it costs, then the tables behind it."""

from __future__ import annotations

from deal_solve.analysis.solve.proof import proof_and_data_quality
from deal_solve.deal.deal import Deal
from deal_solve.facts.summary import Summary, summarise
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.plan.plan import Plan
from deal_solve.report.controls import controls_table
from deal_solve.report.health import health_tables
from deal_solve.report.plan_tables import (
    commitment_table,
    cost_tables,
    limit_table,
    project_table,
    routing_table,
    track_table,
)
from deal_solve.report.renewal import renewal_sentence, renewal_tables
from deal_solve.report.sentences import (
    api_sentence,
    cost_sentence,
    fixed_sentence,
    proof_sentence,
    seat_sentence,
    title_line,
    versus_sentence,
    worst_sentence,
)
from deal_solve.report.text import (
    WIDTH,
    bullets,
    heading,
    labelled,
    money,
    page_width,
    percent,
    round_money,
    shortened,
    table,
)
from deal_solve.uncertainty.scenario_set import Scenarios

MAX_LINES = 12
OUTCOMES = {"solved": "solved", "pruned": "ruled out", "infeasible": "impossible", "limit": "stopped"}
NOT_KNOWN = "not known"


def solution_report(deal: Deal, scenarios: Scenarios, solution: Solution, notes: tuple[str, ...] = ()) -> str:
    """Return the short block and all tables of a solution."""
    summary = summarise(deal, solution.settlement, scenarios)
    parts = [
        "\n".join(short_block(deal, scenarios, solution, summary)),
        *renewal_tables(deal, solution.plan),
        commitment_table(deal, solution.settlement),
        track_table(deal, solution.plan),
        routing_table(deal, solution.plan),
        project_table(deal, solution.plan),
        *cost_tables(deal, summary),
        *health_tables(deal, solution.settlement),
        limit_table(deal, solution.settlement),
        agreements_table(deal, solution),
        controls_table(deal),
    ]
    parts += [proof_and_data_quality(deal, scenarios, solution, summary), bullets("Notes", (*notes, *solution.notes))]
    return "\n\n".join(part for part in parts if part) + "\n"


def short_block(deal: Deal, scenarios: Scenarios, solution: Solution, summary: Summary) -> list[str]:
    """Return what to sign and what it costs: at most 12 lines of 100 columns, more of them on a narrower page."""
    sign = api_sentence(deal, solution.plan.api)
    if len(labelled("Sign", sign, columns=WIDTH)) > 2:
        sign = api_sentence(deal, solution.plan.api, with_title=False)
    must = [
        ("Sign", sign),
        *(("", sentence) for sentence in _seat_sentences(deal, solution.plan)),
        *(("Later", sentence) for sentence in [renewal_sentence(deal, solution.plan)] if sentence),
        ("Cost", cost_sentence(deal, summary)),
        ("Fixed", fixed_sentence(deal, summary)),
        ("Proof", proof_sentence(deal, scenarios, solution, summary)),
    ]
    may = [
        ("Versus", versus_sentence(deal, solution, summary)),
        ("Worst", worst_sentence(deal, summary)),
        ("Next", _next(solution)),
    ]
    room = MAX_LINES - 1 - sum(len(_lines(*each, WIDTH)) for each in must)
    middle = []
    for label, text in may:
        lines = len(_lines(label, text, WIDTH))
        if text and lines <= room:
            middle.append((label, text))
            room -= lines
    columns = min(page_width(), WIDTH)
    head = [*heading(title_line(deal)), *(line for each in (*must[:-1], *middle) for line in _lines(*each, columns))]
    proof = _lines(*must[-1], columns)
    return [*(head[: MAX_LINES - len(proof)] if columns == WIDTH else head), *proof]


def _lines(label: str, text: str, columns: int) -> list[str]:
    """Return a sentence behind its label; a seat type, which has none, takes two lines at most."""
    return labelled(label, text if label else shortened(text, 2 * (WIDTH - 10)), columns=columns)


def _seat_sentences(deal: Deal, plan: Plan) -> list[str]:
    """Return one sentence per seat type, at most three in all."""
    taken = [name for name, agreement in plan.seats.items() if any(agreement.contracted)]
    sentences = [seat_sentence(deal, plan, name) for name in taken]
    if len(sentences) > 3:
        sentences = [*sentences[:2], f"and {len(sentences) - 2} more seat types, see the table of seats"]
    return sentences


def _others(solution: Solution) -> list[CandidateAgreement]:
    """Return every other agreement or band, the nearest first: a renewed band makes no other agreement."""
    api = solution.plan.api
    chosen = (api.offer, api.term_months, api.terms[0].band_usd_per_year)
    others = [b for b in solution.agreements if (b.offer, b.term_months, b.band_usd_per_year) != chosen]
    return sorted((b for b in others if b.outcome != "infeasible"), key=_minimum)


def _minimum(candidate: CandidateAgreement) -> float:
    return candidate.bound_usd if candidate.objective_usd is None else candidate.objective_usd


def _next(solution: Solution) -> str:
    """Return the nearest other agreement and by how much it costs more, or at least costs more."""
    others = _others(solution)
    if not others:
        return ""
    best = others[0]
    band = f"band from {round_money(best.band_usd_per_year)} a year" if best.band_usd_per_year else "no commitment"
    above = _above(solution, best)
    text = f"{'' if best.objective_usd is not None else 'at least '}{above} dearer by objective"
    if above == NOT_KNOWN:
        text = "not ruled out when the search stopped"
    if above in ("0%", "0.00"):
        text = "as good within the gap" if best.objective_usd is not None else "not better"
    return f"{best.offer}, {best.term_months} months, {band}: {text}"


def _above(solution: Solution, candidate: CandidateAgreement) -> str:
    """Return the least cost increase of a candidate; not known if its bound is below the plan's objective."""
    base, more = abs(solution.objective_usd), _minimum(candidate) - solution.objective_usd
    text = percent(more / base, 2) if base else money(more)
    return NOT_KNOWN if candidate.objective_usd is None and text.startswith("-") else text


def agreements_table(deal: Deal, solution: Solution) -> str:
    """Return every API agreement and band of the search with its best objective or its bound."""
    if len(solution.agreements) < 2:
        return ""
    rows = []
    for candidate in sorted(solution.agreements, key=lambda b: (b.outcome == "infeasible", _minimum(b))):
        solved = candidate.outcome not in ("infeasible",)
        amount = "at least " * (candidate.objective_usd is None) + money(_minimum(candidate)) if solved else "-"
        above = _above(solution, candidate) if solved else "-"
        band = round_money(candidate.band_usd_per_year) if candidate.band_usd_per_year else "none"
        rows.append([candidate.offer, f"{candidate.term_months}", band, OUTCOMES[candidate.outcome], amount, above])
    headers = ["offer", "first term", "band from", "outcome", "objective", "dearer by"]
    title = f"API agreements, seats from any offer (objective over {deal.horizon_months} months, USD)"
    return table(title, headers, rows)
