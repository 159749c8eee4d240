"""What commands that solve share: the proposal to fix, a solve that Ctrl-C stops, and the exit code without a proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from deal_solve.cli.support.interrupt import interruptible
from deal_solve.cli.support.options import placed

if TYPE_CHECKING:
    from deal_solve.deal.deal import Deal
    from deal_solve.optimise.options import SolveOptions
    from deal_solve.optimise.solution import Solution
    from deal_solve.plan.plan import Plan
    from deal_solve.plan.proposal import Proposal
    from deal_solve.uncertainty.scenario_set import Scenarios

STOPPED_WITH_A_PLAN = 4
"""The exit code where a plan was found that is not proven to the gap."""


def read_fix(path: str | None) -> Proposal | None:
    """Return the proposal in a file, its names not yet checked; None without a file."""
    if path is None:
        return None
    from deal_solve.plan.proposal import load_proposal

    return load_proposal(path)


def load_fix(deal: Deal, path: str | None) -> Proposal | None:
    """Return the proposal whose parts are fixed, its names checked against the deal; None without a file."""
    if path is None:
        return None
    from deal_solve.plan.completion.complete import refuse_unknown
    from deal_solve.plan.proposal import proposal_from, read_proposal

    source = read_proposal(path)
    with placed(source):
        proposal = proposal_from(source)
        refuse_unknown(deal, proposal)
    return proposal


def read_plan(
    deal: Deal,
    path: str,
    complete: Callable[[Proposal], tuple[Plan, tuple[str, ...]]],
    scenarios: Scenarios | None = None,
) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan that the proposal in a file means, and what was assumed; an impossible one is refused.

    With scenarios at hand its tables have to be possible on the paths that these take.
    """
    from deal_solve.plan.proposal import proposal_from, read_proposal
    from deal_solve.plan.validation.validity import refuse_impossible

    source = read_proposal(path)
    with placed(source):
        plan, assumed = complete(proposal_from(source))
        refuse_impossible(deal, plan, scenarios=scenarios)
    return plan, assumed


def solved(deal: Deal, scenarios: Scenarios, options: SolveOptions) -> Solution:
    """Solve, so that Ctrl-C is answered at once."""
    from deal_solve.optimise.signing import solve

    return interruptible(lambda: solve(deal, scenarios, options=options))
