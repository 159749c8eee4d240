"""The page: width and colour come from the terminal alone, and every report fits."""

import io
import re

import click
import pytest

from deal_solve.analysis.settle.text import settlement_report
from deal_solve.analysis.solve.text import short_block, solution_report
from deal_solve.deal.load import load
from deal_solve.facts.cost_split import crossover_month
from deal_solve.facts.summary import summarise
from deal_solve.optimise.solve import solve
from deal_solve.report.text import Page, bullets, chance, labelled, page_of, printed_on, styled, table
from tests.support.paths import SCENARIOS

EXAMPLE = SCENARIOS / "seat-heavy.yaml"
HEADERS = ["months", "committed amount", "what it is for", "usage"]
ROW = ["2027-01 to 2027-12", "1,000.00", "people and their many machines", "2,000.00"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on(columns, *rest, **given):
    with printed_on(Page(columns)):
        return table(*rest, **given).splitlines()


# --- where width and colour come from -----------------------------------------------------------------------------


def test_a_pipe_is_plain_and_a_hundred_columns_wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    assert page_of(io.StringIO()) == Page(100, False)


@pytest.mark.parametrize(
    ("set_to", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
@pytest.mark.parametrize(("columns", "wide"), [("80", 80), ("140", 140), ("7", 40)])
def test_a_terminal_says_how_wide_it_is_and_whether_it_has_colour(monkeypatch, set_to, coloured, columns, wide):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": columns, **set_to}.items():
        monkeypatch.setenv(name, value)
    assert page_of(Terminal()) == Page(wide, coloured)


def test_colour_is_only_on_pages_that_have_it():
    assert styled("a", bold=True) == "a"
    with printed_on(Page(is_coloured=True)):
        assert styled("a", bold=True) == click.style("a", bold=True)
        assert labelled("Cost", "5")[0] == click.style("Cost    ", bold=True) + "5"
        coloured = table("T", ["limit", "is"], [["a", "broken"], ["b", "kept"]])
    assert click.style("broken", fg="red") in coloured
    assert click.unstyle(coloured) == table("T", ["limit", "is"], [["a", "broken"], ["b", "kept"]])


# --- tables -------------------------------------------------------------------------------------------------------


def test_a_table_with_room_is_as_wide_as_its_cells():
    """18 + 16 + 29 + 8 and three gaps of 2 are 77 columns."""
    lines = on(78, "T", HEADERS, [ROW], left=3)
    assert max(map(len, lines)) == 78
    assert len(lines) == 4


def test_headers_and_texts_are_wrapped_between_words_before_anything_else():
    """18 + 29 + 16 columns and two gaps are 67, seven too many: the text, the widest, gives way."""
    assert on(60, "T", [HEADERS[0], HEADERS[2], HEADERS[1]], [[ROW[0], ROW[2], ROW[1]]], left=2) == [
        "T",
        "months              what it is for          committed amount",
        "------------------  ----------------------  ----------------",
        "2027-01 to 2027-12  people and their many           1,000.00",
        "                    machines",
    ]


def test_where_wrapping_is_not_enough_the_columns_are_printed_in_parts():
    """At least 18 + 9 + 8 columns and two gaps are 39: what is left stands below, behind the months again."""
    assert on(40, "T", ["months", "committed amount", "usage", "left"], [[ROW[0], ROW[1], ROW[3], "12,345.00"]]) == [
        "T",
        "months              committed     usage",
        "                       amount",
        "------------------  ---------  --------",
        "2027-01 to 2027-12   1,000.00  2,000.00",
        "",
        "months                   left",
        "------------------  ---------",
        "2027-01 to 2027-12  12,345.00",
    ]


def test_amounts_are_never_broken_and_endless_words_are():
    lines = on(40, "T", ["name", "usd"], [["x" * 90, "123,456,789.00"]])
    assert any(line.endswith("123,456,789.00") for line in lines)
    assert max(map(len, lines)) <= 40


def test_lists_fit_the_page():
    with printed_on(Page(40)):
        lines = bullets("A title that is longer than forty columns are", ["word " * 30]).splitlines()
    assert max(map(len, lines)) <= 40


def test_only_what_is_certain_is_0_or_100_percent():
    assert [chance(value) for value in (0, 0.001, 0.5, 0.999, 1)] == ["0%", "<1%", "50%", ">99%", "100%"]


# --- reports ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def solved():
    deal = load(EXAMPLE)
    return deal, solve(deal)


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_page(solved, columns):
    deal, solution = solved
    scenarios = solution.settlement.scenarios
    with printed_on(Page(columns)):
        texts = [solution_report(deal, scenarios, solution), settlement_report(deal, solution.settlement, (), 4)]
    assert all(len(line) <= columns for text in texts for line in text.splitlines())


def test_a_narrow_page_loses_nothing_of_the_short_block(solved):
    deal, solution = solved
    scenarios = solution.settlement.scenarios
    summary = summarise(deal, solution.settlement, scenarios)

    def words(columns):
        with printed_on(Page(columns)):
            return " ".join(short_block(deal, scenarios, solution, summary)).split()

    assert words(60) == words(80) == words(100) == words(140)


def test_a_colour_changes_no_word(solved):
    deal, solution = solved
    scenarios = solution.settlement.scenarios
    plain = solution_report(deal, scenarios, solution)
    with printed_on(Page(is_coloured=True)):
        coloured = solution_report(deal, scenarios, solution)
    assert coloured != plain
    assert click.unstyle(coloured) == plain


def test_overage_counts_in_all_months_of_its_period(solved):
    """Seats cost some 13,000 a month; the API some 5,000, of which overage is charged at the end of each year."""
    assert crossover_month(solved[1].settlement) is None


def test_how_sure_names_gap_bound_futures_dates_and_what_has_no_source(solved):
    deal, solution = solved
    text = " ".join(solution_report(deal, solution.settlement.scenarios, solution).partition("How sure")[2].split())
    assert re.search(r"no plan has an objective below [\d,.]+ over 24 months; this one has [\d,.]+, a gap of 0%", text)
    assert "9 scenarios by expansion of the bands of" in text
    assert "nothing is drawn at random" in text
    assert "rate card claude of 2026-11-23, its newest rates from 2026-" in text
    assert re.search(r"0 of \d+ assumptions carry a source", text)
    assert re.search(r"no source cohorts\.consultants\.\S+ \(the cost differs by [\d,.]+ between", text)
