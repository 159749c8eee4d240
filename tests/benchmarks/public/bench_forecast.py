"""Coverage and loss of the fan of usage: on generated histories, and on public downloads, which are read, not shipped.

    python tests/benchmarks/public/bench_forecast.py CLONE

CLONE is a git clone of the monthly lists of downloads from PyPI (github.com/hugovk/top-pypi-packages), whose history
has one file a month. The table is that of forecast.md.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.support.exports.histories import histories

from deal_solve.analysis.measure.backtest import backtest
from deal_solve.analysis.measure.growth import DAYS_PER_MONTH
from deal_solve.deal.base import months_later

FILE = "top-pypi-packages-30-days.json"
WINDOWS = ((date(2018, 11, 1), 26), (date(2021, 5, 1), 44), (date(2022, 7, 1), 30))
"""First month and months: what lies between was counted otherwise (sums of all packages jump by a factor of three)."""
PACKAGES = 500
"""Those of most downloads in the first month of a window."""
NEAR_DAYS = 5
"""A list of so many days off stands for the first of its month; other months are interpolated."""


def lists(clone):
    """Return the downloads of 30 days by package, by the day on which they were counted."""

    def git(*args):
        return subprocess.run(["git", "-C", clone, *args], capture_output=True, text=True, check=True).stdout

    found = {}
    for commit in git("log", "--format=%h", "--", FILE).split():
        try:
            data = json.loads(git("show", f"{commit}:{FILE}"))
        except (ValueError, subprocess.CalledProcessError):  # an early test, or deleted
            continue
        if isinstance(data, dict):
            counts = {row["project"]: row["download_count"] for row in data["rows"]}
            found.setdefault(date.fromisoformat(data["last_update"][:10]), counts)
    return found


def series_of(counted, first, months):
    """Return daily series of the packages of a window, and how many left the lists before its end."""
    rows = []
    for month in range(months):
        day = months_later(first, month)
        near = min(counted, key=lambda each: abs((each - day).days))
        rows.append(counted[near] if abs((near - day).days) <= NEAR_DAYS else None)
    place = np.floor(np.arange(round(months * DAYS_PER_MONTH)) / DAYS_PER_MONTH).astype(int)
    known = [index for index, row in enumerate(rows) if row is not None]
    found = []
    for name in sorted(rows[0], key=lambda name: -rows[0][name])[:PACKAGES]:
        counts = [rows[index].get(name, 0) for index in known]
        if all(counts):
            logs = np.interp(range(months), known, np.log(counts))
            found.append(np.exp(logs)[place] / 30)
    return found, PACKAGES - len(found)


def show(name, series):
    """Print the rows of one set."""
    for row in backtest(series):
        loss = row.pinball / row.extrapolation
        print(f"| {name} | {row.months} | {row.forecasts:,} | {row.coverage:.1%} | {loss:.2f} |", flush=True)


if __name__ == "__main__":
    for shock in (0.145, 0.3):
        show(f"generated, monthly shock {shock:g}", histories(shock, count=400))
    counted = lists(sys.argv[1])
    for first, months in WINDOWS:
        series, left = series_of(counted, first, months)
        name = f"downloads, {months} months from {first:%Y-%m}"
        show(name, series)
        print(f"{name}: {len(series)} packages, {left} left the lists", file=sys.stderr, flush=True)
