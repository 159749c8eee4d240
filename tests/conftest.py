"""What every test starts from: a page of 100 columns, whatever terminal runs the tests; the longest begin first."""

import os
from pathlib import Path

import pytest

from deal_solve.report.text import Page, printed_on

LONGEST = (
    "test_code_in_the_docs_runs[docs/tutorial/negotiation.md]",
    "test_code_in_the_docs_runs[docs/guides/embedding.md]",
    "test_optimiser_and_settlement_agree",
    "test_a_relaxation_never_raises_the_optimum",
    "test_no_plan_of_a_grid_is_better",
    "test_any_clause_may_change_between_two_solves",
    "test_any_field_may_change_between_two_solves",
    "test_every_clause_value_occurs_in_generated_deals",
    "test_an_example_prints_its_golden_file",
    "test_code_in_the_docs_runs",
)
"""Tests that take seconds: what is left at the end is short, so that all processes end together."""


def pytest_configure(config):
    """Let the processes of a run share what they have solved: in the folder above their own, which is of this run."""
    if hasattr(config, "workerinput"):
        os.environ["DEAL_SOLVE_TESTS_SHARE"] = str(Path(config.option.basetemp).parent)


def pytest_collection_modifyitems(items):
    """Begin with the longest tests; the others stay in their order, so that those of a file share what it solves."""

    def place(item):
        return next((index for index, name in enumerate(LONGEST) if item.name.startswith(name)), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _page_of_a_hundred_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with printed_on(Page(100)):
        yield
