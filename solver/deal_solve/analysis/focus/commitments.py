"""Contract Commitment rows of FOCUS 1.4: what a plan commits, a row for each contract year of each agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.facts.names import offer_name, seats_name
from deal_solve.frames import Table
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.terms import TermSpan
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.seats.seats import SeatContract, seat_contracts

PROVIDER = "Anthropic"
GLOBAL_SCOPE = '{"IsGlobalScope": true}'
INTERVALS = {"month": "Monthly", "quarter": "Quarterly", "half": "Semi-Annual", "year": "Annual"}
FULL_PERIOD, ONE_TIME = "Full Commitment Period", "One-Time"
NO_UPFRONT, PARTIAL_UPFRONT, ALL_UPFRONT = "No Upfront", "Partial Upfront", "All Upfront"


@dataclass(frozen=True)
class CommitmentRow:
    """One row of the dataset Contract Commitment, its columns named and ordered as FOCUS 1.4 does; USD, not discounted.

    Nothing is signed yet: the status is Proposed. Columns that begin with `x_` are the project's own (see DICTIONARY).
    """

    BillingCurrency: str
    ContractCommitmentApplicability: str
    ContractCommitmentBenefitCategory: str
    ContractCommitmentCategory: str
    ContractCommitmentCost: float
    ContractCommitmentCreated: str
    ContractCommitmentDescription: str
    ContractCommitmentDiscountPercentage: float | None
    ContractCommitmentDurationType: str
    ContractCommitmentFulfillmentInterval: str
    ContractCommitmentId: str
    ContractCommitmentLastUpdated: str
    ContractCommitmentLifecycleStatus: str
    ContractCommitmentModel: str
    ContractCommitmentOfferCategory: str
    ContractCommitmentPaymentInterval: str
    ContractCommitmentPaymentModel: str
    ContractCommitmentPaymentUpfrontPercentage: float
    ContractCommitmentPeriodEnd: str
    ContractCommitmentPeriodStart: str
    ContractCommitmentQuantity: float | None
    ContractCommitmentType: str
    ContractCommitmentUnit: str | None
    ContractId: str
    ContractPeriodEnd: str
    ContractPeriodStart: str
    InvoiceIssuerName: str
    PricingCurrency: str
    PricingCurrencyContractCommitmentCost: float
    ServiceProviderName: str
    x_ContractYear: int
    x_BandThreshold: float | None
    x_Overage: str | None
    x_Unused: str | None
    x_RolloverShare: float | None
    x_RolloverCap: float | None
    x_Excess: str | None
    x_PriceProtection: str
    x_RenewalCap: float | None
    x_TrueUp: str | None


DICTIONARY = {
    "x_ContractYear": "contract year of the agreement, from 1; a commitment of several years has a row for each",
    "x_BandThreshold": "yearly commitment from which the discount of the band holds, USD; null for seats",
    "x_Overage": "at which rates usage above the commitment is charged: contracted, list, or a premium on contracted",
    "x_Unused": "what becomes of a commitment that is not used: forfeited or rollover",
    "x_RolloverShare": "share of the shortfall that rolls over into the next period",
    "x_RolloverCap": "most that rolls over, as a share of the commitment of the period that it comes from",
    "x_Excess": "whether usage above the commitment of a period counts toward the next ones: lost or counts_next",
    "x_PriceProtection": "how the vendor's price changes reach the contracted prices within a term",
    "x_RenewalCap": "most that prices may rise where a new term begins",
    "x_TrueUp": "when seats above the contracted ones are counted and charged: months, what counts, what is charged",
}
"""Every column of Contract Commitment that FOCUS does not have, with its meaning."""


def commitment_rows(deal: Deal, plan: Plan) -> Table[CommitmentRow]:
    """Return what a plan commits: API spend and contracted seats, a row for each contract year inside the horizon."""
    return Table((*_api_rows(deal, plan), *_seat_rows(deal, plan)))


def _api_rows(deal: Deal, plan: Plan) -> Iterator[CommitmentRow]:
    taken = resolve(deal).taken(plan.api)
    for span, term in zip(taken.spans, plan.api.terms, strict=True):
        for year, usd in zip(span.years, term.commitment_usd, strict=True):
            if usd and taken.api is not None and not taken.is_at_list(span):
                yield _api_row(deal, taken, (span, year), usd, term.band_usd_per_year)


def _api_row(deal: Deal, taken: OfferTerms, when: tuple[TermSpan, int], usd: float, band: float) -> CommitmentRow:
    span, year = when
    part = taken.require_api()
    model, interval, upfront = _payment(part)
    usd = usd * len(deal.months_of(year)) / 12
    discount = next(each for each in part.bands if abs(each.commit_usd_per_year - band) < 0.01).discount.get("all")
    return CommitmentRow(
        **_dates(deal, taken.offer_id, "api", span, year),
        **_money(usd),
        ContractCommitmentApplicability=GLOBAL_SCOPE,
        ContractCommitmentBenefitCategory="Monetary Pool",
        ContractCommitmentCategory="Spend",
        ContractCommitmentDescription=f"API usage under {offer_name(deal, taken.offer_id)}, contract year {year + 1}",
        ContractCommitmentDiscountPercentage=discount,
        ContractCommitmentFulfillmentInterval=INTERVALS.get(part.period, FULL_PERIOD),
        ContractCommitmentModel="Discontinuous",
        ContractCommitmentOfferCategory="Negotiated",
        ContractCommitmentPaymentInterval=interval,
        ContractCommitmentPaymentModel=model,
        ContractCommitmentPaymentUpfrontPercentage=upfront,
        ContractCommitmentQuantity=None,
        ContractCommitmentType="API spend",
        ContractCommitmentUnit=None,
        x_BandThreshold=band,
        x_Overage=_words(part.overage),
        x_Unused="rollover" if isinstance(part.unused, Rollover) else part.unused,
        x_RolloverShare=part.unused.rollover if isinstance(part.unused, Rollover) else None,
        x_RolloverCap=part.unused.cap if isinstance(part.unused, Rollover) else None,
        x_Excess=part.excess,
        x_PriceProtection=_words(taken.offer.price_protection),
        x_RenewalCap=taken.offer.renewal_cap,
        x_TrueUp=None,
    )


def _payment(part: ApiPart) -> tuple[str, str, float]:
    """Return payment model, interval and the share of a contract year that is paid at its start."""
    pieces = 1 if part.payment == "prepaid_yearly" else len(part.periods(range(12)))
    if part.payment == "arrears":
        return NO_UPFRONT, "Monthly", 0.0
    if pieces == 1:
        return ALL_UPFRONT, ONE_TIME, 1.0
    return PARTIAL_UPFRONT, INTERVALS[part.period], 1 / pieces


def _seat_rows(deal: Deal, plan: Plan) -> Iterator[CommitmentRow]:
    tiers = bundle_tiers(deal, plan)
    for name, agreement in plan.seats.items():
        bundle = [tier.seats for tier in tiers] if agreement.offer == plan.api.offer else []
        for contract in seat_contracts(deal, name, agreement, bundle, np.ones((deal.horizon_months, 1))):
            for year in contract.years:
                if contract.contracted[year]:
                    yield _seat_row(deal, contract, year)


def _seat_row(deal: Deal, contract: SeatContract, year: int) -> CommitmentRow:
    taken, part = contract.taken, contract.seat.part
    is_yearly, charged = part.billing == "yearly", contract.months_of(year)
    dates, months = _dates(deal, taken.offer_id, contract.seat_type, taken.span_of(year), year), len(charged)
    usd = months * contract.month_usd(year)
    at_list = months * contract.seat.card_usd * contract.contracted[year]
    what = f"{contract.contracted[year]:,} {seats_name(deal, contract.seat_type)}"
    return CommitmentRow(
        **(dates | {"ContractCommitmentPeriodStart": day(deal, charged.start)}),
        **_money(usd),
        ContractCommitmentApplicability=GLOBAL_SCOPE,
        ContractCommitmentBenefitCategory="Discount" if usd < at_list else "Other",
        ContractCommitmentCategory="Usage",
        ContractCommitmentDescription=f"{what}, contract year {year + 1}, at price index 1",
        ContractCommitmentDiscountPercentage=max(0.0, 1 - usd / at_list) if at_list else None,
        ContractCommitmentFulfillmentInterval="Monthly",
        ContractCommitmentModel="Continuous",
        ContractCommitmentOfferCategory="Public" if taken.offer_id == LIST else "Negotiated",
        ContractCommitmentPaymentInterval=ONE_TIME if is_yearly else "Monthly",
        ContractCommitmentPaymentModel=ALL_UPFRONT if is_yearly else NO_UPFRONT,
        ContractCommitmentPaymentUpfrontPercentage=1.0 if is_yearly else 0.0,
        ContractCommitmentQuantity=float(months * contract.contracted[year]),
        ContractCommitmentType="Seats",
        ContractCommitmentUnit="Seat-Months",
        x_BandThreshold=None,
        x_Overage=None,
        x_Unused=None,
        x_RolloverShare=None,
        x_RolloverCap=None,
        x_Excess=None,
        x_PriceProtection=_words(taken.offer.price_protection),
        x_RenewalCap=taken.offer.renewal_cap,
        x_TrueUp=_words(part.true_up),
    )


def _money(usd: float) -> dict[str, Any]:
    """Return the columns of amounts and of who is paid."""
    return {
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "ContractCommitmentCost": usd,
        "PricingCurrencyContractCommitmentCost": usd,
        "InvoiceIssuerName": PROVIDER,
        "ServiceProviderName": PROVIDER,
    }


def _dates(deal: Deal, offer: str, what: str, span: TermSpan, year: int) -> dict[str, Any]:
    """Return ids and dates: the contract is the term, the commitment one of its contract years; ends are excluded."""
    contract = contract_id(offer, span)
    months = deal.months_of(year)
    years, rest = divmod(span.length, 12)
    created = f"{deal.card.as_of:%Y-%m-%d}T00:00:00Z"
    return {
        "ContractId": contract,
        "ContractCommitmentId": f"{contract}:{what}:{year + 1}",
        "ContractCommitmentDurationType": f"{span.length} Months" if rest else f"{years} Year{'s' * (years > 1)}",
        "ContractCommitmentLifecycleStatus": "Proposed",
        "ContractCommitmentCreated": created,
        "ContractCommitmentLastUpdated": created,
        "ContractPeriodStart": day(deal, span.start),
        "ContractPeriodEnd": day(deal, span.start + span.length),
        "ContractCommitmentPeriodStart": day(deal, months.start),
        "ContractCommitmentPeriodEnd": day(deal, months.stop),
        "x_ContractYear": year + 1,
    }


def contract_id(offer: str, span: TermSpan) -> str:
    """Return the id of a contract: a term of an offer, by the contract year in which it starts."""
    return f"{offer}:{span.start // 12 + 1}"


def day(deal: Deal, month: int) -> str:
    """Return the first moment of a month, counted from the first one of the contract, in UTC."""
    return f"{deal.calendar(month):%Y-%m-%d}T00:00:00Z"


def _words(clause: object) -> str:
    """Return a clause as the deal file has it: a word, or its fields."""
    if isinstance(clause, str):
        return clause
    fields = clause.model_dump(mode="json") if hasattr(clause, "model_dump") else {}
    return ", ".join(f"{name}: {value}" for name, value in fields.items())
