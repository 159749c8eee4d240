"""What a buyer asks of a value: that the best deal changes, is a certain one, or costs no more than an amount."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from deal_solve.analysis.breakeven.parametric import Along, Best
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import parse_number
from deal_solve.errors import InputError, Problem
from deal_solve.plan.choices.choices import restriction_from, split_choices
from deal_solve.plan.choices.restriction import Restriction, overlay
from deal_solve.plan.choices.satisfied import satisfies
from deal_solve.plan.plan import Plan
from deal_solve.settlement.objective import is_same
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.measures import cvar

_AMOUNT = re.compile(r"(expected|cvar|committed)\s*<=\s*(.+)")
_PLACES = (
    (re.compile(r"offers\.([^.\[\]]+)\.api\.bands\[(\d{1,9})\]"), "band"),
    (re.compile(r"offers\.([^.\[\]]+)\.seats\.([^.\[\]]+)"), "seats"),
    (re.compile(r"offers\.([^.\[\]]+)(?:\.api)?"), "offer"),
)
Apart = Callable[[float], float]
Measure = Literal["expected", "cvar", "committed"]


class Question(Protocol):
    """What differs between values of a field, and where to look for the value at which it changes."""

    @property
    def looks_within(self) -> bool:
        """Whether it can change and change back where costs are straight lines."""

    def key(self, best: Best) -> Hashable:
        """Return the answer at one value."""

    def plan(self, best: Best) -> Plan:
        """Return the plan that answers as `key` does."""

    def apart(self, left: Best, right: Best) -> tuple[Apart, ...]:
        """Return amounts by value whose roots are where to look next; they raise InputError where there is none."""

    def is_met(self, left: Best, middle: Best, right: Best) -> bool:
        """Whether the answer changes exactly at `middle`."""

    def far(self, best: Best) -> float | None:
        """Return by how many dollars the answer is missed at a value; None if no amount would help."""


@dataclass(frozen=True)
class Decisions:
    """Which deal is best: it changes where the plans of both sides cost the same as the best one."""

    along: Along
    looks_within = True

    def key(self, best: Best) -> Hashable:
        """Return what is decided."""
        return best.key

    def plan(self, best: Best) -> Plan:
        """Return the plan that answers as `key` does."""
        return best.plan

    def apart(self, left: Best, right: Best) -> tuple[Apart, ...]:
        """Return by how much the plan of the left side costs more."""

        def cost_increase(value: float) -> float:
            one, other = self.along.values((self.plan(left), self.plan(right)), value, left)
            return one - other

        return (cost_increase,)

    def is_met(self, left: Best, middle: Best, right: Best) -> bool:
        """Whether both plans are as good as the best one there."""
        try:
            values = self.along.values((self.plan(left), self.plan(right)), middle.value, middle)
        except InputError:
            return False
        return all(is_same(value_usd, middle.objective_usd, self.gap) for value_usd in values)

    @property
    def gap(self) -> float:
        """The relative gap to which solves are proven."""
        return self.along.options.gap

    def far(self, best: Best) -> float | None:
        """Return 0: some deal is always best."""
        return 0.0


@dataclass(frozen=True)
class Chosen(Decisions):
    """Whether the best deal is as the choices say: it becomes so where the best such deal costs as much as the best."""

    choices: tuple[str, ...]
    found: dict[float, tuple[Plan, float] | None] = field(default_factory=dict, repr=False)

    def key(self, best: Best) -> Hashable:
        """Return whether the plan is as chosen, or one that is costs the same."""
        far = self.far(best)
        return far is not None and is_same(best.objective_usd + far, best.objective_usd, self.gap)

    def plan(self, best: Best) -> Plan:
        """Return the best plan as chosen where it is as good as any, else the best of all."""
        found = self._chosen(best)
        return found[0] if found and self.key(best) else best.plan

    def far(self, best: Best) -> float | None:
        """Return by how much the best deal as chosen costs more."""
        found = self._chosen(best)
        return None if found is None else found[1]

    def _chosen(self, best: Best) -> tuple[Plan, float] | None:
        """Return the best plan as chosen and its cost increase, solved once; None if there is none."""
        if best.value not in self.found:
            deal = self.along.deal_at(best.value)
            restriction = self._restriction(deal)
            if satisfies(deal, best.plan, restriction):
                self.found[best.value] = best.plan, 0.0
            else:
                other = self.along.solved(
                    deal, self.along.scenarios_from(deal), overlay(restriction, self.along.options.fix)
                )
                self.found[best.value] = (other.plan, other.objective_usd - best.objective_usd) if other else None
        return self.found[best.value]

    def _restriction(self, deal: Deal) -> Restriction:
        return restriction_from(deal, [part for choice in self.choices for part in _in_words(deal, choice)])


@dataclass(frozen=True)
class Within:
    """Whether a measure of the best deal is at most an amount, USD over the horizon."""

    along: Along
    measure: Measure
    at_most: float
    looks_within = False

    def key(self, best: Best) -> Hashable:
        """Return whether the amount is held."""
        return self._of(best) <= self.at_most or self._is_there(best)

    def plan(self, best: Best) -> Plan:
        """Return the best plan."""
        return best.plan

    def apart(self, left: Best, right: Best) -> tuple[Apart, ...]:
        """Return how far above the amount the plan of each side is."""

        def above(plan: Plan, value: float) -> float:
            return self._settled(self.along.settled(plan, value)) - self.at_most

        return partial(above, left.plan), partial(above, right.plan)

    def is_met(self, left: Best, middle: Best, right: Best) -> bool:
        """Whether the measure is the amount there and, its plan held, at no end: where it stays, more values may do."""
        ends = [end.value for end in (left, right) if end is not middle]
        return self._is_there(middle) and not any(self._stays(middle.plan, value) for value in ends)

    def _stays(self, plan: Plan, value: float) -> bool:
        """Return whether a plan is at the amount at another value too, or cannot be signed there to tell."""
        try:
            return is_same(self._settled(self.along.settled(plan, value)), self.at_most)
        except InputError:
            return True

    def far(self, best: Best) -> float | None:
        """Return how much above the amount it is."""
        return self._of(best) - self.at_most

    def _is_there(self, best: Best) -> bool:
        return is_same(self._of(best), self.at_most)

    def _of(self, best: Best) -> float:
        return {"expected": best.expected_usd, "cvar": best.cvar_usd, "committed": best.committed_usd}[self.measure]

    def _settled(self, settlement: Settlement) -> float:
        if self.measure == "committed":
            return settlement.committed_usd
        if self.measure == "expected":
            return settlement.mean(settlement.cost)
        return cvar(settlement.cost, settlement.weights, self.along.deal.risk.confidence)


def question_of(along: Along, target: str | None) -> Question:
    """Return what is asked; raises InputError for a target that means nothing in this deal.

    A target is an amount, `expected<=5.5M` (or cvar, committed), a place in the deal, `offers.quote.api.bands[2]`, or a
    choice as `--why-not` takes it, `offer=counter`; several choices stand together with commas.
    """
    if target is None:
        return Decisions(along)
    if match := _AMOUNT.fullmatch(target.strip()):
        try:
            return Within(along, match[1], parse_number(match[2]))  # type: ignore[arg-type]
        except ValueError as error:
            raise InputError(Problem(target, str(error))) from None
    chosen = Chosen(along, split_choices([target]))
    chosen._restriction(along.deal)  # refuses here what means nothing
    return chosen


def _in_words(deal: Deal, choice: str) -> list[str]:
    """Return the choices that a place in the deal stands for; any other choice as it is."""
    for pattern, kind in _PLACES:
        match = pattern.fullmatch(choice)
        if match is None:
            continue
        if kind == "offer":
            return [f"offer={match[1]}"]
        if kind == "seats":
            return [f"seats.{match[2]}.offer={match[1]}"]
        part = deal.offers[match[1]].api if match[1] in deal.offers else None
        bands = part.bands if part else ()
        if int(match[2]) >= len(bands):
            known = f"bands[0] to bands[{len(bands) - 1}]" if bands else "no bands"
            raise InputError(Problem(choice, f"is no band of this deal; {match[1]} has {known}"))
        return [f"offer={match[1]}", f"band={bands[int(match[2])].commit_usd_per_year!r}"]
    return [choice]
