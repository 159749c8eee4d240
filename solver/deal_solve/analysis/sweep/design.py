"""Which fields of a deal are varied, and over which values: `--vary`, a design file, and the runs they make."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deal_solve.deal.deal import Deal
from deal_solve.deal.edit import edited, places_of, plain, value_at, value_of, varied
from deal_solve.deal.numbers import parse_number
from deal_solve.deal.yaml_source import read_text
from deal_solve.errors import InputError, Problem
from deal_solve.messages import counted

MAX_RUNS = 100_000
"""Runs of a sweep: at a second each they take more than a day."""
AROUND = 3
"""Values of '±20%' where no count is given: below, today's, above."""
LOOKED_AT = 100
"""Runs that are tried to see whether a path at which nothing stands is a place in a deal."""
DIGITS = 12
"""Significant digits of the values of a range, so that 0.1 + 0.2 is 0.3."""
EXPECTED = "expected PATH=VALUES, as in offers.quote.api.overage=contracted,list, PATH=0:0.5:11 or PATH=±20%"
_RANGE = re.compile(r"([^:{}\[\]]+):([^:{}\[\]]+):(\d{1,18})")
_ENDS = re.compile(r"[-+]?[\d.][^:{}\[\]]*:[-+]?[\d.][^:{}\[\]]*")
_AROUND = re.compile(r"(?:±|\+/-|\+-)([^:]+)(?::(\d{1,18}))?")
_COMMA = re.compile(r",(?![^{\[]*[}\]])")
"""A comma that stands in no map or list."""


@dataclass(frozen=True)
class Dimension:
    """A field of a deal, by its dotted path, and the values it takes, as the deal file would write them."""

    path: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Design:
    """Runs of a sweep: for each, one value per path, in the order in which they are reported."""

    paths: tuple[str, ...]
    runs: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.paths, run, strict=True)) for run in self.runs)

    def values(self, path: str) -> tuple[Any, ...]:
        """Return the values of a field, each once: numbers in rising order, then the others as they come."""
        index = self.paths.index(path)
        found = {key_of(run[index]): run[index] for run in self.runs}.values()
        numbers = sorted(value for value in found if is_number(value))
        return (*numbers, *(value for value in found if not is_number(value)))


def parse_vary(deal: Deal, text: str) -> Dimension:
    """Return what 'PATH=VALUES' says; VALUES are values, ranges 'from:to:count' and '±20%' (':count'), by commas.

    ± is around today's value: a share of it with %, else an amount. Raises InputError for what cannot be read.
    """
    path, equals, stated = text.partition("=")
    if not equals or not path.strip() or not stated.strip():
        raise InputError(Problem("--vary", f"{text!r} cannot be read; {EXPECTED}"))
    path = path.strip()
    try:
        found = [value for item in _COMMA.split(stated) for value in _values(deal, path, item.strip())]
    except ValueError as error:
        raise InputError(Problem(path, f"{stated!r} cannot be read: {error}")) from None
    return Dimension(path, tuple({key_of(value): value for value in found}.values()))


def _values(deal: Deal, path: str, text: str) -> Iterator[Any]:
    if match := _AROUND.fullmatch(text):
        middle, half = parse_number(value_at(deal, path)), parse_number(match[1])
        half *= abs(middle) if match[1].strip().endswith("%") else 1.0
        yield from _spread(middle - half, middle + half, int(match[2] or AROUND))
    elif match := _RANGE.fullmatch(text):
        yield from _spread(parse_number(match[1]), parse_number(match[2]), int(match[3]))
    elif _ENDS.fullmatch(text):
        raise ValueError("a range says how many values it has; expected one like 0:0.5:11")
    else:
        yield value_of(text)


def _spread(first: float, last: float, count: int) -> Iterator[float]:
    """Yield evenly spaced values, whole ones as integers.

    >>> list(_spread(0, 0.3, 4)), list(_spread(10, 30, 3))
    ([0, 0.1, 0.2, 0.3], [10, 20, 30])
    """
    _refuse_many(count)
    if count < 2:
        raise ValueError("a range has at least 2 values; expected one like 0:0.5:11")
    for value in np.linspace(first, last, count).tolist():
        yield plain(float(f"{value:.{DIGITS}g}"))


def key_of(value: Any) -> str:
    """Return what tells values, or maps of them, apart."""
    return json.dumps(value, sort_keys=True, default=str)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """Return a value in print, large numbers as one writes them in a deal file.

    >>> shown("list"), shown(0.125), shown(600000), shown(1250), shown({"premium": "10%"}), shown(None)
    ('list', '0.125', '600k', '1,250', '{premium: 10%}', 'null')
    """
    if isinstance(value, str):
        return value
    if not is_number(value):
        return json.dumps(value).replace('"', "")
    for minimum, unit, suffix in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= minimum:
            return f"{value / unit:.10g}{suffix}"
    return f"{value:,.6g}"


