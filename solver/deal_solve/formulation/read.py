"""From the values of a solved program to a plan."""

from __future__ import annotations

from deal_solve.formulation.build import Formulation
from deal_solve.formulation.program import Terms
from deal_solve.formulation.rates import Agreement, Regime
from deal_solve.plan.options import Epoch
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, Route, SeatAgreement

SMALLEST_SHARE = 1e-9


def value_of(terms: Terms) -> float:
    """Return the value of an expression at the solution."""
    return float(sum(coefficient * (variable.varValue or 0.0) for variable, coefficient in terms))


def _is_on(value: float | None) -> bool:
    return value is not None and value > 0.5


def read_plan(formulation: Formulation) -> Plan:
    """Return the plan of a solved program; shares cleaned of numerical dust."""
    agreement = next(a for a, gamma in formulation.papers.api.items() if _is_on(gamma.varValue))
    return Plan(
        api=ApiAgreement(
            offer=agreement.offer,
            term_months=agreement.term_months,
            terms=tuple(_api_term(formulation, regime) for regime in chosen_regimes(formulation, agreement)),
        ),
        seats=_seats(formulation),
        tracks={name: _tracks(formulation, name) for name in formulation.deal.cohorts},
        projects={
            name: tuple(
                p for (who, p), bought in formulation.projects.items() if who == name and _is_on(bought.varValue)
            )
            for name in formulation.deal.workloads
        },
        routing={name: _routes(formulation, name) for name in formulation.deal.workloads},
        use={name: _routes(formulation, name) for name, cohort in formulation.deal.cohorts.items() if cohort.use},
    )


def chosen_regimes(formulation: Formulation, agreement: Agreement) -> list[Regime]:
    """Return the regime taken in each term, in order."""
    regimes = formulation.papers.regimes
    taken = [r for r, beta in regimes.items() if r.agreement == agreement and _is_on(beta.varValue)]
    return sorted(taken, key=lambda regime: regime.span.start)


def _api_term(formulation: Formulation, regime: Regime) -> ApiTerm:
    unit = formulation.program.unit_usd
    years = [value_of(formulation.commitments.get(regime, year)) * unit for year in regime.span.years]
    return ApiTerm(
        band_usd_per_year=regime.threshold_usd,
        commitment_usd=tuple(round(max(dollars, 0.0), 6) for dollars in years),
    )


def _seats(formulation: Formulation) -> dict[str, SeatAgreement]:
    agreements = {}
    for paper, taken in formulation.papers.seats.items():
        counts = [round(value_of(formulation.seats.years[paper, year].count)) for year in range(formulation.deal.years)]
        if _is_on(taken.varValue) and (any(counts) or _is_used(formulation, paper.seat_type)):
            agreements[paper.seat_type] = SeatAgreement(
                offer=paper.offer, term_months=paper.term_months, contracted=tuple(counts)
            )
    return agreements


def _is_used(formulation: Formulation, seat_type: str) -> bool:
    return any(
        paper.seat_type == seat_type and _is_on(on.varValue) for (_, paper, _), on in formulation.tracks.seats.items()
    )


def _tracks(formulation: Formulation, cohort: str) -> tuple[str, ...]:
    by_year: dict[int, str] = {}
    for (name, paper, span), on in formulation.tracks.seats.items():
        if name == cohort and _is_on(on.varValue):
            by_year |= dict.fromkeys(span.years, paper.seat_type)
    for (name, track, year), on in formulation.tracks.other.items():
        if name == cohort and _is_on(on.varValue):
            by_year[year] = track
    return tuple(by_year[year] for year in range(formulation.deal.years))


def _routes(formulation: Formulation, user: str) -> tuple[Route, ...]:
    return tuple(
        Route(from_month=epoch.start, shares=_shares(formulation, user, epoch))
        for epoch in formulation.routing.menus[user]
    )


def _shares(formulation: Formulation, user: str, epoch: Epoch) -> dict[str, float]:
    """Return the shares of an epoch; where nothing is metered, the first open option."""
    shares = {}
    for option in epoch.options:
        copies = formulation.routing.shares.get((user, epoch.start, option.key), [])
        share = sum(copy.varValue or 0.0 for copy, _ in copies)
        if share > SMALLEST_SHARE:
            shares[option.key] = share
    total = sum(shares.values())
    if total < 0.5:
        return {epoch.options[0].key: 1.0} if epoch.options else {}
    return {key: min(share / total, 1.0) for key, share in shares.items()}
