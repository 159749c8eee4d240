"""What is printed of a document: its first page, as Markdown."""

from __future__ import annotations

from deal_solve.analysis.document.markup import markdown_of
from deal_solve.analysis.document.result import Document
from deal_solve.deal.deal import Deal


def document_report(_: Deal, found: Document) -> str:
    """Return the first page."""
    return markdown_of(found)
