"""A sweep as a picture: decision regions over two fields, or cost and regions over one, every region by its letter."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deal_solve.analysis.sweep.design import is_number, key_of, shown
from deal_solve.analysis.sweep.regions import NO_PLAN, Regions, regions
from deal_solve.analysis.sweep.result import Sweep
from deal_solve.analysis.sweep.text import region_text, short_names
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.picture import DARK, canvas, panels_of, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = ("#f0f3f7", "#9fb3c8", "#dbe4ee", "#5f7fa3", "#c0cfdf", "#16365c", "#7d98b5", "#35557d")
"""Of the regions, the largest first: light and dark in turn, so that neighbours differ in grey as in colour."""
COSTS = (("expected_usd", "o", "-", "expected", -14), ("cvar_usd", "^", "--", "CVaR", 7))
"""What is drawn over one field: amount, marker, line, name, and how far above its highest point that stands."""
DARK_ONES = (3, 5, 7)
MAX_LABELS = 12
"""Of an axis."""
MAX_TILES = 30
"""Tiles of a row or column that have room for a letter."""


def figure_of(deal: Deal, found: Sweep) -> Figure:
    """Return a sweep as a picture; raises InputError where matplotlib is not installed."""
    seen, names = regions(found), short_names(found.design.paths)
    panels = seen.panels if len(seen.axes) == 2 else ({},)
    key = [line for region in seen.regions for line in textwrap.wrap(f"{region.letter}: {region_text(region)}", 100)]
    if NO_PLAN in seen.letters.values():
        key.append(f"{NO_PLAN}: no plan")
    key = key[:16]
    title = f"{deal.title or 'This deal'}: what to sign over {counted(len(found.rows), 'run')}"
    across = min(len(panels), 2)
    down = -(-len(panels) // across)
    with canvas(1.6 + 4.2 * across, 0.8 + 3.0 * down + 0.15 * len(key), title) as figure:
        for panel, values in zip(panels_of(figure, len(panels), across), panels, strict=True):
            if len(seen.axes) == 2:
                _tiles(panel, seen, values, names)
            else:
                _line(panel, seen, names)
        figure.supxlabel("\n".join(key), fontsize=8, x=0.01, ha="left")
    return figure


def _indices(values: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Return where the values stand on an axis, and the edges of their tiles; texts are evenly apart.

    >>> _indices([0, 1, 3]), _indices(["list", "contracted"])
    (([0.0, 1.0, 3.0], [-0.5, 0.5, 2.0, 4.0]), ([0.0, 1.0], [-0.5, 0.5, 1.5]))
    """
    at = [float(v) for v in values] if all(map(is_number, values)) else [float(n) for n in range(len(values))]
    between = [(one + other) / 2 for one, other in itertools.pairwise(at)]
    if not between:
        return at, [at[0] - 0.5, at[0] + 0.5]
    return at, [2 * at[0] - between[0], *between, 2 * at[-1] - between[-1]]


def _tiles(panel: Axes, seen: Regions, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Draw the region of every pair of values: the first axis up, the second one across."""
    up, across = (seen.sweep.design.values(path) for path in seen.axes)
    (ys, heights), (xs, widths) = _indices(up), _indices(across)
    tiles = seen.tiles(values)
    for (row, y), (column, x) in itertools.product(enumerate(ys), enumerate(xs)):
        letter = tiles.get((key_of(up[row]), key_of(across[column])), "")
        corner, far = (widths[column], heights[row]), (widths[column + 1], heights[row + 1])
        _tile(panel, seen, corner, far, letter)
        if len(up) <= MAX_TILES and len(across) <= MAX_TILES:
            panel.text(x, y, letter, ha="center", va="center", color=_ink(seen, letter))
    _axis(panel.xaxis, xs, across, names[seen.axes[1]])
    _axis(panel.yaxis, ys, up, names[seen.axes[0]])
    panel.set_xlim(widths[0], widths[-1])
    panel.set_ylim(heights[0], heights[-1])
    small = "small letter: not the only one" if len(seen.sweep.design.paths) > 2 and not values else ""
    panel.set_title(
        ", ".join(f"{names[path]} {shown(value)}" for path, value in values.items()) or small, loc="left", fontsize=8
    )


def _line(panel: Axes, seen: Regions, names: Mapping[str, str]) -> None:
    """Draw expected cost and CVaR of every run over one field, on its regions."""
    path = seen.axes[0] if seen.axes else seen.sweep.design.paths[0]
    values = seen.sweep.design.values(path)
    (at, edges), where = _indices(values), {key_of(value): index for index, value in enumerate(values)}
    planned = [row for row in seen.sweep.rows if row.has_plan]
    size, word = scale_of(max((row.cvar_usd or row.expected_usd or 0.0 for row in planned), default=0.0))
    ends = [0.0]
    for name, marker, style, text, above in COSTS:
        costs = [(at[where[key_of(row.inputs[path])]], getattr(row, name)) for row in planned]
        points = sorted((x, usd / size) for x, usd in costs if usd is not None)
        if points:
            is_line = len({x for x, _ in points}) == len(points) and all(map(is_number, values))
            line = style if is_line else ""
            panel.plot(*zip(*points, strict=True), line, marker=marker, markersize=4, color="black", linewidth=1)
            highest = max(points, key=lambda point: point[1])
            panel.annotate(text, highest, xytext=(0, above), textcoords="offset points", ha="center")
            ends.append(max(y for _, y in points))
    top = 1.2 * max(ends) or 1.0
    tiles = seen.tiles({}) if seen.axes else {}
    for index, value in enumerate(values):
        letter = tiles.get((key_of(value),), "")
        _tile(panel, seen, (edges[index], 0.0), (edges[index + 1], top), letter)
        panel.text(at[index], 0.94 * top, letter, ha="center", va="center", color=_ink(seen, letter))
    _axis(panel.xaxis, at, values, names[path])
    panel.set_xlim(edges[0], edges[-1])
    panel.set_ylim(0, top)
    panel.set_title(f"Cost over the horizon, {word}USD", loc="left", fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _tile(panel: Axes, seen: Regions, corner: tuple[float, float], far: tuple[float, float], letter: str) -> None:
    from matplotlib.patches import Rectangle

    size = far[0] - corner[0], far[1] - corner[1]
    is_none = letter.startswith(NO_PLAN)
    shade = "white" if is_none or not letter else SHADES[_place(seen, letter) % len(SHADES)]
    edge, hatch = ("#8a98a8", "////") if is_none else (shade, None)
    panel.add_patch(Rectangle(corner, *size, facecolor=shade, edgecolor=edge, hatch=hatch, zorder=0))


def _place(seen: Regions, letter: str) -> int:
    return next((n for n, region in enumerate(seen.regions) if region.letter == letter.upper()), 0)


def _ink(seen: Regions, letter: str) -> str:
    return "white" if letter not in ("", NO_PLAN) and _place(seen, letter) % len(SHADES) in DARK_ONES else DARK


def _axis(axis: Any, indices: Sequence[float], values: Sequence[Any], name: str) -> None:
    """Mark the values, not all where they are many."""
    every = -(-len(values) // MAX_LABELS)
    axis.set_ticks(indices[::every], [shown(value) for value in values[::every]])
    axis.set_label_text(name, fontsize=8)
