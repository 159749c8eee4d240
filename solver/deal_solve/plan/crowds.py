"""Cohorts that are too many for a plan of the vendor together: closed, or some of their users are unserved (model §5).

Where every cohort on the plan states an unserved cost, the users above its maximum are unserved. Who they are follows
from the tracks: the cohorts on the plan are served in one order, so the users of a cohort that are left out depend on
which cohorts before it are on the plan too. `Crowding` lists those combinations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from deal_solve.deal.deal import Deal
from deal_solve.deal.rate_card import SeatPlan
from deal_solve.uncertainty.first_users import FirstUsers

MAX_COMBINATIONS = 64
"""Combinations of cohorts on a plan of the vendor that are told apart in a contract year; of more, none is admitted in
which users are unserved."""


class Excess(NamedTuple):
    """The users of a cohort above the `maximum` of a plan in a contract year, where of the cohorts that are served
    before it exactly those `ahead` are on the plan.
    """

    cohort: str
    ahead: tuple[str, ...]
    maximum: int
    year: int

    def __str__(self) -> str:
        """Return a label for variables."""
        return "_".join((self.cohort, "above", *self.ahead))


@dataclass(frozen=True)
class Crowding:
    """The combinations of cohorts on a plan that have to be told apart in a contract year.

    `distinguished[c]`, cohorts in the order in which they are served: the sets of cohorts before c with which it, or
    one after it, may be unserved. `excesses[c]` are those with which c itself is.
    """

    year: int
    distinguished: dict[str, tuple[tuple[str, ...], ...]]
    excesses: dict[str, tuple[Excess, ...]]


def served_first(deal: Deal, cohorts: Iterable[str]) -> tuple[str, ...]:
    """Return cohorts in the order in which a plan serves them: the highest unserved cost first.

    Of equal costs the cohort that stands first in the file is the first to be left out.
    """
    costs = {name: deal.cohorts[name].unserved_usd_per_user_month or 0.0 for name in deal.cohorts}
    chosen = {*cohorts}
    return tuple(sorted((name for name in reversed(deal.cohorts) if name in chosen), key=lambda name: -costs[name]))


def unpriced(deal: Deal, cohorts: Iterable[str]) -> tuple[str, ...]:
    """Return the cohorts that state no unserved cost, so that none of their users is left out."""
    return tuple(name for name in cohorts if deal.cohorts[name].unserved_usd_per_user_month is None)


def may_take(deal: Deal, seat_plan: SeatPlan) -> tuple[str, ...]:
    """Return the cohorts that have a seat type of a plan among their tracks."""
    return tuple(name for name, cohort in deal.cohorts.items() if {*seat_plan.seats} & {*cohort.tracks})


def crowding(deal: Deal, first: FirstUsers, seat_plan: SeatPlan, year: int) -> Crowding | None:
    """Return the combinations in which users of a plan are unserved in a contract year, None if they are too many."""
    cohorts, maximum = may_take(deal, seat_plan), seat_plan.maximum
    order = served_first(deal, (name for name in cohorts if name not in unpriced(deal, cohorts)))
    if maximum is None or not is_crowded(first, order, year, maximum):
        return Crowding(year, {}, {})
    apart: list[tuple[str, ...]] = [()]
    distinguished: dict[str, tuple[tuple[str, ...], ...]] = {}
    excesses: dict[str, tuple[Excess, ...]] = {}
    for place, cohort in enumerate(order):
        apart = [ahead for ahead in apart if is_crowded(first, (*ahead, *order[place:]), year, maximum)]
        distinguished[cohort] = tuple(apart)
        if sum(map(len, distinguished.values())) > MAX_COMBINATIONS:
            return None
        crowded = [ahead for ahead in apart if is_crowded(first, (*ahead, cohort), year, maximum)]
        excesses[cohort] = tuple(Excess(cohort, ahead, maximum, year) for ahead in crowded)
        apart += [(*ahead, cohort) for ahead in apart]
    return Crowding(year, distinguished, excesses)


def too_many_combinations(deal: Deal, first: FirstUsers, seat_plan: SeatPlan) -> str:
    """Return a sentence if in some contract year a plan can be shared in too many combinations, else ""."""
    years = [str(year + 1) for year in range(deal.years) if crowding(deal, first, seat_plan, year) is None]
    if not years:
        return ""
    return (
        f"cohorts can share the plan in more than {MAX_COMBINATIONS} combinations in contract year {', '.join(years)}; "
        f"those with users above its maximum of {seat_plan.maximum} are closed: join cohorts that are alike, or take "
        "the plan from the tracks of some"
    )


def excesses_of(deal: Deal, first: FirstUsers) -> tuple[Excess, ...]:
    """Return every excess of a deal, of all plans and contract years."""
    found = [crowding(deal, first, plan, year) for plan in deal.card.plans for year in range(deal.years)]
    return tuple(each for some in found if some for own in some.excesses.values() for each in own)


def excess_in(deal: Deal, tracks: Mapping[str, tuple[str, ...]], cohort: str, year: int) -> Excess | None:
    """Return the users of a cohort above the maximum of the plan it is on; None where none can be left unserved."""
    seat_plan = deal.card.plan_of(tracks[cohort][year])
    if seat_plan is None or seat_plan.maximum is None:
        return None
    on = [name for name, by_year in tracks.items() if by_year[year] in seat_plan.seats]
    if unpriced(deal, on):
        return None
    order = served_first(deal, on)
    return Excess(cohort, order[: order.index(cohort)], seat_plan.maximum, year)


def closed_crowds(deal: Deal, first: FirstUsers, seat_plan: SeatPlan, year: int) -> Iterator[tuple[str, ...]]:
    """Yield the smallest sets of cohorts that cannot all be on a plan in a contract year.

    They have more users than its maximum together, and one of them states no unserved cost; all such sets where the
    combinations in which users are unserved are too many.
    """
    cohorts = may_take(deal, seat_plan)
    if seat_plan.maximum is not None:
        with_one_of = cohorts if crowding(deal, first, seat_plan, year) is None else unpriced(deal, cohorts)
        yield from _smallest(first, cohorts, year, seat_plan.maximum, with_one_of)


def crowds(first: FirstUsers, cohorts: tuple[str, ...], year: int, maximum: int) -> Iterator[tuple[str, ...]]:
    """Yield the smallest sets of cohorts with more than `maximum` users in some month and scenario of a year."""
    yield from _smallest(first, cohorts, year, maximum, cohorts)


def _smallest(
    first: FirstUsers, cohorts: tuple[str, ...], year: int, maximum: int, with_one_of: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    if not with_one_of or not is_crowded(first, cohorts, year, maximum):
        return
    found: list[set[str]] = []
    for size in range(1, len(cohorts) + 1):
        for crowd in combinations(cohorts, size):
            is_new = {*crowd} & {*with_one_of} and not any(smaller <= {*crowd} for smaller in found)
            if is_new and is_crowded(first, crowd, year, maximum):
                found.append({*crowd})
                yield crowd


def is_crowded(first: FirstUsers, cohorts: tuple[str, ...], year: int, maximum: int) -> bool:
    """Whether cohorts have more than `maximum` users together in some month and scenario of a contract year."""
    return bool(cohorts) and first.together(cohorts)[year] > maximum * (1 + 1e-9)
