"""The first page of a document: all that is decided on one printed side, from the records of the decision page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deal_solve.analysis.clauses.clauses import also_signed
from deal_solve.analysis.clauses.result import ClauseValue
from deal_solve.analysis.document.result import Document
from deal_solve.analysis.solve.page.compare import compare_rows, compare_title
from deal_solve.analysis.solve.page.cost import cost_rows, cost_title
from deal_solve.analysis.solve.page.dates import date_rows, dates_title
from deal_solve.analysis.solve.page.footer import proof
from deal_solve.analysis.solve.page.risks import RISKS, risk_rows
from deal_solve.analysis.solve.page.sign import SIGN, sign_rows, when_signed
from deal_solve.analysis.solve.page.subject import Subject
from deal_solve.analysis.solve.page.today import position_rows
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.facts.names import quoted_offer
from deal_solve.facts.notes import plan_notes
from deal_solve.facts.summary import summarise
from deal_solve.facts.today import today
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import other_tail_note
from deal_solve.report.sentences import months_line
from deal_solve.report.text import Grid, Page, printed_on, whole_money

COLUMNS = 180
"""How long a list in a sentence may be, in characters: about two lines of a printed side."""
MAX_COST_LINES = 7
MAX_DATES = 5
MAX_LETTERS = 2900
"""On a printed side of Letter in type of the usual size."""

Rows = tuple[tuple[str, str], ...]
"""Labelled sentences; one without a label goes with the one before."""


@dataclass(frozen=True)
class Ask:
    """One clause to ask for: how it is to change, what that is worth, and the sentence to send to the vendor."""

    clause: str
    change: str
    worth: str
    sentence: str


@dataclass(frozen=True)
class FirstPage:
    """Everything on the first page, in the order in which it is read; `why_no_asks` where there are none.

    `more_asks` names the offers that are signed too, whose clauses are not among them.
    """

    title: str
    subtitle: str
    headline: Rows
    sign: tuple[str, Rows]
    cost: Grid
    compare: tuple[str, Rows]
    risks: tuple[str, Rows]
    asks_title: str
    asks: tuple[Ask, ...]
    why_no_asks: str
    more_asks: tuple[str, ...]
    dates_title: str
    dates: Rows
    proof: str

    @property
    def is_dense(self) -> bool:
        """Whether there is so much text that a printed side holds it only in smaller type."""
        rows = (*self.headline, *self.sign[1], *self.compare[1], *self.risks[1], *self.dates, *self.cost.rows)
        asks = sum(len(ask.clause + ask.change + ask.worth + ask.sentence) for ask in self.asks)
        return sum(len(text) for row in rows for text in row) + asks > MAX_LETTERS


def subject_of(found: Document) -> Subject:
    """Return what the decision page is made of, for a document."""
    settlement = found.solution.settlement
    tail = other_tail_note(settlement.deal, settlement.scenarios)
    return Subject(
        deal=settlement.deal,
        scenarios=settlement.scenarios,
        solution=found.solution,
        summary=summarise(settlement.deal, settlement, settlement.scenarios),
        compared=found.comparisons,
        fiscal_year_start=found.fiscal_year_start,
        notes=(*settlement.scenarios.notes, *plan_notes(settlement), *found.solution.notes, *tail),
        is_pinned=found.is_pinned,
        is_in_document=True,
    )


def first_page(found: Document) -> FirstPage:
    """Return the first page of a document."""
    subject = subject_of(found)
    deal = subject.deal
    with printed_on(Page(COLUMNS)):
        return FirstPage(
            title=deal.title or "This deal",
            subtitle=months_line(deal),
            headline=tuple(_headline(subject)),
            sign=(SIGN, (*position_rows(subject), *sign_rows(subject))),
            cost=_cost(subject),
            compare=(compare_title(subject), tuple(compare_rows(subject))),
            risks=(RISKS, tuple(risk_rows(subject))),
            asks_title=_asks_title(found),
            asks=tuple(map(_ask, found.asks)),
            why_no_asks=_why_no_asks(found),
            more_asks=_more_asks(found),
            dates_title=dates_title(deal),
            dates=tuple(_dates(subject)),
            proof=proof(subject),
        )


def _headline(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield what is signed, what it costs, and what is paid today."""
    summary, compared = subject.summary, subject.compared
    total = summary.total.expected_usd
    word = "Cost, certain" if subject.is_certain else "Expected cost"
    yield f"Signed {when_signed(subject.deal)}", whole_money(summary.signed_usd)
    yield (
        f"{word} over {counted(subject.deal.compared_months, 'month')}{present_value(subject.deal)}",
        whole_money(total),
    )
    if compared and compared.as_today:
        saved = compared.as_today.expected_usd - total
        yield f"{'Saves' if saved >= 0 else 'Adds'} against going on as today", whole_money(abs(saved))
    bill = today(subject.deal.whole)
    yield f"Today's bill in {bill.month} at list", whole_money(bill.total_usd)


def _cost(subject: Subject) -> Grid:
    headers, amounts = cost_rows(subject, MAX_COST_LINES)
    rows = tuple((name, *map(whole_money, values)) for name, values in amounts)
    return Grid(cost_title(subject), ("line", *headers[1:]), rows)


def _asks_title(found: Document) -> str:
    if found.clauses is None:
        return "What to ask for first"
    deal = found.about.deal
    over = f"USD over {counted(deal.compared_months, 'month')}{present_value(deal)}, expected"
    if deal.risk.weight or deal.risk.criterion != "expected":
        over += "; points of discount weighed as under Proof"
    late = found.clauses.not_in_time
    over += f"; {counted(late, 'clause')} not priced in the time" if late else ""
    return f"What to ask for first in {quoted_offer(deal, found.clauses.offer)} ({over})"


def _more_asks(found: Document) -> tuple[str, ...]:
    """Return a sentence for each other offer that is signed: what it is worth to ask for is another question."""
    if found.clauses is None:
        return ()
    sentences = also_signed(found.clauses.base, found.clauses.offer)
    return tuple(f"{text[0].upper()}{text[1:]}." for text in sentences)


def _ask(row: ClauseValue) -> Ask:
    points = f", as much as {row.points:.2f} points of discount" if row.points is not None else ""
    return Ask(
        clause=row.clause,
        change=f"{plain_value(row.was)} → {plain_value(row.asked or '')}",
        worth=f"{whole_money(row.expected_usd or 0.0)}{points}{'' if row.is_proven else ' (not proven)'}",
        sentence=ask_sentence(row),
    )


def ask_sentence(row: ClauseValue) -> str:
    """Return what to write to the vendor for a step of a clause; nothing of what it is worth."""
    sentence = next(clause.ask for clause in CLAUSES if clause.name == row.clause)
    return sentence.format(name=row.clause, was=plain_value(row.was), asked=plain_value(row.asked or ""))


def plain_value(value: str) -> str:
    """Return a value of the file as words."""
    return value.replace("_", " ")


def _why_no_asks(found: Document) -> str:
    if found.asks:
        return ""
    if found.is_quick:
        return "Left out: what each clause is worth takes further solves."
    late = 0 if found.clauses is None else found.clauses.not_in_time
    if late:
        return f"The time limit passed before {counted(late, 'clause')} of the offer could be priced."
    return found.left_out.get("clauses", "No clause has a step that would lower the cost.")


def _dates(subject: Subject) -> Iterator[tuple[str, str]]:
    days = date_rows(subject)
    for day, parts in days[:MAX_DATES]:
        yield day, "; ".join(parts)
    if len(days) > MAX_DATES:
        yield "", f"and {len(days) - MAX_DATES} more in these months: {subject.where('calendar')}"
