"""How measured workloads move together: correlations of their monthly changes, shrunk."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deal_solve.analysis.measure.growth import LEVEL_DAYS, Floats, is_intermittent

MIN_MONTHS = 6
"""Changes below which nothing is said."""
COMMON, COMMON_MONTHS = 0.5, 12
"""The correlation that is thought of before anything is measured, and the months that it counts as."""
MAX_PAIRED = 6
"""Workloads of which every pair is written; of more the mean of all pairs."""


def correlations(daily: Mapping[str, Floats]) -> dict[tuple[str, str], float]:
    """Return the correlation of each pair of workloads that were used in every month; none of too short a history.

    Of changes of the logarithm of 28 days' usage less their mean, weighted with what is thought before. The matrix
    stays one of correlations: it is a mean of two.
    """
    blocks = {
        name: days[len(days) % LEVEL_DAYS :].reshape(-1, LEVEL_DAYS).mean(axis=1)
        for name, days in daily.items()
        if not is_intermittent(days)
    }
    changes = {name: np.diff(np.log(each)) for name, each in blocks.items() if each.all() and len(each) > MIN_MONTHS}
    names = [name for name, each in changes.items() if each.std() > 0]
    if len(names) < 2:
        return {}
    found = np.corrcoef([changes[name] for name in names])
    months = len(changes[names[0]])
    shrunk = (months * found + COMMON_MONTHS * COMMON) / (months + COMMON_MONTHS)
    pairs = [(one, two) for two in range(len(names)) for one in range(two)]
    return {(names[one], names[two]): float(shrunk[one, two]) for one, two in pairs}
