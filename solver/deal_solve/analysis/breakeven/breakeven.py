"""Where the best deal changes: every value of a field at which it does, and what gets to a target."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Unpack

from deal_solve.analysis.breakeven.breakpoints import Bracket, BreakpointSearch, in_steps
from deal_solve.analysis.breakeven.parametric import Along, Best
from deal_solve.analysis.breakeven.result import Breakeven, Breakpoint, Interval, Nearest
from deal_solve.analysis.breakeven.targets import question_of
from deal_solve.analysis.sweep.same_scenarios import CommonScenarios, ScenariosOf
from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import value_at
from deal_solve.deal.numbers import parse_number
from deal_solve.errors import Infeasible, InputError, Problem
from deal_solve.facts.decisions import deal_in_a_line, plan_changes
from deal_solve.frames import Table
from deal_solve.optimise.options import SolveKeywords, SolveOptions
from deal_solve.report.basics import About
from deal_solve.settlement.objective import is_same
from deal_solve.settlement.settle import Settlement
from deal_solve.uncertainty.expansion import scenarios_of

if TYPE_CHECKING:
    pass

POINTS = 9
RESOLUTION = 0.001
ROUTING_ALONE = "no decision but shares of routing"
NO_CHANGE = "no decision, only what the deal costs"


def breakeven(
    deal: Deal,
    path: str,
    low: float,
    high: float,
    target: str | None = None,
    *,
    scenarios_from: ScenariosOf = scenarios_of,
    points: int = POINTS,
    resolution: float = RESOLUTION,
    **keywords: Unpack[SolveKeywords],
) -> Breakeven:
    """Return where, with the field at a dotted path from `low` to `high`, the best deal changes or gets to a target.

    A target is what `targets.question_of` takes. `scenarios_from` makes the scenarios of each varied deal, `points`
    values are solved at first, `resolution` (a share of the range) is how finely what is not exact is told apart. The
    keywords are those of `solve`; where the time limit passes, nothing is known above `searched_to`. Raises InputError
    for a path, range or target that cannot be, Infeasible where no value has a plan, and what `solve` raises.
    """
    made = CommonScenarios(scenarios_from)
    along = Along(deal, path, float(low), float(high), made, SolveOptions.of(keywords).cached().begun())
    search = BreakpointSearch(along, question_of(along, target), points, resolution)
    brackets = search.brackets()
    known = [best for _, best in sorted(along.found.items()) if best]
    if not known:
        raise Infeasible(f"no plan meets all limits and rules at any {path} from {low:g} to {high:g}")
    intervals = tuple(_intervals(search, brackets, target is not None))
    reached = target is None or any(interval.at_target for interval in intervals)
    late = () if search.is_whole else (f"the time limit passed: nothing is known above {search.reached:,.6g}",)
    return Breakeven(
        path=path,
        low=along.low,
        high=along.high,
        today=_today(deal, path),
        target=target,
        flips=Table(tuple(_breakpoint(along, bracket) for bracket in brackets)),
        stretches=Table(intervals),
        nearest=None if reached else _nearest(search),
        is_complete=search.is_complete,
        is_proven=search.is_whole and all(best.is_proven for best in known),
        has_gap=not all(best.is_proven for best in known),
        searched_to=search.reached,
        step=(along.high - along.low) / (points - 1),
        resolution=resolution * (along.high - along.low),
        about=About(deal, made(deal)),
        solved=tuple((best.value, best.objective_usd) for best in known),
        notes=(*dict.fromkeys(note for best in known for note in best.notes), *(late or _unused(known))),
    )


def _unused(known: list[Best]) -> Iterator[str]:
    """Yield a remark where no value costs anything else than another."""
    if len({round(best.objective_usd, 2) for best in known}) == 1:
        yield (
            "every value costs the same: the best deal does not use this field here (and scenarios that are listed, or "
            "read from a file, have requests and users of their own)"
        )


def split_range(path: str, text: str) -> tuple[float, float]:
    """Return the ends of a range 'LOW:HIGH'; raises InputError for anything else.

    >>> split_range("offers.quote.api.overage.premium", "0:15%")
    (0.0, 0.15)
    """
    try:
        low, high = (parse_number(part) for part in text.split(":"))
    except ValueError:
        raise InputError(Problem(path, f"{text!r} is not a range; expected LOW:HIGH, like 5%:20%")) from None
    return low, high


def _today(deal: Deal, path: str) -> float | None:
    """Return what the deal says, if it is a number."""
    try:
        return parse_number(value_at(deal, path))
    except (InputError, ValueError):
        return None


def _breakpoint(along: Along, bracket: Bracket) -> Breakpoint:
    before = along.settled(bracket.left.plan, bracket.low) if bracket.left else None
    after = along.settled(bracket.right.plan, bracket.high) if bracket.right else None
    return Breakpoint(
        value=bracket.high if along.is_whole else (bracket.low + bracket.high) / 2,
        low=bracket.low,
        high=bracket.high,
        is_exact=bracket.is_exact,
        before_usd=bracket.usd[0],
        after_usd=bracket.usd[1],
        expected_before_usd=before.mean(before.cost) if before else None,
        expected_after_usd=after.mean(after.cost) if after else None,
        committed_before_usd=before.committed_usd if before else None,
        committed_after_usd=after.committed_usd if after else None,
        change="in steps, " * in_steps(bracket) + _change(before, after),
        before=before.plan if before else None,
        after=after.plan if after else None,
    )


def _change(before: Settlement | None, after: Settlement | None) -> str:
    if before is None or after is None:
        return "no plan beyond" if before else "no plan before"
    found = plan_changes(before, after)
    changes = [c for c in found if c.kind != "routing"]
    return "; ".join(f"{c.what}: {c.winner} → {c.other}" for c in changes) or (ROUTING_ALONE if found else NO_CHANGE)


def _intervals(search: BreakpointSearch, brackets: tuple[Bracket, ...], has_target: bool) -> Iterator[Interval]:
    along = search.along
    ends = [(value, along.best(value)) for value in (along.low, search.reached)]
    first, last = (
        Bracket(value, value, True, best, best, (best.objective_usd if best else None,) * 2, (search.answer(best),) * 2)
        for value, best in ends
    )
    for left, right in pairwise((first, *brackets, last)):
        best, low, high = left.right, left.high, right.low
        usd = left.usd[1], right.usd[0]
        rate = None if None in usd or low == high else (usd[1] - usd[0]) / (high - low)  # type: ignore[operator]
        yield Interval(
            low,
            high,
            *usd,
            rate,
            rate is not None and best is not None and _is_even(along, best, (low, high), usd),
            bool(left.answers[1]) if has_target else None,
            "no plan" if best is None else deal_in_a_line(along.settled(best.plan, best.value)),
            None if best is None else best.plan,
        )


def _is_even(along: Along, best: Best, ends: tuple[float, float], usd: tuple[float | None, float | None]) -> bool:
    """Whether one plan on a straight line is best at both ends, and so, the value being concave, all along."""
    values = [along.values((best.plan,), value, best)[0] for value in ends] if best.is_affine else []
    return bool(values) and all(
        end is not None and is_same(value_usd, end) for value_usd, end in zip(values, usd, strict=True)
    )


def _nearest(search: BreakpointSearch) -> Nearest | None:
    found = [(search.question.far(best), value) for value in search.grid if (best := search.along.found.get(value))]
    missed = [(usd, value) for usd, value in found if usd is not None]
    return Nearest(min(missed)[1], min(missed)[0]) if missed else None
