"""Whether a plan can be signed: every violation names the clause it breaks and shows both values (sections 3 to 6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiPart
from deal_solve.errors import InputError, Problem
from deal_solve.messages import counted, usd
from deal_solve.plan.leaving import may_leave, missing_at_list
from deal_solve.plan.offers import clause, offer_problem
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, SeatAgreement
from deal_solve.plan.renewal_paths import plans_by_path
from deal_solve.plan.renewal_tables import Path
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.plan.validation.routing import broken_routing
from deal_solve.plan.validation.seats import (
    broken_orders,
    broken_plans,
    broken_seats,
    broken_tracks,
    crowded_plans,
    not_sold,
    returned_too_early,
)
from deal_solve.plan.validation.tables import broken_tables
from deal_solve.uncertainty.first_users import FirstUsers
from deal_solve.uncertainty.scenario_set import Scenarios


def refuse_impossible(
    deal: Deal, plan: Plan, first: FirstUsers | None = None, scenarios: Scenarios | None = None
) -> None:
    """Raise InputError with everything in a plan that the deal does not allow; return None for a plan that can be.

    With the first users of the scenarios at hand that is also fewer seats than an initial order asks for, and more
    users than a plan of the vendor takes. A plan made over other scenarios is checked without. Tables are checked on
    the paths that `scenarios` take; without them every row has to be possible after some rows of earlier tables and
    before some of later ones.
    """
    problems = list(_unknown_offers(deal, plan)) or list(broken_tables(deal, plan))
    problems = problems or list(_broken(deal, plan, first, scenarios))
    if problems:
        raise InputError(problems)


def _broken(deal: Deal, plan: Plan, first: FirstUsers | None, scenarios: Scenarios | None) -> Iterator[Problem]:
    """Yield what the deal does not allow on a path through the tables, each once, with the first such path."""
    flat = plans_by_path(deal, plan, scenarios)
    found = {path: _broken_on_path(deal, one, first) for path, one in flat.items()}
    first_paths: dict[Problem, Path] = {}
    for path in found if scenarios is not None else _of_impossible_rows(found):
        for problem in found[path]:
            first_paths.setdefault(problem, path)
    yield from (_named(problem, path) for problem, path in first_paths.items())


def _of_impossible_rows(found: Mapping[Path, Sequence[Problem]]) -> Iterator[Path]:
    """Yield for each row that is possible on no path the one on which least is wrong; signing is a row like others."""
    through: dict[tuple[int, int], list[Path]] = {}
    for path in found:
        for place in enumerate((0, *path)):
            through.setdefault(place, []).append(path)
    best = (min(paths, key=lambda path: len(found[path])) for paths in through.values())
    yield from dict.fromkeys(path for path in best if found[path])


def _named(problem: Problem, path: Path) -> Problem:
    """Return a problem with the rows that lead to it, as they stand in the plan."""
    rows = ", ".join(f"later[{table}].rows[{row}]" for table, row in enumerate(path))
    return replace(problem, message=f"{problem.message}; after {rows}") if path else problem


def _broken_on_path(deal: Deal, plan: Plan, first: FirstUsers | None) -> list[Problem]:
    problems = list(not_sold(deal, plan)) or _broken_clauses(deal, plan)
    if problems or first is None:
        return problems
    return [*crowded_plans(deal, plan, first), *broken_orders(deal, plan, first)]


def _broken_clauses(deal: Deal, plan: Plan) -> list[Problem]:
    lengths = {len(years) for years in (*plan.tracks.values(), *(a.contracted for a in plan.seats.values()))}
    return [
        *_offers_together(deal, plan),
        *_api(deal, plan),
        *broken_seats(deal, plan),
        *(broken_plans(deal, plan) if lengths <= {deal.years} else ()),
        *broken_tracks(deal, plan),
        *_controls(deal, plan),
        *broken_routing(deal, plan),
    ]


def _unknown_offers(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Parts taken from offers that do not have them: nothing else can be checked before these are right."""
    found = [offer_problem(deal, "api", plan.api.offer, plan.api.term_months, None)]
    for seat_type, agreement in plan.seats.items():
        found.append(offer_problem(deal, f"seats.{seat_type}", agreement.offer, agreement.term_months, seat_type))
    yield from (problem for problem in found if problem)


