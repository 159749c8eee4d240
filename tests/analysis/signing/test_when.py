"""The months of signing side by side: hand-worked costs over the same months; the table, the file and the picture."""

import json
from dataclasses import replace

import pytest

from deal_solve import InputError, from_json, scenarios_of, solve, when
from deal_solve.analysis.when.result import WhenResult
from deal_solve.analysis.when.text import when_report
from deal_solve.cli.main import run
from deal_solve.frames import Table
from deal_solve.optimise.solution import SignedMonth
from deal_solve.report.signing import signing_sentence
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


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (SignedMonth(3, "solved", 1_140.0, 1_140.0), "60 more (cost over the same months)"),
        (SignedMonth(3, "solved", 1_140.0, 1_070.0), "60 more, in the gap: not proven ("),
        (SignedMonth(3, "solved", 1_080.2, 1_070.0), "the same ("),
        (SignedMonth(3, "pruned", None, 1_100.0), "at least 20 more ("),
        (SignedMonth(3, "pruned", None, 1_080.0), "no less ("),
        (SignedMonth(3, "limit", None, 0.0), "not worked out ("),
    ],
)
def test_a_difference_between_months_is_said_as_far_as_it_is_proven(month, said):
    best = replace(solve(falling("pass_through")), months=(SignedMonth(0, "solved", 1_080.0, 1_080.0), month))
    assert f"in 2027-01; in 2027-04 {said}" in signing_sentence(best.settlement.deal, best)


def test_the_measure_in_which_months_are_compared_is_said(capsys):
    assert run(["when", str(SCENARIOS / "renewal.yaml"), "--set", "workloads.claims.growth_per_year=20%"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "the months are compared by the objective: 70% expected cost, 30% mean of the worst 10%" in text


def test_a_month_that_is_not_proven_to_cost_more_is_marked():
    found = when(falling("pass_through"), scenarios_of(falling("pass_through")))
    first, second = found.months
    text = when_report(falling(), replace(found, months=Table((first, replace(second, bound_usd=1_000.0)))))
    assert "in the gap: it is not proven that the best plan of that month costs more" in text
    assert "in the gap" not in when_report(falling(), found)
