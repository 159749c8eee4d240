"""What a credit pays as rows, in one group of equal scenarios (model §4; formulation §3).

c_τ ≤ K · β,  c_τ ≤ X_τ                       c_τ what is paid up to time τ, X_τ what falls due up to then
c_τ ≥ min(K · β, X_τ)                         at the end of a contract year, where a limit looks at one (formulation §5)
"""

from __future__ import annotations

from dataclasses import dataclass

from deal_solve.deal.deal import Deal
from deal_solve.formulation.model.expression import Expression, lower_bound
from deal_solve.formulation.model.per_scenario import ScenarioIndices
from deal_solve.formulation.model.program import Due, Program


def looks_at_years(deal: Deal) -> bool:
    """Whether a limit on the cost of one contract year makes the time of a payment matter."""
    return any(limit.contract_year is not None for limit in deal.limits)


@dataclass
class CreditRows:
    """A credit of `granted` (at most `maximum`) money units, in the scenarios `members`, that pays what falls due."""

    program: Program
    deal: Deal
    members: ScenarioIndices
    granted: Expression
    maximum: float

    def pay(self, due: list[tuple[int, Expression]], in_the_end: Expression | None = None) -> None:
        """Take off what the credit pays of what falls `due` at the end of each month, in order of time.

        What is paid earlier counts no less, so it is as much as can be. Where it counts the same at the next time, it
        is looked at then. All that is paid is `in_the_end`, where that is known.
        """
        before = cumulated = Expression()
        for index, (month, amount) in enumerate(due):
            cumulated = cumulated + amount
            is_last = index + 1 == len(due)
            if not is_last and not self._matters(month, due[index + 1][0]):
                continue
            is_known = is_last and in_the_end is not None
            paid = in_the_end if is_known and in_the_end is not None else self._paid(cumulated)
            if not is_known and looks_at_years(self.deal):
                self._reach(paid, cumulated)
            self.program.pay("credit", before - paid, self.program.unit_usd, Due(month + 1, month, self.members))
            before = paid

    def _matters(self, month: int, later: int) -> bool:
        """Whether it matters that something is paid in a month and not in a later one."""
        is_dearer = self.program.discount(month + 1) > self.program.discount(later + 1)
        return is_dearer or (looks_at_years(self.deal) and month // 12 != later // 12)

    def _paid(self, cumulated: Expression) -> Expression:
        """Return c <= K · β, c <= X."""
        paid = self.program.variable("credited", 0, self.maximum)
        self.program.add("credited_granted", paid <= self.granted)
        self.program.add("credited_due", paid <= cumulated)
        return 1.0 * paid

    def _reach(self, paid: Expression, cumulated: Expression) -> None:
        """Add c >= min(K · β, X) with a binary: a limit on one contract year could make it pay to keep some of it."""
        which = self.program.binary("all_of_the_credit")
        self.program.add("credited_all", paid >= self.granted - self.maximum * which)
        self.program.add("credited_all_due", paid >= cumulated + lower_bound(-cumulated) * (1 - which))
