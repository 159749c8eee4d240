"""The workbook: its totals are formulas that come to what was settled, and no name in it is one."""

import datetime
from collections import defaultdict

import pytest

from deal_solve import document, load
from deal_solve.analysis.document.what_if.api import api_what_if
from deal_solve.analysis.settle.payments import payments
from deal_solve.cli.main import run
from deal_solve.settlement.bundle import bundle_tiers
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import settle
from tests.support.documents.what_if import committed
from tests.support.documents.workbooks import OFFICE, changed, formulas, opened, recomputed
from tests.support.hand_deals import newsvendor, two_years
from tests.support.paths import EXAMPLES, SCENARIOS


def written(found, path):
    found.to_xlsx(path)
    return path


@pytest.fixture(scope="module")
def hand():
    return document(two_years(unused={"rollover": 1, "cap": 1}), is_quick=True)


@pytest.fixture(scope="module")
def book(hand, tmp_path_factory):
    path = written(hand, tmp_path_factory.mktemp("workbook") / "hand.xlsx")
    return opened(path), opened(path, values=True)


def column(sheet, name):
    """Return the cells below the last header of this name."""
    head = [cell for row in sheet.iter_rows() for cell in row if cell.value == name][-1]
    return [cell for (cell,) in sheet.iter_rows(head.row + 1, sheet.max_row, head.column, head.column)]


def test_payments_are_the_expected_cost(hand):
    settlement = hand.solution.settlement
    rows = payments(settlement)
    assert sum(row.amount_usd for row in rows) == pytest.approx(settlement.mean(settlement.undiscounted), abs=1e-6)
    assert all(row.amount_usd == pytest.approx(row.quantity * row.rate_usd) for row in rows)


def test_every_amount_is_quantity_times_rate(book):
    sheet = book[0]["Invoice"]
    quantity, rate, amount = (column(sheet, name) for name in ("quantity", "rate", "amount"))
    assert len(amount) > 2
    for each in zip(quantity, rate, amount, strict=True):
        assert each[2].value == f"={each[0].coordinate}*{each[1].coordinate}"


def test_totals_and_cash_are_those_of_the_settlement(hand, book):
    settlement = hand.solution.settlement
    by_year = defaultdict(float)
    for year, paid in enumerate(settlement.by_year):
        by_year[f"year {year + 1}"] = settlement.mean(paid)
    sheet = book[1]["Totals"]
    totals = dict(zip((cell.value for cell in sheet[3]), (cell.value for cell in sheet[sheet.max_row]), strict=True))
    for name, usd in by_year.items():
        assert totals[name] == pytest.approx(usd, abs=0.005)
    assert totals["all"] == pytest.approx(settlement.mean(settlement.undiscounted), abs=0.005)
    assert {cell.value for cell in column(sheet, "difference")} == {0}
    cash = column(book[1]["Cash"], "cash so far")[-1].value
    unpaid = sum(row.amount_usd for row in payments(settlement) if not LINES[row.line].is_cash)
    assert cash == pytest.approx(totals["all"] - unpaid, abs=0.005)


def test_the_ledger_is_that_of_one_scenario(hand, book):
    """Rolled over in the first year is carried into the second, by formula."""
    formula, value = (each["Drawdown"] for each in book)
    head = next(row for row in formula.iter_rows() if row[0].value == "months")
    first = head[0].row + 1
    assert formula[f"C{first + 1}"].value == f"=J{first}"
    assert value[f"E{first}"].value == min(value[f"D{first}"].value, value[f"B{first}"].value)


def test_sheets_are_ready_to_be_read_and_printed(book):
    for sheet in book[0]:
        assert sheet.print_area
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert book[0]["Invoice"].freeze_panes == "B6"
    assert book[0]["Invoice"].print_title_rows
    assert book[0]["Invoice"]["G7"].number_format.startswith("#,##0.00")


