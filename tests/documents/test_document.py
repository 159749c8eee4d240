"""The document: a page that needs nothing else, whose numbers are those of the JSON and whose names are only text."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from deal_solve import InputError, document, load, show, to_json
from deal_solve.analysis.document import document as module
from deal_solve.analysis.document import picture
from deal_solve.analysis.document.markup import html_of, markdown_of
from deal_solve.analysis.document.page import first_page, subject_of
from deal_solve.analysis.document.result import SECTIONS
from deal_solve.analysis.document.tables import side_by_side_table, spend_tables
from deal_solve.analysis.solve.page.cost import GROUPS
from deal_solve.cli.main import run
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.risk import Risk
from deal_solve.facts.today import today
from deal_solve.report.text import whole_money
from tests.support.builders import held
from tests.support.hand_deals import APP, newsvendor, quote, read, two_years
from tests.support.paths import SCENARIOS

MAX_BYTES = 250_000
VOID = {"meta", "br", "hr", "img", "input", "link", "path", "use"}


class Read(HTMLParser):
    """A page as its tags, its ids, and the cells of its tables; raises AssertionError where a tag is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.targets, self.tables, self.data = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, tuple(sorted(set(given) - {"d"}))))
        self.ids += filter(None, [given.get("id")])
        self.targets += filter(None, [given.get("aria-labelledby")])
        if given.get("href", "").startswith("#"):
            self.targets.append(given["href"][1:])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            assert tag == "td" or given["scope"] in ("row", "col")
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, ()))
        given = dict(attrs)
        self.ids += filter(None, [given.get("id")])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.data.append(data)
        if self.open and {"th", "td"} & set(self.open[-2:]):
            self.tables[-1][-1][-1] += data

    def count(self, tag):
        return sum(each == tag for each, _ in self.tags)


@pytest.fixture(scope="module")
def found():
    return document(two_years())


@pytest.fixture(scope="module")
def hybrid():
    return document(load(SCENARIOS / "hybrid.yaml"), is_quick=True)


def test_a_page_is_whole_and_needs_nothing_else(found):
    text = html_of(found)
    page = Read(text)
    assert (page.count("h1"), page.count("main"), page.count("header")) == (1, 1, 1)
    assert page.count("table") == page.count("caption") > 5
    assert page.count("svg") == page.count("desc") >= 4
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    assert not re.search("<th[^>]*>(<bdi></bdi>)?</th>", text)
    assert not re.search(r"<script|http|@import|url\((?!#)| src=", text)
    assert len(text.encode()) <= MAX_BYTES


def test_a_page_is_the_same_bytes_every_time(found):
    part = replace(found, sections=("seats", "clauses"))
    assert html_of(part) == html_of(part)


def test_the_cost_table_is_that_of_the_json(hybrid):
    """Every cell of it, and the signed sum, today's bill and the expected cost above it."""
    result = json.loads(to_json(hybrid.solution))
    cost, rows = result["cost"], Read(html_of(hybrid)).tables[0]
    header, *lines = rows
    shown = {name: values for name, *values in lines}
    years = cost["years"]
    assert header[1:] == [*(f"year {index + 1}" for index in range(len(years))), "all"]
    total = next(values for name, values in shown.items() if name.startswith("total"))
    for name, key in (
        (None, "expected_usd"),
        ("P10 (a tenth is below)", "p10_usd"),
        ("P90 (a tenth is above)", "p90_usd"),
    ):
        wanted = [whole_money(year["cost"][key]) for year in years]
        assert (shown[name] if name else total)[:-1] == wanted
    checked = 0
    for group, names in GROUPS.items():
        if group in shown:
            checked += 1
            wanted = [whole_money(sum(year["cost_by_line"].get(line, 0.0) for line in names)) for year in years]
            assert shown[group][:-1] == wanted, group
    assert checked >= 2
    headline = dict(first_page(hybrid).headline)
    assert headline["Signed now"] == whole_money(cost["signed_usd"])
    assert whole_money(cost["total"]["expected_usd"]) in headline.values()


def test_the_first_page_of_a_deal_signed_later_says_what_is_in_force_and_when_is_signed():
    """1,200 from 2026-07 to 2027-06, 900 drawn by January, when an even pace has drawn 600."""
    page = first_page(document(held(signing={"months": [6]}), sections=(), is_quick=True))
    label, sentence = page.sign[1][0]
    assert (label, sentence[:19]) == ("In force", "900 of 1,200 drawn ")
    assert page.headline[0][0] == "Signed in 2027-07"


