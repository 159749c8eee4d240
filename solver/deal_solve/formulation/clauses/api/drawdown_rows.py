"""The drawdown as rows, one set per group of equal scenarios (model §4; formulation §3).

This module holds the extensive form; `drawdown` calls it period by period, and `drawdown_cost` is its other form. Usage
that counts next is in `excess_rows`.

    V_l - R - C_P ≤ U_l                           for each level l
    F ≤ R,  F ≤ V - U_last
    R' ≤ share · (C_P - V + U_last + F),  R' ≤ cap · C_P
    s_y ≥ m · C_T / years - V_y, C_P = C_T - Σ s_y    with a yearly minimum
    R = K · β of the first period                     where a credit is balance
    U_l ≤ V_max · full,  R + C_P - V_l + U_l ≤ M · (1 - full)     where more overage would pay (formulation §5)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.formulation.clauses.api.commitment import Commitments
from deal_solve.formulation.clauses.api.credit import Credited
from deal_solve.formulation.clauses.api.credit_rows import CreditRows, looks_at_years
from deal_solve.formulation.clauses.api.excess_rows import ExcessRows
from deal_solve.formulation.clauses.api.rates import Regime, channel_of, retires_next_year, shortfall_factor
from deal_solve.formulation.model.expression import Expression, Variable, lower_bound, total
from deal_solve.formulation.model.per_scenario import ScenarioIndices
from deal_solve.formulation.model.program import Due, Program
from deal_solve.formulation.model.rate_groups import PeriodUsage, YearUsage


@dataclass
class Level:
    """Usage whose overage ratio is at least `ratio`, and the part of it that no balance covers."""

    ratio: float
    used: Expression
    uncovered: Variable


class UsedUp(NamedTuple):
    """Whether usage is above a balance that is a commitment alone, a 0/1 variable."""

    full: Variable
    usage: Expression
    balance: Expression


def in_order(program: Program, found: list[UsedUp]) -> None:
    """Add full >= full' where there is as much usage whatever the plan, and the balance is the same.

    Then only the place of the balance in that order is decided.
    """
    alike: defaultdict[object, list[UsedUp]] = defaultdict(list)
    for each in found:
        alike[tuple((variable.name, round(factor, 9)) for variable, factor in each.balance)].append(each)
    for these in alike.values():
        these.sort(key=lambda one: -lower_bound(-one.usage))
        for less, more in pairwise(these):
            if lower_bound(more.usage - less.usage) >= 0:
                program.add("used_up_in_order", more.full >= less.full)


class Balance(NamedTuple):
    """A credit that is balance of the first period, and the usage of each month that it pays under arrears."""

    credit: Credited
    monthly: list[PeriodUsage]


def used(program: Program, usage: PeriodUsage, row: int) -> Expression:
    """Return usage at contracted rates in one scenario."""
    amounts: dict[Variable, float] = {}
    variables = (program.variables[index] for index in usage.rate_groups.indices)
    for variable, amount in zip(variables, usage.billed[:, row], strict=True):
        amounts[variable] = amounts.get(variable, 0.0) + amount
    return Expression(list(amounts.items()))


def granted(program: Program, credit: Credited, row: int) -> tuple[Expression, float]:
    """Return K · β and K in one scenario, money units."""
    usd = float(np.broadcast_to(credit.granted, program.size)[row])
    return usd * program.variables[int(credit.taken.indices[0])], usd


@dataclass
class Chain:
    """Consecutive periods of one regime in one group of equal scenarios, of which `row` stands for all.

    A credit pays charges up to the time `credited_until`; `overages` is what it may pay of them, as it is charged: the
    month and the amount.
    """

    program: Program
    deal: Deal
    api: ApiPart
    regime: Regime
    commitments: Commitments
    periods: list[range]
    usages: list[PeriodUsage]
    maximum: list[tuple[float, float]]
    members: ScenarioIndices
    yearly: list[YearUsage]
    taken: Variable
    balance: Balance | None = None
    credited_until: int = 0
    overages: list[tuple[int, Expression]] = field(init=False, default_factory=list)
    used_up: list[UsedUp] = field(init=False, default_factory=list)

    @property
    def shortfall_factor(self) -> float:
        """k, what a dollar of shortfall costs: less than one at most where usage is counted at list."""
        return shortfall_factor(self.deal, self.regime)

    @property
    def row(self) -> int:
        """The scenario whose numbers are used."""
        return int(self.members[0])

    def add(self) -> None:
        """Add u >= Σ_{i<=l} V_i - R - C per level, R' <= share·shortfall, R' <= cap·C, and what is charged."""
        carried = granted(self.program, self.balance.credit, self.row)[0] if self.balance else None
        excess = ExcessRows(self.program, self.deal, self.taken) if self.api.excess == "counts_next" else None
        levels = [self._levels(usage) for usage in self.usages]
        for index, months in enumerate(self.periods):
            commitment = self.commitments.within(self.regime, months)
            for number, year in enumerate(self.yearly):
                commitment = commitment - self._minimum(number, year, self.commitments.within(self.regime, months))
            for level in levels[index]:
                short = -commitment + level.used - level.uncovered
                self.program.add("uncovered", short <= (0.0 if carried is None else carried))
            if excess is not None:
                self._charge_overage(levels[index], months)
                usage = levels[index][-1].used if levels[index] else Expression()
                charged = self.shortfall_factor * excess.short(commitment, usage, self.maximum[index])
                self._charge("shortfall", charged, months)
                if index + 1 < len(self.periods) and excess.may_keep_a_limit(months.stop):
                    excess.hold()
            else:
                carried = self._settle(index, months, commitment, levels, carried)

    def _max_carried(self, index: int) -> float:
        """Return the most that a period can start with."""
        if index:
            return self.maximum[index - 1][1]
        return granted(self.program, self.balance.credit, self.row)[1] if self.balance else 0.0

    def _bill_less_credit(self, balance: Balance, from_credit: Expression) -> None:
        """Take off what a balance pays of usage billed month by month, as used: in the end `from_credit`."""
        due = [(m, used(self.program, use, self.row)) for m, use in zip(self.periods[0], balance.monthly, strict=True)]
        rows = CreditRows(self.program, self.deal, self.members, *granted(self.program, balance.credit, self.row))
        rows.pay(due, from_credit)

    def _minimum(self, number: int, year: YearUsage, committed: Expression) -> Expression:
        """Charge what usage of a contract year lacks to the yearly minimum, and return it.

        A limit on one contract year could make it pay to charge more; then it is held back by a binary.
        """
        usage, maximum = self.maximum[0]
        months = self.periods[0]
        share = (self.api.yearly_minimum or 0.0) * (len(year.months) / len(months))
        short = self.program.variable("below_minimum", 0, share * maximum)
        lacking = share * committed - used(self.program, year.usage, self.row)
        self.program.add("yearly_minimum", short >= lacking)
        self._charge("shortfall", 1.0 * short, year.months)
        if looks_at_years(self.deal):
            is_short = self.program.binary("is_below_minimum")
            self.program.add("below_only", short <= share * maximum * is_short)
            self.program.add("no_more_below", short - lacking <= usage * (1 - is_short))
        return 1.0 * short

    def _levels(self, usage: PeriodUsage) -> list[Level]:
        """Return usage cumulated from the highest overage ratio down, one level per distinct ratio."""
        billed, ratios = usage.billed[:, self.row].tolist(), usage.ratio[:, self.row].tolist()
        variables = [self.program.variables[index] for index in usage.rate_groups.indices]
        levels = []
        for ratio in sorted(set(ratios), reverse=True):
            amounts: dict[Variable, float] = {}
            for variable, amount, own in zip(variables, billed, ratios, strict=True):
                if own >= ratio and amount:
                    amounts[variable] = amounts.get(variable, 0.0) + amount
            if amounts:
                maximum = sum(amount * max(variable.upBound, 0.0) for variable, amount in amounts.items())
                uncovered = self.program.variable("uncovered_usage", 0, maximum)
                levels.append(Level(ratio, Expression(list(amounts.items())), uncovered))
        return levels

    def _settle(
        self,
        index: int,
        months: range,
        commitment: Expression,
        all_levels: list[list[Level]],
        carried: Expression | None,
    ) -> Expression | None:
        """Charge a period at its end and return what it carries into the next one."""
        levels = all_levels[index]
        arrears = self.api.payment == "arrears"
        self._charge_overage(levels, months)
        if retires_next_year(self.deal, self.regime, months[-1:]):
            for level in levels:
                maxima = level.uncovered.upBound, self.maximum[index][1]
                full = self._used_up(level.used, 1.0 * level.uncovered, commitment, maxima)
                self.used_up.append(UsedUp(full, level.used, commitment))
        usage = levels[-1].used if levels else Expression()
        uncovered = 1.0 * levels[-1].uncovered if levels else Expression()
        from_carry = self._from_carry(index, usage, uncovered, carried)
        shortfall = commitment - usage + uncovered + from_carry
        rolled = None
        if index + 1 < len(self.periods) and isinstance(self.api.unused, Rollover):
            rolled = self._roll(self.api.unused, shortfall, commitment, self.maximum[index][1])
            if self._saving_pays(index, all_levels, self.api.unused.rollover):
                self._no_saving(index, usage, uncovered, commitment, carried)
        if arrears:
            kept = shortfall if rolled is None else shortfall - rolled
            if index == 0 and self.balance is not None:
                self._bill_less_credit(self.balance, from_carry)
            elif carried is not None:
                kept = kept + carried - from_carry
            self._charge("shortfall", self.shortfall_factor * kept, months)
        return rolled

    def _charge_overage(self, levels: list[Level], months: range) -> None:
        """Charge each level what it costs above the next; under arrears the contracted rate is already billed."""
        floor = 1.0 if self.api.payment == "arrears" else 0.0
        below = [*(lower.ratio for lower in levels[1:]), floor]
        amounts = [(level.ratio - ratio) * level.uncovered for level, ratio in zip(levels, below, strict=False)]
        for amount in amounts:
            self._charge("overage", amount, months)
        self.overages.append((months.stop - 1, total(amounts)))

    def _charge(self, line: str, amount: Expression, months: range) -> None:
        self.program.pay(line, amount, self.program.unit_usd, Due(months.stop, months.stop - 1, self.members))

    def _from_carry(
        self, index: int, usage: Expression, uncovered: Expression, carried: Expression | None
    ) -> Expression:
        """Return min(V, R) as a variable; it is never above what is covered."""
        if carried is None:
            return Expression()
        used = self.program.variable("from_carry", 0, self._max_carried(index))
        self.program.add("from_carry_balance", used <= carried)
        self.program.add("from_carry_covered", used <= usage - uncovered)
        self._reach(used, carried, self._max_carried(index), usage, self.maximum[index][0])
        return 1.0 * used

    def _roll(self, clause: Rollover, shortfall: Expression, commitment: Expression, maximum: float) -> Expression:
        """Return R' <= share · own shortfall, R' <= cap · C."""
        rolled = self.program.variable("carried", 0, maximum)
        self.program.add("rollover_share", rolled <= clause.rollover * shortfall)
        self.program.add("rollover_cap", rolled <= clause.cap * commitment)
        self._reach(rolled, clause.rollover * shortfall, maximum, clause.cap * commitment, maximum)
        return 1.0 * rolled

    def _reach(
        self, variable: Variable, first: Expression, max_first: float, second: Expression, max_second: float
    ) -> None:
        """Add variable >= min(first, second) with a binary, where a program could gain by staying below.

        Under arrears a smaller balance moves cost from one contract year to the other, which only a limit on a contract
        year rewards.
        """
        if self.api.payment != "arrears" or not looks_at_years(self.deal):
            return
        which = self.program.binary("smaller_one")
        self.program.add("reach_first", variable >= first - max_first * which)
        self.program.add("reach_second", variable >= second - max_second * (1 - which))

    def _saving_pays(self, index: int, levels: list[list[Level]], share: float) -> bool:
        """Whether a linear program would save balance for a later period (formulation §5).

        Carried balance is used first and so frees the next period's own commitment to be carried in turn: what is saved
        can reach any later period, less the share at every step. A limit that does not discount, or that looks at one
        contract year, can make it pay where cost would not.
        """
        if not levels[index] or not any(levels[index + 1 :]):
            return False
        if looks_at_years(self.deal):
            return True
        limited = any(limit.of == "total" and not limit.discounted for limit in self.deal.limits)
        is_credited = self.balance is not None or self.credited_until > 0
        plain = limited or is_credited or channel_of(self.deal, self.regime) is not None
        now, lowest = self.program.discount(self.periods[index].stop), levels[index][-1].ratio
        if self.periods[index].stop <= self.credited_until:  # overage may cost nothing: a credit pays it, or lapses
            lowest = 1.0 if self.api.payment == "arrears" else 0.0
        for later in range(index + 1, len(levels)):
            if not levels[later]:
                continue
            delay = 1.0 if plain else self.program.discount(self.periods[later].stop) / now
            kept = delay * share ** (later - index)
            highest = levels[later][0].ratio
            gain = share + kept * (highest - 1) if self.api.payment == "arrears" else kept * highest
            if gain > lowest + 1e-12:
                return True
        return False

    def _no_saving(
        self, index: int, usage: Expression, uncovered: Expression, commitment: Expression, carried: Expression | None
    ) -> None:
        """Add u > 0 only if the balance is used up, R + C."""
        max_usage, max_commitment = self.maximum[index]
        max_carried = self._max_carried(index) if carried is not None else 0.0
        balance = commitment if carried is None else commitment + carried
        self._used_up(usage, uncovered, balance, (max_usage, max_commitment + max_carried))

    def _used_up(
        self, usage: Expression, uncovered: Expression, balance: Expression, maxima: tuple[float, float]
    ) -> Variable:
        """Add u <= V_max·b and balance - V + u <= M·(1-b), b binary; `maxima` are V_max and M."""
        full = self.program.binary("balance_used_up")
        self.program.add("overage_if_used_up", uncovered <= maxima[0] * full)
        self.program.add("used_up_if_overage", balance - usage + uncovered <= maxima[1] * (1 - full))
        return full
