"""First incumbent: a simple plan by arithmetic alone, so that a search that is stopped early has one.

It is the baseline, if that is known, or the plan without API commitment at list, everybody on the first track that is
open, routed as today; where that is none, those with other tracks and those of each offer at its lowest band follow,
and the first that the deal allows is taken (formulation §6, "First incumbent").
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from deal_solve.deal.deal import LIST
from deal_solve.errors import InputError
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.optimise.search.settings import SearchProblem
from deal_solve.plan.choices.restriction import Restriction
from deal_solve.plan.choices.satisfied import satisfies
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.dearer import dearer_in
from deal_solve.plan.initial_order import initial_order
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.scenario_set import Scenarios, first_block


def first_plan(problem: SearchProblem, scenarios: Scenarios, baseline: Plan | None = None) -> Plan | None:
    """Return the first simple plan of a problem that meets its rules, limits and fixed decisions; None if none does.

    The `baseline`, if it is known, is the first one that is tried.
    """
    if baseline is not None and _is_possible(problem, scenarios, baseline):
        return baseline
    first = first_block(scenarios)
    for proposal in _simple(problem):
        with suppress(InputError):
            plan = _ordered(problem, complete(problem.deal, proposal, first)[0])
            if _is_possible(problem, scenarios, plan):
                return plan
    return None


def _is_possible(problem: SearchProblem, scenarios: Scenarios, plan: Plan) -> bool:
    """Whether a plan is one of the problem: in its scope, as is fixed, and within rules and limits."""
    deal, fixed = problem.deal, problem.fixings.proposal
    if plan != plan.with_signing_month(deal):
        return False  # the baseline is signed in its own best month
    taken = {plan.api.offer, *(seller for one in plan.seats.values() for seller in one.sellers)}
    if not taken <= deal.on_table.keys():
        return False  # a change of the deal may have taken away what the baseline is from
    commits = any(usd for term in plan.api.terms for usd in term.commitment_usd)
    band = plan.api.terms[0].band_usd_per_year
    if (problem.zero_bands_only and commits) or not problem.open_bands(plan.api.offer, plan.api.term_months, [band]):
        return False
    if not satisfies(deal, plan, Restriction.model_validate(fixed.model_dump(exclude_unset=True))):
        return False
    wasted = dearer_in(deal, plan, problem.sums.first_users.dearer, scenarios)
    if any(user not in fixed.routing and user not in fixed.use for user, _, _ in wasted):
        return False
    try:
        refuse_impossible(deal, plan, problem.sums.first_users, scenarios)
    except InputError:
        return False
    return not deal.limits or all(check.is_kept for check in limit_checks(deal, settle(deal, plan, scenarios)))


def _ordered(problem: SearchProblem, plan: Plan) -> Plan:
    """Return a plan with the seats that initial orders ask for, where their number is not fixed."""
    deal, seats = problem.deal, dict(plan.seats)
    for name, agreement in plan.seats.items():
        fixed = problem.fixings.proposal.seats.get(name)
        if fixed is None or fixed.contracted is None:
            sold = resolve(deal).sold(agreement, name)
            ordered = initial_order(deal, sold, plan.tracks, problem.sums.first_users)
            contracted = tuple(map(max, agreement.contracted, ordered))
            seats[name] = agreement.model_copy(update={"contracted": contracted})
    return plan.model_copy(update={"seats": seats})


def _simple(problem: SearchProblem) -> Iterator[Proposal]:
    """Yield simple proposals with all that is fixed: agreements in their order, each with tracks as they are, then one
    track for all that have it.
    """
    deal, fixed = problem.deal, problem.fixings.proposal
    names = dict.fromkeys(track for cohort in deal.cohorts.values() for track in cohort.tracks)
    among: list[dict[str, tuple[str, ...]]] = [{}]
    among += [{name: (track,) for name, cohort in deal.cohorts.items() if track in cohort.tracks} for track in names]
    data = fixed.model_dump(mode="json", include=set(Proposal.model_fields))
    sold = _open_offers(problem)
    for api in [fixed.api, *(fixed.api.model_copy(update={"offer": offer}) for offer in _offers(problem))]:
        for tracks in among if (api.offer or LIST) in sold else ():
            yield Proposal.model_validate(
                {**data, "api": api.model_dump(mode="json"), "tracks": {**tracks, **data["tracks"]}}
            )


def _open_offers(problem: SearchProblem) -> set[str]:
    """Return the offers with an API agreement that is searched."""
    agreements = problem.fixings.agreements(api_agreements(problem.deal, problem.checks_controls))
    return {offer for offer, months in agreements if problem.bands is None or (offer, months) in problem.bands}


def _offers(problem: SearchProblem) -> list[str]:
    if problem.fixings.proposal.api.offer is not None:
        return []
    return [name for name, offer in problem.deal.offers.items() if offer.api]