def test_the_first_page_says_how_list_prices_are_assumed_to_move(hybrid):
    assert "list prices assumed: models -18% a year, seats +3% a year" in first_page(hybrid).proof


def numbers_of(part):
    """Return every amount of a thousand and more in texts, tables and rows of the page."""
    if isinstance(part, str):
        return {int(each.replace(",", "")) for each in re.findall(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d.])", part)}
    return set().union(*map(numbers_of, part)) if part else set()


def values_of(data):
    """Return every number in JSON, those in its sentences too."""
    if isinstance(data, dict | list):
        return [each for part in (data.values() if isinstance(data, dict) else data) for each in values_of(part)]
    return [data] if isinstance(data, int | float) else [*numbers_of(data)] if isinstance(data, str) else []


def test_every_amount_of_what_is_signed_costs_and_saves_is_in_the_json(hybrid):
    """As it stands there, as the sum of a line over the years, or as the difference of two plans that are compared."""
    page, solved = first_page(hybrid), json.loads(to_json(hybrid.solution))
    compared = [*values_of(json.loads(to_json(hybrid))["comparisons"]), *values_of(solved["cost"])]
    by_year = [year["cost_by_line"] for year in solved["cost"]["years"]]
    lines = [sum(year.get(name, 0.0) for year in by_year for name in names) for names in GROUPS.values()]
    per_year = [sum(year.get(name, 0.0) for name in names) for year in by_year for names in GROUPS.values()]
    found = {abs(round(each)) for each in (*values_of(solved), *compared, *lines, *per_year)}
    found |= {abs(round(one - other)) for one in compared for other in compared}
    bill = round(today(hybrid.about.deal).total_usd)
    shown = numbers_of([page.headline, page.sign[1], page.cost.rows, page.compare[1]])
    assert len(shown) > 30
    assert shown - {bill} <= found


def test_what_it_is_compared_with_is_that_of_the_json(found):
    page, data = first_page(found), json.loads(to_json(found))
    rows, compared = dict(page.compare[1]), data["comparisons"]
    expected = found.solution.settlement.mean(found.solution.settlement.cost)
    other = compared["no_commitment"]["expected_usd"]
    assert rows["This plan"].startswith(whole_money(expected))
    assert whole_money(other) in rows["No commitment"]
    assert whole_money(abs(other - expected)) in rows["No commitment"]


def test_what_to_ask_for_is_the_list_of_clauses_by_hand(found):
    """Rollover is worth 8 (case 4 of model §9), 96 for monthly numbers, and is asked for in a sentence of its own."""
    page = first_page(found)
    assert page.asks_title == "What to ask for first in quote (USD over 24 months, expected)"
    deal = found.about.deal.model_copy(update={"risk": Risk(weight=0.3)})
    cautious = first_page(replace(found, about=replace(found.about, deal=deal)))
    assert cautious.asks_title.endswith("over 24 months, expected; points of discount weighed as under Proof)")
    asks = {ask.clause: ask for ask in page.asks}
    assert asks["unused commitment"].worth.startswith("96, as much as 6")
    assert asks["unused commitment"].sentence == (
        "Please let all commitment that a period leaves unused roll over, without a cap (now: forfeited)."
    )
    values = {row["clause"]: row for row in json.loads(to_json(found))["clauses"]["values"]}
    for ask in first_page(found).asks:
        assert ask.worth.startswith(whole_money(values[ask.clause]["expected_usd"]))
    assert [row.expected_usd for row in found.asks] == sorted((row.expected_usd for row in found.asks), reverse=True)


@pytest.mark.parametrize("clause", [each for each in CLAUSES if each.better], ids=lambda each: each.name)
def test_every_clause_is_asked_for_in_one_sentence(clause):
    sentence = clause.ask.format(name=clause.name, was="OLD", asked="NEW")
    assert re.fullmatch(r"Please [^.{}]*\.", sentence)


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "</style><b>&amp;",
        "\u202egnp.exe\u200f",
        "x" * 200,
        "=1+1 | *b* `c`",
        "{{ 7*7 }}",
        "5 $ a $ 中文 😀",
    ],
)
def test_names_change_nothing_but_the_text(title):
    def page(name):
        deal = newsvendor()
        offers = {key: offer.model_copy(update={"title": name}) for key, offer in deal.offers.items()}
        work = {key: each.model_copy(update={"title": name}) for key, each in deal.workloads.items()}
        named = deal.model_copy(update={"title": name, "offers": offers, "workloads": work})
        return html_of(document(named, is_quick=True))

    plain, odd = page("Plain"), page(title)
    assert [tag for tag in Read(odd).tags if tag[0] != "path"] == [tag for tag in Read(plain).tags if tag[0] != "path"]
    assert not re.search("[\u200b-\u200f\u202a-\u202e]", odd)
    assert "<script" not in odd
    assert "\u202e" in title or title in "".join(Read(odd).data)


