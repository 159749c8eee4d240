"""The plan on scenarios that it was not chosen for."""

from __future__ import annotations

import numpy as np

from deal_solve.analysis.uncertainty.replicates import Replicates, estimate, replicates
from deal_solve.analysis.uncertainty.result import FreshLimit, OutOfSample
from deal_solve.frames import Table
from deal_solve.optimise.solution import Solution
from deal_solve.settlement.limit_checks import LimitCheck, limit_checks


def out_of_sample(solution: Solution, drawn: Replicates | None = None) -> OutOfSample | None:
    """Return what a solution's plan costs over fresh scenarios; None where its scenarios were not sampled."""
    drawn = drawn or replicates(solution)
    if not drawn.sets:
        return None
    settled = drawn.settlements(solution.plan) if drawn.deal.limits else ()
    checks = [tuple(limit_checks(drawn.deal, each)) for each in settled]
    return OutOfSample(
        found_usd=solution.objective_usd,
        fresh=estimate(drawn.own),
        futures=sum(each.size for each in drawn.sets),
        sets=len(drawn.sets),
        limits=Table(tuple(_limit(each) for each in zip(*checks, strict=True))),
    )


def _limit(checks: tuple[LimitCheck, ...]) -> FreshLimit:
    first = checks[0]
    return FreshLimit(
        first.limit,
        first.at_most_usd,
        _mean([check.achieved_usd for check in checks]),
        _mean([check.probability for check in checks]),
        sum(check.is_kept for check in checks),
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
