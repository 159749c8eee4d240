"""Every API agreement and band of the search beside the recommended one: its best objective, or its bound."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.names import offer_name
from deal_solve.facts.summary import Summary
from deal_solve.messages import counted
from deal_solve.optimise.solution import CandidateAgreement, Solution
from deal_solve.report.sentences import aim
from deal_solve.report.text import bullets, money, percent, round_money, table

OUTCOMES = {"solved": "solved", "pruned": "ruled out", "infeasible": "impossible", "limit": "stopped"}
NOT_KNOWN = "not known"


def others(solution: Solution) -> list[CandidateAgreement]:
    """Return every other agreement or band, the nearest first: a renewed band makes no other agreement."""
    api = solution.plan.api
    chosen = (api.offer, api.term_months, api.terms[0].band_usd_per_year)
    found = [b for b in solution.agreements if (b.offer, b.term_months, b.band_usd_per_year) != chosen]
    return sorted((b for b in found if b.outcome != "infeasible"), key=_minimum)


def _minimum(candidate: CandidateAgreement) -> float:
    return candidate.bound_usd if candidate.objective_usd is None else candidate.objective_usd


def above(solution: Solution, candidate: CandidateAgreement) -> str:
    """Return how much higher the objective of a candidate is, or at least is; not known where its bound is no higher.

    "0%" is said of what was solved alone: a bound that is not above the objective says nothing.
    """
    base, more = abs(solution.objective_usd), _minimum(candidate) - solution.objective_usd
    text = percent(more / base, 2) if base else money(more)
    if candidate.objective_usd is not None:
        return text
    return NOT_KNOWN if text.startswith("-") or text in ("0%", "0.00") else f"≥ {text}"


def agreements_table(deal: Deal, solution: Solution, summary: Summary) -> str:
    """Return every API agreement and band of the search with its best objective or its bound."""
    if len(solution.agreements) < 2:
        return ""
    rows = []
    for candidate in sorted(solution.agreements, key=lambda b: (b.outcome == "infeasible", _minimum(b))):
        solved = candidate.outcome not in ("infeasible",)
        amount = "at least " * (candidate.objective_usd is None) + money(_minimum(candidate)) if solved else "-"
        higher = above(solution, candidate) if solved else "-"
        band = round_money(candidate.band_usd_per_year) if candidate.band_usd_per_year else "none"
        rows.append([candidate.offer, f"{candidate.term_months}", band, OUTCOMES[candidate.outcome], amount, higher])
    headers = ["offer", "first term", "band from", "outcome", "objective", "higher by"]
    over = f"USD over {counted(deal.compared_months, 'month')}; objective: {aim(deal, summary)}"
    title = f"API agreements, seats from any offer ({over})"
    titles = {row[0]: offer_name(deal, row[0]) for row in rows}
    named = [f"{offer}: {name}" for offer, name in titles.items() if name != offer]
    return "\n".join([table(title, headers, rows), *[bullets("", named)] * bool(named)])
