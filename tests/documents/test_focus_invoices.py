"""FOCUS rows: the requirements of the dataset Cost and Usage, and its sums against the settlement."""

import csv
import json
from collections import Counter
from datetime import datetime

import numpy as np
import pytest

from deal_solve import complete, load, loads, settle, solve
from deal_solve.analysis.focus.commitments import commitment_rows
from deal_solve.analysis.focus.cost_row import DICTIONARY
from deal_solve.analysis.focus.dictionary import PROPERTIES
from deal_solve.analysis.focus.invoices import cost_rows
from deal_solve.analysis.focus.other_charges import INVOICED
from deal_solve.deal.offers.in_force import Signing
from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from deal_solve.facts.accrual import expected_rows
from deal_solve.facts.calendar import calendar
from deal_solve.frames import csv_text
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.generators import random_deal
from tests.support.hand_deals import KEPT, YEAR, newsvendor, office
from tests.support.paths import EXAMPLES

UNITS = ("PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "PricingCategory")
COMMITMENT = ("Category", "Name", "Quantity", "Type", "Unit")


def settled(deal, **parts):
    if deal.is_open:
        deal = deal.signed_in(deal.signing_months[0])
    offers = [name for name, each in deal.offers.items() if each.api and each.on_the_table]
    asked = Proposal.model_validate({"api": {"offer": offers[-1] if offers else "list", **parts}})
    scenarios = scenarios_of(deal)
    return settle(deal, complete(deal, asked, scenarios)[0], scenarios)


def refuse_what_focus_forbids(row):
    """Raise AssertionError for a row against a MUST of the columns of FOCUS 1.4."""
    category, is_priced = row["ChargeCategory"], row["SkuPriceId"] is not None
    assert category in {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
    assert row["ChargeFrequency"] in {"One-Time", "Recurring", "Usage-Based"}
    assert category != "Purchase" or row["ChargeFrequency"] != "Usage-Based"
    assert row["ChargeClass"] is None
    assert is_priced == (category in {"Usage", "Purchase"})
    assert all((row[name] is not None) == is_priced for name in UNITS)
    assert (row["SkuId"] is None) == (row["SkuMeter"] is None) == (not is_priced)
    for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
        if is_priced:
            assert row[price] >= 0
            assert row[price] * row["PricingQuantity"] == pytest.approx(row[cost], abs=0.005)
        else:
            assert row[cost] == row["BilledCost"]
    refuse_wrong_commitment(row)
    is_used = category == "Usage" and row["CommitmentDiscountStatus"] != "Unused"
    assert (row["ConsumedQuantity"] is not None) == (row["ConsumedUnit"] is not None) == is_used
    for kind in ("Billing", "Charge"):
        start, end = (datetime.fromisoformat(row[f"{kind}Period{edge}"]) for edge in ("Start", "End"))
        assert start < end
    if row["SkuPriceDetails"] is not None:
        assert set(json.loads(row["SkuPriceDetails"])) <= set(PROPERTIES)
    assert {name for name in row if name.startswith("x_")} == set(DICTIONARY)
    own = [name for name in row if not name.startswith("x_")]
    assert list(row) == [*sorted(own), *DICTIONARY]


def refuse_wrong_commitment(row):
    has_discount, category = row["CommitmentDiscountId"] is not None, row["ChargeCategory"]
    assert all((row[f"CommitmentDiscount{part}"] is not None) == has_discount for part in COMMITMENT)
    assert (row["CommitmentDiscountStatus"] is not None) == (has_discount and category == "Usage")
    assert (row["PricingCategory"] == "Committed") == (has_discount and category == "Usage")
    if has_discount and category == "Purchase":
        assert row["EffectiveCost"] == 0
    elif has_discount:
        assert row["BilledCost"] == 0
    else:
        assert row["EffectiveCost"] == row["BilledCost"]
    if row["ContractApplied"] is not None:
        (element,) = json.loads(row["ContractApplied"])["Elements"]
        is_money = element["ContractCommitmentAppliedCost"] is not None
        assert is_money == (element["ContractCommitmentAppliedQuantity"] is None)
        assert is_money == (element["ContractCommitmentAppliedUnit"] is None)
        assert category != "Purchase" or element["ContractCommitmentID"] == row["ResourceId"]


def refuse_other_sums(rows, found):
    """Raise AssertionError unless rows add up to the expected settlement, and every commitment to what was paid."""
    billed, invoiced, bought = Counter(), Counter(), Counter()
    for row in rows:
        billed[row.x_Line] += row.BilledCost
        if row.CommitmentDiscountId is not None:
            is_usage = row.ChargeCategory == "Usage"
            bought[row.CommitmentDiscountId] += row.BilledCost - (row.EffectiveCost if is_usage else 0)
    for (line, item, *_), usd in expected_rows(found).items():
        if line in INVOICED and (line, item) != ("before", "users left unserved"):
            invoiced[line] += usd
    for line in {*billed, *invoiced}:
        assert billed[line] == pytest.approx(invoiced[line], abs=0.005, rel=1e-9), line
    total = sum(billed.values())
    assert sum(row.EffectiveCost for row in rows) == pytest.approx(total, abs=0.005, rel=1e-9)
    assert all(abs(usd) < 0.005 + 1e-9 * abs(total) for usd in bought.values())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_rows_keep_the_requirements_and_sum_to_the_settlement(path):
    found = settled(load(path))
    rows = cost_rows(found)
    for row in rows:
        refuse_what_focus_forbids(vars(row))
    refuse_other_sums(rows, found)
    known = {row.ContractCommitmentId for row in commitment_rows(found.deal, found.plan)}
    applied = [json.loads(row.ContractApplied)["Elements"][0] for row in rows if row.ContractApplied]
    assert {element["ContractCommitmentID"] for element in applied} <= known


@pytest.mark.parametrize("seed", range(12))
def test_rows_of_generated_deals_sum_to_the_settlement(seed):
    try:
        found = settled(loads(json.dumps(random_deal(np.random.default_rng([seed, 16])))))
    except InputError:
        return
    rows = cost_rows(found)
    for row in rows:
        refuse_what_focus_forbids(vars(row))
    refuse_other_sums(rows, found)


def test_the_invoices_of_the_newsvendor():
    """80 a month are bought for a year, 960 in one sum at 20 % off; without the commitment a dollar is a dollar."""
    found = settled(newsvendor(), commitment_usd=100 * KEPT * YEAR)
    rows = cost_rows(found)
    (purchase,) = (row for row in rows if row.ChargeCategory == "Purchase")
    assert (purchase.BilledCost, purchase.EffectiveCost, purchase.ContractedUnitPrice) == (960, 0, 1)
    used = [row for row in rows if row.CommitmentDiscountStatus == "Used"]
    assert all(row.ContractedCost == pytest.approx(row.ListCost) for row in used)
    assert all(row.EffectiveCost == pytest.approx(KEPT * row.ListCost) for row in used)
    unused = sum(row.EffectiveCost for row in rows if row.CommitmentDiscountStatus == "Unused")
    assert sum(row.EffectiveCost for row in used) + unused == pytest.approx(960)


def test_users_who_go_without_before_signing_are_on_no_invoice():
    """Ten people go without at 15 a month until month 3, 450 that nobody is paid; then they are on seats at 12."""
    deal = office().model_copy(update={"signing": Signing(months=(3,))})
    found = solve(deal).settlement
    assert found.by_line["before"] == pytest.approx([450])
    rows = cost_rows(found)
    assert {row.x_Line for row in rows} == {"seats"}
    assert sum(row.BilledCost for row in rows) == pytest.approx(9 * 10 * 12)
    assert not any("unserved" in event.what for event in calendar(found))


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "<script>", "5 $ 中文 😀", "\u202egnp.exe", "x" * 200, 'a "b", c']
)
def test_names_are_text(name, tmp_path):
    """A name that a spreadsheet would compute is marked as text; every other stands as it is."""
    deal = newsvendor()
    work = {key: each.model_copy(update={"title": name}) for key, each in deal.workloads.items()}
    rows = cost_rows(
        settled(deal.model_copy(update={"title": name, "workloads": work}), commitment_usd=100 * KEPT * YEAR)
    )
    (tmp_path / "rows.csv").write_text(csv_text(rows.to_frame()), encoding="utf-8")
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows)
    shown = f"'{name}" if name[0] == "=" else name
    assert {row["BillingAccountName"] for row in read} == {shown}
    assert {row["SubAccountName"] for row in read} == {"", shown}


def test_our_reader_reads_the_rows_back(tmp_path):
    rows = cost_rows(settled(load(next(path for path in EXAMPLES if path.stem == "regulated"))))
    (tmp_path / "CostAndUsage.csv").write_text(csv_text(rows.to_frame()))
    found = read_exports([tmp_path / "CostAndUsage.csv"], late_days=0)
    tokens, usd = Counter(), Counter()
    for row in rows:
        if row.ConsumedUnit == "Tokens":
            tokens[json.loads(row.SkuPriceDetails)["x_ModelId"]] += row.ConsumedQuantity
        usd[row.ChargeCategory.lower()] += row.BilledCost
    read = Counter()
    for (place, _), quantity in found.used.items():
        read[place.model] += quantity
    assert set(read) == set(tokens)
    for model, quantity in tokens.items():
        assert read[model] == pytest.approx(quantity, abs=len(rows))
    bought = sum(charge.net for (_, kind), charge in found.charged.items() if kind == "purchase")
    assert bought / 1e9 == pytest.approx(usd["purchase"], abs=0.01)
    assert {place.workspace for place, _ in found.used} == {row.SubAccountId for row in rows if row.ConsumedQuantity}
