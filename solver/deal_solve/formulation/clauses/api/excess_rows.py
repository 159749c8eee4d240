"""Usage above the commitments that counts next, as rows, in one group of equal scenarios (model §4; formulation §3).

    E_P = E_{P-1} + V_P - C_P + s_P               what is ahead after a period; 0 at the start of the term

and at the start of a contract year that a limit looks at, P the period before it (formulation §5):

    last_0 + Σ_k last_k = β                       period k was the last one that was short, or none was
    Σ_{i≤P} s_i ≤ Σ_k last_k · Σ_{i≤k} C_max,i
    Σ_{k<i≤P} s_i + E_k ≤ M · (β - last_k)        none after it, and nothing was ahead
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from deal_solve.deal.deal import Deal
from deal_solve.formulation.model.expression import Expression, Variable, lower_bound, total
from deal_solve.formulation.model.program import Program


class _Period(NamedTuple):
    """C - V, the shortfall s that is charged, E after it, and the most that C and V can sum to up to it."""

    lacking: Expression
    short: Variable
    ahead: Variable
    max_committed: float
    max_used: float


@dataclass
class ExcessRows:
    """Consecutive periods of one regime, which is taken where `taken` is 1, in order of time."""

    program: Program
    deal: Deal
    taken: Variable
    periods: list[_Period] = field(init=False, default_factory=list)

    def short(self, commitment: Expression, usage: Expression, maximum: tuple[float, float]) -> Variable:
        """Return what is charged for the next period; `maximum` is the most that V and C can be in it."""
        max_usage, max_commitment = maximum
        short, ahead = self.program.variable("shortfall", 0, max_commitment), self.program.variable("ahead")
        lacking = commitment - usage
        counted = ahead + lacking - short
        if self.periods:
            before = self.periods[-1]
            counted = counted - before.ahead
            max_commitment, max_usage = max_commitment + before.max_committed, max_usage + before.max_used
        self.program.add("excess_counts", counted == 0)
        self.periods.append(_Period(lacking, short, ahead, max_commitment, max_usage))
        return short

    def may_keep_a_limit(self, month: int) -> bool:
        """Whether a limit looks at the contract year that starts in a month: what is paid before is not paid in it."""
        return any(limit.contract_year is not None and 12 * limit.contract_year == month for limit in self.deal.limits)

    def hold(self) -> None:
        """Let the shortfalls so far be no more than what is short.

        A period is not the last one that is short, with nothing ahead, if the next one lacks as much in every plan.
        """
        program, last = self.program, len(self.periods) - 1
        ends = [index for index in range(last) if not self._next_lacks_as_much(index)] + [last]
        none, *which = (program.binary("last_short") for _ in range(len(ends) + 1))
        program.add("one_last_short", total([none, *which]) == self.taken)
        max_committed = [self.periods[index].max_committed for index in ends]
        short = total(period.short for period in self.periods)
        program.add("short_to_last", short <= total(usd * one for usd, one in zip(max_committed, which, strict=True)))
        for index, one in zip(ends, which, strict=True):
            period = self.periods[index]
            later = total(later.short for later in self.periods[index + 1 :])
            maximum = max(self.periods[last].max_committed - period.max_committed, period.max_used)
            program.add("none_short_later", later + period.ahead <= maximum * self.taken - maximum * one)

    def _next_lacks_as_much(self, index: int) -> bool:
        return lower_bound(self.periods[index + 1].lacking - self.periods[index].lacking) >= 0