def test_the_markdown_has_the_same_page(found):
    text, page = markdown_of(found), first_page(found)
    assert text.startswith(f"# {page.title}\n")
    for row in page.cost.rows:
        assert "| " + " | ".join(row) in text
    for ask in page.asks:
        assert f"> {ask.sentence}" in text.replace("\\", "")
    assert show(found).text == text


def test_markdown_names_are_text():
    named = newsvendor().model_copy(update={"title": "*a* <b> [c](d) | e"})
    assert markdown_of(document(named, is_quick=True)).startswith(r"# \*a\* \<b\> \[c\](d) \| e" + "\n")


def test_quick_solves_the_deal_alone(monkeypatch):
    def fails(*_args, **_keywords):
        raise AssertionError("nothing further is solved")

    for name in ("clauses", "curve", "frontier", "waterfall"):
        monkeypatch.setattr(module, name, fails)
    found = document(newsvendor(), is_quick=True)
    assert first_page(found).why_no_asks.startswith("Left out")
    assert html_of(found).count("Left out: it takes further solves.") == 4


def test_sections_are_chosen_and_only_what_they_show_is_solved_for(monkeypatch):
    monkeypatch.setattr(module, "curve", None)
    found = document(newsvendor(), sections=["method", "routing"])
    assert found.sections == ("routing", "method")
    assert found.curve is found.levers is None
    text = html_of(found)
    assert [name for name in SECTIONS if f'id="{name}"' in text] == ["routing", "method"]
    with pytest.raises(InputError, match="there is no section 'rooting'; did you mean 'routing'"):
        document(newsvendor(), sections=["rooting"])


def test_a_deal_signed_later_is_compared_from_its_start():
    """100 list dollars a month, 24 months from 2027-01, halved and signed in 2027-04: 300 before, 840 from then."""
    future = {"weight": 1, "requests_per_month": {"app": 100}, "list_price_index": {"opus": [1.0] * 3 + [0.5] * 21}}
    offers = {"quote": quote((0.01, 0.2), overage="contracted")}
    deal = read(24, workloads={"app": APP}, offers=offers, scenarios={"only": future}, signing={"months": [3]})
    found = document(deal, is_quick=True)
    page = first_page(found)
    assert page.subtitle == "24 months from 2027-01, all amounts USD"
    assert "Today's bill in 2027-01 at list" in dict(page.headline)
    assert page.dates_title == "Dates of the 12 months from 2027-04"
    assert side_by_side_table(subject_of(found)).startswith("Side by side over 24 months")
    rows = [line.split() for line in spend_tables(subject_of(found)).partition("\n\n")[0].splitlines()[3:]]
    assert rows[0] == ["before", "300", "300", "300", "300"]
    assert (len(rows), rows[-1][-1]) == (22, "1,140")


def test_a_criterion_without_prices_of_clauses_says_so():
    found = document(newsvendor(risk={"criterion": "regret"}), sections=[])
    assert first_page(found).why_no_asks.startswith("regret compares with the best of each scenario")


def test_without_matplotlib_the_tables_say_it_all(monkeypatch, found):
    monkeypatch.setattr(picture, "find_spec", lambda _: None)
    page = Read(html_of(found))
    assert page.count("svg") == 0
    assert page.count("table") > 5


def test_the_command_writes_both_forms(capsys, tmp_path):
    deal, out = str(SCENARIOS / "hybrid.yaml"), tmp_path / "report.html"
    book = tmp_path / "book.xlsx"
    assert run(["report", deal, "--quick", "--out", str(out), "--sections", "seats,method", "--xlsx", str(book)]) == 0
    said = "".join(rf"{re.escape(str(path))} written, \d+ kB\n" for path in (out, book))
    assert re.fullmatch(said, capsys.readouterr().out)
    assert book.read_bytes().startswith(b"PK")
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert run(["report", deal, "--quick", "--out", str(tmp_path / "report.md")]) == 0
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# ")
    assert run(["report", deal, "--quick", "--out", str(tmp_path / "report.pdf")]) == 2
    assert "does not end in .html or .md or .docx" in capsys.readouterr().err
    assert run(["report", deal, "--quick", "--out", "dates.ics"]) == 2
    assert "'dates.ics' is written by --ics; write --ics dates.ics" in capsys.readouterr().err
