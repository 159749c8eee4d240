"""What `review` prints: the proposal beside the best deal, and what lies between them, by step and by line."""

from __future__ import annotations

from deal_solve.analysis.review.result import DriverBreakeven, Review, ReviewStep
from deal_solve.analysis.review.review import OFFER, ROUTING
from deal_solve.currency import converted
from deal_solve.deal.deal import Deal
from deal_solve.facts.summary import Summary, summarise
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import difference_table, present_value
from deal_solve.report.plan_tables import limit_table
from deal_solve.report.position import position_sentences
from deal_solve.report.renewal import plan_lines
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import (
    aim,
    best_deal,
    cost_sentence,
    tail_note,
    title_line,
    worst_sentence,
)
from deal_solve.report.text import bullets, cents, chance, heading, labelled, money, money_less, percent, table
from deal_solve.settlement.in_force.position import position_of
from deal_solve.settlement.lines import CAUSES


def review_report(deal: Deal, found: Review) -> str:
    """Return a review in print."""
    changes = [f"{change.what}: {change.winner} instead of {change.other}" for change in found.changes]
    parts = [
        "\n".join([*heading(title_line(deal)), *_head(deal, found)]),
        _table(deal, found),
        _agreements(found),
        difference_table(deal, found.lines, "proposal"),
        _breakevens(found),
        bullets(f"What {best_deal(found.best)} does otherwise (per contract year, divided by /)", changes),
        limit_table(deal, found.proposed),
        bullets("Assumed", found.assumed),
        bullets("Notes", (*found.notes, *tail_note(deal, found.summary))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(deal: Deal, found: Review) -> list[str]:
    best = found.best.settlement
    own = found.summary
    position = position_of(deal, found.proposed.scenarios)
    lines = [line for text in (position_sentences(position) if position else ()) for line in labelled("Held", text)]
    lines += labelled("Loss", _loss(deal, found, own))
    lines += _signed("Plan", deal, found.proposed.plan, own)
    lines += _signed(
        "Best" if found.loss_usd is not None else "Found", deal, best.plan, summarise(deal, best, best.scenarios)
    )
    if found.changes:
        probability = chance(found.beats_probability)
        lines += labelled("Beats", f"{best_deal(found.best)} in {probability} of scenarios, by cost")
    broken = [check.limit for check in found.limits if not check.is_kept]
    if broken:
        lines += labelled("Breaks", f"the limit on {'; '.join(broken)}")
    return [*lines, *labelled("Over", scenarios_text(found.proposed.scenarios))]


def _signed(label: str, deal: Deal, plan: Plan, summary: Summary) -> list[str]:
    lines = [*plan_lines(deal, plan, label), *labelled("", cost_sentence(deal, summary))]
    worst = worst_sentence(deal, summary)
    return [*lines, *(labelled("", worst) if worst else [])]


def _loss(deal: Deal, found: Review, summary: Summary) -> str:
    if found.loss_usd is None:
        return "unknown: no better deal was found in the time"
    objective = found.steps[-1].objective_usd
    share = f" ({percent(abs(found.loss_usd / objective), 2)})" if objective else ""
    way = "above" if found.loss_usd >= 0 else "below"
    loss = _apart(found.steps[0].objective_usd, objective)
    none = "none: as good as" if found.changes else "none: it is"
    bounded = "" if found.best.status == "optimal" else "at least "
    stated = none if loss == "0.00" else f"{bounded}{loss.lstrip('-')}{share} {way}"
    causes = "" if loss == "0.00" else f": {_causes(found)}"
    return f"{stated} {best_deal(found.best)} by objective ({aim(deal, summary)}){causes}"


def _causes(found: Review) -> str:
    """Return what of the loss is in what is signed and what in engineering; in print they add up to it."""
    steps = found.steps
    engineering = next((n for n, step in enumerate(steps) if step.step == ROUTING), 0)
    if steps[engineering].saved_usd is None:
        return "how much of it is in what is signed, and how much in routing and projects, was not found in the time"
    routed = steps[max(engineering - 1, 0)].objective_usd, steps[engineering].objective_usd
    whole, of_routing = (
        cents(converted(first)) - cents(converted(last))
        for first, last in ((steps[0].objective_usd, steps[-1].objective_usd), routed)
    )
    return f"{whole - of_routing:,} by what is signed, {of_routing:,} by routing and projects"


def _apart(before: float, after: float) -> str:
    """Return the difference of two amounts in print."""
    return money_less(before, after)


def _table(deal: Deal, found: Review) -> str:
    """Return the steps; what is saved in print adds up to the objectives in print."""
    rows, last = [], found.steps[0].objective_usd
    for step in found.steps:
        is_late = step.finding == NOT_IN_TIME
        saved = "" if step is found.steps[0] or is_late else _apart(last, step.objective_usd)
        is_open = not (step.is_proven or is_late)
        rows.append([step.step, step.finding + " GAP" * is_open, saved, *_levels(step)])
        last = step.objective_usd
    if found.loss_usd is not None:
        rows.append([best_deal(found.best), "", _apart(found.steps[0].objective_usd, last), *_levels(found.steps[-1])])
    tail = f"worst {percent(1 - found.summary.confidence)}"
    return table(
        f"From the proposal to {best_deal(found.best)}, each step freeing one more part of it, over "
        f"{counted(deal.compared_months, 'month')} (USD{present_value(deal)})",
        ["freed", "", "saved", "objective", "expected cost", tail],
        rows,
        left=2,
    )


def _levels(step: ReviewStep) -> list[str]:
    return [money(step.objective_usd), money(step.expected_usd), money(step.cvar_usd)]


UNITS = {"times": "times as stated", "a year": "a year beyond what is stated"}
"""What a driver is measured in: 1.00 times and +0.0% a year are the file as it is."""


def _breakevens(found: Review) -> str:
    """Return what would have to be true for the proposal to cost no more, one driver at a time."""
    rows = [
        [
            row.driver,
            UNITS[row.unit],
            *(_value(row, value) for value in (row.below, row.above)),
            f"{_value(row, row.low)} to {_value(row, row.high)}",
        ]
        for row in found.breakevens
    ]
    other = best_deal(found.best)
    title = f"Where the proposal costs as much as {other} by objective, one driver at a time, both plans as they are"
    return table(title, ["driver", "", "below", "above", "looked at"], rows, left=2) if rows else ""


def _value(row: DriverBreakeven, value: float | None) -> str:
    if value is None:
        return "nowhere"
    return f"{value:.2f}" if row.unit == "times" else f"{100 * value:+.1f}%"


def _agreements(found: Review) -> str:
    """Return what the offers cost more by line, where they are not the best ones."""
    step = next(each for each in found.steps if each.step == OFFER)
    if step.finding == "no loss" or found.offer_lines is None:
        return ""
    rows = [(CAUSES[row.line], row.difference_usd) for row in found.offer_lines.lines]
    rows.append(("risk, beyond expected cost", found.offer_lines.risk_usd))
    stated = [f"{name}: {money(usd)}" for name, usd in rows if money(usd) != "0.00"]
    return bullets(f"Of the {money(step.saved_usd or 0.0)} for {OFFER}", stated)
