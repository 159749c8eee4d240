"""What `sweep` prints: decision regions, best and worst run, and which field changes what where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deal_solve.analysis.sweep.design import is_number, key_of, shown
from deal_solve.analysis.sweep.regions import GROUPS, NO_PLAN, FieldStep, Region, Regions, regions
from deal_solve.analysis.sweep.result import Sweep, SweepRow
from deal_solve.deal.deal import Deal
from deal_solve.facts.decisions import NONE
from deal_solve.messages import counted
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import title_line
from deal_solve.report.text import bullets, heading, labelled, money, percent, table

MAX_ROWS = 40
"""Rows of a printed grid, and lines of a list."""
MAX_LINES = 12
STATUSES = {
    "optimal": "proven",
    "limit": "not proven to the gap",
    "infeasible": "no plan",
    "stopped": "stopped by the time limit",
    "invalid": "no valid deal",
    "failed": "failed",
}


def sweep_report(deal: Deal, found: Sweep) -> str:
    """Return a sweep in print."""
    seen, names = regions(found), short_names(found.design.paths)
    planned = [row for row in found.rows if row.has_plan]
    head = [*heading(title_line(deal)), *labelled("Runs", _counts(found))]
    for number, path in enumerate(found.design.paths):
        head += labelled("" if number else "Fields", _field(found, path, names[path]))
    if planned:
        ranked = sorted(planned, key=lambda row: (round(row.objective_usd or 0.0, 2), row.cell))
        head += labelled("Best", _run(ranked[0], names)) + labelled("Worst", _run(ranked[-1], names))
    head += labelled("Over", scenarios_text(found.about.scenarios))
    parts = ["\n".join(head)]
    if planned:
        parts += [_regions(seen, names), *_grids(seen, names), _steps(seen, names), _moves(seen, names)]
    return "\n\n".join([part for part in (*parts, _without(found)) if part]) + "\n"


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Return the shortest end of every path that names it among these, of two parts at least beside a quantile.

    >>> list(short_names(["horizon_months", "offers.a.api.overage", "workloads.b.growth_per_year.p50"]).values())
    ['horizon_months', 'api.overage', 'b.growth_per_year.p50']
    >>> list(short_names(["offers.a.api.overage", "offers.b.api.overage"]).values())
    ['a.api.overage', 'b.api.overage']
    """
    found = {}
    for path in paths:
        parts = path.split(".")
        minimum = 2 + (parts[-1] in ("p10", "p50", "p90"))
        ends = [".".join(parts[-length:]) for length in range(minimum, len(parts) + 1)]
        alone = (end for end in ends if sum(f".{other}".endswith(f".{end}") for other in paths) == 1)
        found[path] = next(alone, path)
    return found


def values_text(values: Sequence[Any]) -> str:
    """Return values in print, many numbers by their ends.

    >>> values_text([0, 0.5]), values_text([0, 1, 2, 3, 4]), values_text(["list", "contracted"])
    ('0, 0.5', '0 to 4', 'list, contracted')
    """
    if len(values) > 3 and all(map(is_number, values)):
        return f"{shown(values[0])} to {shown(values[-1])}"
    return ", ".join(map(shown, values))


def region_text(region: Region) -> str:
    """Return a region in print."""
    return region.deal or "the same deal everywhere"


