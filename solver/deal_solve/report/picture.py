"""What all pictures share: one canvas, the same bytes every time, dark and light that differ in grey as in colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deal_solve.currency import coded, converted
from deal_solve.optional import need
from deal_solve.report.text import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE: Any = {"font.size": 8, "svg.hashsalt": "deal-solve", "svg.fonttype": "none", "text.parse_math": False}
MISSING = "□"
"""Stands for a character that the font of a picture has not, or that is none."""
DARK, LIGHT = "#16365c", "#a9b8cc"
LETTERS_PER_INCH = 13
"""Of a title; what is longer would leave the picture."""
MIN_DISTANCE = 0.07
"""Between two labels, as a share of the height of a panel."""
MULTIPLES = ((1e9, "billion "), (1e6, "million "), (1e3, "thousand "), (1, ""))


def need_matplotlib(option: str = "") -> None:
    """Raise InputError where matplotlib is not installed."""
    need("matplotlib", "a picture", option)


@contextmanager
def canvas(width: float, height: float, title: str) -> Iterator[Figure]:
    """Yield a titled figure (inches) to draw in; raises InputError without matplotlib."""
    need_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.suptitle(shortened(title, int(LETTERS_PER_INCH * width)), fontsize=10, x=0.01, ha="left")
        yield figure
        _make_drawable(figure)


def _make_drawable(figure: Figure) -> None:
    """Replace what the font has not, in every text and in the labels of ticks."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(drawable(coded(text.get_text())))
    for axis in (axis for panel in figure.axes for axis in (panel.xaxis, panel.yaxis)):
        places = axis.get_majorticklocs().tolist()
        labels = axis.get_major_formatter().format_ticks(places)
        shown = [drawable(label) for label in labels]
        if shown != labels:
            axis.set_ticks(places, shown)


def drawable(text: str) -> str:
    r"""Return text in which MISSING stands for what the font of a picture has not.

    >>> drawable("5 $ a → b"), drawable("a\x1b中\n😀")
    ('5 $ a → b', 'a□□\n□')
    """
    glyphs = _glyphs()
    return "".join(each if each == "\n" or (each.isprintable() and ord(each) in glyphs) else MISSING for each in text)


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters of the font of a picture."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


def panels_of(figure: Figure, count: int, columns: int) -> list[Axes]:
    """Return panels to draw in, row by row; what is left of the last row stays empty."""
    panels: list[Axes] = [*figure.subplots(math.ceil(count / columns), columns, squeeze=False).flat]
    for panel in panels[count:]:
        panel.set_axis_off()
    return panels[:count]


def write_figure(figure: Figure, path: str | Path | StringIO, kind: str) -> None:
    """Write a figure as svg or png."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        figure.savefig(path, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def scale_of(top: float) -> tuple[float, str]:
    """Return by what to divide dollars up to `top` for the currency of the report, and the word for it.

    >>> scale_of(2_500_000), scale_of(0)
    ((1000000.0, 'million '), (1, ''))
    """
    size, word = next((each for each in MULTIPLES if converted(top) >= each[0]), MULTIPLES[-1])
    return size / converted(1.0), word


def apart(indices: Sequence[float]) -> list[float]:
    """Return places of labels in rising order, as shares of a panel's height, moved apart enough to be read.

    >>> apart([0.5, 0.5])
    [0.43, 0.5]
    """
    moved = list(indices)
    for below in reversed(range(len(moved) // 2)):
        moved[below] = min(moved[below], moved[below + 1] - MIN_DISTANCE)
    if moved:
        moved[0] = max(moved[0], 0.0)
    for above in range(1, len(moved)):
        moved[above] = max(moved[above], moved[above - 1] + MIN_DISTANCE)
    return moved
