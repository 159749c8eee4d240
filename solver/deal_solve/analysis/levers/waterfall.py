"""What the levers are worth: expected cost step by step, from a stated baseline down to the plan to sign.

Two waterfalls, one from each baseline. A baseline is a stated price, settled like any plan, though it need not be one
the deal allows: a floor, a limit or the models a cohort may use do not keep anything off Opus there.

| step | what it is |
|---|---|
| all Opus | everything on the newest Opus at list, not cached, not in batch; a seat for everybody (`headcount`) |
| today's models | the same, but a workload that says what it runs on today runs on that |
| routing | least expected cost over models and rerouting projects; caching and batch as in the baseline |
| caching | the same, and whatever can be cached may be |
| batch | the same, and whatever can wait may |
| seat sizing | the same, and tracks and contracted seats are free: all that can be done without an agreement |
| commitment | the deal's own objective; offers may be signed, with standard clauses and without what a bundle gives |
| bundle | the same, with bundle tiers and seat usage that counts toward the commitment |
| clauses | the deal as written, with its clauses and its limits: the plan to sign |

Steps before the commitment are at list (`levers.at_list`); standard clauses are those a deal file has where it says
nothing (`levers.on_standard_offers`). A step is an optimum of its own, so it may cost more than the one before: where a
limit first holds, where caution costs expected dollars, or where a clause hurts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias, Unpack

from deal_solve.analysis.levers.deals import (
    OPUS,
    Users,
    all_opus,
    at_list,
    on_standard_offers,
    on_todays_models,
    with_modes,
    without_largest_count,
)
from deal_solve.analysis.levers.dearer import dearer_steps
from deal_solve.analysis.levers.headcount import seats_at_headcount
from deal_solve.analysis.levers.result import Step, Waterfall
from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible
from deal_solve.facts.today import as_today, end_in_force
from deal_solve.frames import Table
from deal_solve.messages import usd
from deal_solve.optimise.neighbours import Ask, answers
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.optimise.solution import Solution
from deal_solve.optimise.solve import solve
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.report.basics import About
from deal_solve.settlement.lines import lines_of
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import Scenarios

NOBODY: Users = frozenset()
_Modes: TypeAlias = tuple[Users, Users, bool]
"""The workloads that may be cached, and in batch, and whether seats may be sized."""
TODAYS_MODELS = "today's models"
FITS_NOT_IN_TIME = "The time limit passed before every fitting commitment was found."
END_NOT_PROVEN = (
    "The plan that the steps end with is the best one found, not a proven one: "
    "commitment, bundle and clauses may save more."
)


def waterfall(
    deal: Deal, scenarios: Scenarios, best: Solution | None = None, **keywords: Unpack[SolveKeywords]
) -> Waterfall:
    """Return both waterfalls of a deal. `best` is the plan to end with; without it the deal is solved.

    The keywords are those of `solve` but for `fix`, which is left aside: what it fixes are the levers. There are about
    ten solves: one for every step, and one for every fitting commitment, unless it is known from another one. Raises
    what `solve` raises.
    """
    options = replace(SolveOptions.of(keywords), fix=None).cached().begun()
    best = best or solve(deal, scenarios, options=options)
    rungs = _Rungs(deal, scenarios, options, best)
    works = deal.workloads.items()
    cached = frozenset(name for name, work in works if work.cache)
    batched = frozenset(name for name, work in works if work.batchable)
    now_cached = frozenset(name for name, work in works if work.today and work.today.cached)
    now_batched = frozenset(name for name, work in works if work.today and work.today.batch)
    modes = [(NOBODY, NOBODY), (cached, NOBODY), (now_cached, now_batched), (cached, now_batched), (cached, batched)]
    stated = all_opus(deal), on_todays_models(deal)
    rungs.solve_all([*((*each, False) for each in modes), (cached, batched, True)], stated)
    opus, today = map(rungs.stated, stated)
    first = [("all Opus", opus), ("routing", rungs.routed(NOBODY, NOBODY)), ("caching", rungs.routed(cached, NOBODY))]
    second = [(TODAYS_MODELS, today), ("routing", rungs.routed(now_cached, now_batched))]
    second.append(("caching", rungs.routed(cached, now_batched)))
    end = [("batch", rungs.routed(cached, batched)), *rungs.after_batch(cached, batched)]
    steps, others = _table([*first, *end]), _table([*second, *end])
    notes = (*_notes(deal, opus.settlement.plan), *_going_on(best.settlement), *dearer_steps(deal, steps, others))
    late = list(_not_in_time(steps, others))
    late += [FITS_NOT_IN_TIME] * rungs.is_late + [END_NOT_PROVEN] * (best.status != "optimal")
    return Waterfall(
        from_all_opus=steps,
        from_today=others,
        api_cut=api_cut(steps),
        notes=(*notes, *late),
        is_in_time=not late,
        about=About(deal, scenarios),
    )


def api_cut(from_all_opus: Table[Step]) -> float | None:
    """Return what routing, caching and batch take off the all-Opus API bill (0.6 is 60 %); None without API usage."""
    bills = {step.lever: step.api_usd for step in from_all_opus}
    before, after = bills["all Opus"], bills["batch"]
    return 1 - after / before if before and after is not None else None


def _not_in_time(*tables: Table[Step]) -> Iterator[str]:
    late = dict.fromkeys(step.lever for steps in tables for step in steps if step.expected_usd is None)
    if late:
        yield f"The time limit passed before the optimum of {', '.join(late)} was found."


@dataclass(frozen=True)
class _Rung:
    """A settled plan, and the commitment that fits it."""

    settlement: Settlement
    commitment_usd_per_year: float | None


def _table(rungs: list[tuple[str, _Rung | None]]) -> Table[Step]:
    costs = [None if rung is None else _expected(rung.settlement, rung.settlement.by_line) for _, rung in rungs]
    steps = []
    for index, (lever, rung) in enumerate(rungs):
        cost, before = costs[index], costs[index - 1] if index else costs[0]
        if rung is None or cost is None:
            steps.append(Step(lever, None, None, None, None, None))
            continue
        change = None if before is None else cost - before
        share = cost / costs[0] if costs[0] else None
        api = _expected(rung.settlement, lines_of("API"))
        steps.append(Step(lever, cost, change, share, api, rung.commitment_usd_per_year))
    return Table(tuple(steps))


def _expected(settlement: Settlement, lines: Iterable[str]) -> float:
    return sum(float(settlement.weights @ settlement.by_line[line]) for line in lines)


@dataclass
class _Rungs:
    """Steps of one deal; nothing is solved twice. None is known of a step that the time limit did not reach.

    `is_late` says that it passed before the commitments that fit were found.
    """

    deal: Deal
    scenarios: Scenarios
    options: SolveOptions
    best: Solution
    known: dict[_Modes, Solution | None] = field(default_factory=dict)
    signed: list[tuple[Deal, Solution | None]] = field(default_factory=list)
    fitted: list[tuple[Proposal, float | None]] = field(default_factory=list)
    is_late: bool = False

    def __post_init__(self) -> None:
        """Know the plan to end with."""
        self.signed.append((self.deal, self.best))

    def solve_all(self, routed: Sequence[_Modes], stated: Sequence[Deal]) -> None:
        """Solve the steps that are optima and the commitments that fit the baselines, then those that fit the steps."""
        modes = list(dict.fromkeys(routed))
        offered: list[Deal] = []
        for deal in (on_standard_offers(self.deal, bundle=bundle) for bundle in (False, True)):
            if not any(_offers_alike(deal, other) for other in (self.deal, *offered)):
                offered.append(deal)
        fits = self._new([(deal, _usage(self._stated(deal)[1])) for deal in stated])
        asked: list[Ask[Any]] = [
            *(partial(self._routed, *each) for each in modes),
            *(partial(self._contracted, each) for each in offered),
            *(partial(self._fit, *each) for each in fits),
        ]
        found = answers(asked, self.options, self.best)
        self.known |= dict(zip(modes, found, strict=False))
        self.signed += zip(offered, found[len(modes) :], strict=False)
        self._keep(fits, found[len(modes) + len(offered) :])
        fits = self._new(
            [
                (with_modes(self.deal, *each[:2]), _usage(solution.plan))
                for each, solution in zip(modes, found, strict=False)
                if solution is not None
            ]
        )
        self._keep(fits, answers([partial(self._fit, *each) for each in fits], self.options, self.best))

    def _new(self, fits: Sequence[tuple[Deal, Proposal]]) -> list[tuple[Deal, Proposal]]:
        """Return deals that commit with a usage, each usage once, without what is known."""
        new: list[tuple[Deal, Proposal]] = []
        for deal, usage in fits:
            if _commits(deal) and not any(usage == other for _, other in (*self.fitted, *new)):
                new.append((deal, usage))
        return new

    def _keep(self, fits: Sequence[tuple[Deal, Proposal]], sizes: Sequence[tuple[float | None] | None]) -> None:
        """Keep the commitments that fit."""
        self.fitted += [(usage, self._size(size)) for (_, usage), size in zip(fits, sizes, strict=True)]

    def stated(self, deal: Deal) -> _Rung:
        """Return a baseline: a deal with one option for each workload, priced at list with seats at headcount."""
        listed, plan = self._stated(deal)
        return _Rung(settle(listed, plan, self.scenarios), self._fitting(deal, plan))

    def _stated(self, deal: Deal) -> tuple[Deal, Plan]:
        """Return a baseline's deal at list, and its plan."""
        listed = without_largest_count(at_list(deal))
        return listed, complete(listed, seats_at_headcount(listed), self.scenarios.in_memory())[0]

    def routed(self, cached: Users, batched: Users, sized: bool = False) -> _Rung | None:
        """Return the optimum at list with these workloads cached and in batch where it pays; seats at headcount unless
        they may be sized.
        """
        found = self.known[cached, batched, sized]
        if found is None:
            return None
        return _Rung(found.settlement, self._fitting(with_modes(self.deal, cached, batched), found.plan))

    def _routed(self, cached: Users, batched: Users, sized: bool, options: SolveOptions) -> Solution:
        listed = at_list(with_modes(self.deal, cached, batched))
        people = None if sized else seats_at_headcount(listed)
        listed = listed if sized else without_largest_count(listed)
        return solve(listed, self.scenarios, options=options, fix=people).optimised()

    def after_batch(self, cached: Users, batched: Users) -> Iterator[tuple[str, _Rung | None]]:
        """Yield the last steps, the same from either baseline."""
        yield "seat sizing", self.routed(cached, batched, sized=True)
        yield "commitment", self.contracted(on_standard_offers(self.deal, bundle=False))
        yield "bundle", self.contracted(on_standard_offers(self.deal, bundle=True))
        yield "clauses", self.contracted(self.deal)

    def contracted(self, deal: Deal) -> _Rung | None:
        """Return the optimum with offers that can be signed: the commitment is the plan's own."""
        best = next(found for other, found in self.signed if _offers_alike(other, deal))
        return None if best is None else _Rung(best.settlement, _per_year(best.settlement))

    def _contracted(self, deal: Deal, options: SolveOptions) -> Solution:
        return solve(deal, self.scenarios, options=options).optimised()

    def _fitting(self, deal: Deal, plan: Plan) -> float | None:
        """Return the yearly commitment one would sign for the usage of a plan; None if no offer may serve it, or the
        time limit passed before it was found.
        """
        if not _commits(deal):
            return 0.0
        usage = _usage(plan)
        return next(commitment for other, commitment in self.fitted if other == usage)

    def _fit(self, deal: Deal, usage: Proposal, options: SolveOptions) -> tuple[float | None]:
        """Return that commitment alone; none if no offer may serve the usage."""
        try:
            found = solve(deal.model_copy(update={"limits": ()}), self.scenarios, options=options, fix=usage)
        except Infeasible:
            return (None,)
        return (_per_year(found.optimised().settlement),)

    def _size(self, found: tuple[float | None] | None) -> float | None:
        """Return a commitment that was asked for; one that is late is noted."""
        if found is None:
            self.is_late = True
            return None
        return found[0]


