"""The months of signing side by side: hand-worked costs over the same months; the table, the file and the picture."""

import json

import pytest

from deal_solve import InputError, from_json, scenarios_of, solve, when
from deal_solve.analysis.when.result import WhenResult
from deal_solve.analysis.when.text import when_report
from deal_solve.cli.main import run
from tests.support.hand_deals import APP, certainly, quote, read
from tests.support.paths import SCENARIOS

FALLS = [1.0] * 3 + [0.5] * 21


def falling(protection="locked", months=(0, 3)):
    """Return 24 months of 100 list dollars a month whose list price halves from month 3 on; 20 % off, 12 months."""
    future = {"weight": 1, "requests_per_month": {"app": 100}, "list_price_index": {"opus": FALLS}}
    return read(
        24,
        workloads={"app": APP},
        offers={"quote": {**quote((0.01, 0.2), overage="contracted"), "price_protection": protection}},
        scenarios={"only": future},
        signing={"months": months},
    )


def compared(deal):
    """Return what the months cost, in order."""
    return [month.objective_usd for month in when(deal, scenarios_of(deal)).months]


def test_waiting_for_a_price_to_fall():
    """Now, locked at 1: 960 + 480, more than list, 300 + 21·50 = 1,350. In month 3: 300 + 21·40 = 1,140."""
    found = when(falling(), scenarios_of(falling()))
    assert [month.objective_usd for month in found.months] == pytest.approx([1_350, 1_140])
    assert [month.more_usd for month in found.months] == pytest.approx([210, 0])
    assert [month.before_usd for month in found.months] == pytest.approx([0, 300])
    assert found.best == 3
    assert [month.plan.api.offer for month in found.months] == ["list", "quote"]


def test_pass_through_need_not_wait():
    """Protection that follows list downwards: now 3·80 + 21·40 = 1,080; in month 3 still 1,140."""
    assert compared(falling("pass_through")) == pytest.approx([1_080, 1_140])


def test_the_months_are_those_of_solve():
    deal = falling()
    solution = solve(deal)
    assert solution.objective_usd == pytest.approx(min(compared(deal)))
    assert {month.month for month in solution.months} == {0, 3}


def test_a_deal_that_is_signed_at_its_start_is_no_question():
    with pytest.raises(InputError, match=r"signing\.months: are not stated, so the deal is signed at its start"):
        when(certainly(100), scenarios_of(certainly(100)))


def test_the_command_writes_its_table_and_prints_the_best_month(tmp_path, capsys):
    file = tmp_path / "when.json"
    picture = tmp_path / "when.svg"
    assert run(["when", str(SCENARIOS / "renewal.yaml"), "--out", str(file), "--picture", str(picture)]) == 0
    text = capsys.readouterr().out
    found = from_json(file.read_text(encoding="utf-8"), WhenResult)
    assert isinstance(found, WhenResult)
    assert [month.calendar_month for month in found.months] == ["2027-05", "2027-07", "2027-10"]
    assert "Sign    in 2027-05" in text
    assert "2027-05" in picture.read_text(encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8"))["schema"] == "deal-solve-when/1"


def test_a_month_without_a_plan_is_said():
    deal = falling(months=(0, 3)).model_copy()
    limited = read(
        24,
        workloads={"app": APP},
        offers={"quote": quote((0.01, 0.2), overage="contracted")},
        scenarios={"only": {"weight": 1, "requests_per_month": {"app": 100}}},
        signing={"months": [0, 12]},
        limits=[{"measure": "worst", "of": "total", "at_most": 2_000}],
    )
    found = when(limited, scenarios_of(limited))
    assert [month.outcome for month in found.months] == ["solved", "infeasible"]
    assert "no plan" in when_report(limited, found)
    assert deal.is_open


def test_at_list_no_band_and_no_commitment_are_said():
    """In month 0 of `falling` list is best, in month 3 the quote."""
    first, second = when(falling(), scenarios_of(falling())).months
    assert first.deal == "API agreement: list, 12 months"
    assert second.deal == "API agreement: quote, 12 months; band, from USD a year: 0.01; commitment, USD a year: 0.01"
