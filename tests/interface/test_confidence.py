"""A preset takes the highest confidence that the scenarios allow; one stated as a number is refused (model §7)."""

import pytest

from deal_solve.cli.main import run
from deal_solve.cli.support.options import with_risk
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.optimise.solve import solve
from deal_solve.report.scenarios import other_tail, other_tail_note
from deal_solve.settlement.objective import fit_risk
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.sampling import sample

THREE_BRANCHES = """
start: 2027-01
horizon_months: 12
workloads:
  bot: {requests_per_month: {p10: 1M, p50: 2M, p90: 4M}, input_tokens: 1000, output_tokens: 100, models: [sonnet]}
"""


def deal_with(risk: str) -> Deal:
    return loads(f"{THREE_BRANCHES}risk: {risk}\n" if risk else THREE_BRANCHES)


@pytest.mark.parametrize("in_file", ["", "neutral", "balanced", "{weight: 0.4}", "{on: cost}"])
@pytest.mark.parametrize("on_line", [None, "balanced", "cautious", "0.4"])
def test_a_preset_falls_back_wherever_it_is_given(in_file: str, on_line: str | None) -> None:
    """3 branches are too few for 0.95, which nobody stated: 0.9, with a note, and 0.95 where there are enough."""
    deal = deal_with(in_file)
    if on_line:
        deal = with_risk(deal, on_line)
    fitted, notes = fit_risk(deal, scenarios_of(deal))
    if deal.risk.weight:
        assert fitted.risk.confidence == 0.9
        assert notes == (
            "CVaR is taken at confidence 0.9: the discrete expansion has 3 scenarios, too few for a tail beyond 0.9; "
            "100 or more carry 0.95 and may sign otherwise (--confidence 0.9 weighs the same tail over both)",
        )
    assert fit_risk(deal, sample(deal, 128))[0].risk.confidence == 0.95


def test_a_number_is_refused_wherever_it_is_given() -> None:
    for deal in (
        deal_with("{weight: 0.3, confidence: 0.95}"),
        with_risk(deal_with("{weight: 0.3, confidence: 0.95}"), "cautious"),
        with_risk(deal_with("balanced"), "cautious", confidence="95%"),
    ):
        with pytest.raises(InputError, match=r"risk.confidence: 0.95 is asked for"):
            fit_risk(deal, scenarios_of(deal))


def test_a_confidence_of_the_file_that_can_be_had_stays() -> None:
    deal = with_risk(deal_with("{weight: 0.3, confidence: 0.8}"), "cautious")
    fitted, notes = fit_risk(deal, scenarios_of(deal))
    assert (fitted.risk.confidence, fitted.risk.weight, notes) == (0.8, 0.7, ())


def test_two_sets_of_one_deal_that_weigh_another_tail_say_so():
    """3 branches carry 0.9 and 128 samples 0.95: either names the tail of the other, and what keeps to one of them."""
    deal = deal_with("balanced")
    expanded, drawn = scenarios_of(deal), sample(deal, 128)
    fitted = solve(deal).settlement.deal
    assert other_tail(fitted, expanded) == "5% from 100 scenarios on, which may sign otherwise"
    assert other_tail(deal, drawn) == "10% over the 3 of the expansion, which may sign otherwise"
    (note,) = other_tail_note(deal, drawn)
    assert note.startswith("of these scenarios the worst 5% is weighed, 10% over the 3 of the expansion, ")
    assert note.endswith(": --confidence 0.9 weighs the same tail over both")


@pytest.mark.parametrize("risk", ["neutral", "{weight: 0.3, confidence: 0.9}"])
def test_a_tail_that_is_stated_or_not_weighed_is_the_same_everywhere(risk):
    deal = deal_with(risk)
    assert [other_tail(deal, each) for each in (scenarios_of(deal), sample(deal, 128))] == ["", ""]


def test_an_expansion_that_is_large_enough_weighs_the_tail_of_a_sample():
    deal = loads(MANY_BRANCHES)
    assert [other_tail(deal, each) for each in (scenarios_of(deal), sample(deal, 128))] == ["", ""]


MANY_BRANCHES = """
start: 2027-01
horizon_months: 12
risk: balanced
uncertainty:
  list_price_change_per_year: {models: {p10: -20%, p50: -10%, p90: 0%}}
  events:
    launch: {probability: 50%, workloads: [bot], factor: 2}
    loss: {probability: 20%, workloads: [bot], factor: 0.5}
workloads:
  bot:
    requests_per_month: {p10: 1M, p50: 2M, p90: 4M}
    growth_per_year: {p10: 0%, p50: 10%, p90: 30%}
    input_tokens: 1000
    output_tokens: 100
    models: [sonnet]
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "workloads.bot.growth_per_year=10%",
            "--set leaves 36 scenarios, of which the worst 10% are weighed, and the file as written 108 scenarios, of "
            "which the worst 5% are: compare the two with --confidence 0.9\n",
        ),
        ("workloads.bot.input_tokens=900", ""),
        ("risk={weight: 0.3, confidence: 0.9}", ""),
    ],
)
def test_a_change_that_leaves_another_tail_is_told(tmp_path, capsys, change, said) -> None:
    """Three bands and two events are 27 · 4 branches, enough for 0.95; with two bands they are 9 · 4."""
    (tmp_path / "deal.yaml").write_text(MANY_BRANCHES, encoding="utf-8")
    assert run(["solve", str(tmp_path / "deal.yaml"), "--set", change]) == 0
    assert capsys.readouterr().err == said
