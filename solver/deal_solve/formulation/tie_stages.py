"""What is minimised, in this order, among plans of equal cost (model §7; formulation §6, "Tie stages")."""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import AT_LIST
from deal_solve.formulation.build import Formulation
from deal_solve.formulation.model.expression import Expression, total
from deal_solve.formulation.model.recourse import When

RELATIVE_STEP = 1e-6
"""Share of a measured amount that is no difference."""


@dataclass(frozen=True)
class TieStage:
    """One stage: `measure` is what is minimised, never negative, and `min_step` the smallest difference that counts.

    A step is at least RELATIVE_STEP of the amount, unless it is a count. `unit` is what one of the measure is in
    dollars, people or pieces: the same for all agreements of a deal.
    """

    name: str
    measure: Expression
    min_step: float
    unit: float = 1.0
    is_count: bool = False

    def step(self, value: float) -> float:
        """Return the smallest difference that counts beside a value."""
        return self.min_step if self.is_count else max(self.min_step, RELATIVE_STEP * value)


def tie_stages(formulation: Formulation) -> list[TieStage]:
    """Return the stages before the fewest routing options: people, true-up, usage, committed, seats and projects."""
    program = formulation.program
    cent, unit = program.usd(0.01), program.unit_usd
    return [
        TieStage("unserved users", program.expected_unserved(), 1e-3),
        TieStage("true-up charges", program.expected(["true_up"]), cent, unit),
        TieStage("usage at today's list", _usage(formulation), cent, unit),
        TieStage("committed dollars", formulation.committed, cent, unit),
        TieStage("contracted seats", formulation.contracted, 0.999, is_count=True),
        TieStage("projects", total(formulation.projects.values()), 0.999, is_count=True),
    ]


def choice_stages(formulation: Formulation) -> list[TieStage]:
    """Return the stages after it: lowest band of each term, first offer, shortest first term, first track.

    The API agreement comes first, then those of seats; one that is left counts its contract years at list.
    """
    ranks = {offer: rank for rank, offer in enumerate([*formulation.deal.offers, *AT_LIST])}
    program = formulation.program
    bands = total(
        len(regime.span.years) * program.usd(regime.threshold_usd) * beta
        for decisions in formulation.paths
        for regime, beta in decisions.agreements.regimes.items()
    )
    taken = formulation.paths[0].agreements
    signed = [(agreement, 1e3, v) for agreement, v in taken.api.items()]
    signed += [(seats.agreement, 1.0, v) for seats, v in taken.seats.items()]
    left = total(
        held - decisions.agreements.seats[seats]
        for decisions in formulation.paths
        for (seats, _), held in decisions.agreements.seat_terms.items()
        if seats.offer in AT_LIST and held is not decisions.agreements.seats[seats]
    )
    years = formulation.deal.years * len(formulation.paths)
    left += total(
        max(1e3 // (years + 1), 1.0) * len(regime.span.years) * beta
        for decisions in formulation.paths
        for regime, beta in decisions.agreements.regimes.items()
        if regime.span.left
    )
    ranked = total(weight * ranks[a.offer] * v for a, weight, v in signed)
    seats_alone = total(ranks[seats.offer] * v for seats, v in taken.seats.items())
    above = 1 + len(formulation.deal.seat_types) * len(ranks)  # of an equal sum the least without years at list
    return [
        TieStage("lowest band", bands, program.usd(0.01), program.unit_usd),
        TieStage("first offer", above * (ranked + left) + seats_alone, 0.999, is_count=True),
        TieStage("shortest term", total(weight * a.term_months * v for a, weight, v in signed), 0.999, is_count=True),
        TieStage("first track", _places(formulation), 0.999, is_count=True),
    ]


def _places(formulation: Formulation) -> Expression:
    """Return the places of all tracks in the lists of their cohorts, from 0, added up over contract years."""
    cohorts = formulation.deal.cohorts
    return total(
        cohorts[name].tracks.index(track) * years * variable
        for decisions in formulation.paths
        for name, track, years, variable in decisions.tracks.years()
    )


def _usage(formulation: Formulation) -> Expression:
    """Return E of all usage at today's list prices, other charges included, in money units, undiscounted."""
    found = [formulation.program.expected(["other_charges"], When(discounted=False))]
    for decisions in formulation.paths:
        program, horizon = decisions.program, range(formulation.deal.horizon_months)
        mean = (program.sums.requests @ program.sums.weights).tolist()
        for usages in (*decisions.routing.usage.values(), *decisions.routing.included.values()):
            for usage in usages:
                requests = sum(mean[row] for _, row in usage.intervals(program.sums, horizon))
                found.append(usage.per_request * requests * usage.variable)
    return total(found)
