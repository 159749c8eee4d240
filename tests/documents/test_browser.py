"""The document in a browser: silent, alone, open to everyone, in light and dark, narrow and wide, on paper."""

from dataclasses import replace

import pytest

from deal_solve import document, load
from deal_solve.analysis.document.markup import html_of
from tests.support.documents.browser import browsing
from tests.support.hand_deals import newsvendor
from tests.support.paths import EXAMPLES

MAX_BYTES = 250_000
POLICY = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
LOOKS = [(320, False), (320, True), (1280, False), (1280, True)]


def watched(text, path):
    """Write a page that may fetch nothing and run nothing, and return its path."""
    path.write_text(text.replace("<head>", f"<head>{POLICY}", 1), encoding="utf-8")
    return path


def refuse_what_a_reader_would_see(text, folder):
    """Raise AssertionError where a page says, fetches or lacks something, or its first page needs two sides."""
    path = watched(text, folder / "page.html")
    with browsing() as browser:
        for width, is_dark in LOOKS:
            opened = browser.open(path, width, is_dark)
            assert (opened.logged, opened.fetched, opened.findings()) == ([], [], []), (width, is_dark)
            assert opened.too_wide() <= 0, width


def refuse_more_than_one_side(text, folder):
    path = watched(text, folder / "first.html")
    with browsing() as browser:
        opened = browser.open(path)
        assert {paper: opened.printed_sides(paper) for paper in ("A4", "Letter")} == {"A4": 1, "Letter": 1}


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_document_of_an_example_is_small_silent_and_open_to_everyone(path, tmp_path):
    found = document(load(path))
    text = html_of(found)
    assert len(text.encode()) <= MAX_BYTES
    refuse_what_a_reader_would_see(text, tmp_path)
    refuse_more_than_one_side(html_of(replace(found, sections=())), tmp_path)


@pytest.mark.slow
def test_the_document_of_odd_names_is_silent_and_open_to_everyone(tmp_path):
    odd = newsvendor().model_copy(update={"title": "<script>alert(1)</script> \u202e" + "x" * 200})
    refuse_what_a_reader_would_see(html_of(document(odd, is_quick=True)), tmp_path)


WRONG = {
    "a picture that is fetched": "<img alt='' src='a.png'>",
    "a style that is fetched": "<link rel='stylesheet' href='https://host/a.css'>",
    "a script": "<script>1</script>",
    "a picture without words": "<img src='data:,'>",
    "a page without a heading": "<p style='color: #eee'>pale</p>",
    "a page that is too wide": "<div style='width: 2000px'>wide</div>",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_page_is_seen(name, tmp_path):
    page = f"<html lang='en'><head><title>a page</title></head><body><main>{WRONG[name]}</main></body></html>"
    with pytest.raises(AssertionError):
        refuse_what_a_reader_would_see(page, tmp_path)
