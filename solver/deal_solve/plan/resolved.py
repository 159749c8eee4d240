"""The deal, resolved once: who sends requests and with which open options, and what each offer comes to when taken.

A deal file leaves much to be worked out: blanks are filled from the rate card, renewals follow from a first term, and
the options open to a workload change with releases, retirements and finished projects. `resolve` works this out once
per deal; whatever comes after the deal takes these objects and does not look anything up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

from deal_solve.deal.allowance import Allowance
from deal_solve.deal.cohort import Use
from deal_solve.deal.deal import LIST_MONTHLY, Deal
from deal_solve.deal.offers.api import ApiPart
from deal_solve.deal.offers.offer import Offer
from deal_solve.deal.offers.seats import SeatPart
from deal_solve.deal.requests.request_cost import RequestCost, request_cost, usage_multiplier, usd_at_p50
from deal_solve.deal.requests.routing_options import Epoch, Option, epochs_of
from deal_solve.deal.workload import Workload
from deal_solve.errors import InputError
from deal_solve.plan.plan import SeatAgreement
from deal_solve.plan.terms import Left, TermSpan, first_terms, terms_of

MAX_RESOLVED = 64
"""Deals that stay resolved: more than any analysis compares at a time."""


@dataclass(frozen=True)
class User:
    """Who sends requests: a workload, or a cohort whose usage may be metered (model §1, §3).

    `requires` are the controls its agreement must provide, `usage_multiplier` is g, and `epochs` are its months of
    constant routing with the options open in each.
    """

    name: str
    request: Workload | Use
    requires: tuple[str, ...]
    usage_multiplier: float
    epochs: tuple[Epoch, ...]

    @property
    def is_workload(self) -> bool:
        """Whether it is software (and not people)."""
        return isinstance(self.request, Workload)

    @property
    def _options(self) -> Mapping[int, Option]:
        """The options of all epochs by identity, those that epochs share once."""
        return {id(option): option for epoch in self.epochs for option in epoch.options}

    @cached_property
    def _costs(self) -> Mapping[int, tuple[RequestCost, ...]]:
        """The costs of all options, by identity: two cascades of one name may differ in their pass rates."""
        multiplier = self.usage_multiplier
        return {
            key: tuple(request_cost(self.request, option, part, multiplier) for part in option.parts)
            for key, option in self._options.items()
        }

    def costs(self, option: Option) -> tuple[RequestCost, ...]:
        """Return the list cost of a request, part by part of an option of its epochs, or of those of an equal user."""
        known = self._costs.get(id(option))
        if known is not None:
            return known
        return tuple(request_cost(self.request, option, part, self.usage_multiplier) for part in option.parts)

    @cached_property
    def _usd_at_p50(self) -> Mapping[int, float]:
        return {key: usd_at_p50(self.request, option, self.usage_multiplier) for key, option in self._options.items()}

    def usd_at_p50(self, option: Option) -> float:
        """Return what a request costs at today's list in USD on an option of its epochs, the hit rate at its P50."""
        return self._usd_at_p50[id(option)]


@dataclass(frozen=True)
class SeatOffer:
    """A seat type in an offer (or at list), every blank of it filled from the rate card (model §5).

    `card_usd` is the list price in USD per user-month, the offer's own where none is known (and none is needed);
    `covered_share` the share of each cohort's usage that a seat includes. Where the limits of what is included are not
    known, `unknown_limits_usd` is the price that usage is held against.
    """

    offer_id: str
    seat_type: str
    part: SeatPart
    card_usd: float
    covered_share: Mapping[str, float]
    unknown_limits_usd: float | None

    @property
    def usd(self) -> float:
        """The offer's price in USD per user-month, before any discount."""
        return self.part.usd_per_user_month or 0.0

    @property
    def allowance(self) -> Allowance | None:
        """The dollars of usage that a seat includes; None where a share of the usage, or all of it, is included."""
        return self.part.allowance if isinstance(self.part.allowance, Allowance) else None

    def prices_usage(self, cohort_id: str) -> bool:
        """Whether it matters what a cohort uses: some of it is metered, or counts against an allowance."""
        return self.covered_share[cohort_id] < 1 or self.allowance is not None

    @property
    def is_billed_by_users(self) -> bool:
        """Whether nothing is contracted and each month its users are charged: list billed monthly (model §5)."""
        return self.offer_id == LIST_MONTHLY

    @property
    def provides(self) -> frozenset[str]:
        """The controls of a seat: its own, the offer's and the card's."""
        return frozenset(self.part.provides)


