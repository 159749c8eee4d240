"""The decision page for a word processor: the words and numbers of page one, and the sentences to send."""

import docx
import pytest

from deal_solve import document
from deal_solve.analysis.document.page import first_page
from tests.support.hand_deals import newsvendor, two_years


def read(found, path):
    found.to_docx(path)
    return docx.Document(path)


def words(read_document):
    """Return every text of a document: its paragraphs, and the cells of its tables."""
    cells = [cell.text for table in read_document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in read_document.paragraphs] + cells


@pytest.fixture(scope="module")
def found():
    return document(two_years(), sections=())


def test_it_says_what_page_one_says(found, tmp_path):
    page, text = first_page(found), words(read(found, tmp_path / "page.docx"))
    pairs = [*page.headline, *page.sign[1], *page.compare[1], *page.risks[1], *page.dates]
    assert {word for pair in pairs for word in pair} <= set(text)
    assert {cell for row in page.cost.rows for cell in row} <= set(text)
    assert page.proof in text


def test_what_is_sent_does_not_say_what_it_is_worth(found, tmp_path):
    """The sentences stand on a page of their own, the last one, after what legal has to change."""
    page, read_document = first_page(found), read(found, tmp_path / "page.docx")
    texts = [paragraph.text for paragraph in read_document.paragraphs]
    sent = texts[texts.index("What to write to the vendor") + 1 :]
    assert sent == [ask.sentence for ask in page.asks]
    assert sent
    assert not any(ask.worth in line for ask in page.asks for line in sent)


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", "=cmd|' /C'!A0", "\u202egnp.exe", "x" * 200, "\x0b&amp;", "a\uffff", "5 $ 中文 😀"],
)
def test_names_are_text(title, tmp_path):
    def of(name):
        return read(document(newsvendor().model_copy(update={"title": name}), is_quick=True), tmp_path / "page.docx")

    plain, odd = of("Plain"), of(title)
    assert len(words(odd)) == len(words(plain))
    assert odd.paragraphs[0].text == title.replace("\u202e", r"\u202e").replace("\x0b", r"\u000b").replace(
        "\uffff", r"\uffff"
    )
