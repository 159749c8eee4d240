"""What is answered to "why not otherwise?": what it costs more, on which lines, and what else it would change."""

from __future__ import annotations

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.deal.deal import Deal
from deal_solve.facts.difference import Difference
from deal_solve.messages import counted
from deal_solve.report.difference import difference_table, present_value
from deal_solve.report.text import bullets, money, percent
from deal_solve.settlement.objective import is_same

MAX_CHANGES = 8


def why_not_report(deal: Deal, answer: WhyNot) -> str:
    """Return the answer to one question: a sentence, the lines, and at most eight decisions that change."""
    return answer_report(deal, f"Why not {answer.asked}?", answer, "as requested")


def answer_report(deal: Deal, title: str, answer: WhyNot, column: str) -> str:
    """Return a titled answer; `column` is what stands above the amounts of the other plan."""
    stated = [_sentence(deal, answer)]
    if answer.already and answer.outcome != "already":
        stated.append(f"This deal does already: {', '.join(answer.already)}.")
    parts = [bullets(title, stated)]
    if answer.difference is not None:
        parts += [difference_table(deal, answer.difference, column), _changes(answer)]
    return "\n\n".join(part for part in parts if part)


def _sentence(deal: Deal, answer: WhyNot) -> str:
    if answer.difference is None or answer.solution is None:
        return {
            "already": "It is what this deal does.",
            "impossible": f"It is not possible: {answer.reason}.",
            "stopped": f"It is not answered: {answer.reason}.",
        }[answer.outcome]
    apart, cost = answer.difference, answer.solution.settlement.cost
    objective, usd = answer.solution.objective_usd, float(answer.solution.settlement.weights @ cost)
    over = f"expected over {counted(deal.compared_months, 'month')}{present_value(deal)}"
    text = f"It costs {_more(apart, usd)}: {money(usd)} instead of {money(usd - apart.expected_usd)}, {over}."
    if money(apart.risk_usd) != "0.00":
        text += f" With risk, the objective is {_higher(apart.objective_usd)}."
    if is_same(objective - apart.objective_usd, objective):
        text += " So it is as good as this deal, which the tie rule prefers."
    if answer.solution.status == "limit":
        text += " A limit stopped the search: there may be a better deal of this kind."
    return text


def _more(apart: Difference, usd: float) -> str:
    """Return the difference of expected cost in words, with its share of this deal's cost."""
    more, base = apart.expected_usd, usd - apart.expected_usd
    if money(more) == "0.00":
        return "the same"
    share = f" ({percent(abs(more) / base, 2)})" if base else ""
    return f"{money(abs(more))}{share} {'more' if more > 0 else 'less'}"


def _higher(usd: float) -> str:
    return "the same" if money(usd) == "0.00" else f"{money(abs(usd))} {'higher' if usd > 0 else 'lower'}"


def _changes(answer: WhyNot) -> str:
    facts = [f"{change.what}: {change.other} instead of {change.winner}" for change in answer.changes]
    if len(facts) > MAX_CHANGES:
        facts = [*facts[: MAX_CHANGES - 1], f"and {len(facts) - MAX_CHANGES + 1} more"]
    return bullets("Decisions that change (per contract year, divided by /)", facts)