@dataclass(frozen=True)
class OfferTerms:
    """An offer (or list) taken for a first term, with the renewals that follow inside the horizon, or the months in
    which it is left (model §6).
    """

    offer_id: str
    offer: Offer
    first_months: int
    spans: tuple[TermSpan, ...]

    @property
    def api(self) -> ApiPart | None:
        """The API part of the offer; None if it sells seats only."""
        return self.offer.api

    def require_api(self) -> ApiPart:
        """Return the API part of the offer; raises InputError if it sells seats only."""
        if self.offer.api is None:
            found = f"{self.offer_id!r}, which has no api part"
            raise InputError(f"plan: api.offer is {found}; expected an offer with one, or list")
        return self.offer.api

    def is_at_list(self, span: TermSpan) -> bool:
        """Whether a term is at list prices, left or renewed so: no discount of any kind and no commitment."""
        return span.left or (span.index > 0 and self.offer.renewal.price == "list")

    def starting(self, month: int) -> TermSpan | None:
        """Return the term that starts in a month, or None."""
        return next((span for span in self.spans if span.start == month), None)

    def span_at(self, month: int) -> TermSpan:
        """Return the term that holds a month of the horizon."""
        return next(span for span in self.spans if span.start <= month < span.end)

    def span_of(self, year: int) -> TermSpan:
        """Return the term that holds a contract year of the horizon."""
        return next(span for span in self.spans if year in span.years)


@dataclass(frozen=True)
class OfferOnTable:
    """An offer (or list), before a term is chosen.

    `first_terms` are the lengths in months a first term may have, in rising order; `api_provides` the controls of its
    API agreement, those of the API at list included; `seats` its seat types.
    """

    offer_id: str
    offer: Offer
    first_terms: tuple[int, ...]
    api_provides: frozenset[str]
    seats: Mapping[str, SeatOffer]

    @property
    def api(self) -> ApiPart | None:
        """The API part of the offer; None if it sells seats only."""
        return self.offer.api


class Agreement(Protocol):
    """Whatever names an offer and a first term: an API or seat agreement of a plan, or a candidate of the search."""

    @property
    def offer(self) -> str:
        """The id of an offer, or list."""

    @property
    def term_months(self) -> int:
        """Length of the first term in months."""

    @property
    def left(self) -> Left:
        """The months in which it is left, at list."""


@dataclass(frozen=True, eq=False)
class ResolvedDeal:
    """A deal and all that follows from it alone.

    `users` has the workloads, then the cohorts with a use section, and `offers` list, then the offers of the file, each
    in the order of the file.
    """

    deal: Deal
    users: Mapping[str, User]
    offers: Mapping[str, OfferOnTable]
    _terms: Mapping[tuple[str, int], OfferTerms]

    def epochs(self, user: str) -> tuple[Epoch, ...]:
        """Return the epochs of a workload or cohort; none for a cohort without a use section."""
        return self.users[user].epochs if user in self.users else ()

    def taken(self, agreement: Agreement) -> OfferTerms:
        """Return the offer of an agreement with its terms."""
        return self.taken_for(agreement.offer, agreement.term_months, agreement.left)

    def taken_for(self, offer_id: str, first_months: int, left: Left = ()) -> OfferTerms:
        """Return an offer taken for a first term and left in some months; whether that can be had is not checked."""
        known = None if left else self._terms.get((offer_id, first_months))
        return known or _offer_terms(self.deal, offer_id, first_months, left)

    def seat(self, agreement: Agreement, seat_type: str) -> SeatOffer:
        """Return a seat type as the offer of an agreement sells it."""
        return self.offers[agreement.offer].seats[seat_type]

    def seat_of(self, agreement: SeatAgreement, seat_type: str, year: int) -> SeatOffer:
        """Return a seat type as it is sold in a contract year of an agreement: by the offer, or at list once left."""
        return self.offers[agreement.seller(year)].seats[seat_type]

    def sold(self, agreement: SeatAgreement, seat_type: str) -> tuple[SeatOffer, ...]:
        """Return a seat type as it is sold in each contract year of an agreement."""
        return tuple(self.seat_of(agreement, seat_type, year) for year in range(self.deal.years))

    def sellers(self, seat_type: str) -> tuple[str, ...]:
        """Return the ids of the offers that sell a seat type, list first."""
        return tuple(offer.offer_id for offer in self.offers.values() if seat_type in offer.seats)


