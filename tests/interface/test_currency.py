"""The currency of the report: texts are converted, files are not (model §7)."""

import json
import re
import zipfile
from dataclasses import replace

import pytest

from deal_solve import InputError, document, load, loads, solve, to_json
from deal_solve.cli.main import run
from deal_solve.currency import coded, converted, reported_in
from deal_solve.deal.currency import Currency
from deal_solve.deal.risk import Limit
from deal_solve.outputs import figure, text_of
from deal_solve.report.text import Page, printed_on
from deal_solve.settlement.limit_checks import limit_checks
from tests.support.deals import SMALL
from tests.support.hand_deals import certainly, quote
from tests.support.paths import EXAMPLES, SCENARIOS
from tests.support.solved import solved

EURO = Currency(code="EUR", usd=1.25)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def in_euro(solution):
    """Return a solution whose deal is reported in EUR at 1.25; its limits allow as much as before."""
    deal = solution.settlement.deal
    limits = tuple(limit.model_copy(update={"at_most": limit.at_most / EURO.usd}) for limit in deal.limits)
    deal = deal.model_copy(update={"currency": EURO, "limits": limits})
    return replace(solution, settlement=replace(solution.settlement, deal=deal))


def text(found):
    """Return a text on a page on which nothing is wrapped."""
    with printed_on(Page(400)):
        return text_of(found)


def compared(before, after):
    """Yield the numbers of two texts in pairs, and whether the second is 0.8 of the first as printed."""
    pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    for first, second in ((one.rstrip(","), other.rstrip(",")) for one, other in pairs):
        one, other = (float(each.replace(",", "")) for each in (first, second))
        step = 10.0 ** -len(first.partition(".")[2])
        yield first, second, abs(other - 0.8 * one) <= 0.91 * step


@pytest.mark.parametrize("path", EXAMPLES[:3], ids=lambda path: path.stem)
def test_hand_case_10_every_amount_of_a_text_is_0_8_of_the_one_in_usd(path):
    """usd: 1.25; what is no amount (dates, counts, shares) is as it was."""
    found = solved(path.stem)
    before, after = text(found), text(in_euro(found))
    assert "USD" in before
    assert "USD" not in after
    assert "EUR" in after
    changed = 0
    for first, second, is_converted in compared(before, after):
        assert first == second or is_converted, (first, second)
        changed += first != second
        assert first != second or "," not in first or "." not in first, f"{first} is not converted"
    assert changed > 50


def test_hand_case_10_the_plan_is_the_same_and_its_limit_is_in_the_currency():
    """At most 80 EUR a month of commitment are 100 USD: C = 960 of 1,200 at 20 % off would be allowed, 1,300 not."""
    limit = {"measure": "expected", "of": "committed", "at_most": 12 * 100}
    deal = certainly(150, quote=quote((600, 0.2)))
    usd = deal.model_copy(update={"limits": (Limit(**limit),)})
    euro = deal.model_copy(update={"limits": (Limit(**{**limit, "at_most": 12 * 80}),), "currency": EURO})
    before, after = solve(usd), solve(euro)
    assert before.plan == after.plan
    assert before.objective_usd == after.objective_usd
    (check,) = limit_checks(euro, after.settlement)
    assert check.at_most_usd == pytest.approx(1200)


def test_files_stay_in_usd():
    found = solved("three-quotes")
    before, after = (json.loads(to_json(each)) for each in (found, in_euro(found)))
    assert before["cost"] == after["cost"]
    assert before["plan"] == after["plan"]


def test_a_picture_is_in_the_currency():
    found = solved("three-quotes")
    texts = [each.get_text() for each in figure(in_euro(found)).findobj(lambda part: hasattr(part, "get_text"))]
    assert any("EUR" in each for each in texts)
    assert not any("USD" in each for each in texts)


def test_a_command_prints_the_currency_of_its_deal(tmp_path, capsys):
    example = (SCENARIOS / "api-heavy.yaml").read_text(encoding="utf-8")
    (tmp_path / "deal.yaml").write_text(f"{example}\ncurrency: {{code: EUR, usd: 1.25}}\n", encoding="utf-8")
    printed = []
    for path in (SCENARIOS / "api-heavy.yaml", tmp_path / "deal.yaml"):
        assert run(["today", str(path)]) == 0
        printed.append(capsys.readouterr().out)
    assert "USD" in printed[0]
    assert "USD" not in printed[1]
    assert all(first == second or is_converted for first, second, is_converted in compared(*printed))
    assert run(["today", str(tmp_path / "deal.yaml"), "--json", "-"]) == 0
    assert "EUR" not in capsys.readouterr().out
    assert converted(1.0) == 1.0  # the next command begins in USD


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ({"code": "euro", "usd": 1.08}, "three capital letters"),
        ({"code": "EUR"}, "usd is missing"),
        ({"code": "EUR", "usd": 0}, "not above 0"),
        ({"code": "USD", "usd": 1.08}, "one USD is 1 USD"),
    ],
)
def test_a_currency_that_makes_no_sense_is_refused(clause, message, tmp_path):
    example = (SCENARIOS / "api-heavy.yaml").read_text(encoding="utf-8")
    path = tmp_path / "deal.yaml"
    path.write_text(f"{example}\ncurrency: {json.dumps(clause)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load(path)


def test_only_the_word_is_the_code():
    with reported_in("GBP", 2.0):
        assert coded("5 USD, cost_usd, USDT") == "5 GBP, cost_usd, USDT"


def test_documents_are_in_the_currency_and_a_workbook_in_usd_throughout(tmp_path):
    """At 1.25 USD a euro every amount of the page is 0.8 of the USD page; the workbook is the same."""
    found = {}
    for code, usd in (("USD", 1), ("EUR", 1.25)):
        deal = loads(f"{SMALL}\ncurrency: {{code: {code}, usd: {usd}}}\n")
        page = document(deal, is_quick=True)
        page.to_xlsx(tmp_path / f"{code}.xlsx")
        found[code] = page.to_markdown(), page.to_html(), page.to_ics()
    assert all("EUR" not in text for text in found["USD"])
    assert all("USD" not in re.sub(r"currency: \{.*", "", text) for text in found["EUR"][:1])
    amounts = {code: re.findall(r"DESCRIPTION:([\d\\,.]+) (?:USD|EUR)", texts[2]) for code, texts in found.items()}
    dollars, euros = ([float(each.replace("\\,", "")) for each in amounts[code]] for code in ("USD", "EUR"))
    assert euros
    assert euros == pytest.approx([0.8 * each for each in dollars], abs=0.01)
    sheets = [parts_of(tmp_path / f"{code}.xlsx") for code in ("USD", "EUR")]
    assert sheets[0] == sheets[1]


def parts_of(path):
    """Return the parts of a workbook without the hash of its deal."""
    with zipfile.ZipFile(path) as parts:
        return {name: re.sub(rb"read: \w+", b"", parts.read(name)) for name in parts.namelist()}
