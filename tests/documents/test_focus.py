"""FOCUS rows: the requirements of the dataset Contract Commitment, version 1.4, that rows can be held against."""

import csv
import json
from datetime import datetime

import pytest

from deal_solve import complete, load, settle
from deal_solve.analysis.focus.commitments import DICTIONARY, commitment_rows
from deal_solve.cli.main import run
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.hand_deals import KEPT, YEAR, newsvendor
from tests.support.paths import EXAMPLES

ALLOWED = {
    "ContractCommitmentBenefitCategory": {"Discount", "Monetary Pool", "Availability", "Other"},
    "ContractCommitmentCategory": {"Spend", "Usage"},
    "ContractCommitmentFulfillmentInterval": {
        *("Hourly", "Daily", "Weekly", "Monthly", "Quarterly", "Semi-Annual", "Annual"),
        *("Full Commitment Period", "Transactional", "Custom"),
    },
    "ContractCommitmentLifecycleStatus": {
        *("Proposed", "Pending", "Active", "Exhausted", "Expired", "Canceled", "Superseded"),
    },
    "ContractCommitmentModel": {"Continuous", "Discontinuous"},
    "ContractCommitmentOfferCategory": {"Public", "Negotiated"},
    "ContractCommitmentPaymentInterval": {"One-Time", "Monthly", "Quarterly", "Semi-Annual", "Annual", "Custom"},
    "ContractCommitmentPaymentModel": {"No Upfront", "Partial Upfront", "All Upfront"},
}
NULLABLE = {"ContractCommitmentQuantity", "ContractCommitmentUnit", "ContractCommitmentDiscountPercentage"}


def planned(deal, **parts):
    offer = next(name for name, each in deal.offers.items() if each.api and each.on_the_table)
    asked = Proposal.model_validate({"api": {"offer": offer, **parts}})
    return complete(deal, asked, scenarios_of(deal))[0]


def refuse_what_focus_forbids(row):
    """Raise AssertionError for a row against a MUST of the specification."""
    for name, values in ALLOWED.items():
        assert row[name] in values, name
    own = {name: value for name, value in row.items() if not name.startswith("x_")}
    assert len(own) == 30
    assert {name for name, value in own.items() if value is None} <= NULLABLE
    if row["ContractCommitmentCategory"] == "Usage":
        assert row["ContractCommitmentQuantity"] is not None and row["ContractCommitmentUnit"]
    upfront, model = row["ContractCommitmentPaymentUpfrontPercentage"], row["ContractCommitmentPaymentModel"]
    assert {"All Upfront": upfront == 1, "No Upfront": upfront == 0, "Partial Upfront": 0 < upfront < 1}[model]
    assert model != "All Upfront" or row["ContractCommitmentPaymentInterval"] == "One-Time"
    assert json.loads(row["ContractCommitmentApplicability"]) == {"IsGlobalScope": True}
    for part in ("Contract", "ContractCommitment"):
        start, end = (datetime.fromisoformat(row[f"{part}Period{edge}"]) for edge in ("Start", "End"))
        assert start < end
    assert {name for name in row if name.startswith("x_")} == set(DICTIONARY)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_rows_keep_the_requirements_and_sum_to_what_is_committed(path):
    deal = load(path)
    if deal.is_open:
        deal = deal.signed_in(deal.signing_months[0])
    plan = planned(deal)
    rows = commitment_rows(deal, plan)
    for row in rows:
        refuse_what_focus_forbids(vars(row))
    assert len({row.ContractCommitmentId for row in rows}) == len(rows)
    committed = settle(deal, plan, scenarios_of(deal)).committed_usd
    assert sum(row.ContractCommitmentCost for row in rows) == pytest.approx(committed)


def test_the_commitment_of_the_newsvendor():
    """80 a month for a year, monthly numbers: 960, at 20 % off, prepaid in one sum, what is left forfeited."""
    deal = newsvendor()
    (row,) = commitment_rows(deal, planned(deal, commitment_usd=100 * KEPT * YEAR))
    assert row.ContractCommitmentCost == pytest.approx(960)
    assert row.ContractCommitmentDiscountPercentage == 0.2
    assert (row.ContractCommitmentPaymentModel, row.x_Unused, row.x_Overage) == ("All Upfront", "forfeited", "list")
    assert row.ContractCommitmentPeriodStart == "2027-01-01T00:00:00Z"
    assert row.ContractCommitmentPeriodEnd == "2028-01-01T00:00:00Z"


def test_the_command_writes_rows_and_dictionary(tmp_path, capsys):
    deal = tmp_path / "deal.yaml"
    deal.write_text(
        "start: 2027-01\nhorizon_months: 12\nworkloads:\n  app: {requests_per_month: 1M, input_tokens: 1000, "
        "output_tokens: 10, models: [opus]}\n"
        "offers:\n  quote: {api: {bands: [{commit_usd_per_year: 1, discount: 10%}]}}\n"
    )
    assert run(["focus", str(deal), "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "ContractCommitment.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1
    with (tmp_path / "out" / "dictionary.csv").open() as file:
        meant = {(row["dataset"], row["column"]) for row in csv.DictReader(file)}
    for name in ("ContractCommitment", "CostAndUsage"):
        with (tmp_path / "out" / f"{name}.csv").open() as file:
            own = {column for column in csv.DictReader(file).fieldnames if column.startswith("x_")}
        assert own == {column for dataset, column in meant if dataset == name}
    assert "rows: 1" in capsys.readouterr().out
