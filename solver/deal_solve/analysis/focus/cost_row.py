"""One row of the dataset Cost and Usage of FOCUS 1.4, and the account in which expected rows add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from json import dumps

import numpy as np

from deal_solve.frames import Table
from deal_solve.uncertainty.scenario_set import Array

PROVIDER = "Anthropic"
UNUSED, USED = "Unused", "Used"
USD = "USD"


@dataclass(frozen=True)
class CostRow:
    """One row, its columns named and ordered as FOCUS 1.4 does; expected USD, not discounted, null where None.

    Nothing is invoiced yet: InvoiceId is that of a provisional invoice, one for each month and each who bills it, and
    InvoiceDetailId that of a line on it. Columns that begin with `x_` are the project's own (see DICTIONARY).
    """

    BilledCost: float
    BillingAccountId: str
    BillingAccountName: str | None
    BillingCurrency: str
    BillingPeriodEnd: str
    BillingPeriodStart: str
    ChargeCategory: str
    ChargeClass: str | None
    ChargeDescription: str
    ChargeFrequency: str
    ChargePeriodEnd: str
    ChargePeriodStart: str
    CommitmentDiscountCategory: str | None
    CommitmentDiscountId: str | None
    CommitmentDiscountName: str | None
    CommitmentDiscountQuantity: float | None
    CommitmentDiscountStatus: str | None
    CommitmentDiscountType: str | None
    CommitmentDiscountUnit: str | None
    ConsumedQuantity: float | None
    ConsumedUnit: str | None
    ContractApplied: str | None
    ContractedCost: float
    ContractedUnitPrice: float | None
    EffectiveCost: float
    HostProviderName: str
    InvoiceDetailId: str
    InvoiceId: str
    InvoiceIssuerName: str
    ListCost: float
    ListUnitPrice: float | None
    PricingCategory: str | None
    PricingQuantity: float | None
    PricingUnit: str | None
    ResourceId: str | None
    ResourceName: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceProviderName: str
    ServiceSubcategory: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceDetails: str | None
    SkuPriceId: str | None
    SubAccountId: str | None
    SubAccountName: str | None
    x_ContractYear: int
    x_Line: str


DICTIONARY = {
    "x_ContractYear": "contract year that the charge belongs to, from 1; 0 for the months before the month of signing",
    "x_Line": "line of the settlement that the charge is part of, as `settle` names it",
}
"""Every column of Cost and Usage that FOCUS does not have, with its meaning."""


@dataclass(frozen=True)
class Sku:
    """What is priced: its ids, what it meters, and in which unit; without `price_id` the charge has no unit price.

    `consumed_unit` is None where nothing is consumed: of a purchase, and of what is left unused.
    """

    id: str
    price_id: str
    meter: str
    unit: str
    consumed_unit: str | None = None
    details: str | None = None


@dataclass(frozen=True)
class Service:
    """Whose service is charged for, by its names in FOCUS."""

    name: str
    provider: str = PROVIDER
    category: str = "AI and Machine Learning"
    subcategory: str = "Generative AI"


API, SEATS = Service("Claude API"), Service("Claude seats")


@dataclass(frozen=True)
class Head:
    """What a row is about, without its amounts; months as dates, `end` of each period excluded.

    `discount` is (id, name) of the commitment discount that a row buys, uses or leaves unused, and `status` which of
    the last two. `applied_to` is the id of the contract commitment that the charge counts toward, in `applied_unit` or
    (None) in dollars.
    """

    category: str
    description: str
    frequency: str
    billed: tuple[str, str]
    charged: tuple[str, str]
    issuer: str
    line: str
    year: int
    service: Service = API
    sku: Sku | None = None
    discount: tuple[str, str] | None = None
    status: str | None = None
    is_committed: bool = False
    applied_to: str | None = None
    applied_unit: str | None = None
    resource: tuple[str, str] | None = None
    sub_account: tuple[str, str] | None = None


@dataclass(frozen=True)
class Amounts:
    """The amounts of a row: USD, units of its SKU priced and consumed, and what counts toward its commitment."""

    billed: float = 0.0
    effective: float = 0.0
    contracted: float = 0.0
    at_list: float = 0.0
    quantity: float = 0.0
    consumed: float = 0.0
    committed: float = 0.0
    applied: float = 0.0


@dataclass
class Account:
    """Rows of one head added up; `buyer` is the name of who is billed, None where the deal has no title."""

    buyer: str | None
    _rows: dict[Head, Array] = field(default_factory=dict)

    def add(self, head: Head, amounts: Amounts) -> None:
        """Add the amounts of a part of the scenarios, each already times their probability."""
        values = np.array([*asdict(amounts).values()])
        if np.any(np.abs(values) > 1e-9):
            known = self._rows.get(head)
            self._rows[head] = values if known is None else known + values

    def rows(self) -> Table[CostRow]:
        """Return all rows, in order of their billing period."""
        heads = sorted(self._rows, key=lambda head: (head.billed, head.charged))
        return Table(tuple(self._row(head, Amounts(*map(float, self._rows[head]))) for head in heads))

    def _row(self, head: Head, amounts: Amounts) -> CostRow:
        sku, is_discounted = head.sku, head.discount is not None
        quantity = amounts.quantity if sku else None
        consumed = amounts.consumed if sku and sku.consumed_unit else None
        applied = _applied(head, amounts)
        invoice = f"provisional {head.billed[0][:7]} {head.issuer}"
        return CostRow(
            BilledCost=amounts.billed,
            BillingAccountId="proposed",
            BillingAccountName=self.buyer,
            BillingCurrency=USD,
            BillingPeriodEnd=head.billed[1],
            BillingPeriodStart=head.billed[0],
            ChargeCategory=head.category,
            ChargeClass=None,
            ChargeDescription=head.description,
            ChargeFrequency=head.frequency,
            ChargePeriodEnd=head.charged[1],
            ChargePeriodStart=head.charged[0],
            CommitmentDiscountCategory="Spend" if is_discounted else None,
            CommitmentDiscountId=head.discount[0] if head.discount else None,
            CommitmentDiscountName=head.discount[1] if head.discount else None,
            CommitmentDiscountQuantity=amounts.committed if is_discounted else None,
            CommitmentDiscountStatus=head.status,
            CommitmentDiscountType="API spend commitment" if is_discounted else None,
            CommitmentDiscountUnit=USD if is_discounted else None,
            ConsumedQuantity=consumed,
            ConsumedUnit=sku.consumed_unit if sku else None,
            ContractApplied=applied,
            ContractedCost=amounts.contracted,
            ContractedUnitPrice=_unit_price(amounts.contracted, quantity),
            EffectiveCost=amounts.effective,
            HostProviderName=head.service.provider,
            InvoiceDetailId=f"{invoice} {head.line}",
            InvoiceId=invoice,
            InvoiceIssuerName=head.issuer,
            ListCost=amounts.at_list,
            ListUnitPrice=_unit_price(amounts.at_list, quantity),
            PricingCategory=("Committed" if head.is_committed else "Standard") if sku else None,
            PricingQuantity=quantity,
            PricingUnit=sku.unit if sku else None,
            ResourceId=head.resource[0] if head.resource else None,
            ResourceName=head.resource[1] if head.resource else None,
            ServiceCategory=head.service.category,
            ServiceName=head.service.name,
            ServiceProviderName=head.service.provider,
            ServiceSubcategory=head.service.subcategory,
            SkuId=sku.id if sku else None,
            SkuMeter=sku.meter if sku else None,
            SkuPriceDetails=sku.details if sku else None,
            SkuPriceId=sku.price_id if sku else None,
            SubAccountId=head.sub_account[0] if head.sub_account else None,
            SubAccountName=head.sub_account[1] if head.sub_account else None,
            x_ContractYear=head.year,
            x_Line=head.line,
        )


def _unit_price(usd: float, quantity: float | None) -> float | None:
    """Return USD per unit, the mean over the scenarios weighted by quantity; None where nothing is priced by units."""
    if quantity is None:
        return None
    return round(usd / quantity, 10) if quantity else 0.0


def _applied(head: Head, amounts: Amounts) -> str | None:
    if head.applied_to is None:
        return None
    is_money = head.applied_unit is None
    element = {
        "ContractCommitmentID": head.applied_to,
        "ContractCommitmentAppliedCost": amounts.applied if is_money else None,
        "ContractCommitmentAppliedQuantity": None if is_money else amounts.applied,
        "ContractCommitmentAppliedUnit": head.applied_unit,
    }
    return dumps({"Elements": [element]})


def dollars_of(id_: str, meter: str, consumed: bool = False) -> Sku:
    """Return a SKU that is priced in dollars, one each."""
    return Sku(id_, id_, meter, USD, USD if consumed else None)
