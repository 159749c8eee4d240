"""Where a charge belongs: its dates, who bills it, and the commitment that it counts toward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from deal_solve.analysis.focus.commitments import commitment_rows, contract_id, day
from deal_solve.analysis.focus.cost_row import PROVIDER
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.facts.names import offer_name
from deal_solve.plan.plan import Plan
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.api.rates import band_of
from deal_solve.settlement.channel import channel_of_api, channel_of_seats, channel_of_user


@dataclass(frozen=True, eq=False)
class Places:
    """The dates, issuers and commitments of a plan without tables."""

    deal: Deal
    plan: Plan

    @cached_property
    def commitments(self) -> frozenset[str]:
        """The ids of all contract commitments."""
        return frozenset(row.ContractCommitmentId for row in commitment_rows(self.deal, self.plan))

    def month(self, month: int) -> tuple[str, str]:
        """Return the first day of a month and of the next."""
        return self.period(month, month + 1)

    def period(self, start: int, end: int) -> tuple[str, str]:
        """Return the first days of two months."""
        return day(self.deal, start), day(self.deal, end)

    def span(self, start: int, end: int) -> str:
        """Return months [start, end) in words."""
        return self.deal.span(start, end)

    def is_prepaid(self, month: int) -> bool:
        """Whether the API is committed to in a month, and paid for in advance."""
        taken = resolve(self.deal).taken(self.plan.api)
        span = taken.span_at(month)
        is_committed = band_of(taken, span, self.plan.api.terms[span.index]).commit_usd_per_year > 0
        return is_committed and taken.require_api().payment != "arrears"

    def discount(self, month: int) -> tuple[str, str]:
        """Return id and name of the commitment discount of a month: one for each term of the API agreement."""
        taken = resolve(self.deal).taken(self.plan.api)
        span = taken.span_at(month)
        name = f"API commitment under {offer_name(self.deal, taken.offer_id)}, {self.span(span.start, span.end)}"
        return f"{contract_id(taken.offer_id, span)}:api", name

    def api_commitment(self, month: int) -> str | None:
        """Return the id of the contract commitment of the API in a month; None without one."""
        taken = resolve(self.deal).taken(self.plan.api)
        return self._known(f"{contract_id(taken.offer_id, taken.span_at(month))}:api:{month // 12 + 1}")

    def seat_commitment(self, seat_type: str, year: int) -> str | None:
        """Return the id of the contract commitment to a seat type in a contract year; None without one."""
        agreement = self.plan.seats[seat_type]
        taken = resolve(self.deal).taken(agreement)
        if agreement.seller(year) != agreement.offer:
            return None
        return self._known(f"{contract_id(taken.offer_id, taken.span_of(year))}:{seat_type}:{year + 1}")

    def _known(self, name: str) -> str | None:
        return name if name in self.commitments else None

    def issuer_of_api(self, month: int) -> str:
        """Return who bills the API agreement in a month: the vendor, or the cloud that it is bought through."""
        return self._issuer(channel_of_api(self.deal, self.plan, month))

    def issuer_of_seats(self, seat_type: str, year: int) -> str:
        """Return who bills a seat type in a contract year."""
        return self._issuer(channel_of_seats(self.deal, self.plan, seat_type, year))

    def issuer_of_user(self, user: str, month: int) -> str:
        """Return who bills what a workload or cohort uses beside the commitment."""
        return self._issuer(channel_of_user(self.deal, self.plan, user, month))

    def cloud(self, name: str) -> str:
        """Return the name of a cloud provider."""
        clouds: Mapping[str, object] = self.deal.cloud_commitments
        return getattr(clouds.get(name), "title", "") or name

    def _issuer(self, channel: Channel | None) -> str:
        return self.cloud(channel.through) if channel else PROVIDER