NAMES = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "\u202egnp.exe\u200f",
    "x" * 200,
    "-2",
    "5 $ 中文 😀",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text(tmp_path, name):
    """No formula more than with a plain name; the text is there as it was given, but for what would steer it."""

    def book_of(title):
        deal = newsvendor()
        offers = {key: offer.model_copy(update={"title": title}) for key, offer in deal.offers.items()}
        work = {key: each.model_copy(update={"title": title}) for key, each in deal.workloads.items()}
        named = deal.model_copy(update={"title": title, "offers": offers, "workloads": work})
        return opened(written(document(named, is_quick=True), tmp_path / "named.xlsx"))

    plain, odd = book_of("Plain"), book_of(name)
    assert list(formulas(odd)) == list(formulas(plain))
    title = odd["Summary"]["A1"]
    assert title.data_type == "s"
    assert title.value == name.replace("\u202e", r"\u202e").replace("\u200f", r"\u200f")
    assert title.quotePrefix == (name[0] in "=+-@")


def test_the_same_document_is_the_same_bytes(hand, tmp_path):
    one, other = (written(hand, tmp_path / name).read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert one == other
    assert opened(tmp_path / "a.xlsx").properties.created == datetime.datetime(2026, 1, 1)


def test_a_report_of_nothing_is_one_sentence(capsys):
    assert run(["report", str(SCENARIOS / "start-up.yaml")]) == 2
    assert capsys.readouterr().err == "--out: nothing is asked for; expected --out FILE, --xlsx FILE or --ics FILE\n"


def assert_recomputed(path, scratch):
    """Every formula comes to the value stored with it, to the cent, when it is worked out anew."""
    stored, found = opened(path, values=True), recomputed(path, scratch)
    wrong, count = [], 0
    for sheet, cell in formulas(opened(path)):
        count += 1
        was, now = stored[sheet][cell].value, found[sheet][cell].value
        are_numbers = isinstance(was, int | float) and isinstance(now, int | float)
        same = abs(was - now) < 0.005 if are_numbers else (was or "") == (now or "")
        wrong += [(sheet, cell, was, now)] * (not same)
    assert not wrong
    assert count > 100


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_spreadsheet_program_comes_to_the_same_cents(path, tmp_path):
    found = document(load(path), is_quick=True)
    assert_recomputed(written(found, tmp_path / "book.xlsx"), tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("name", ["hybrid", "api-heavy"])
def test_other_numbers_in_the_yellow_cells_cost_what_settlement_says(name, tmp_path):
    """Half as much again committed in every year, and ten seats more: in other bands and tiers, at the same routing."""
    found = document(load(SCENARIOS / f"{name}.yaml"), is_quick=True)
    settlement = found.solution.settlement
    plan, path = settlement.plan, written(found, tmp_path / "book.xlsx")
    sheet = opened(path)["What if"]
    yellow = [cell for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFF3C4"]
    money = [cell for cell in yellow if cell.number_format.startswith("#,##0.00")]
    new = {("What if", cell.coordinate): cell.value * 1.5 if cell in money else cell.value + 10 for cell in yellow}
    book = recomputed(changed(path, tmp_path / "changed.xlsx", new), tmp_path)["What if"]
    api = api_what_if(settlement, settlement.scenarios.in_memory())
    _, other = committed(plan, api, {year: 1.5 * usd for year, usd in api.planned_usd.items()})
    seats = {
        name: each.model_copy(update={"contracted": tuple(count + 10 for count in each.contracted)})
        for name, each in plan.seats.items()
    }
    other = other.model_copy(update={"seats": seats})
    assert bundle_tiers(settlement.deal, other) == bundle_tiers(settlement.deal, plan)
    settled = settle(settlement.deal, other, settlement.scenarios)
    total = next(row for row in book.iter_rows(values_only=True) if row[0] == "expected cost, not discounted")
    assert total[1] == pytest.approx(settlement.mean(settlement.undiscounted), abs=0.005)
    assert total[2] == pytest.approx(settled.mean(settled.undiscounted), abs=0.005)
    assert len(yellow) == 6


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_it_does_so_where_commitment_rolls_over(hand, tmp_path):
    assert_recomputed(written(hand, tmp_path / "book.xlsx"), tmp_path)
