"""The API agreement of a proposal, completed: list, the shortest term, the band its commitment reaches (model §4)."""

from __future__ import annotations

import math

from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.api import ApiPart
from deal_solve.errors import InputError, Problem
from deal_solve.messages import counted, usd
from deal_solve.plan.plan import ApiAgreement, ApiTerm
from deal_solve.plan.proposal import Proposal, ProposedApi
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.terms import Left, TermSpan, left_in


def first_term_of(deal: Deal, proposal: Proposal, sold_by: dict[str, str], offer: str) -> int:
    """Return the first term given for any part of an offer (both parts have the same), else its shortest.

    Raises InputError where no term of the offer is as short as the horizon.
    """
    given = [proposal.api.term_months] if (proposal.api.offer or LIST) == offer else []
    given += [part.term_months for name, part in proposal.seats.items() if sold_by.get(name) == offer]
    found = next((months for months in (*given, *resolve(deal).offers[offer].first_terms) if months), None)
    if found is None:
        message = f"no term is as short as the {counted(deal.horizon_months, 'month')} from signing to the horizon"
        raise InputError(Problem(f"offers.{offer}.terms", f"{message}; offer a shorter one"))
    return found


def complete_api(deal: Deal, proposal: Proposal, sold_by: dict[str, str], notes: list[str]) -> ApiAgreement:
    """Return the whole API agreement, and note what was assumed; `sold_by` are the offers of the seat types."""
    given = proposal.api
    offer = given.offer or LIST
    months = given.term_months or first_term_of(deal, proposal, sold_by, offer)
    if given.offer is None:
        notes.append("No API agreement is given, so API usage is at list prices, without commitment.")
    elif given.term_months is None and len(resolve(deal).offers[offer].first_terms) > 1:
        notes.append(f"The API agreement with {offer} runs {counted(months, 'month')} first.")
    at_list = given.at_list if given.at_list is None or len(given.at_list) > 1 else given.at_list * deal.years
    left = left_in(at_list or ())
    taken = resolve(deal).taken_for(offer, months, left)
    _refuse_wrong_terms(deal, given, taken.spans, left)
    terms = _api_terms(deal, given, taken)
    if offer != LIST:
        notes.extend(_sentences(given, offer, terms))
    return ApiAgreement(offer=offer, term_months=months, terms=terms)


def _sentences(given: ProposedApi, offer: str, terms: tuple[ApiTerm, ...]) -> list[str]:
    """Return what was assumed of bands and commitments, terms that are alike in one sentence."""
    parts = {"band": given.band_usd_per_year, "commitment": given.commitment_usd}
    assumed = " and ".join(what for what, value in parts.items() if value is None)
    groups: dict[ApiTerm, list[int]] = {}
    for index, term in enumerate(terms):
        groups.setdefault(term, []).append(index + 1)
    return [
        f"{offer}, API term {', '.join(map(str, indices))}: band from {usd(term.band_usd_per_year)} USD a year, "
        f"commitment {', '.join(map(usd, term.commitment_usd))} USD a year ({assumed} assumed)."
        for term, indices in groups.items()
        if assumed
    ]


def _refuse_wrong_terms(deal: Deal, given: ProposedApi, spans: tuple[TermSpan, ...], left: Left) -> None:
    first = len(spans[0].years)
    bands, commitments = given.band_usd_per_year or (0,), given.commitment_usd or (0,)
    problems = []
    if given.at_list is not None and len(given.at_list) not in (1, deal.years):
        expected = f"expected one, or {deal.years}, one per contract year"
        problems.append(Problem("api.at_list", f"{len(given.at_list)} given; {expected}"))
    for start, _ in left:
        if not any(span.left and span.start == start for span in spans):
            ends = ", ".join(str(span.end // 12) for span in spans if not span.left)
            left_in_year = f"left at the start of contract year {start // 12 + 1}"
            problems.append(Problem("api.at_list", f"{left_in_year}, but its terms end with contract year {ends}"))
    if len(bands) not in (1, len(spans)):
        expected = f"expected one, or {len(spans)}, one per term"
        problems.append(Problem("api.band_usd_per_year", f"{len(bands)} given; {expected}"))
    if len(commitments) not in (1, first, deal.years):
        expected = f"expected one, {first} (years of the first term) or {deal.years} (contract years)"
        problems.append(Problem("api.commitment_usd", f"{len(commitments)} given; {expected}"))
    if problems:
        raise InputError(problems)


def _api_terms(deal: Deal, given: ProposedApi, taken: OfferTerms) -> tuple[ApiTerm, ...]:
    part = taken.api
    if part is None:  # refused before
        return ()
    amounts, bands = given.commitment_usd, given.band_usd_per_year
    terms: list[ApiTerm] = []
    for place, span in enumerate(taken.spans):
        years, at_list = span.years, taken.is_at_list(span)
        if amounts is not None and len(amounts) == deal.years > 1:
            own: tuple[float, ...] | None = amounts[years.start : years.stop]
        elif at_list:
            own = (0.0,) * len(years)
        elif amounts is not None and len(amounts) == len(years):
            own = amounts if part.ramp is None or len(amounts) > 1 else shaped(part, 1, amounts[0])
        else:
            own = None if amounts is None else shaped(part, len(years), sum(amounts) / len(amounts))
        band = 0.0 if at_list else _band(part, own)
        if bands is not None and not (at_list and len(bands) == 1):
            band = bands[0] if len(bands) == 1 else bands[place]
        terms.append(
            ApiTerm(
                offer=LIST if span.left else None,
                band_usd_per_year=band,
                commitment_usd=shaped(part, len(years), band, at_least=True) if own is None else own,
            )
        )
    return tuple(terms)


def _band(part: ApiPart, amounts: tuple[float, ...] | None) -> float:
    """The threshold of the highest band the mean commitment reaches, else of the lowest band."""
    thresholds = [band.commit_usd_per_year for band in part.bands]
    if amounts is None:
        return thresholds[0]
    mean = sum(amounts) / len(amounts)
    return max((t for t in thresholds if t <= mean + CENT_TOLERANCE_USD), default=thresholds[0])


def shaped(part: ApiPart, years: int, mean: float, *, at_least: bool = False) -> tuple[float, ...]:
    """Return a commitment of `years` contract years with this mean in the shape of the offer's ramp.

    With `at_least` the base is rounded up to the offer's step.
    """
    factors = part.ramp[:years] if isinstance(part.ramp, tuple) else (1.0,) * years
    total = sum(factors)
    base = mean * years / total if total else 0.0
    if at_least and part.step_usd:
        base = math.ceil(base / part.step_usd - 1e-9) * part.step_usd
    return tuple(base * factor for factor in factors)
