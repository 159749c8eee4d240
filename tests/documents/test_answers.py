"""Answers of the commands as pages: whole, with nothing to fetch, and names that are only text."""

import re

import pytest

from deal_solve import clauses, curve, frontier, scenarios_of, sweep
from deal_solve.analysis.document.markup import answer_of
from deal_solve.cli.main import run
from tests.support.hand_deals import two_years

ASKED = {
    "clauses": lambda deal: clauses(deal, scenarios_of(deal), pairs=0),
    "curve": lambda deal: curve(deal, scenarios_of(deal)),
    "frontier": lambda deal: frontier(deal, scenarios_of(deal), 2),
    "sweep": lambda deal: sweep(deal, {"cost_of_capital_per_year": [0, 0.1]}),
}


ODD = ["<script>alert(1)</script>", "\u202egnp.exe", "{{ 7*7 }}", "=cmd|' /C calc'!A0", "x" * 200]


@pytest.mark.parametrize(
    ("name", "title"), [*((name, "Plain") for name in ASKED), *(("sweep", title) for title in ODD)]
)
def test_an_answer_is_a_page(name, title):
    page = answer_of(ASKED[name](two_years().model_copy(update={"title": title})))
    assert page.count("<h1>") == page.count("<main>") == page.count("</html>") == 1
    assert page.count("<table>") == page.count("<caption>") >= 1
    assert page.count("<svg") == 1
    assert not re.search(r"<script|http|@import|url\((?!#)| src=|\u202e", page)
    assert "49" not in re.search("<h1>.*</h1>", page)[0]


def test_the_commands_write_it(tmp_path, capsys):
    deal = tmp_path / "deal.yaml"
    deal.write_text(
        "start: 2027-01\nhorizon_months: 12\nworkloads:\n  app: {requests_per_month: 100, input_tokens: 1000, "
        "output_tokens: 10, models: [opus]}\n"
        "offers:\n  quote: {api: {bands: [{commit_usd_per_year: 1, discount: 10%}]}}\n"
    )
    for command in ("solve", "clauses", "curve"):
        page = tmp_path / f"{command}.html"
        assert run([command, str(deal), "--report", str(page)]) == 0
        assert page.read_text(encoding="utf-8").strip().startswith("<!DOCTYPE html>")
    assert run(["solve", str(deal), "--report", str(tmp_path / "page.pdf")]) == 2
    assert "--report" in capsys.readouterr().err
