"""The sheets in which another commitment and other seats can be tried, over the scenarios that are stored there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from xlsxwriter.utility import xl_col_to_name

from deal_solve.analysis.document.what_if.api import ApiWhatIf, NotWorkedOut, api_what_if
from deal_solve.analysis.document.what_if.seats import SeatsWhatIf, seats_what_if
from deal_solve.analysis.document.workbook.api_sheets import write_api_scenarios
from deal_solve.analysis.document.workbook.cells import Book, Cell, Formula, Input, Number, Sheet
from deal_solve.deal.money import CENT_TOLERANCE_USD
from deal_solve.deal.offers.seats import Tiers
from deal_solve.facts.names import seats_name
from deal_solve.messages import counted
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import Array

NAME, API, SEATS = "What if", "What if API", "What if seats"
MAX_CELLS = 120_000
MIN_SCENARIOS, MAX_SCENARIOS = 50, 1000
API_LINES = ("commitment", "usage", "overage", "shortfall")
SEAT_LINES = ("seats", "true_up")
ABOUT = (
    "USD, expected, not discounted. Change the yellow cells: the cost is worked out again, scenario by scenario, at "
    "the routing, the tracks, the terms and the bundle of the plan. It is not re-optimised, and neither limits nor "
    "minimums nor steps are checked: the best plan with that commitment may cost less. Ask deal-solve solve --fix for "
    "it."
)
Found = TypeVar("Found", ApiWhatIf, list[SeatsWhatIf])


@dataclass(frozen=True, eq=False)
class Tried:
    """What can be tried, and why not where it cannot; `settlement` is that of the stored scenarios."""

    settlement: Settlement
    api: ApiWhatIf | None
    seats: list[SeatsWhatIf]
    reasons: tuple[tuple[str, str], ...]


def what_if_sheet(book: Book) -> Sheet:
    """Return the sheet of questions, to be filled."""
    return Sheet(book, NAME, "What if another commitment is signed, or other seats?", [34, 18, 18, 18, 20, 20, 18])


def write_what_if(book: Book, sheet: Sheet, settlement: Settlement) -> None:
    """Fill the sheet of questions, and write the data that answers them."""
    tried = _tried(settlement)
    size, whole = len(tried.settlement.weights), len(settlement.weights)
    sheet.prose(ABOUT)
    if size < whole:
        sheet.prose(f"Worked out over the first {size:,} of {counted(whole, 'scenario')}: only the change counts.")
    for side, reason in tried.reasons:
        sheet.prose(f"{side}: as planned, because {reason}.")
    if tried.api is not None or tried.seats:
        _write_questions(book, sheet, tried)
    sheet.done()


def _tried(settlement: Settlement) -> Tried:
    """Return what can be worked out, having compared it at the planned decisions with what was settled."""
    kept = settlement.scenarios.block(0)
    stored = _first(settlement, min(kept.size, MAX_SCENARIOS))
    reasons: list[tuple[str, str]] = []

    def tried(side: str, work: Callable[[], Found]) -> Found | None:
        try:
            return work()
        except NotWorkedOut as reason:
            reasons.append((side, str(reason)))
            return None

    api = tried("API", lambda: _checked_api(stored))
    if api is not None:
        per_scenario = 2 * api.usage_usd[..., 0].size + 5 * len(api.periods)
        size = max(MIN_SCENARIOS, MAX_CELLS // per_scenario)
        if size < len(stored.weights):
            stored = _first(settlement, size)
            api = _checked_api(stored)
    seats = tried("Seats", lambda: _checked_seats(stored)) or []
    return Tried(stored, api, seats, tuple(reasons))


def _first(settlement: Settlement, size: int) -> Settlement:
    """Return the plan settled in the first so many scenarios, with its payments."""
    some = settlement.scenarios.block(0).rows(slice(0, size))
    some = replace(some, weights=some.weights / some.weights.sum())
    return settle(settlement.deal, settlement.plan, some, settlement.order, keep_rows=True)


def _checked_api(stored: Settlement) -> ApiWhatIf:
    found = api_what_if(stored, stored.scenarios.in_memory())
    usd = _settled(stored, API_LINES, lambda item, year: year in found.planned_usd)
    if abs(stored.mean(found.cost()) - usd) > CENT_TOLERANCE_USD:
        raise NotWorkedOut("a clause of the agreement is not worked out here")
    return found


def _checked_seats(stored: Settlement) -> list[SeatsWhatIf]:
    found = seats_what_if(stored, stored.scenarios.in_memory())
    own = {(each.seat_type, each.contract_year) for each in found}
    usd = _settled(stored, SEAT_LINES, lambda item, year: (item, year) in own)
    here = sum(stored.mean(each.fee_usd(each.planned) + each.added_usd(each.planned)) for each in found)
    if abs(here - usd) > CENT_TOLERANCE_USD:
        raise NotWorkedOut("a clause of an agreement is not worked out here")
    return found


def _settled(stored: Settlement, lines: tuple[str, ...], is_own: Callable[[str, int], bool]) -> float:
    """Return what was settled on some lines, expected."""
    return sum(stored.mean(row.amount) for row in stored.rows or () if row.line in lines and is_own(row.item, row.year))


def _write_questions(book: Book, sheet: Sheet, tried: Tried) -> None:
    """Write the result, then the cells that may be changed; the result refers to rows that come after it."""
    stored, api, seats = tried.settlement, tried.api, tried.seats
    planned_api = stored.mean(api.cost()) if api is not None else 0.0
    planned_seats = sum(stored.mean(each.fee_usd(each.planned) + each.added_usd(each.planned)) for each in seats)
    total = stored.mean(stored.undiscounted)
    sheet.skip()
    sheet.header(["", "as planned", "what if", "change"])
    result = sheet.next
    sheet.next += 4
    api_cell = seats_cells = None
    if api is not None:
        api_cell = _write_commitments(book, sheet, api, stored)
    if seats:
        seats_cells = _write_seats(book, sheet, stored, seats)
    end, sheet.next = sheet.next, result
    _result(sheet, "API agreement", planned_api, api_cell)
    _result(sheet, "seats and seats added", planned_seats, seats_cells)
    _result(sheet, "everything else", total - planned_api - planned_seats, None)
    at = sheet.next
    sums = [Formula(f"=SUM({letter}{result}:{letter}{at - 1})", total) for letter in "BC"]
    sheet.total(["expected cost, not discounted", *sums, Formula(f"=C{at}-B{at}", 0.0)])
    sheet.next = end


def _result(sheet: Sheet, name: str, planned: float, formula: str | None) -> None:
    at = sheet.next
    what_if: Cell = Number(planned) if formula is None else Formula(formula, planned)
    sheet.row([name, Number(planned), what_if, Formula(f"=C{at}-B{at}", 0.0)])


def _write_commitments(book: Book, sheet: Sheet, api: ApiWhatIf, stored: Settlement) -> str:
    """Write the commitment of each contract year, the band of each term, and the commitment of each period.

    Returns the formula of what the agreement costs.
    """
    deal = stored.deal
    sheet.skip()
    sheet.header(["API commitment of contract year", "planned", "what if"])
    cells: dict[int, str] = {}
    for year, usd in sorted(api.planned_usd.items()):
        at = sheet.row([f"year {year + 1} ({deal.span(12 * year, 12 * year + 12)})", Number(usd), Input(usd)])
        cells[year] = f"$C${at}"
    sheet.skip()
    sheet.header(["band from, a year", "its number"])
    first = sheet.next
    for number, usd in enumerate(api.thresholds_usd, start=1):
        sheet.row([Number(usd), Number(number, "0")])
    thresholds = f"$A${first}:$A${sheet.next - 1}"
    sheet.skip()
    sheet.header(["band of the term from", "mean commitment", "band"])
    bands: dict[int, str] = {}
    for term, years in api.terms.items():
        at = sheet.next
        mean = sum(api.planned_usd[year] for year in years) / len(years)
        sheet.row(
            [
                f"{deal.calendar(12 * years[0]):%Y-%m}",
                Formula(f"=AVERAGE({','.join(cells[year] for year in years)})", mean),
                Formula(f"=MATCH(B{at}+{CENT_TOLERANCE_USD},{thresholds},1)", api.band(term) + 1, "0"),
            ]
        )
        bands[term] = f"'{NAME}'!$C${at}"
    sheet.skip()
    sheet.header(["commitment period", "commitment"])
    committed = []
    for period, cost in zip(api.periods, api.settled(), strict=True):
        text = f"={period.share!r}*({'+'.join(cells[year] for year in period.years)})"
        at = sheet.row([deal.span(period.months.start, period.months.stop), Formula(text, cost.committed_usd)])
        committed.append(f"'{NAME}'!$B${at}")
    return write_api_scenarios(book, stored, api, bands, committed)


def _write_seats(book: Book, sheet: Sheet, stored: Settlement, seats: list[SeatsWhatIf]) -> str:
    """Write contracted seats per type and contract year with what they cost; returns the formula of their sum."""
    deal, weights, names = stored.deal, stored.weights, stored.scenarios.names
    widths = [30.0, *[14.0] * sum(1 + len(each.months) for each in seats)]
    data, size = Sheet(book, SEATS, "Counts by which true-ups are charged", widths), len(weights)
    data.prose(
        "For each type and year: probability times the seats index, then the counts up to each window, under the "
        "months that a seat above the contracted ones costs for each."
    )
    top = data.next + 2
    data.cell(top - 1, 0, "months")
    for scenario, name in enumerate(names):
        data.cell(top + scenario, 0, name)
    sheet.skip()
    headers = ["seat type", "contract year", "planned", "what if", "price of an added seat", "fee", "seats added"]
    sheet.header(headers)
    begin = sheet.next
    column = 1
    for each in seats:
        at = sheet.next
        count = f"$D${at}"
        weight, *counts = (xl_col_to_name(index) for index in range(column, column + 1 + len(each.months)))
        factor = f"'{SEATS}'!${weight}${top}:${weight}${top + size - 1}"
        matrix = f"'{SEATS}'!${counts[0]}${top}:${counts[-1]}${top + size - 1}"
        months = f"'{SEATS}'!${counts[0]}${top - 1}:${counts[-1]}${top - 1}"
        index = float(weights @ each.index)
        priced = f"({each.per_seat_usd!r}*{count}+{each.per_priced_usd!r}*{_priced(each.tiers, count)})"
        added = f"=E{at}*SUMPRODUCT(({matrix}>{count})*({matrix}-{count})*{factor}*{months})"
        sheet.row(
            [
                seats_name(deal, each.seat_type),
                Number(each.contract_year + 1, "0"),
                Number(each.planned, "#,##0"),
                Input(each.planned, "#,##0"),
                Formula(f"={_added_price(each, count)}", each.price_usd(each.planned)),
                Formula(f"=12*{index!r}*{priced}", float(weights @ each.fee_usd(each.planned))),
                Formula(added, float(weights @ each.added_usd(each.planned))),
            ]
        )
        _write_counts(data, each, weights, column, top)
        column += 1 + len(each.months)
    data.next = top + size
    data.done()
    return f"=SUM(F{begin}:G{sheet.next - 1})"


def _write_counts(data: Sheet, each: SeatsWhatIf, weights: Array, column: int, top: int) -> None:
    """Write the columns of one seat type and contract year: factor and counts, under the months that they are worth."""
    data.cell(top - 2, column, f"{each.seat_type}, year {each.contract_year + 1}")
    for offset, months in enumerate(each.months.tolist(), start=1):
        data.cell(top - 1, column + offset, Number(months, "0"))
    for scenario, weight in enumerate((weights * each.index).tolist()):
        data.cell(top + scenario, column, Number(weight, "0.00000000"))
        for offset, count in enumerate(each.counts[:, scenario].tolist(), start=1):
            data.cell(top + scenario, column + offset, Number(count, "#,##0.00"))


def _added_price(each: SeatsWhatIf, count: str) -> str:
    if each.true_up_usd is not None:
        return repr(each.true_up_usd)
    return f"{each.per_seat_usd!r}+{each.per_priced_usd!r}*(1-{_discount(each.tiers, count)})"


def _discount(tiers: Tiers | None, count: str) -> str:
    """Return the formula of the discount of the tier in which a number of seats lies."""
    if tiers is None:
        return "0"
    steps = ",".join(str(step.seats) for step in tiers.steps)
    return f"LOOKUP({count},{{0,{steps}}},{{0,{','.join(repr(step.discount) for step in tiers.steps)}}})"


def _priced(tiers: Tiers | None, count: str) -> str:
    """Return the formula of how many seats at full price cost as much, after the volume tier."""
    if tiers is None or tiers.kind == "all_units":
        return f"{count}*(1-{_discount(tiers, count)})"
    before, parts = 0.0, [count]
    for step in tiers.steps:
        parts.append(f"{step.discount - before!r}*MAX(0,{count}-{step.seats - 1})")
        before = step.discount
    return f"({'-'.join(parts)})"
