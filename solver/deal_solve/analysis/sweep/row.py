"""One run of a sweep as a flat record: what was varied, how the solve ended, what is signed and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deal_solve.analysis.sweep.result import RowStatus, SweepRow
from deal_solve.deal.cross_checks import family_of
from deal_solve.deal.rate_card import FAMILIES
from deal_solve.errors import DealSolveError, Infeasible, InputError, LimitReached
from deal_solve.facts.decisions import answered, decisions
from deal_solve.facts.savings import savings
from deal_solve.facts.summary import summarise
from deal_solve.optimise.solution import Solution
from deal_solve.settlement.settle import Settlement


def solved_row(run: int, inputs: Mapping[str, Any], solution: Solution, seconds: float) -> SweepRow:
    """Return the row of a run that has a plan."""
    settlement, api = solution.settlement, solution.plan.api
    deal = settlement.deal
    summary, saved = summarise(deal, settlement, settlement.scenarios), savings(settlement)
    decided = decisions(settlement)
    committed = [usd for term in api.terms for usd in term.commitment_usd]
    is_proven = solution.status == "optimal"
    return SweepRow(
        cell=run,
        inputs=dict(inputs),
        status=solution.status,
        reason="" if is_proven else "; ".join(("not proven to the gap asked for", *solution.notes)),
        objective_usd=solution.objective_usd,
        bound_usd=solution.bound_usd,
        gap=solution.gap,
        agreement=api.offer,
        term_months=api.term_months,
        band_usd_per_year=api.terms[0].band_usd_per_year,
        commitment_usd_per_year=sum(committed) / len(committed),
        committed_usd=settlement.committed_usd,
        seats={name: sum(seats.contracted) / deal.years for name, seats in solution.plan.seats.items()},
        shares=request_shares(settlement),
        expected_usd=summary.total.expected_usd,
        p10_usd=summary.total.p10_usd,
        p90_usd=summary.total.p90_usd,
        cvar_usd=summary.cvar_usd,
        worst_usd=summary.worst_usd,
        savings_usd=_saved(solution),
        savings_rate=saved.effective if saved else None,
        decisions={each.what: each.plan for each in decided},
        seconds=seconds,
        kinds={each.what: each.kind for each in decided},
    )


def unsolved_row(run: int, inputs: Mapping[str, Any], error: Exception, seconds: float = 0.0) -> SweepRow:
    """Return the row of a run without a plan, with the reason in one line."""
    match error:
        case Infeasible():
            status: RowStatus = "infeasible"
        case LimitReached():
            status = "stopped"
        case InputError():
            status = "invalid"
        case _:
            status = "failed"
    stated = str(error)
    if isinstance(error, InputError):
        stated = "; ".join(f"{each.path}: {each.message}" if each.path else each.message for each in error.problems)
    elif not isinstance(error, DealSolveError):
        stated = f"{type(error).__name__}: {stated}"
    return SweepRow(run, dict(inputs), status, " ".join(stated.split()), seconds=seconds)


def request_shares(settlement: Settlement) -> dict[str, float]:
    """Return which share of the expected API requests every family answers, and which is cached and in batch."""
    found: dict[str, float] = dict.fromkeys((*FAMILIES, "cached", "batch"), 0.0)
    total = 0.0
    for _, requests in answered(settlement):
        for key, count in requests.items():
            model, *modes = key.split("+")
            found[family_of(settlement.deal, model.rpartition(">")[2])] += count
            found["cached"] += count * ("cache" in modes)
            found["batch"] += count * ("batch" in modes)
            total += count
    return {name: count / total for name, count in found.items() if count} if total else {}


def _saved(solution: Solution) -> float | None:
    if solution.baseline_cost is None:
        return None
    settlement = solution.settlement
    return float(settlement.weights @ (solution.baseline_cost - settlement.cost))