def crossed(dimensions: Sequence[Dimension]) -> Design:
    """Return every combination of values; the last field changes fastest."""
    _refuse_twice([each.path for each in dimensions])
    _refuse_many(math.prod(len(each.values) for each in dimensions))
    return Design(
        tuple(each.path for each in dimensions), tuple(itertools.product(*(each.values for each in dimensions)))
    )


def zipped(dimensions: Sequence[Dimension]) -> Design:
    """Return the first values together, then the second ones, and so on; raises InputError where one has fewer."""
    _refuse_twice([each.path for each in dimensions])
    counts = {each.path: len(each.values) for each in dimensions}
    if len(set(counts.values())) > 1:
        stated = ", ".join(f"{path} has {count}" for path, count in counts.items())
        raise InputError(Problem("--zip", f"fields that change together need as many values each; {stated}"))
    return Design(tuple(counts), tuple(zip(*(each.values for each in dimensions), strict=True)))


def read_design(deal: Deal, file: str | Path) -> Design:
    """Return the runs of a CSV file: dotted paths first, then one row per run; an empty value is today's.

    Raises InputError with what is wrong and where.
    """
    rows = _csv_rows(str(file))
    if len(rows) < 2:
        raise InputError(Problem("", "has no runs; expected a line of dotted paths and a line per run", str(file)))
    paths, *lines = ([value.strip() for value in row] for row in rows)
    _refuse_twice(paths)
    _refuse_many(len(lines))
    problems = [
        Problem("", f"has {counted(len(line), 'value')} for {counted(len(paths), 'path')}", str(file), number)
        for number, line in enumerate(lines, 2)
        if len(line) != len(paths)
    ]
    if problems:
        raise InputError(problems)
    runs = []
    for number, line in enumerate(lines, 2):
        try:
            pairs = zip(paths, line, strict=True)
            runs.append(tuple(value_of(value) if value else value_at(deal, path) for path, value in pairs))
        except InputError as error:
            raise InputError([Problem(p.path, p.message, str(file), number) for p in error.problems]) from None
    return Design(tuple(paths), tuple(runs))


def _csv_rows(file: str) -> list[list[str]]:
    """Return the rows of a CSV file that hold anything, divided by commas; raises InputError for what is none."""
    text = read_text(Path(file)).replace("\r\n", "\n").replace("\r", "\n")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(map(str.strip, row))]
    except csv.Error as error:
        raise InputError(Problem("", f"is no CSV: {error}", file)) from None
    if rows and len(rows[0]) == 1 and ";" in rows[0][0]:
        raise InputError(Problem("", "is divided by semicolons; expected commas", file, 1))
    return rows


def design_of(deal: Deal, over: Mapping[str, Any] | Sequence[Mapping[str, Any]], is_zipped: bool = False) -> Design:
    """Return runs given from Python: values (or the text of `--vary`) by path, or one map of changes per run."""
    if isinstance(over, Mapping):
        dimensions = [
            parse_vary(deal, f"{path}={values}") if isinstance(values, str) else Dimension(path, tuple(values))
            for path, values in over.items()
        ]
        return zipped(dimensions) if is_zipped else crossed(dimensions)
    _refuse_many(len(over))
    paths = tuple(dict.fromkeys(path for run in over for path in run))
    return Design(
        paths, tuple(tuple(run[path] if path in run else value_at(deal, path) for path in paths) for run in over)
    )


def refuse_wrong_paths(deal: Deal, design: Design) -> None:
    """Raise InputError for each path that is no place in the deal; what its values make is another matter.

    A place at which nothing stands yet is one if some run that sets it is a deal.
    """
    if not design.paths or not design.runs:
        raise InputError(Problem("--vary", f"nothing is varied; {EXPECTED}"))
    problems = []
    for path in design.paths:
        try:
            edited(deal, {path: None})
            for place in places_of(deal, path):
                value_at(deal, place)
        except InputError as error:
            if not any(_is_deal(deal, run) for run in itertools.islice(design, LOOKED_AT)):
                problems += error.problems
    if problems:
        raise InputError(problems)


def _is_deal(deal: Deal, run: Mapping[str, Any]) -> bool:
    try:
        varied(deal, run)
    except InputError:
        return False
    return True


def _refuse_twice(paths: Sequence[str]) -> None:
    for path in paths:
        if paths.count(path) > 1:
            raise InputError(Problem(path, "is varied twice; expected each field once"))


def _refuse_many(count: int) -> None:
    if count > MAX_RUNS:
        message = f"{count:,} runs are too many; expected at most {MAX_RUNS:,}: fewer values, --zip, or a design file"
        raise InputError(Problem("--vary", message))
