"""The season of a series of two years and more: a factor for each calendar month, shrunk by what is noise."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from deal_solve.analysis.measure.growth import MONTHLY_SHOCK, Floats
from deal_solve.deal.base import months_later

YEAR = 12
MIN_MONTHS = 24
"""Whole months below which nothing tells a season from growth."""
SMALL = 0.02
"""Largest deviation of a factor from 1 that is no season."""


def season_of(daily: Floats, first: date) -> Floats | None:
    """Return the factor of each calendar month, (12,), mean 1, of daily amounts from `first` on; None if none is seen.

    The logarithm of each whole month is held against its centred mean over a year; the mean of these by calendar month
    is multiplied by the share of its variance that monthly shocks do not explain.
    """
    start = first if first.day == 1 else months_later(first, 1)
    end = first + timedelta(len(daily))
    whole = (end.year - start.year) * YEAR + end.month - start.month
    edges = [(months_later(start, month) - first).days for month in range(whole + 1)] if whole >= MIN_MONTHS else []
    totals = np.array([daily[one:two].mean() for one, two in pairwise(edges)])
    if whole < MIN_MONTHS or not totals.all():
        return None
    smooth = np.convolve(np.log(totals), np.array([0.5, *[1.0] * 11, 0.5]) / YEAR, "valid")
    rest = np.log(totals)[6:-6] - smooth
    of_month = (np.arange(6, whole - 6) + start.month - 1) % YEAR
    effect = np.array([rest[of_month == month].mean() for month in range(YEAR)])
    effect -= effect.mean()
    variance, noise = float(effect.var()), MONTHLY_SHOCK**2 * YEAR / len(rest)
    factors: Floats = np.exp(effect * max(1 - noise / variance, 0.0)) if variance else np.ones(YEAR)
    factors /= factors.mean()
    return factors if np.abs(factors - 1).max() > SMALL else None


def without_season(daily: Floats, first: date, season: Floats | None) -> Floats:
    """Return daily amounts divided by the factor of their calendar month."""
    if season is None:
        return daily
    days = np.arange(np.datetime64(first), np.datetime64(first) + len(daily))
    flat: Floats = daily / season[days.astype("datetime64[M]").astype(int) % YEAR]
    return flat
