"""The data of another commitment: usage of every band and scenario, and the cost of each scenario worked out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from deal_solve.analysis.document.what_if.api import ApiWhatIf, OneScenario
from deal_solve.analysis.document.workbook.cells import Book, Cell, Formula, Number, Sheet
from deal_solve.deal.offers.api import ApiPart, Rollover
from deal_solve.settlement.settle import Settlement

NAME, DATA = "What if API", "What if API data"
COLUMNS = ("usage", "carried in", "counted ahead", "overage", "own shortfall", "rolled over", "cost")
"""What is worked out for each period."""
FIRST = 2
"""The column of the first number: a name and a probability or a band stand before it."""


@dataclass(frozen=True)
class _Data:
    """Where the usage of a period stands: band by band, scenario by scenario; depth and rows of the table."""

    first: int
    size: int
    bands: int
    depth: int

    def at(self, period: int, ratio: int, is_step: bool, place: str) -> str:
        """Return the formula of a usage, or of the step of its ratio, at a place in the table."""
        letter = xl_col_to_name(FIRST + 2 * (period * self.depth + ratio) + is_step)
        return f"INDEX('{DATA}'!${letter}${self.first}:${letter}${self.first + self.bands * self.size - 1},{place})"


def write_api_scenarios(
    book: Book, stored: Settlement, api: ApiWhatIf, bands: Mapping[int, str], committed: Sequence[str]
) -> str:
    """Write the data and the cost of every scenario; returns the formula of the expected cost.

    `bands` are the cells with the band of each term, `committed` those with the commitment of each period.
    """
    deal, costs = stored.deal, api.settled()
    data = _write_data(book, stored, api)
    width = len(COLUMNS)
    widths = [30, 12, *[15] * (width * len(costs) + 1)]
    sheet = Sheet(book, NAME, "What each scenario costs under the API agreement", widths)
    spans = [deal.span(period.months.start, period.months.stop) for period in api.periods]
    names = [f"{span}: {name}" for span in spans for name in COLUMNS]
    sheet.header(["scenario", "probability", *names, "all"], is_frozen=True)
    first, total = sheet.next, xl_col_to_name(FIRST + width * len(costs))
    usd = api.cost()
    for scenario, name in enumerate(stored.scenarios.names):
        cells: list[Cell] = [name, Number(float(stored.weights[scenario]), "0.00000000")]
        ends = []
        for index, period in enumerate(api.periods):
            place = f"({bands[period.term]}-1)*{data.size}+{scenario + 1}"
            is_first = index == 0 or api.periods[index - 1].term != period.term
            before = "" if is_first else committed[index - 1]
            at = _At(sheet.next, FIRST + width * index, committed[index], before, place)
            cells += _period(api, data, at, index, costs[index].of(scenario, api.part, period.is_last))
            ends.append(f"{xl_col_to_name(FIRST + width * (index + 1) - 1)}{sheet.next}")
        cells.append(Formula(f"={'+'.join(ends)}", float(usd[scenario])))
        sheet.row(cells)
    sheet.done()
    last = sheet.next - 1
    return f"=SUMPRODUCT('{NAME}'!$B${first}:$B${last},'{NAME}'!${total}${first}:${total}${last})"


@dataclass(frozen=True)
class _At:
    """Where a period of a scenario is worked out: row and first column, its commitment and that of the period before
    in the term ('' in the first one), and its place in the data.
    """

    row: int
    column: int
    committed: str
    committed_before: str
    place: str

    def cell(self, offset: int) -> str:
        """Return a cell of the period."""
        return f"${xl_col_to_name(self.column + offset)}{self.row}"

    def before(self, name: str) -> str:
        """Return a cell of the period before."""
        return self.cell(COLUMNS.index(name) - len(COLUMNS))


def _period(api: ApiWhatIf, data: _Data, at: _At, index: int, one: OneScenario) -> list[Cell]:
    """Return the cells of one period in one scenario."""
    period = api.periods[index]
    usage, carried, ahead, overage, own, rolled = (at.cell(offset) for offset in range(6))
    balance = f"({carried}+{at.committed})"
    charges = "+".join(
        f"{data.at(index, ratio, True, at.place)}*MAX(0,{data.at(index, ratio, False, at.place)}-{balance})"
        for ratio in range(data.depth)
    )
    is_first = not at.committed_before
    counts_ahead = not is_first and api.part.excess == "counts_next"
    rolls = not period.is_last and isinstance(api.part.unused, Rollover)
    shortfall = f"=MAX(0,{at.committed}-MIN({usage},{balance})+MIN({usage},{carried})-{ahead})"
    return [
        Formula(f"={data.at(index, data.depth - 1, False, at.place)}", one.usage_usd),
        Number(0.0) if is_first else Formula(f"={at.before('rolled over')}", one.carried_usd),
        Formula(_ahead(at), one.ahead_usd) if counts_ahead else Number(0.0),
        Formula(f"={charges}", one.overage_usd),
        Formula(shortfall, one.shortfall_usd),
        Formula(_rolled(api.part, own, at.committed), one.rolled_usd) if rolls else Number(0.0),
        Formula(f"=MIN({usage},{balance})+{overage}+{own}+{carried}-MIN({usage},{carried})-{rolled}", one.usd),
    ]


def _ahead(at: _At) -> str:
    """Return the formula of the usage above earlier commitments that counts toward this one."""
    return f"=MAX(0,{at.before('counted ahead')}+{at.before('usage')}-{at.committed_before})"


def _rolled(part: ApiPart, own: str, committed: str) -> str:
    """Return the formula of what rolls over."""
    if not isinstance(part.unused, Rollover):
        return "=0"
    return f"=MIN({part.unused.rollover!r}*{own},{part.unused.cap!r}*{committed})"


def _write_data(book: Book, stored: Settlement, api: ApiWhatIf) -> _Data:
    """Write usage and steps of the ratio of every band, scenario, period and ratio."""
    bands, periods, depth, size = api.usage_usd.shape
    title = "Usage by band and scenario, at contracted rates, cumulated from what is dearest to leave uncovered"
    sheet = Sheet(book, DATA, title, [30, 14, *[15] * (2 * periods * depth)])
    names = []
    for period in api.periods:
        span = stored.deal.span(period.months.start, period.months.stop)
        for ratio in range(depth):
            part = f" {ratio + 1}" if depth > 1 else ""
            names += [f"{span}: usage{part}", f"{span}: overage ratio less the next{part}"]
    sheet.header(["scenario", "band from", *names], left=1, is_frozen=True)
    first = sheet.next
    for band in range(bands):
        for scenario, name in enumerate(stored.scenarios.names):
            cells: list[Cell] = [name, Number(api.thresholds_usd[band], "#,##0")]
            for period_index in range(periods):
                for ratio in range(depth):
                    cells.append(Number(float(api.usage_usd[band, period_index, ratio, scenario])))
                    cells.append(Number(float(api.steps[band, period_index, ratio, scenario]), "factor"))
            sheet.row(cells)
    sheet.done()
    return _Data(first, size, bands, depth)
