"""Seats in force at their end: those that stay licensed, and what is due if their type is given up (model §6).

taken ≥ T[c,s,k]                              of the first contract year, for each cohort c
L ≥ M · taken                                 M: the largest count in force, where its true-up is not retroactive
given up ≥ 1 - Σ T[c,s,k]                     pays what the last count in force added
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.running import seats_run
from deal_solve.formulation.clauses.seats.tracks import Tracks
from deal_solve.formulation.clauses.seats.true_up_cost import Counts
from deal_solve.formulation.model.expression import Expression, Variable, total
from deal_solve.formulation.model.per_scenario import Who
from deal_solve.formulation.model.program import Due, Program
from deal_solve.plan.crowds import Excess
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True, eq=False)
class Licensed:
    """Seats M in force that stay licensed, (S,), where `taken` is 1."""

    seats: Array
    taken: Variable

    def counts(self, program: Program) -> Counts:
        """Return M · taken as a month that counts."""
        return Counts(np.array([self.taken.place]), np.array([0]), self.seats[None, None, :])

    def hold(self, program: Program, licensed: Expression, row: int) -> None:
        """Add L >= M · taken in a scenario."""
        program.add("licensed_held", licensed >= float(self.seats[row]) * self.taken)


def licensed_in_force(program: Program, seat_type: str, on: Mapping[Who, Variable]) -> Licensed | None:
    """Return M of a seat type with taken >= T of every cohort on it in the first contract year; None without any."""
    seats = program.sums.licensed_before.get(seat_type)
    if seats is None:
        return None
    taken = program.variable(f"taken_on_{seat_type}", 0, 1)
    for who, variable in on.items():
        if not isinstance(who, Excess):
            program.add("licensed_taken", taken >= variable)
    return Licensed(seats, taken)


def pay_if_given_up(program: Program, deal: Deal, tracks: Tracks) -> None:
    """Charge the seats that the last count in force added, where no cohort takes their type on when they end."""
    ends = seats_run(deal)
    for seat_type, usd in program.sums.due_if_given_up.items():
        on = [v for (_, taken, span), v in tracks.seats.items() if taken.seat_type == seat_type and span.start == 0]
        given_up = program.variable(f"given_up_{seat_type}", 0, 1)
        program.add("given_up_in_force", given_up >= 1 - total(on))
        program.pay("before", given_up, 1.0, Due(ends, -1), usd)
