"""From the values of a solved program to a plan."""

from __future__ import annotations

from collections.abc import Container, Iterator

from deal_solve.deal.deal import LIST
from deal_solve.deal.requests.routing_options import Epoch
from deal_solve.formulation.build import Formulation
from deal_solve.formulation.clauses.api.rates import Agreement, Regime
from deal_solve.formulation.clauses.offers import SeatCandidate
from deal_solve.formulation.clauses.renewal import Decisions
from deal_solve.formulation.model.expression import Expression
from deal_solve.plan.leaving import SELLERS_AT_LIST, seat_terms
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, Route, SeatAgreement
from deal_solve.plan.renewal_tables import tabulated

SMALLEST_SHARE = 1e-9
DUST_USD = 1e-4
"""A commitment this near to whole cents is that many cents."""


def value_of(expression: Expression) -> float:
    """Return the value of an expression at the solution."""
    return float(sum(coefficient * (variable.varValue or 0.0) for variable, coefficient in expression))


def _is_on(value: float | None) -> bool:
    return value is not None and value > 0.5


def read_plan(formulation: Formulation) -> Plan:
    """Return the plan of a solved program, with a table for what is looked up; shares cleaned of numerical dust."""
    bought = {seat_type for path in formulation.paths for seat_type in _bought(path)}
    plans = {path.path: _on_path(path, bought) for path in formulation.paths}
    if len(plans) == 1:
        return next(iter(plans.values()))
    edges = {month: cut for month, (cut, _) in formulation.program.sums.buckets.items()}
    likely = {path.path: path.probability for path in formulation.paths}
    return tabulated(formulation.deal, formulation.months, edges, plans, likely)


def _on_path(decisions: Decisions, bought: Container[str]) -> Plan:
    """Return the plan on one path, without tables, with the agreements of seat types that are bought on any."""
    agreement = next(a for a, gamma in decisions.agreements.api.items() if _is_on(gamma.varValue))
    plan = Plan(
        api=ApiAgreement(
            offer=agreement.offer,
            term_months=agreement.term_months,
            terms=tuple(_api_term(decisions, regime) for regime in chosen_regimes(decisions, agreement)),
        ),
        seats=_seats(decisions, bought),
        tracks={name: _tracks(decisions, name) for name in decisions.deal.cohorts},
        projects={
            name: tuple(p for (who, p), bought in decisions.projects.items() if who == name and _is_on(bought.varValue))
            for name in decisions.deal.workloads
        },
        routing={name: _routes(decisions, name) for name in decisions.deal.workloads},
        use={name: _routes(decisions, name) for name, cohort in decisions.deal.cohorts.items() if cohort.use},
    )
    return plan.with_signing_month(decisions.deal)


def chosen_regimes(decisions: Decisions, agreement: Agreement) -> list[Regime]:
    """Return the regime taken in each term, in order."""
    regimes = decisions.agreements.regimes
    taken = [r for r, beta in regimes.items() if r.agreement == agreement and _is_on(beta.varValue)]
    return sorted(taken, key=lambda regime: regime.span.start)


def _api_term(decisions: Decisions, regime: Regime) -> ApiTerm:
    unit = decisions.program.unit_usd
    years = [value_of(decisions.commitments.get(regime, year)) * unit for year in regime.span.years]
    return ApiTerm(
        offer=LIST if regime.span.left else None,
        band_usd_per_year=regime.threshold_usd,
        commitment_usd=tuple(_without_dust(max(dollars, 0.0)) for dollars in years),
    )


def _without_dust(dollars: float) -> float:
    cents = round(dollars, 2)
    return cents if abs(dollars - cents) < DUST_USD else round(dollars, 6)


def _bought(decisions: Decisions) -> Iterator[str]:
    """Yield the seat types that have seats, or a cohort on them."""
    yield from (c.seat_type for (c, *_), year in decisions.seats.years.items() if round(value_of(year.count)))
    yield from (c.seat_type for (_, c, _), on in decisions.tracks.seats.items() if _is_on(on.varValue))


def _seats(decisions: Decisions, bought: Container[str]) -> dict[str, SeatAgreement]:
    deal, agreements = decisions.deal, {}
    for candidate, taken in decisions.agreements.seats.items():
        if not _is_on(taken.varValue) or candidate.seat_type not in bought:
            continue
        counts, at_list = [], []
        for year in range(deal.years):
            held = _held(decisions, candidate.seat_type, year)
            counts.append(round(value_of(decisions.seats.count(held, year))))
            at_list.append(
                next((seller for seller in SELLERS_AT_LIST if held != candidate and seller == held.offer), None)
            )
        agreements[candidate.seat_type] = SeatAgreement(
            offer=candidate.offer,
            term_months=candidate.term_months,
            contracted=tuple(counts),
            terms=seat_terms(deal, candidate.offer, candidate.term_months, at_list),
        )
    return agreements


def _held(decisions: Decisions, seat_type: str, year: int) -> SeatCandidate:
    """Return under what a seat type that is signed is bought in a contract year."""
    return next(
        candidate
        for (candidate, span), held in decisions.agreements.seat_terms.items()
        if candidate.seat_type == seat_type and year in span.years and _is_on(held.varValue)
    )


def _tracks(decisions: Decisions, cohort: str) -> tuple[str, ...]:
    by_year: dict[int, str] = {}
    for (name, candidate, span), on in decisions.tracks.seats.items():
        if name == cohort and _is_on(on.varValue):
            by_year |= dict.fromkeys(span.years, candidate.seat_type)
    for (name, track, year), on in decisions.tracks.other.items():
        if name == cohort and _is_on(on.varValue):
            by_year[year] = track
    return tuple(by_year[year] for year in range(decisions.deal.years))


def _routes(decisions: Decisions, user: str) -> tuple[Route, ...]:
    return tuple(
        Route(from_month=epoch.start, shares=_shares(decisions, user, epoch))
        for epoch in decisions.routing.epochs[user]
    )


def _shares(decisions: Decisions, user: str, epoch: Epoch) -> dict[str, float]:
    """Return the shares of an epoch; where nothing is metered, the first open option."""
    shares = {}
    for option in epoch.options:
        disaggregated = decisions.routing.shares.get((user, epoch.start, option.key), [])
        share = sum(copy.varValue or 0.0 for copy, _ in disaggregated)
        if share > SMALLEST_SHARE:
            shares[option.key] = share
    total = sum(shares.values())
    if total < 0.5:
        return {epoch.options[0].key: 1.0} if epoch.options else {}
    return {key: min(share / total, 1.0) for key, share in shares.items()}
