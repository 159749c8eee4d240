"""A preset takes the highest confidence that the scenarios allow; one stated as a number is refused (model §7)."""

import pytest

from deal_solve.cli.support.options import with_risk
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.errors import InputError
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
            "CVaR is taken at confidence 0.9: the discrete expansion has 3 scenarios, too few for a tail beyond 0.9",
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
