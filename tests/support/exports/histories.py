"""Histories of usage as the forecast takes them to be, for tests and benchmarks."""

import numpy as np

MONTH = 365.25 / 12


def histories(shock, months=30, count=60):
    """Return daily series as the method takes them to be: growth that returns to its mean, shocks, and weekends."""
    rng, days, rate = np.random.default_rng(5), round(months * MONTH), np.log(2) / 365.25
    growth = np.empty((days, count))
    growth[0] = rng.normal(0.3, 0.45, count)
    for day in range(1, days):
        new = rng.normal(0, 0.45 * np.sqrt(2 * rate), count)
        growth[day] = growth[day - 1] + rate * (0.3 - growth[day - 1]) + new
    logs = np.cumsum(growth / 365.25 + rng.normal(0, shock / np.sqrt(MONTH), (days, count)), axis=0)
    weekday = np.where(np.arange(days) % 7 > 4, 0.6, 1.0)[:, None]
    return list((1000 * np.exp(logs) * weekday * rng.lognormal(0, 0.1, (days, count))).T)
