"""How sure the answer is: proof, scenarios, dates of the prices, and which assumptions carry a source."""

from __future__ import annotations

from deal_solve.deal.deal import Deal
from deal_solve.facts.sources import Assumption, assumptions
from deal_solve.facts.summary import Summary
from deal_solve.facts.unstated import unstated
from deal_solve.messages import counted
from deal_solve.optimise.solution import Solution
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import aim
from deal_solve.report.text import gap_percent, heading, labelled, money
from deal_solve.report.unstated import unstated_sentences
from deal_solve.uncertainty.scenario_set import Scenarios

MAX_NAMED = 3
INDENT = 11


PROOF = "Proof and data quality"


def proof_and_data_quality(deal: Deal, scenarios: Scenarios, solution: Solution, summary: Summary) -> str:
    """Return what stands behind the answer in print."""
    rows = proof_rows(deal, scenarios, solution, summary)
    return "\n".join([*heading(PROOF), *(line for label, text in rows for line in labelled(label, text, INDENT))])


def proof_rows(deal: Deal, scenarios: Scenarios, solution: Solution, summary: Summary) -> list[tuple[str, str]]:
    """Return what stands behind the answer, one labelled line of words each."""
    found = tuple(assumptions(deal, solution.plan))
    lacking = [row for row in found if row.source is None]
    limits = unstated_sentences(row for row in unstated(deal) if row.kind in ("limits", "closed"))
    stated = [
        ("proof", _proof(deal, solution, summary)),
        ("scenarios", _scenarios(scenarios)),
        ("cost", "settled in every scenario apart from the solver; both agree"),
        ("prices", _prices(deal)),
        ("sources", f"{len(found) - len(lacking)} of {counted(len(found), 'assumption')} carry a source"),
        *(("", f"{path}: {text}") for path, text in deal.sources.items()),
        *(("" if place else "limits", text) for place, text in enumerate(limits)),
    ]
    if lacking:
        rest = len(lacking) - MAX_NAMED
        more = [f"and {rest} more"] if rest > 0 else []
        stated.append(("no source", "; ".join([*map(_named, lacking[:MAX_NAMED]), *more])))
    return stated


def _proof(deal: Deal, solution: Solution, summary: Summary) -> str:
    minimum = (
        f"no plan has an objective below {money(solution.bound_usd)} over {counted(deal.compared_months, 'month')}"
    )
    ours = f"this one has {money(solution.objective_usd)}, a gap of {gap_percent(solution.gap)}"
    return f"{minimum}; {ours} (objective: {aim(deal, summary)})"


def _scenarios(scenarios: Scenarios) -> str:
    bands = f" of the bands of {', '.join(scenarios.groups)}" if scenarios.groups else ""
    seed = "; nothing is drawn at random" if scenarios.seed is None else ""
    return f"{scenarios_text(scenarios)}{bands}{seed}"


def _prices(deal: Deal) -> str:
    card = deal.card
    newest = max(rates.effective_from for model in card.models for rates in [model.rates_on(card.as_of)])
    text = f"rate card {card.name} of {card.as_of}, its newest rates from {newest}"
    own = [name for part in (deal.rates.models, deal.rates.seats) for name in part]
    return f"{text}; the deal's own for {', '.join(own)}" if own else text


def _named(row: Assumption) -> str:
    if not row.swing_usd:
        return row.path
    return f"{row.path} (the cost differs by {money(row.swing_usd)} between its P10 and P90)"
