"""The ledger: every payment of a plan, posted once as an array over scenarios, added up and (if asked) kept as rows."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.offers.channel import Channel
from deal_solve.deal.offers.cloud_years import cloud_year, cloud_years
from deal_solve.settlement.lines import LINES
from deal_solve.uncertainty.scenario_set import Array


@dataclass(frozen=True, eq=False)
class Row:
    """One posting: `amount` USD for `quantity` units, (S,) or one number for all scenarios, charged for months
    [first, last] (both included) and paid at time `paid` in months (the end of month t is t + 1). A fee is on top of a
    payment, which stands on the line `fee_of`. Usage of a model that is posted for one `user` alone names that one.
    """

    line: str
    item: str
    quantity: Array | float
    amount: Array | float
    paid: int
    first: int
    last: int
    fee_of: str = ""
    user: str = ""

    @property
    def year(self) -> int:
        """The contract year a payment belongs to: that of the last month it is charged for (model §4).

        -1 for what is paid before signing, or for seats in force that outlast it: they belong to none.
        """
        return -1 if self.line == "before" else self.last // 12

    def of(self, scenario: int) -> tuple[float, float, float]:
        """Return (quantity, rate, amount) in one scenario; quantity · rate = amount."""
        quantity, amount = (
            float(value[scenario] if isinstance(value, np.ndarray) else value) for value in (self.quantity, self.amount)
        )
        return (quantity, amount / quantity, amount) if quantity else (1.0, amount, amount)


GROWTH_LINES = ("overage", "true_up")
"""Lines that growth beyond what is contracted leads to: what of them falls due in every scenario is certain."""


class Ledger:
    """Adds up postings over S scenarios and the Y contract years of a deal (model §1).

    `by_line[line]` is discounted, (S,); `by_year` undiscounted and `by_year_discounted`, (Y, S); `growth[line, item]`
    undiscounted, (Y, S), of the lines that growth leads to; `usage_by_year` counted usage at contracted rates, paid for
    or covered, (Y, S); `before` and `before_discounted` (S,) are for months before the month of signing and for seats
    in force that outlast it, which belong to no contract year; `undrawn` (S,) is what is credited of the commitment of
    an agreement in force, None where nothing is; `credited` (S,) is what a credit pays or covers, undiscounted;
    `licensed[seat type]` the seats M that stay licensed from an agreement in force, (S,); `retiring[cloud]` what
    payments through a channel count toward a cloud commitment in each year of the whole horizon, undiscounted; all in
    USD, costs positive.
    """

    def __init__(self, scenarios: int, deal: Deal, keep_rows: bool) -> None:
        self.scenarios = scenarios
        self.by_line: dict[str, Array] = {line: np.zeros(scenarios) for line in LINES}
        self.by_year: Array = np.zeros((deal.years, scenarios))
        self.by_year_discounted: Array = np.zeros((deal.years, scenarios))
        self.before: Array = np.zeros(scenarios)
        self.before_discounted: Array = np.zeros(scenarios)
        self.undrawn: Array | None = None
        self.licensed: dict[str, Array] = {}
        self.growth: dict[tuple[str, str], Array] = {}
        self.usage_by_year: Array = np.zeros((deal.years, scenarios))
        self.credited: Array = np.zeros(scenarios)
        self.rows: list[Row] = []
        self.retiring: dict[str, Array] = {}
        self._channel: Channel | None = None
        self._deal = deal
        self._keep_rows = keep_rows

    def through(self, channel: Channel | None) -> Ledger:
        """Return the same ledger, for payments of an agreement whose offer is bought through a channel (if any)."""
        if channel is None:
            return self
        found = copy(self)
        found._channel = channel
        return found

    def discount(self, paid: int) -> float:
        """Return what a dollar paid at time `paid` (months) counts."""
        return self._deal.discount(paid)

    def post(self, row: Row) -> None:
        """Add what is posted to its line and its contract year, as it is and discounted.

        What is paid through a channel also counts toward its cloud commitment, and has its fee posted beside it.
        """
        present = row.amount * self.discount(row.paid)
        self.by_line[row.line] += present
        if row.year < 0:
            self.before += row.amount
            self.before_discounted += present
        else:
            self._post_in_year(row, present)
        if self._keep_rows:
            self.rows.append(row)
        if self._channel is not None and not row.fee_of and LINES[row.line].is_cash:
            self._pay_through(self._channel, row)

    def _pay_through(self, channel: Channel, row: Row) -> None:
        years = cloud_years(self._deal)
        retiring = self.retiring.setdefault(channel.through, np.zeros((years, self.scenarios)))
        month = row.first if row.paid <= row.first else row.last  # in advance: the first one that it is for
        retiring[cloud_year(self._deal, month)] += channel.counts * row.amount
        if channel.fee:
            self.post(replace(row, line="fee", quantity=row.amount, amount=channel.fee * row.amount, fee_of=row.line))

    def _post_in_year(self, row: Row, present: Array | float) -> None:
        self.by_year[row.year] += row.amount
        self.by_year_discounted[row.year] += present
        if row.line in GROWTH_LINES:
            self.growth.setdefault((row.line, row.item), np.zeros(self.by_year.shape))[row.year] += row.amount