class _SameObject:
    """A deal as a key that is equal to that one object only: a deal has no hash, and comparing two is slow."""

    __slots__ = ("deal",)

    def __init__(self, deal: Deal) -> None:
        self.deal = deal

    def __hash__(self) -> int:
        return id(self.deal)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameObject) and other.deal is self.deal


def resolve(deal: Deal) -> ResolvedDeal:
    """Return a deal resolved, worked out when it is first asked for.

    It is kept by the identity of the deal, which is frozen: a changed copy is another deal and is resolved anew, and a
    deal that goes to another process takes nothing with it. The last `MAX_RESOLVED` deals are kept; the latest one is
    looked at first, because a solve asks some ten thousand times for the same.
    """
    known, resolved = _latest[0]
    if known is deal and resolved is not None:
        return resolved
    resolved = _resolved(_SameObject(deal))
    _latest[0] = deal, resolved  # one assignment: another thread sees both or neither
    return resolved


_latest: list[tuple[Deal | None, ResolvedDeal | None]] = [(None, None)]


@lru_cache(maxsize=MAX_RESOLVED)
def _resolved(key: _SameObject) -> ResolvedDeal:
    deal = key.deal
    users = {name: _user(deal, name, work, work.requires) for name, work in deal.workloads.items()}
    for name, cohort in deal.cohorts.items():
        if cohort.use is not None:
            users[name] = _user(deal, name, cohort.use, cohort.requires)
    offers = {offer_id: _on_table(deal, offer_id) for offer_id in deal.on_table}
    return ResolvedDeal(
        deal=deal,
        users=users,
        offers=offers,
        _terms={
            (offer_id, months): _offer_terms(deal, offer_id, months)
            for offer_id, on_table in offers.items()
            for months in on_table.first_terms
        },
    )


def _user(deal: Deal, name: str, request: Workload | Use, requires: tuple[str, ...]) -> User:
    multiplier = usage_multiplier(deal, request, requires)
    return User(name, request, requires, multiplier, epochs_of(deal, request, requires))


def _on_table(deal: Deal, offer_id: str) -> OfferOnTable:
    offer = deal.on_table[offer_id]
    return OfferOnTable(
        offer_id=offer_id,
        offer=offer,
        first_terms=first_terms(offer, deal.horizon_months),
        api_provides=frozenset((*offer.provides, *deal.card.api_provides)),
        seats={seat_type: _seat_offer(deal, offer_id, seat_type) for seat_type in offer.seats},
    )


def _seat_offer(deal: Deal, offer_id: str, seat_type: str) -> SeatOffer:
    part = deal.seat_part(offer_id, seat_type)
    usd, list_usd = part.usd_per_user_month or 0.0, part.list_usd_per_user_month
    return SeatOffer(
        offer_id=offer_id,
        seat_type=seat_type,
        part=part,
        card_usd=usd if list_usd is None else list_usd,
        covered_share={cohort: deal.covered_share(cohort, offer_id, seat_type) for cohort in deal.cohorts},
        unknown_limits_usd=deal.unknown_limits_usd(offer_id, seat_type),
    )


def _offer_terms(deal: Deal, offer_id: str, first_months: int, left: Left = ()) -> OfferTerms:
    offer = deal.on_table[offer_id]
    return OfferTerms(offer_id, offer, first_months, terms_of(offer, first_months, deal.horizon_months, left))
