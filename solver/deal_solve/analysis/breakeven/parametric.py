"""A deal along one of its fields: the best plan, and what any plan costs, at any value of the field."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from deal_solve.analysis.sweep.same_scenarios import CommonScenarios
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import varied
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.errors import Infeasible, InputError, Problem
from deal_solve.facts.decisions import key_of
from deal_solve.optimise.neighbours import answers
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.objective import fit_risk, objective_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.first_users import first_users
from deal_solve.uncertainty.measures import Against, cvar
from deal_solve.uncertainty.scenario_set import Array, Scenarios

TESTED = (0.0, 0.23, 0.5, 0.81, 1.0)
"""Where a plan is settled to see whether its cost is affine in the field, as shares of the range."""


@dataclass(frozen=True)
class Best:
    """The best plan at one value of the field; USD over the horizon, discounted.

    `key` is what it decides: (agreements, bands, tracks and projects; contracted seats). `is_affine`: whether the
    expected cost of this plan, held fixed, is affine in the field over the whole range.
    """

    value: float
    plan: Plan = field(repr=False)
    objective_usd: float
    expected_usd: float
    cvar_usd: float
    committed_usd: float
    is_proven: bool
    is_affine: bool
    key: tuple[Hashable, Hashable]
    baseline: Plan | None = field(repr=False)
    against: Against = field(repr=False)
    notes: tuple[str, ...] = ()


@dataclass
class Along:
    """The deal with a field, by its dotted path, anywhere from `low` to `high`; every solve of it is made here.

    `scenarios_from` makes the scenarios of a deal: those of one seed are the same draws at every value. `options`
    are those of every solve.
    """

    deal: Deal
    path: str
    low: float
    high: float
    scenarios_from: CommonScenarios
    options: SolveOptions
    found: dict[float, Best | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse a range that is none, or whose ends are no values of the field."""
        if not self.low < self.high:
            words = f"runs from {self.low:g} to {self.high:g}; expected a range that rises, like PATH=5%:20%"
            raise InputError(Problem(self.path, words))
        for value in (self.low, self.high):
            self.deal_at(value)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the field takes whole numbers only."""
        if not (self.low.is_integer() and self.high.is_integer()):
            return False
        try:
            varied(self.deal, {self.path: self.low + 0.5})
        except InputError:
            return True
        return False

    def deal_at(self, value: float) -> Deal:
        """Return the deal with the field at a value."""
        return varied(self.deal, {self.path: number_of(value)})

    def best(self, value: float) -> Best | None:
        """Return the best plan at a value, solved once; None where no plan meets all limits and rules.

        Raises LimitReached once the time has passed.
        """
        if value not in self.found:
            solution = self._solution(value, self.options)
            self.found[value] = None if solution is None else self._best(value, solution)
        return self.found[value]

    def solve_all(self, values: Sequence[float]) -> None:
        """Solve at the first of some values, then at the others side by side, unless time is limited.

        Raises LimitReached once the time has passed.
        """
        first, *others = values
        solution = self._solution(first, self.options)
        self.found[first] = None if solution is None else self._best(first, solution)
        if solution is None or self.options.until is not None:
            return
        found = answers([partial(self._asked, value) for value in others], self.options, solution)
        self.found |= {value: answer[0] for value, answer in zip(others, found, strict=True) if answer is not None}

    def _asked(self, value: float, options: SolveOptions) -> tuple[Best | None]:
        """Return the best plan at a value alone, as an answer that is there even where no plan is."""
        solution = self._solution(value, options)
        return (None if solution is None else self._best(value, solution),)

    def _solution(self, value: float, options: SolveOptions) -> Solution | None:
        deal = self.deal_at(value)
        return _solved(deal, self.scenarios_from(deal), options, options.fix)

    def solved(self, deal: Deal, scenarios: Scenarios, fix: Proposal | None) -> Solution | None:
        """Solve; None where there is no plan."""
        return _solved(deal, scenarios, self.options, fix)

    def _best(self, value: float, solution: Solution) -> Best:
        settlement = solution.settlement
        return Best(
            value,
            solution.plan,
            solution.objective_usd,
            settlement.mean(settlement.cost),
            cvar(settlement.cost, settlement.weights, settlement.deal.risk.confidence),
            settlement.committed_usd,
            solution.status == "optimal",
            self._is_affine(solution.plan),
            key_of(settlement.deal, solution.plan),
            solution.baseline,
            Against(solution.baseline_cost, solution.best_cost),
            solution.notes,
        )

    def _is_affine(self, plan: Plan) -> bool:
        """Whether the objective is the expected cost, bound by no limit, and that of this plan a straight line."""
        risk = self.deal.risk
        if self.deal.limits or risk.weight or risk.criterion != "expected":
            return False
        wide = self.high - self.low
        indices = [self.low + share * wide for share in TESTED]
        indices = [float(round(index)) for index in indices] if self.is_whole else indices
        try:
            first, *inner, last = (self._expected(plan, index) for index in indices)
        except InputError:
            return False
        lines = [first + (index - self.low) / wide * (last - first) for index in indices[1:-1]]
        return all(abs(usd - line) <= CENT_TOLERANCE_USD for usd, line in zip(inner, lines, strict=True))

    def _expected(self, plan: Plan, value: float) -> float:
        settlement = self.settled(plan, value)
        return settlement.mean(settlement.cost)

    def settled(self, plan: Plan, value: float) -> Settlement:
        """Settle a plan at a value; raises InputError where it cannot be signed."""
        deal = self.deal_at(value)
        scenarios = self.scenarios_from(deal)
        refuse_impossible(deal, plan, first_users(scenarios), scenarios)
        return settle(deal, plan, scenarios)

    def values(self, plans: tuple[Plan, ...], value: float, by: Best) -> list[float]:
        """Return the objectives of plans at a value; raises InputError where one cannot be signed.

        Loss is measured against the baseline found there, or else against that of another value, `by`.
        """
        deal = self.deal_at(value)
        scenarios = self.scenarios_from(deal)
        first = first_users(scenarios)
        for plan in plans:
            refuse_impossible(deal, plan, first, scenarios)
        deal, _ = fit_risk(deal, scenarios)
        own = self.found.get(value)
        against = own.against if own else Against(_baseline_cost(deal, by.baseline, scenarios), by.against.best)
        return [objective_of(deal, settle(deal, plan, scenarios).cost, scenarios.weights, against) for plan in plans]


def _solved(deal: Deal, scenarios: Scenarios, options: SolveOptions, fix: Proposal | None) -> Solution | None:
    options.refuse_late()
    try:
        return solve(deal, scenarios, options=options, fix=fix).optimised()
    except Infeasible:
        return None


def number_of(value: float) -> float:
    """Return a number as a deal file writes it: whole ones as such."""
    return int(value) if value.is_integer() else value


def _baseline_cost(deal: Deal, baseline: Plan | None, scenarios: Scenarios) -> Array | None:
    return None if baseline is None else settle(deal, baseline, scenarios).cost
