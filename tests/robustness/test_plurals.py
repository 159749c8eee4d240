"""Numbers in texts: a noun stands in the number of its count, and the number of a month with its date."""

import ast
import re
from itertools import pairwise

import pytest

from deal_solve.cli.main import run
from tests.support.paths import EXAMPLES, ROOT

NOUNS = (
    "amounts bands bills buckets bytes changes characters clauses cohorts columns contracts days deals decisions draws "
    "entries errors events factors files findings groups invoices levels lines minutes models months names numbers "
    "options parts paths payments people periods plans points projects questions reasons renewals requests "
    "requirements rows runs samples scenarios seats seconds sets solves terms tokens tools tracks users values weeks "
    "workloads years"
)
PLURAL = re.compile(rf" (?!(?:of|in|as|compares|runs|offers) )(?:[a-z]+ )?({'|'.join(NOUNS.split())})\b")
ONE = re.compile(rf"(?<![\d.,/-])1 (?:[a-z]+ )?({'|'.join(NOUNS.split())})\b")
BARE = 'printed = f"{deal.compared_months} months, {name} seats"'

DATED = {"begun", "given", "known", "month", "self._dated", "self.start", "wanted"}
"""Names for months that stand with their dates."""
NO_COUNT = {
    "' or '.join(map(str, allowed))",
    "', '.join(map(str, terms))",
    "name",
    "seat_type",
    "track_name(deal, seat_type)",
    "points_text(row)",
    "row.points",  # 1.00 points
    "cohort.headcount",  # less than one
    "rates.long_above_prompt_tokens",
    "part",
    "seats.seat_type",
    "shown(str(usage_type))",
    "len(names)",  # of a line that holds several
    # of what there is far too much
    "size",
    "_in_words(count)",
    "asked",
    "count",
    "each.file_size",
    "len(groups)",
    "number",
    "size.columns",
    "size.rows",
}
"""Expressions before a noun that are no number, or never one."""


def faults(source: str) -> list[str]:
    """Return the texts of a module in which a number stands before a noun in the plural, whatever the number is."""
    found = []
    if not re.search(r"\}" + PLURAL.pattern, source):
        return found
    for text in ast.walk(ast.parse(source)):
        if not isinstance(text, ast.JoinedStr):
            continue
        for value, after in pairwise(text.values):
            if not (isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant)):
                continue
            number = ast.unparse(value.value)
            if PLURAL.match(after.value) and not number.isupper() and number not in NO_COUNT:
                found.append(f"{text.lineno}: {{{number}}}{after.value}")
    return found


def undated(source: str) -> list[str]:
    """Return the texts of a module in which the number of a month is printed as it is."""
    found = []
    if not re.search(r"months? \{", source):
        return found
    for text in ast.walk(ast.parse(source)):
        for before, value in pairwise(text.values) if isinstance(text, ast.JoinedStr) else ():
            if isinstance(before, ast.Constant) and isinstance(value, ast.FormattedValue):
                number = ast.unparse(value.value)
                if re.search(r"\bmonths? $", before.value) and "dated(" not in number and number not in DATED:
                    found.append(f"{text.lineno}: {before.value}{{{number}}}")
    return found


def test_the_number_of_a_month_is_printed_with_its_date():
    """`deal.dated` prints 24 (2029-01), which is what `DATED` hold already."""
    assert undated('printed = f"is not open in month {month + 1}"') == ["1: is not open in month {month + 1}"]
    modules = sorted((ROOT / "solver").rglob("*.py"))
    assert not {path.stem: wrong for path in modules if (wrong := undated(path.read_text(encoding="utf-8")))}


def test_what_prints_a_count_asks_for_the_number_of_its_noun():
    """`counted` of the messages does; a bare number before a noun in the plural is wrong for one."""
    assert faults(BARE) == ["1: {deal.compared_months} months, "]
    modules = sorted((ROOT / "solver").rglob("*.py"))
    found = {path.stem: wrong for path in modules if (wrong := faults(path.read_text(encoding="utf-8")))}
    assert not found


ONE_OF_EACH = """
schema: deal-solve/1
start: 2027-01
horizon_months: 12
workloads:
  bot:
    requests_per_month: 2000
    input_tokens: 1
    output_tokens: 1
    models: [opus, sonnet]
    today: {model: claude-opus-4-8}
    projects: {rerouting: {usd: 5, ready_month: 1}}
cohorts:
  staff:
    headcount: 1
    tracks: [enterprise]
    use: {requests_per_user_month: 1, input_tokens: 2000, output_tokens: 500, models: [opus]}
offers:
  quote:
    terms: [12]
    api: {credit: {usd: 5, pays: charges, within_months: 1}, bands: [{commit_usd_per_year: 12, discount: 1%}]}
    seats: {enterprise: {minimum: 1, tiers: {kind: incremental, steps: [{seats: 2, discount: 1%}]}}}
"""
COMMANDS = ("check", "solve --full --all --levers --uncertainty", "curve", "frontier")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_deal_with_one_of_each_thing_prints_one_of_each(command, tmp_path, capsys):
    """One year, workload, cohort, offer, person, seat, month of a credit, project and scenario."""
    file = tmp_path / "one.yaml"
    file.write_text(ONE_OF_EACH, encoding="utf-8")
    name, *options = command.split()
    assert run([name, str(file), *options]) == 0
    out = capsys.readouterr().out
    assert "12 months" in out
    assert not ONE.search(out)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_golden_printouts_count_in_the_right_number(path):
    golden = ROOT / "tests" / "interface" / "golden" / f"{path.stem}.txt"
    assert not ONE.search(golden.read_text(encoding="utf-8"))