def panel_text(found: Regions, panel: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what a grid shows."""
    axes = [names[path] for path in found.axes]
    title = f"Region by {' (down) and '.join(axes)}" + " (across)" * (len(axes) > 1)
    if panel:
        return title + ": " + ", ".join(f"{names[path]} {shown(value)}" for path, value in panel.items())
    if not found.steps:
        return title + ", the others changing with it"
    more = len(found.sweep.design.paths) > len(axes)
    return title + "; small: the most frequent one, not the only one" * more


def _counts(found: Sweep) -> str:
    counts = Counter[str](row.status for row in found.rows)
    stated = ", ".join(f"{counts[status]:,} {words}" for status, words in STATUSES.items() if counts[status])
    missing = len(found.design) - len(found.rows)
    return f"{len(found.design):,}: {stated}" + f", {missing:,} to do" * (missing > 0)


def _field(found: Sweep, path: str, name: str) -> str:
    values = found.design.values(path)
    count = f"{counted(len(values), 'value')}, " if len(values) > 3 else ""
    return (f"{name} ({path})" if name != path else path) + f": {count}{values_text(values)}"


def _run(row: SweepRow, names: dict[str, str]) -> str:
    inputs = ", ".join(f"{names[path]} {shown(value)}" for path, value in row.inputs.items())
    amounts = f"objective {money(row.objective_usd or 0.0)}, {money(row.expected_usd or 0.0)} expected"
    return f"run {row.cell} ({inputs}): {amounts}; {row.deal}"


def _regions(found: Regions, names: dict[str, str]) -> str:
    """Return every region: its deal, and the values of the fields in it, where they are not all."""
    lines = []
    for region in list(found.regions)[:MAX_ROWS]:
        where = [
            f"{names[path]} {values_text(values)}"
            for path, values in found.where(region.letter).items()
            if len(values) < len(found.sweep.design.values(path))
        ]
        runs = counted(region.runs, "run")
        lines += labelled(region.letter, f"{region_text(region)} ({runs}{': ' * bool(where)}{'; '.join(where)})", 4)
    if len(found.regions) > MAX_ROWS:
        lines.append(f"… and {len(found.regions) - MAX_ROWS:,} more")
    common = "; ".join(f"{what}: {plan}" for what, plan in found.common.items() if plan != NONE)
    lines += labelled("all", common, 4) if common else []
    return "\n".join([*heading("Decision regions (a letter each; all: what is the same in all of them)"), *lines])


def _grids(found: Regions, names: dict[str, str]) -> Iterator[str]:
    """Yield the letters by the two fields that matter most, or by the one."""
    values = [found.sweep.design.values(path) for path in found.axes]
    if not values or len(values[0]) > MAX_ROWS or len(found.regions) < 2:
        return
    columns: Sequence[Any] = values[1] if len(values) > 1 else ("region",)
    for panel in found.panels:
        tiles = found.tiles(panel)
        rows = [
            [shown(value), *(tiles.get(tuple(map(key_of, (value, column)[: len(values)])), "") for column in columns)]
            for value in values[0]
        ]
        yield table(panel_text(found, panel, names), [names[found.axes[0]], *map(shown, columns)], rows)


def _steps(found: Regions, names: dict[str, str]) -> str:
    """Return which share of the steps of a field changes what."""
    groups = [group for group in GROUPS if any(group in step.changed for step in found.steps)]
    rows = []
    for path in found.sweep.design.paths:
        steps = [step for step in found.steps if step.path == path]
        pairs = sum(step.planned for step in steps)
        if pairs:
            changed = [sum(step.changed.get(group, 0) for step in steps) / pairs for group in groups]
            mean = sum(step.expected_usd for step in steps) / pairs
            rows.append([names[path], f"{pairs:,}", *(percent(share, 0) for share in changed), money(mean)])
    title = "What changes from a value to the next, all else the same (share of the steps; cost: expected, USD, mean)"
    return table(title, ["field", "steps", *groups, "cost"], rows) if rows else ""


def _moves(found: Regions, names: dict[str, str]) -> str:
    """Return from which value to which one region becomes another."""
    moves = list(_moved(found.steps, names))
    more = [f"… and {len(moves) - MAX_LINES:,} more"] if len(moves) > MAX_LINES else []
    return bullets("Where the region changes", [*moves[:MAX_LINES], *more])


def _moved(steps: Sequence[FieldStep], names: dict[str, str]) -> Iterator[str]:
    for step in steps:
        moved = {pair: count for pair, count in step.regions.items() if pair[0] != pair[1]}
        if moved:
            stated = ", ".join(
                f"{one} → {other} in {count:,} of {step.pairs:,}" for (one, other), count in moved.items()
            )
            yield f"{names[step.path]} {shown(step.before)} → {shown(step.after)}: {stated}"


def _without(found: Sweep) -> str:
    """Return the reasons of the runs without a plan, and of those not proven."""
    reasons: dict[str, list[int]] = {}
    for row in found.rows:
        if row.reason:
            reasons.setdefault(f"{STATUSES[row.status]}: {row.reason}", []).append(row.cell)
    stated = [
        f"{counted(len(runs), 'run')} (the first: {runs[0]}), {reason}"
        for reason, runs in list(reasons.items())[:MAX_LINES]
    ]
    more = [f"… and {counted(len(reasons) - MAX_LINES, 'more reason')}"] if len(reasons) > MAX_LINES else []
    return bullets(f"Runs without a proven plan ({NO_PLAN}: without any)", [*stated, *more])
