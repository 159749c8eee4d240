"""Growth whose band compounds to no settled mean: expected costs then hang on scenarios beyond its P90."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.deal.deal import Deal
from deal_solve.uncertainty.paths import bands_of

MAX_TIMES = 50.0
"""Usage at the end of the horizon, P90 of growth against P10: beyond, the mean is made of what lies above P90."""
TO_DO = "narrow it where you know why, see whether --scenarios 1024 and 4096 agree, or limit the worst case"


def times_apart(p10: float, p90: float, months: int) -> float:
    """Return usage after so many months at the P90 of growth per year over that at its P10; 1 where that ends it.

    >>> round(times_apart(0.0, 1.0, 36), 6)
    8.0
    """
    return float(((1 + p90) / (1 + p10)) ** (months / 12)) if p10 > -1 else 1.0


def open_growth(deal: Deal) -> Iterator[tuple[str, float]]:
    """Yield the path of each band of growth that is so far open, and how many times; none of listed scenarios."""
    for _, path, band in bands_of(deal):
        times = times_apart(band.p10, band.p90, deal.compared_months)
        if "growth" in path.rpartition(".")[2] and not deal.scenarios and times > MAX_TIMES:
            yield path, times
