"""The page: width and colour come from the terminal alone, and every report fits."""

import io
import re

import click
import pytest

from deal_solve.analysis.settle.text import settlement_report
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.cli.support.printing import shown_on
from deal_solve.deal.load import load
from deal_solve.facts.cost_split import crossover_month
from deal_solve.optimise.solve import solve
from deal_solve.report.style import BOLD
from deal_solve.report.text import (
    Page,
    bullets,
    chance,
    gap_percent,
    labelled,
    money,
    page_of,
    printed_on,
    styled,
    table,
)
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


@pytest.mark.parametrize(("columns", "wide"), [(None, 80), ("140", 140), ("7", 40), ("0", 80), ("wide", 80)])
def test_a_pipe_is_plain_and_as_wide_as_it_is_said_to_be(monkeypatch, columns, wide):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert page_of(io.StringIO()) == Page(wide, False)


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
    assert styled("a", BOLD) == "a"
    with printed_on(Page(is_coloured=True)):
        assert shown_on(styled("a", BOLD), "utf-8") == click.style("a", bold=True)
        assert shown_on(labelled("Cost", "5")[0], "utf-8") == click.style("Cost    ", bold=True) + "5"
        coloured = shown_on(table("T", ["limit", "is"], [["a", "broken"], ["b", "kept"]]), "utf-8")
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


def test_then_amounts_lose_their_cents_and_the_first_column_is_wrapped():
    """18 + 12 + 12 columns and two gaps are 46; without cents 40, with the months on two lines less."""
    row = ["2027-01 to 2027-12", money(1_000_000.4), money(2_000_000)]
    assert on(46, "T", ["months", "usage", "left"], [row])[3:] == ["2027-01 to 2027-12  1,000,000.40  2,000,000.00"]
    assert on(41, "T", ["months", "usage", "left"], [row])[3:] == ["2027-01 to 2027-12  1,000,000  2,000,000"]
    narrow = on(40, "T", ["months", "usage", "left"], [["2027-01 to 2027-12 x", *row[1:]]])
    assert narrow[3:] == ["2027-01 to 2027-12  1,000,000  2,000,000", "x"]


def test_where_wrapping_is_not_enough_the_columns_are_printed_in_parts():
    """At least 7 + 9 + 12 + 12 columns and three gaps are 46: what is left stands below, behind the months again."""
    cells = ["123,456.00%", "12,345.00%"]
    assert on(40, "T", ["months", "committed amount", "usage", "left"], [[ROW[0], ROW[1], *cells]]) == [
        "T",
        "months              committed",
        "                       amount",
        "------------------  ---------",
        "2027-01 to 2027-12   1,000.00",
        "",
        "months                    usage",
        "------------------  -----------",
        "2027-01 to 2027-12  123,456.00%",
        "",
        "months                    left",
        "------------------  ----------",
        "2027-01 to 2027-12  12,345.00%",
    ]


SPREAD = ["workloads.bot.requests_per_month", "36.4%", "32.8% to 40.2%", "39.6%", "123,456"]


def test_then_paths_are_wrapped_behind_a_dot_and_intervals_between_words():
    """33 + 5 + 14 + 5 + 7 columns and four gaps are 72; the path gives way down to 10, then the interval."""
    headers = ["field", "first", "interval", "total", "USD"]
    (line,) = on(72, "T", headers, [SPREAD])[3:]
    assert line == "workloads.bot.requests_per_month  36.4%  32.8% to 40.2%  39.6%  123,456"
    assert on(60, "T", headers, [SPREAD])[3:] == [
        "workloads.bot.         36.4%  32.8% to 40.2%  39.6%  123,456",
        "requests_per_month",
    ]
    narrow = on(44, "T", headers, [SPREAD])[3:]
    assert narrow[0] == "workloads.  36.4%   32.8% to  39.6%  123,456"
    assert "40.2%" in narrow[1]
    assert "" not in narrow


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


def whole_report(solution):
    return solution_report(subject_of(solution, comparisons(solution, None)), tuple(TABLES))


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_page(solved, columns):
    _, solution = solved
    with printed_on(Page(columns)):
        texts = [whole_report(solution), settlement_report(solution.settlement, (), 4)]
    assert all(len(line) <= columns for text in texts for line in text.splitlines())


def test_sentences_and_tables_follow_the_width_of_the_page(solved):
    """The runner-up of seat-heavy takes two lines of 80 columns and one of 200."""
    _, solution = solved
    widest = {}
    for columns in (80, 140, 200):
        with printed_on(Page(columns)):
            widest[columns] = max(
                map(len, whole_report(solution).split("\n\nAPI commitment per period")[0].splitlines())
            )
    assert 75 < widest[80] <= 80 and 120 < widest[140] <= 140 and 140 < widest[200] <= 200


def test_a_colour_changes_no_word(solved):
    plain = whole_report(solved[1])
    with printed_on(Page(100, is_coloured=True)):
        coloured = shown_on(whole_report(solved[1]), "utf-8")
    assert coloured != plain
    assert click.unstyle(coloured) == plain


def test_overage_counts_in_all_months_of_its_period(solved):
    """Seats cost some 13,000 a month; the API some 5,000, of which overage is charged at the end of each year."""
    assert crossover_month(solved[1].settlement) is None


def test_how_sure_names_gap_bound_futures_dates_and_what_has_no_source(solved):
    _deal, solution = solved
    text = " ".join(whole_report(solution).partition("Proof and data quality")[2].split())
    bound, ours = money(solution.bound_usd), money(solution.objective_usd)
    gap = gap_percent(solution.gap)
    assert solution.bound_usd <= solution.objective_usd
    assert gap == "0%"
    assert f"no plan has an objective below {bound} over 24 months; this one has {ours}, a gap of {gap}" in text
    assert "9 scenarios by expansion of the bands of" in text
    assert "nothing is drawn at random" in text
    assert "rate card claude of 2026-11-23, its newest rates from 2026-" in text
    assert re.search(r"0 of \d+ assumptions carry a source", text)
    assert re.search(r"no source cohorts\.consultants\.\S+ \(the cost differs by [\d,.]+ between", text)
