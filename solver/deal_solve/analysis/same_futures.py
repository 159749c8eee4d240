"""Futures of varied deals: made anew only where something they are made of differs."""

from __future__ import annotations

from deal_solve.analysis.cells import UNCERTAIN, FuturesOf
from deal_solve.deal.deal import Deal
from deal_solve.uncertainty.scenarios import Futures


class SameFutures:
    """Makes the futures of deals, in memory if they are few; the very object of the last ones where they are the same.

    `Memory` knows futures by their identity.
    """

    def __init__(self, futures_of: FuturesOf) -> None:
        self.futures_of = futures_of
        self.last: tuple[Deal, Futures] | None = None

    def __call__(self, deal: Deal) -> Futures:
        """Return the futures of a deal."""
        if self.last is None or any(getattr(self.last[0], name) != getattr(deal, name) for name in UNCERTAIN):
            self.last = deal, ready(self.futures_of(deal))
        return self.last[1]


def ready(futures: Futures) -> Futures:
    """Return futures in memory if they are few, else as they are."""
    return futures.in_memory() if futures.block_count == 1 else futures
