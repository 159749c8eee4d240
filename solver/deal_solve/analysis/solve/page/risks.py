"""How it can go wrong: the worst tenth, and how likely commitment is lost, usage outgrows it, seats are added, or a
cloud commitment is not met."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deal_solve.analysis.solve.comparisons import WORST_TENTH
from deal_solve.analysis.solve.page.subject import LABEL, Subject
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.facts.cloud import cloud_name
from deal_solve.facts.years import years
from deal_solve.report.text import chance, heading, labelled, whole_money
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.measures import cvar, probability
from deal_solve.uncertainty.scenario_set import Array

RISKS = "How it can go wrong"


def risks_block(subject: Subject) -> list[str]:
    """Return what can go wrong in print; nothing for a certain deal."""
    rows = list(risk_rows(subject))
    if not rows:
        return []
    (label, text), *others = rows
    title = f"{RISKS}: {label[0].lower()}{label[1:]} {text}"
    return [*heading(title), *(line for row in others for line in labelled(*row, LABEL))]


def risk_rows(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield a labelled sentence for each thing that can go wrong; none for a certain deal."""
    if subject.is_certain:
        return
    settlement = subject.settlement
    weights = settlement.weights
    tail = cvar(settlement.cost, weights, WORST_TENTH)
    above = whole_money(tail - subject.summary.total.expected_usd)
    yield "Worst tenth", f"{whole_money(tail)}, {above} more than expected"
    if settlement.drawdown:
        yield from _commitment(settlement)
    for line, label, what in (
        ("true_up", "Seats", "seats are added by true-up"),
        ("unserved", "Unserved", "people go without"),
    ):
        costs = settlement.by_line[line]
        if np.any(costs):
            likely = probability(costs > CENT_TOLERANCE_USD, weights)
            expected = sum(row.cost_by_line.get(line, 0.0) for row in years(settlement))
            yield label, f"{_likely(likely)}: {what}, for {_mean(expected, likely)}"
    yield from _clouds(settlement)


def _clouds(settlement: Settlement) -> Iterator[tuple[str, str]]:
    """Yield how likely each cloud commitment is not met in some year; nothing for one that always is."""
    label = "Cloud"
    for name, cloud in settlement.clouds.items():
        short = cloud.short.sum(axis=0)
        likely = probability(short > CENT_TOLERANCE_USD, settlement.weights)
        if likely:
            amount = _mean(settlement.mean(short), likely)
            yield (
                label,
                f"{_likely(likely)}: the commitment to {cloud_name(settlement.deal, name)} falls short, {amount}",
            )
            label = ""


def _commitment(settlement: Settlement) -> Iterator[tuple[str, str]]:
    """Yield how likely some of the commitment is lost, and how likely usage is above it; nothing where none is."""
    weights, records = settlement.weights, settlement.drawdown
    if not any(settlement.mean(record.commitment_usd) > 0 for record in records):
        return
    lost: Array = np.sum([record.forfeited_usd for record in records], axis=0)
    likely = probability(lost > CENT_TOLERANCE_USD, weights)
    if likely:
        amount = _mean(float(weights @ lost), likely)
        yield "Forfeiture", f"{_likely(likely)}: some of the commitment is lost unused, {amount}"
    else:
        yield "Forfeiture", "in no scenario is any of the commitment lost"
    above: Array = np.sum([record.usage_usd - record.covered_usd for record in records], axis=0)
    likely = probability(above > CENT_TOLERANCE_USD, weights)
    if not likely:
        yield "Overage", "in no scenario is usage above the commitment"
        return
    extra = float(weights @ np.sum([record.surcharge_usd for record in records], axis=0)) / likely
    rates = f"which {'adds' if extra > 0 else 'saves'} {whole_money(abs(extra))}"
    if whole_money(extra) == "0":
        rates = "at contracted rates"
    yield (
        "Overage",
        f"{_likely(likely)}: usage of {whole_money(float(weights @ above) / likely)} is not covered, {rates}",
    )


def _likely(share: float) -> str:
    """Return a probability in words.

    >>> _likely(0.25), _likely(1.0)
    ('25% likely', 'certain')
    """
    return "certain" if share > 1 - 1e-9 else f"{chance(share)} likely"


def _mean(expected_usd: float, likely: float) -> str:
    """Return what an event costs on average in the scenarios in which it happens."""
    return f"{whole_money(expected_usd / likely)}{' if so' if likely < 1 - 1e-9 else ''}"
