"""What a sweep says: where the same is signed, and which field changes what from one value to the next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from string import ascii_uppercase
from typing import Any

from deal_solve.analysis.sweep.design import key_of
from deal_solve.analysis.sweep.result import Sweep, SweepRow
from deal_solve.facts.decisions import NONE, DecisionKind
from deal_solve.frames import Table
from deal_solve.messages import counted, usd

NO_PLAN = "-"
GROUPS: dict[str, tuple[DecisionKind, ...]] = {
    "paper": ("api_agreement", "seat_offer", "later"),
    "band": ("band",),
    "commitment": ("commitment",),
    "seats": ("seats",),
    "tracks": ("track",),
    "projects": ("projects",),
    "routing": ("routing",),
}
"""What a decision is about: the columns that say how often it changes, each with its kinds of decisions."""
STRUCTURE = (*GROUPS["paper"], *GROUPS["tracks"], *GROUPS["projects"])
"""Decisions that tell regions apart where API agreement and band are the same in all of them."""
PANELS = 4
"""Grids that are shown beside each other."""


@dataclass(frozen=True)
class Region:
    """Runs in which the same is signed, by a letter; `deal` says what, as far as the regions differ."""

    letter: str
    deal: str
    runs: int


@dataclass(frozen=True)
class FieldStep:
    """One field from a value to the next, all else the same: in how many pairs of runs what changes.

    `regions` counts pairs of letters. Of the `planned` pairs, those with a plan in both runs, `changed` counts what a
    decision is about, and `expected_usd` is the sum of the changes of expected cost.
    """

    path: str
    before: Any
    after: Any
    pairs: int
    planned: int
    changed: dict[str, int]
    expected_usd: float
    regions: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Regions:
    """The regions of a sweep, the largest first, the letter of every row, and what is signed in all of them alike."""

    sweep: Sweep
    regions: Table[Region]
    letters: dict[int, str]
    common: dict[str, str]

    @cached_property
    def steps(self) -> tuple[FieldStep, ...]:
        """Every step of every field that some pair of runs takes."""
        return tuple(step for path in self.sweep.design.paths for step in _steps(self, path))

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The two fields (one, none) to look along, the one of more values first.

        Those of most values, if the others make few panels; else those that change the region most often. Where no
        field changes by itself, the first one, if it tells the runs apart.
        """
        paths, counts = self.sweep.design.paths, {p: len(self.sweep.design.values(p)) for p in self.sweep.design.paths}
        often: Counter[str] = Counter()
        for step in self.steps:
            changed = sum(count for (one, other), count in step.regions.items() if one != other)
            often[step.path] += round(1000 * changed / step.pairs)
        if not often:
            return paths[:1] if counts[paths[0]] == len(self.sweep.design) else ()
        by_variety = sorted(often, key=lambda path: (-counts[path], -often[path]))
        if math.prod(counts[path] for path in paths if path not in by_variety[:2]) > PANELS:
            by_variety = [path for path, _ in often.most_common(2)]
        return tuple(sorted(by_variety[:2], key=lambda path: -counts[path]))

    @cached_property
    def panels(self) -> tuple[dict[str, Any], ...]:
        """The values of all other fields, each a grid of its own, if they are few; else one grid for all of them."""
        others = [path for path in self.sweep.design.paths if path not in self.axes]
        found = {key_of(values): values for row in self.sweep.rows if (values := {p: row.inputs[p] for p in others})}
        return tuple(found.values()) if 1 < len(found) <= PANELS and self.steps else ({},)

    def tiles(self, panel: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
        """Return the most frequent letter by the values (their keys) of the axes, small where others are there too."""
        found: dict[tuple[str, ...], Counter[str]] = {}
        for row in self.sweep.rows:
            if all(row.inputs[path] == value for path, value in panel.items()):
                index = tuple(key_of(row.inputs[path]) for path in self.axes)
                found.setdefault(index, Counter())[self.letters[row.cell]] += 1
        often = {index: min(count, key=lambda each: (-count[each], each)) for index, count in found.items()}
        return {index: letter if len(found[index]) == 1 else letter.lower() for index, letter in often.items()}

    def where(self, letter: str) -> dict[str, tuple[Any, ...]]:
        """Return the values that the varied fields have in a region."""
        design = self.sweep.design
        keys = {
            path: {key_of(row.inputs[path]) for row in self.sweep.rows if self.letters[row.cell] == letter}
            for path in design.paths
        }
        return {path: tuple(value for value in design.values(path) if key_of(value) in keys[path]) for path in keys}


def regions(sweep: Sweep) -> Regions:
    """Return the regions of a sweep: by API agreement and first band, or, where these are all the same, by the rest.

    The rest is where seats come from, tracks and projects; amounts and routing make no region of their own.
    """
    planned = [row for row in sweep.rows if row.has_plan]
    varying, common = _varying(planned)
    kinds = {what: kind for row in planned for what, kind in row.kinds.items()}
    deals = {row.cell: _agreement(row) for row in planned}
    if len(set(deals.values())) < 2:
        by = [what for what in varying if kinds[what] in STRUCTURE]
        deals = {row.cell: "; ".join(f"{what}: {row.decisions.get(what, NONE)}" for what in by) for row in planned}
    counts = Counter(deals.values()).most_common()
    letters = {deal: _letter(index) for index, (deal, _) in enumerate(counts)}
    return Regions(
        sweep,
        Table(tuple(Region(letters[deal], deal, count) for deal, count in counts)),
        {row.cell: letters[deals[row.cell]] if row.has_plan else NO_PLAN for row in sweep.rows},
        common,
    )


def _agreement(row: SweepRow) -> str:
    band = f"band from {usd(row.band_usd_per_year)}" if row.band_usd_per_year else "nothing committed"
    return f"{row.agreement}, {counted(row.term_months or 0, 'month')}, {band}"


def _varying(rows: Sequence[SweepRow]) -> tuple[list[str], dict[str, str]]:
    """Return the decisions that differ between rows, and those that do not."""
    names = dict.fromkeys(what for row in rows for what in row.decisions)
    values = {what: {row.decisions.get(what, NONE) for row in rows} for what in names}
    same = {what: next(iter(found)) for what, found in values.items() if len(found) == 1}
    return [what for what in names if what not in same], same


def _letter(index: int) -> str:
    """Return A to Z, then A2 to Z2, and so on."""
    again, letter = divmod(index, len(ascii_uppercase))
    return ascii_uppercase[letter] + (str(again + 1) if again else "")


def _steps(found: Regions, path: str) -> Iterator[FieldStep]:
    """Yield what happens from each value of a field to the next."""
    others = [other for other in found.sweep.design.paths if other != path]
    rows = {
        (key_of(row.inputs[path]), key_of({each: row.inputs[each] for each in others})): row for row in found.sweep.rows
    }
    rests = dict.fromkeys(rest for _, rest in rows)
    for before, after in pairwise(found.sweep.design.values(path)):
        pairs = [
            (rows[key_of(before), rest], rows[key_of(after), rest])
            for rest in rests
            if (key_of(before), rest) in rows and (key_of(after), rest) in rows
        ]
        if pairs:
            yield _step(found, path, before, after, pairs)


def _step(found: Regions, path: str, before: Any, after: Any, pairs: Sequence[tuple[SweepRow, SweepRow]]) -> FieldStep:
    letters = Counter((found.letters[one.cell], found.letters[other.cell]) for one, other in pairs)
    planned = [(one, other) for one, other in pairs if one.has_plan and other.has_plan]
    changed: Counter[str] = Counter()
    for one, other in planned:
        mine, theirs = one.decisions, other.decisions
        kinds = {**one.kinds, **other.kinds}
        differ = {kinds[what] for what in kinds if mine.get(what, NONE) != theirs.get(what, NONE)}
        changed.update(group for group, members in GROUPS.items() if differ.intersection(members))
    more = sum((other.expected_usd or 0.0) - (one.expected_usd or 0.0) for one, other in planned)
    return FieldStep(path, before, after, len(pairs), len(planned), dict(changed), more, dict(letters))