def _offers_alike(one: Deal, other: Deal) -> bool:
    return (one.offers, one.limits) == (other.offers, other.limits)


def _commits(deal: Deal) -> bool:
    return any(band.commit_usd_per_year for offer in deal.offers.values() if offer.api for band in offer.api.bands)


def _usage(plan: Plan) -> Proposal:
    """Return what a plan says of usage, as a proposal."""
    return Proposal.model_validate(plan.model_dump(include={"tracks", "projects", "routing", "use"}))


def _per_year(settlement: Settlement) -> float:
    """Return the expected commitment of a contract year."""
    committed = (settlement.mean(record.commitment_usd) for record in settlement.drawdown)
    return sum(committed) / settlement.deal.years


def _notes(deal: Deal, baseline: Plan) -> Iterator[str]:
    """Yield what the baselines and the steps at list take for granted in this deal."""
    closed = [user for user in (*baseline.routing, *baseline.use) if not _may_run_on_opus(deal, user)]
    if closed:
        yield f"Opus is not open to {', '.join(closed)}; all Opus is priced on it all the same."
    unsaid = [name for name, work in deal.workloads.items() if work.today is None]
    if unsaid:
        yield f"The deal does not say what {', '.join(unsaid)} runs on today; it is on Opus in both baselines."
    required = {name for work in deal.workloads.values() for name in work.requires} | {*deal.requires_on_both_lines}
    lacking = sorted(required - {*deal.card.api_provides})
    if lacking:
        yield f"The API at list lacks {', '.join(lacking)}; steps before the commitment leave that aside."
    unlisted = [name for name in deal.seat_types if name not in deal.list_offer.seats]
    if unlisted:
        yield f"The rate card has no {', '.join(unlisted)}; before the commitment it costs what the first offer asks."
    if deal.limits:
        yield "The limits of the deal hold in the last step only."


def _going_on(settlement: Settlement) -> Iterator[str]:
    """Yield what going on as today costs, as on the decision page, where no baseline here is that."""
    going_on, deal = as_today(settlement), settlement.deal
    is_given_up = deal.signing_month < end_in_force(deal.whole)
    if going_on is None or not (deal.cohorts or is_given_up):
        return
    why = []
    if is_given_up:
        in_force = f"the steps at list here give it up in {deal.start:%Y-%m}"
        why.append(f"nothing is signed and what is in force runs to its end, while {in_force}")
    if deal.cohorts:
        why.append(
            "people on the tracks of the plan, as many as are active; the baselines here have a seat for everybody"
        )
    yield f"Going on costs {usd(going_on.mean(going_on.cost))}, as on the decision page: {'; '.join(why)}."


def _may_run_on_opus(deal: Deal, user: str) -> bool:
    options = [option for epoch in resolve(deal).epochs(user) for option in epoch.options]
    return any(len(option.parts) == 1 and option.parts[0].family == OPUS for option in options)
