"""The workbook of a document, sheet by sheet."""

from __future__ import annotations

from pathlib import Path

from deal_solve.analysis.document.result import Document
from deal_solve.analysis.document.sections import sections_of
from deal_solve.analysis.document.workbook.cash import write_cash
from deal_solve.analysis.document.workbook.cells import Book
from deal_solve.analysis.document.workbook.drawdown import write_drawdown
from deal_solve.analysis.document.workbook.invoice import probability, write_invoice, write_totals
from deal_solve.analysis.document.workbook.scenarios import write_scenarios
from deal_solve.analysis.document.workbook.sections import write_section, write_summary
from deal_solve.analysis.document.workbook.what_if import what_if_sheet, write_what_if
from deal_solve.analysis.settle.payments import payments
from deal_solve.settlement.lines import LINES
from deal_solve.settlement.settle import Settlement, settle
from deal_solve.uncertainty.scenario_set import BLOCK

INVOICE, ONE_INVOICE = "Invoice", "Invoice of one scenario"


def write_workbook(found: Document, path: Path) -> None:
    """Write a document as an .xlsx file; raises InputError without XlsxWriter."""
    book = Book(path)
    settlement = found.solution.settlement
    deal = settlement.deal
    write_summary(book, found)
    expected = payments(settlement)
    settled = {
        line: sum(row.amount_usd for row in expected if row.line == line)
        for line in LINES
        if any(row.line == line for row in expected)
    }
    title = "Every payment that is expected" if len(settlement.weights) > 1 else "Every payment"
    invoice = write_invoice(book, deal, expected, INVOICE, title)
    write_totals(book, deal, invoice, settled)
    write_cash(book, deal, invoice, found.fiscal_year_start)
    alone, name = likeliest(settlement)
    if len(settlement.weights) > 1:
        write_invoice(book, deal, payments(alone), ONE_INVOICE, f"Every payment in {name}")
    write_drawdown(book, alone, name)
    asked = what_if_sheet(book)
    for section in sections_of(found):
        write_section(book, section)
    write_scenarios(book, settlement)
    write_what_if(book, asked, settlement)
    book.close()


def likeliest(settlement: Settlement) -> tuple[Settlement, str]:
    """Return the settlement of the likeliest scenario alone, with its rows, and what it is called."""
    index = int(settlement.weights.argmax())
    block, within = divmod(index, BLOCK)
    alone = settlement.scenarios.block(block).take(within)
    name = f"scenario {settlement.scenarios.names[index]!r} ({probability(float(settlement.weights[index]))})"
    return settle(settlement.deal, settlement.plan, alone, settlement.order, keep_rows=True), name
