"""A document as one HTML file that nothing else is needed for, or as Markdown; no text in it can be markup."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deal_solve.analysis.document.page import first_page
from deal_solve.analysis.document.picture import picture_of, pictures_of
from deal_solve.analysis.document.result import Document
from deal_solve.analysis.document.sections import COLUMNS, distinct, sections_of
from deal_solve.currency import coded
from deal_solve.outputs import question_of, text_of
from deal_solve.report.basics import Answered
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.style import STEERING, escaped
from deal_solve.report.text import Grid, Page, collected, printed_on
from deal_solve.version import VERSION


def html_of(found: Document) -> str:
    """Return a document as HTML, in the currency of its deal."""
    with found.solution.settlement.deal.currency.reported():
        sections = [(section, pictures_of(found, section.name)) for section in sections_of(found)]
        page = _templates(autoescape=True).get_template("document.html.j2")
        return coded(page.render(page=first_page(found), sections=sections))


def answer_of(found: Answered) -> str:
    """Return any answer as HTML: its question, the head of its report, its picture and every table.

    It is in the currency of its deal.
    """
    with found.about.deal.currency.reported():
        return coded(_answer_of(found))


def _answer_of(found: Answered) -> str:
    about = found.about
    with printed_on(Page(COLUMNS)), collected() as parts:
        text = text_of(found)
    deal = about.deal
    facts = f"deal-solve {VERSION}, {scenarios_text(about.scenarios)}, prices of {deal.card.as_of}"
    return (
        _templates(autoescape=True)
        .get_template("answer.html.j2")
        .render(
            title=deal.title or "This deal",
            question=question_of(found),
            head=text.partition("\n\n")[0],
            pictures=picture_of(found),
            parts=distinct(parts),
            facts=facts,
        )
    )


def markdown_of(found: Document) -> str:
    """Return the first page of a document as Markdown, in the currency of its deal."""
    with found.solution.settlement.deal.currency.reported():
        return coded(_templates(autoescape=False).get_template("document.md.j2").render(page=first_page(found)))


def _templates(autoescape: bool) -> Environment:
    """Return the templates; in every text that stands in them, what would steer its display is written out."""
    templates = Environment(
        loader=PackageLoader("deal_solve.analysis.document", "templates"),
        autoescape=autoescape,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.tests["grid"] = lambda part: isinstance(part, Grid)
    templates.filters["cell"] = _in_cell
    return templates


def _shown(value: Any) -> Any:
    """Return a value as it is to be shown."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return STEERING.sub(lambda found: escaped(found[0]), value)
    return value


def _in_cell(text: str) -> str:
    """Return text as it stands in a Markdown page: what would be markup is not."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>|#" else each for each in " ".join(text.split()))
