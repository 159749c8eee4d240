"""Which terms of an agreement can be had: one after the other, or left and taken again (model §6; formulation §3).

Σ_{k ends at t} h[k] + left[y-1] = Σ_{k starts at t} h[k] + left[y]     per renewal number, where it may be taken again
"""

from __future__ import annotations

from collections.abc import Mapping

from deal_solve.deal.deal import Deal
from deal_solve.formulation.model.expression import Expression, total
from deal_solve.formulation.model.program import Program
from deal_solve.plan.leaving import may_return_api, may_return_seats
from deal_solve.plan.resolved import Agreement, resolve
from deal_solve.plan.terms import TermSpan, possible_terms, renewal_months


def api_spans(deal: Deal, agreement: Agreement) -> tuple[TermSpan, ...]:
    """Return the terms of an API agreement; where it may be taken again, the contract years in which it is left too."""
    if not may_return_api(deal, agreement.offer):
        return resolve(deal).taken(agreement).spans
    return _possible(deal, agreement)


def seat_spans(deal: Deal, agreement: Agreement, seat_type: str) -> tuple[TermSpan, ...]:
    """Return the terms in which a seat type can be taken under an agreement."""
    if not may_return_seats(deal, agreement.offer, seat_type):
        return resolve(deal).taken(agreement).spans
    return tuple(span for span in _possible(deal, agreement) if not span.left)


def left_years(deal: Deal, agreement: Agreement) -> tuple[TermSpan, ...]:
    """Return the contract years in which something may be left that may be taken again."""
    return tuple(span for span in _possible(deal, agreement) if span.left)


def _possible(deal: Deal, agreement: Agreement) -> tuple[TermSpan, ...]:
    offer = resolve(deal).offers[agreement.offer].offer
    return possible_terms(offer, agreement.term_months, deal.horizon_months)


def term_before(deal: Deal, agreement: Agreement, span: TermSpan) -> TermSpan:
    """Return the term that was taken before one whose price depends on it."""
    *since, start = span.since
    offer = resolve(deal).offers[agreement.offer].offer
    months = renewal_months(offer, start, deal.horizon_months) if start else agreement.term_months
    return TermSpan(span.index - 1, start, min(start + months, deal.horizon_months), months, since=tuple(since))


def follow(program: Program, held: Mapping[TermSpan, Expression], horizon_months: int) -> None:
    """Add that what ends at a contract-year start is followed by what starts there, taken or left.

    `held` is 1 where a term is taken, or a contract year left.
    """
    nodes: dict[tuple[int, int, tuple[int, ...]], tuple[list[Expression], list[Expression]]] = {}
    is_by_path = any(span.since for span in held)
    for span, on in held.items():
        if span.end < horizon_months:
            since = (*span.since, span.start) if is_by_path and not span.left else span.since
            after = span.index + (not span.left), since
            nodes.setdefault((span.end, *after), ([], []))[0].append(on)
        if span.start:
            nodes.setdefault((span.start, span.index, span.since), ([], []))[1].append(on)
    for ended, started in nodes.values():
        program.add("term_follows", total(started) == total(ended))
