"""Settlements of the paths through a plan's tables, made to fit together (model §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from deal_solve.settlement.api.drawdown import PeriodRecord
from deal_solve.settlement.blocks import Where
from deal_solve.settlement.ledger import Row

COMMITTED = ("commitment_usd", "committed_usd")
"""What is one number of a period where no table decides it."""


def aligned(paths: Sequence[tuple[PeriodRecord, ...]], sizes: Sequence[int]) -> list[tuple[PeriodRecord, ...]]:
    """Return the records of every path with the same periods and commitments (S,): 0 in a term without commitment."""
    periods = {record.start: record for records in paths for record in records}
    found = []
    for records, size in zip(paths, sizes, strict=True):
        own = {record.start: record for record in records}
        found.append(tuple(_record(own.get(start), periods[start], size) for start in sorted(periods)))
    return found


def _record(own: PeriodRecord | None, alike: PeriodRecord, size: int) -> PeriodRecord:
    if own is not None:
        filled: dict[str, Any] = {name: np.full(size, getattr(own, name)) for name in COMMITTED}
        return replace(own, **filled)
    values = {field.name: getattr(alike, field.name) for field in fields(alike)}
    nothing: dict[str, Any] = {
        name: np.zeros((*value.shape[:-1], size)) for name, value in values.items() if isinstance(value, np.ndarray)
    }
    return replace(alike, **{**nothing, **dict.fromkeys(COMMITTED, np.zeros(size))})


def spread_rows(rows: Sequence[Row], indices: Where, size: int) -> list[Row]:
    """Return the postings of one path over all scenarios, 0 on the others."""
    spread = []
    for row in rows:
        quantity, amount = np.zeros(size), np.zeros(size)
        quantity[indices], amount[indices] = row.quantity, row.amount
        spread.append(replace(row, quantity=quantity, amount=amount))
    return spread