def _offers_together(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """Both parts of one offer have one term; an exclusive offer stands alone beside list."""
    parts: dict[str, ApiAgreement | SeatAgreement] = {"api": plan.api}
    parts |= {f"seats.{name}": agreement for name, agreement in plan.seats.items()}
    by_offer: dict[str, dict[str, int]] = {}
    for part, agreement in parts.items():
        by_offer.setdefault(agreement.offer, {})[part] = agreement.term_months
    for offer, terms in by_offer.items():
        if len(set(terms.values())) > 1:
            taken = ", ".join(f"{part} for {counted(months, 'month')}" for part, months in terms.items())
            yield Problem(clause(offer, "terms"), f"{taken}; all parts taken from one offer have the same term")
        others = [name for name in by_offer if name not in (offer, *AT_LIST)]
        if offer not in AT_LIST and resolve(deal).offers[offer].offer.exclusive and others:
            yield Problem(
                clause(offer, "exclusive"),
                f"{', '.join(by_offer[offer])} from {offer!r} beside a part from {', '.join(others)}; "
                "an exclusive offer stands alone (or beside list)",
            )


def _api(deal: Deal, plan: Plan) -> Iterator[Problem]:
    offer, agreement, taken = plan.api.offer, plan.api, resolve(deal).taken(plan.api)
    spans = taken.spans
    broken = list(_left(deal, plan))
    if broken:
        yield from broken
        return
    if len(agreement.terms) != len(spans):
        months, begun = counted(agreement.term_months, "month"), ", ".join(deal.dated(span.start) for span in spans)
        yield Problem(
            "api.terms",
            f"{len(agreement.terms)} given, but {offer!r} for {months} has {counted(len(spans), 'term')} in the "
            f"horizon, from month {begun}",
        )
        return
    may_be_left = may_leave(deal, offer)
    for place, (span, term) in enumerate(zip(spans, agreement.terms, strict=True)):
        if may_be_left and place and not any(usd for each in agreement.terms[place:] for usd in each.commitment_usd):
            problem = _left_unsaid(taken, term, place)
            if problem:
                yield problem
                return
        yield from _term(taken, span, term, f"api.terms[{place}]")


def _left_unsaid(taken: OfferTerms, term: ApiTerm, place: int) -> Problem | None:
    """Return how a proposal leaves an agreement for list, where it has nothing committed in a band from a term on."""
    if not term.band_usd_per_year or taken.is_at_list(taken.spans[place]):
        return None
    years = ", ".join("no" if span.index < place else "yes" for span in taken.spans for _ in span.years)
    return Problem(
        f"{clause(taken.offer_id, 'api')}.bands",
        f"commitment 0 from api.terms[{place}] on; the band needs {usd(term.band_usd_per_year)} a year; to leave the "
        f"agreement for list then, a proposal states at_list: [{years}] beside the commitment",
    )


def _left(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """An agreement is left at the end of a term, where the offer allows it and list has the controls, and for good, or
    until it is taken again where the offer allows that and no other part of it is inside a term.
    """
    offer, left = plan.api.offer, plan.api.left
    if not left:
        return
    if not may_leave(deal, offer):
        yield Problem(
            clause(offer, "renewal", "may_leave"), f"the API agreement with {offer!r} is left, and may not be"
        )
        return
    ends = {span.end for span in resolve(deal).taken(plan.api).spans if not span.left}
    for start, end in left:
        if start not in ends:
            expected = ", ".join(map(deal.dated, sorted(ends))) or "there is none"
            yield Problem("api.terms", f"left at month {deal.dated(start)}; expected the end of a term: {expected}")
        if end < deal.horizon_months:
            yield from returned_too_early(deal, plan, "api", end)
    missing = missing_at_list(deal)
    if missing:
        yield Problem("api.terms", f"left for list, which lacks {', '.join(missing)}")


def _term(taken: OfferTerms, span: TermSpan, term: ApiTerm, here: str) -> Iterator[Problem]:
    offer_id = taken.offer_id
    amounts = term.commitment_usd
    if len(amounts) != len(span.years):
        expected = f"expected {len(span.years)}, one per contract year of the term inside the horizon"
        yield Problem(f"{here}.commitment_usd", f"{len(amounts)} given; {expected}")
        return
    if taken.is_at_list(span):
        if term.band_usd_per_year or any(amounts):
            given = f"band {usd(term.band_usd_per_year)}, commitment {', '.join(map(usd, amounts))}"
            what = "what is left" if span.left else "a renewal at list"
            yield Problem(clause(offer_id, "renewal"), f"{given} in {here}; {what} has no commitment")
        return
    part = taken.api
    if part is None:
        return
    thresholds = [band.commit_usd_per_year for band in part.bands]
    threshold = next((t for t in thresholds if abs(t - term.band_usd_per_year) <= CENT_TOLERANCE_USD), None)
    if threshold is None:
        yield Problem(
            clause(offer_id, "api", "bands"),
            f"there is no band from {usd(term.band_usd_per_year)} a year ({here}); "
            f"the bands start at {', '.join(map(usd, thresholds))}",
        )
        return
    yield from _commitment(clause(offer_id, "api"), part, threshold, amounts, here)


def _commitment(
    clause_path: str, part: ApiPart, threshold: float, amounts: tuple[float, ...], here: str
) -> Iterator[Problem]:
    """Zero in a zero band; else equal, or in the ramp's shape, or non-decreasing; mean >= threshold; step."""
    given = f"{', '.join(map(usd, amounts))} in {here}"
    if threshold == 0:
        if any(amount > CENT_TOLERANCE_USD for amount in amounts):
            yield Problem(f"{clause_path}.bands", f"commitment {given}; the band from 0 has no commitment")
        return
    mean = sum(amounts) / len(amounts)
    if mean < threshold - CENT_TOLERANCE_USD:
        yield Problem(
            f"{clause_path}.bands",
            f"commitment {given}, {usd(mean)} a year in the mean; the band needs {usd(threshold)} a year",
        )
    if part.ramp == "free":
        if any(later < earlier - CENT_TOLERANCE_USD for earlier, later in itertools.pairwise(amounts)):
            yield Problem(f"{clause_path}.ramp", f"commitment {given}; a free ramp never falls")
        bases = amounts
    else:
        factors = part.ramp[: len(amounts)] if part.ramp else (1.0,) * len(amounts)
        base = sum(amounts) / sum(factors) if sum(factors) else 0.0
        shaped = [base * factor for factor in factors]
        if any(abs(amount - due) > CENT_TOLERANCE_USD for amount, due in zip(amounts, shaped, strict=True)):
            wanted = "the ramp's shape " + " : ".join(f"{f:g}" for f in factors) if part.ramp else "equal years"
            yield Problem(f"{clause_path}.ramp", f"commitment {given}; expected {wanted}")
        bases = (base,)
    for base in bases:
        step = part.step_usd
        if step and abs(base - round(base / step) * step) > CENT_TOLERANCE_USD:
            yield Problem(f"{clause_path}.step_usd", f"{usd(base)} in {here}; expected a multiple of {usd(step)}")


def _controls(deal: Deal, plan: Plan) -> Iterator[Problem]:
    """What a workload requires the API agreement provides; both-lines controls hold for every offer taken."""
    provided = resolve(deal).offers[plan.api.offer].api_provides
    for name, work in deal.workloads.items():
        missing = [control for control in work.requires if control not in provided]
        if missing:
            yield Problem(
                f"workloads.{name}.requires",
                f"{', '.join(missing)}; the API agreement {plan.api.offer!r} provides {_some(provided)}",
            )
    lines = {f"the API agreement {plan.api.offer!r}": provided}
    for seat_type in sorted({track for tracks in plan.tracks.values() for track in tracks} & set(plan.seats)):
        years = [year for tracks in plan.tracks.values() for year, track in enumerate(tracks) if track == seat_type]
        for year in years:
            seat = resolve(deal).seat_of(plan.seats[seat_type], seat_type, year)
            lines[f"{seat_type} from {seat.offer_id!r}"] = seat.provides
    for line, controls in lines.items():
        missing = [control for control in deal.requires_on_both_lines if control not in controls]
        if missing:
            yield Problem("requires_on_both_lines", f"{', '.join(missing)}; {line} provides {_some(controls)}")


def _some(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
