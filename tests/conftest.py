"""What every test starts from: a page of 100 columns, whatever terminal runs the tests."""

import pytest

from deal_solve.report.text import Page, printed_on


@pytest.fixture(autouse=True)
def _page_of_a_hundred_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with printed_on(Page(100)):
        yield
