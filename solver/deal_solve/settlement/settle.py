"""The settlement of a plan: what it costs in every scenario, by pure arithmetic (model §4 to §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.messages import counted
from deal_solve.plan.plan import Plan
from deal_solve.plan.renewal_paths import plans_by_path
from deal_solve.plan.renewal_tables import paths_of
from deal_solve.plan.resolved import OfferTerms, resolve
from deal_solve.plan.signing import signing_problem
from deal_solve.plan.validation.tables import broken_tables
from deal_solve.settlement.api import commitment, drawdown
from deal_solve.settlement.api.drawdown import Order, PeriodRecord, post_api
from deal_solve.settlement.blocks import Where, joined
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.channel import CloudFacts, post_cloud_shortfall, post_metered
from deal_solve.settlement.in_force.before import before_signing, post_before, post_given_up
from deal_solve.settlement.ledger import GROWTH_LINES, Ledger, Row
from deal_solve.settlement.projects import post_projects
from deal_solve.settlement.records import Records, SeatFacts, alike
from deal_solve.settlement.renewal import spread_rows
from deal_solve.settlement.seats import seats
from deal_solve.settlement.seats.allowance import post_extra
from deal_solve.settlement.seats.seat_plans import post_above_maximum, post_below_minimum, served
from deal_solve.settlement.seats.seats import SeatContract, post_fees, post_users, seat_contracts
from deal_solve.settlement.seats.tracks import post_tools, post_unserved, seat_counts, taken
from deal_solve.settlement.seats.true_up import post_hard_cap, post_true_up
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.months import in_months_of
from deal_solve.uncertainty.scenario_set import BLOCK, Array, Scenarios, ScenarioSet, each_block

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Settlement:
    """What a plan costs in S scenarios over Y contract years; USD, costs positive.

    `cost` (S,) is discounted, `undiscounted` (S,) not; `by_line[line]` (S,) is discounted; `by_year` (Y, S) is by the
    contract year a payment belongs to, `before` (S,) what is paid for the months before the month of signing, neither
    discounted. `committed_usd` is Σ C + 12·N·seat price at index 1 (model §7); with tables
    the most of any path that occurs. `signed_usd` is the same of the first terms alone. `growth[line]` (S,) is what is
    paid for overage and for true-up over the horizon, not discounted; `growth_signed` the part of the first terms.
    `usage_by_year` (Y, S) is counted usage at contracted rates, whether it is paid for or covered by a commitment, and
    `credited_usd` (S,) what of it and of overage a credit paid, or covered, not discounted.
    `beyond_horizon_usd` is what is owed when a last term runs past the horizon, each of its remaining years as the last
    one inside, at index 1. `records`, most of what a settlement holds, may wait until they are asked for (None).
    """

    weights: Array = field(repr=False)
    cost: Array = field(repr=False)
    undiscounted: Array = field(repr=False)
    by_line: dict[str, Array] = field(repr=False)
    by_year: Array = field(repr=False)
    by_year_discounted: Array = field(repr=False)
    before: Array = field(repr=False)
    committed_usd: float
    signed_usd: float
    growth: dict[str, Array] = field(repr=False)
    growth_signed: dict[str, Array] = field(repr=False)
    usage_by_year: Array = field(repr=False)
    credited_usd: Array = field(repr=False)
    beyond_horizon_usd: float
    records: Records | None = field(repr=False)
    deal: Deal = field(repr=False)
    plan: Plan = field(repr=False)
    scenarios: Scenarios = field(repr=False)
    order: Order = "highest_ratio"
    rows: tuple[Row, ...] | None = field(default=None, repr=False)

    @property
    def drawdown(self) -> tuple[PeriodRecord, ...]:
        """One record per commitment period."""
        return self._kept_records().drawdown

    @property
    def seats(self) -> dict[str, SeatFacts]:
        """One record per seat type."""
        return self._kept_records().seats

    @property
    def clouds(self) -> dict[str, CloudFacts]:
        """One record per cloud commitment."""
        return self._kept_records().clouds

    def _kept_records(self) -> Records:
        if self.records is not None:
            return self.records
        return self.keep_records([settle(self.deal, self.plan, self.scenarios, self.order)])

    def keep_records(self, parts: Sequence[Settlement]) -> Records:
        """Keep, and return, the records of the same plan in the same scenarios, settled block by block elsewhere."""
        found = alike([part.records for part in parts], [len(part.weights) for part in parts], bool(self.plan.later))
        object.__setattr__(self, "records", joined([each for each in found if each is not None]))
        return self._kept_records()

    def mean(self, values: Array | float) -> float:
        """Return the expected value of one number per scenario, or of one for all."""
        return float(self.weights @ values) if isinstance(values, np.ndarray) else values

    def to_frame(self, by: Literal["line", "year"] = "line") -> pd.DataFrame:
        """Return what every scenario costs, one row each, USD: by line, discounted, or as paid by contract year.

        Between `scenario`, `probability` and `total` there is one column per line that costs anything, or `year 1` ….
        """
        import pandas as pd

        if by == "line":
            parts, total = {line: usd for line, usd in self.by_line.items() if usd.any()}, self.cost
        else:
            parts = {f"year {year + 1}": usd for year, usd in enumerate(self.by_year)}
            total = self.undiscounted
        head = {"scenario": list(self.scenarios.names), "probability": self.weights}
        return pd.DataFrame({**head, **parts, "total": total})

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, max_rows=20))

    def invoice(self, scenario_index: int = 0) -> pd.DataFrame:
        """Return every payment in one scenario; the amounts add up to `undiscounted` of that scenario.

        `period` is the calendar month, or first/last month, charged for; `paid_month` a time in months (the end of
        month t is t + 1); `rate_usd` is USD per unit of `quantity`: per seat-month, per user-month, and for usage per
        dollar at today's list (overage: per uncovered dollar at contracted rates). Payments of 0 are left out.
        """
        import pandas as pd

        if self.rows is None:
            index, within = divmod(scenario_index, BLOCK)
            alone = self.scenarios.block(index).take(within)
            return settle(self.deal, self.plan, alone, self.order).invoice()  # rows of one scenario are kept
        lines = []
        for row in self.rows:
            quantity, rate, amount = row.of(scenario_index)
            if abs(amount) > 1e-9:
                head = (_period(self.deal, row), row.line, row.item)
                lines.append((*head, quantity, rate, amount, row.paid, row.year))
        return pd.DataFrame(lines, columns=list(INVOICE_COLUMNS))


INVOICE_COLUMNS = ("period", "line", "item", "quantity", "rate_usd", "amount_usd", "paid_month", "contract_year")


def _period(deal: Deal, row: Row) -> str:
    first, last = (f"{deal.calendar(t):%Y-%m}" for t in (row.first, row.last))
    return first if first == last else f"{first}/{last}"


def settle(
    deal: Deal,
    plan: Plan,
    scenarios: Scenarios,
    order: Order = "highest_ratio",
    keep_rows: bool = False,
    *,
    costs_alone: bool = False,
) -> Settlement:
    """Price a complete plan over a scenario set, block by block.

    `order` is the drawdown order within a period; `chronological` is priced, never optimised (model §4). Rows for
    invoices are kept for a single scenario, or if asked and the set is one block. With `costs_alone` the records wait
    until they are asked for. Raises InputError for a plan that does not fit the deal.
    """
    deal, scenarios = _signed(deal, plan, scenarios)
    keep_rows = keep_rows and scenarios.block_count == 1

    def settled(_: int, block: ScenarioSet) -> Settlement:
        part = replace(_settle_block(deal, plan, block, order, keep_rows), scenarios=scenarios)  # no block is kept
        return replace(part, records=None) if costs_alone else part

    parts = each_block(scenarios, settled)
    return parts[0] if len(parts) == 1 else _joint(parts, bool(plan.later))


def cost_of(deal: Deal, plan: Plan, scenarios: Scenarios) -> Array:
    """Return what a plan costs in each scenario (S,), USD, discounted: `cost` of `settle`, and nothing else is held."""
    deal, scenarios = _signed(deal, plan, scenarios)
    costs = each_block(scenarios, lambda _, block: _settle_block(deal, plan, block, "highest_ratio", False).cost)
    return np.concatenate(costs)


def _signed(deal: Deal, plan: Plan, scenarios: Scenarios) -> tuple[Deal, Scenarios]:
    """Return the deal signed in the month of a plan, and its scenarios; raises InputError if it does not fit."""
    unfit = None if deal.whole.is_open else signing_problem(deal, plan.signing_month)
    if unfit is not None:
        raise InputError(f"plan: {unfit.path} {unfit.message}")
    if deal.is_open and plan.signing_month not in deal.signing_months:
        known = ", ".join(map(deal.dated, deal.signing_months))
        month = deal.dated(plan.signing_month)
        raise InputError(f"plan: signing_month is {month}; the deal may be signed in month {known}")
    if deal.is_open or plan.signing_month != deal.signing_month:
        deal = deal.whole.signed_in(plan.signing_month)
    scenarios = in_months_of(deal, scenarios)
    _check(deal, plan)
    return deal, scenarios


BY_SCENARIO = (
    "weights",
    "cost",
    "undiscounted",
    "by_line",
    "by_year",
    "by_year_discounted",
    "before",
    "growth",
    "growth_signed",
    "usage_by_year",
    "credited_usd",
    "records",
)
"""The fields of a settlement that hold numbers per scenario."""
OF_ALL_PATHS = ("committed_usd", "signed_usd", "beyond_horizon_usd")


def _joint(parts: list[Settlement], has_tables: bool, order: Where = None) -> Settlement:
    """Return settlements of other scenarios as one, laid end to end or in this order; the list of them is emptied."""
    records = alike([part.records for part in parts], [len(part.weights) for part in parts], has_tables)
    parts[:] = [replace(part, records=own) for part, own in zip(parts, records, strict=True)]
    maximum = {name: max(getattr(part, name) for part in parts) for name in OF_ALL_PATHS}
    first, left = parts[0], [dict(vars(part)) for part in parts]
    parts.clear()  # what is joined is let go of: it is large, and is not held twice
    joint: dict[str, Any] = {name: joined([own.pop(name) for own in left], order) for name in BY_SCENARIO}
    return replace(first, **joint, **maximum)


def _settle_block(deal: Deal, plan: Plan, scenarios: ScenarioSet, order: Order, keep_rows: bool) -> Settlement:
    """Settle the scenarios of each path through the tables with its plan."""
    if not plan.later:
        return _settle_path(deal, plan, scenarios, order, keep_rows)
    paths = list(paths_of(deal, plan, scenarios))
    parts = [_settle_path(deal, flat, scenarios.rows(indices), order, keep_rows) for flat, indices in paths]
    found = _joint([*parts], True, np.argsort(np.concatenate([indices for _, indices in paths])))
    rows: tuple[Row, ...] | None = None
    if keep_rows or scenarios.size == 1:
        kept = [(part.rows or (), indices) for part, (_, indices) in zip(parts, paths, strict=True)]
        rows = tuple(row for own, indices in kept for row in spread_rows(own, indices, scenarios.size))
    return replace(found, plan=plan, rows=rows)


def _settle_path(deal: Deal, plan: Plan, scenarios: ScenarioSet, order: Order, keep_rows: bool) -> Settlement:
    keep_rows = keep_rows or scenarios.size == 1
    ledger = Ledger(scenarios.size, deal, keep_rows)
    tiers = bundle_tiers(deal, plan)
    if deal.whole is not deal:
        before = before_signing(deal, scenarios)
        ledger.undrawn = before.undrawn if deal.credits_undrawn else None
        ledger.licensed = {name: seats.carried for name, seats in before.seats.items() if seats.carried is not None}
        post_before(ledger, before)
        post_given_up(ledger, deal, plan, before)
    whole, (scenarios, unserved) = scenarios, served(deal, plan, scenarios)
    post_above_maximum(ledger, deal, unserved)
    contracts = _contracts(deal, plan, scenarios, tuple(tier.seats for tier in tiers))
    facts = _post_seats(ledger, deal, plan, scenarios, contracts)
    post_tools(ledger, deal, plan)
    post_unserved(ledger, deal, plan, scenarios)
    post_projects(ledger, deal, plan)
    usage = usage_of(deal, plan, scenarios)
    post_metered(ledger, deal, plan, usage, scenarios)
    post_extra(ledger, deal, plan, scenarios)
    priced = drawdown.priced_terms(deal, plan, scenarios, usage.counted, tuple(tier.api for tier in tiers))
    records = post_api(ledger, resolve(deal).taken(plan.api), priced, order)
    clouds = post_cloud_shortfall(ledger, deal, scenarios)
    first_years = {name: len(resolve(deal).taken(agreement).spans[0].years) for name, agreement in plan.seats.items()}
    committed = commitment.committed_usd(deal, plan)
    beyond = commitment.beyond_horizon_usd(deal, plan)
    return Settlement(
        weights=scenarios.weights,
        cost=ledger.by_year_discounted.sum(axis=0) + ledger.before_discounted,
        undiscounted=ledger.by_year.sum(axis=0) + ledger.before,
        by_line=ledger.by_line,
        by_year=ledger.by_year,
        by_year_discounted=ledger.by_year_discounted,
        before=ledger.before,
        committed_usd=sum(committed) + sum(seats.committed_usd(contract) for contract in contracts),
        signed_usd=committed[0] + sum(seats.signed_usd(contract) for contract in contracts),
        growth=_growth(ledger, {}, None),
        growth_signed=_growth(ledger, first_years, len(plan.api.terms[0].commitment_usd)),
        usage_by_year=ledger.usage_by_year,
        credited_usd=ledger.credited,
        beyond_horizon_usd=beyond + sum(seats.beyond_horizon_usd(contract) for contract in contracts),
        records=Records(records, facts, clouds),
        deal=deal,
        plan=plan,
        scenarios=whole,
        order=order,
        rows=tuple(ledger.rows) if keep_rows else None,
    )


def _growth(ledger: Ledger, seat_years: Mapping[str, int], api_years: int | None) -> dict[str, Array]:
    """Return what overage and true-up come to, not discounted, (S,), in the first so many contract years of each, or in
    all where no number is given.
    """
    found: dict[str, Array] = {line: np.zeros(ledger.scenarios) for line in GROWTH_LINES}
    for (line, item), by_year in ledger.growth.items():
        years = seat_years.get(item) if line == "true_up" else api_years
        found[line] += by_year[:years].sum(axis=0)
    return found


def _contracts(deal: Deal, plan: Plan, scenarios: ScenarioSet, bundle: tuple[float, ...]) -> tuple[SeatContract, ...]:
    """Return the seat agreements; the bundle's discount only on those of the API agreement's offer."""
    index = scenarios.index["seats"]
    return tuple(
        contract
        for name, agreement in plan.seats.items()
        for contract in seat_contracts(
            deal, name, agreement, bundle if agreement.offer == plan.api.offer else (), index
        )
    )


def _post_seats(
    ledger: Ledger, deal: Deal, plan: Plan, scenarios: ScenarioSet, contracts: tuple[SeatContract, ...]
) -> dict[str, SeatFacts]:
    counts = seat_counts(deal, plan, scenarios)
    facts = {}
    for name, agreement in plan.seats.items():
        count, own = counts[name], [contract for contract in contracts if contract.seat_type == name]
        for contract in own:
            if not contract.seat.is_billed_by_users:
                post_fees(ledger.through(contract.channel), contract)
        above, carried = post_true_up(ledger, own, count, taken(plan, name, deal.years))
        for contract in own:
            if contract.seat.is_billed_by_users:
                post_users(ledger, contract, np.maximum(count, np.repeat(carried, 12, axis=0)[: len(count)]))
            post_hard_cap(ledger, deal, plan, scenarios, contract)
        contracted = np.broadcast_to(np.array(agreement.contracted, dtype=float)[:, None], above.shape)
        facts[name] = SeatFacts(count, contracted, above)
    post_below_minimum(ledger, deal, plan, contracts, counts)
    return facts


def _check(deal: Deal, plan: Plan) -> None:
    """Raise InputError where a plan does not have the shape of the deal (it need not keep the deal's limits)."""
    on_table = resolve(deal)
    sellers = {"api": (plan.api.offer,), **{f"seats.{name}": one.sellers for name, one in plan.seats.items()}}
    for what, offer in ((what, offer) for what, offers in sellers.items() for offer in offers):
        if offer not in on_table.offers:
            raise InputError(f"plan: {what}.offer is {offer!r}; expected one of {', '.join(on_table.offers)}")
    problems = list(broken_tables(deal, plan))
    if problems:
        raise InputError(problems)
    for flat in plans_by_path(deal, plan).values() if plan.later else ():
        _check(deal, flat)
    api = on_table.taken(plan.api)
    api.require_api()
    _check_term(deal, "api", api)
    found = [len(term.commitment_usd) for term in plan.api.terms]
    expected = [len(span.years) for span in api.spans]
    if found != expected:
        raise InputError(f"plan: the contract years of api.terms are {found}; expected {expected}")
    for name, agreement in plan.seats.items():
        for seller in agreement.sellers:
            if name not in on_table.offers[seller].seats:
                raise InputError(f"plan: seats.{name}: {seller} does not have this seat type")
        _check_term(deal, f"seats.{name}", on_table.taken(agreement))
        if agreement.offer == plan.api.offer and agreement.term_months != plan.api.term_months:
            raise InputError(f"plan: seats.{name} has another term than the API part of the same offer")
        if len(agreement.contracted) != deal.years:
            raise InputError(
                f"plan: seats.{name}.contracted has {counted(len(agreement.contracted), 'year')}, not {deal.years}"
            )
    _check_tracks(deal, plan)


def _check_term(deal: Deal, what: str, taken: OfferTerms) -> None:
    months, offered = taken.first_months, taken.offer.terms
    if months not in offered or months > 12 * deal.years:
        known = ", ".join(map(str, offered))
        raise InputError(f"plan: {what}.term_months is {months}; {taken.offer_id} offers {known}")


def _check_tracks(deal: Deal, plan: Plan) -> None:
    for cohort in deal.cohorts:
        tracks = plan.tracks.get(cohort, ())
        if len(tracks) != deal.years:
            raise InputError(
                f"plan: tracks.{cohort} has {counted(len(tracks), 'contract year')}; expected {deal.years}"
            )
        for track in tracks:
            if track != NONE and track not in deal.internal_tools and track not in plan.seats:
                raise InputError(f"plan: tracks.{cohort} takes {track!r}, but there is no seat agreement for it")
