"""Bills of clouds: usage types of Bedrock, units of tokens, other lines of the bill, FOCUS rows, currencies."""

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import billed, totals, write

CUR = (
    "identity_line_item_id,line_item_usage_start_date,line_item_usage_type,line_item_usage_amount,pricing_unit,"
    "line_item_unblended_cost,line_item_currency_code"
)


def cur(*lines):
    return "\n".join([CUR, *lines]) + "\n"


def test_one_line_per_class_of_tokens(tmp_path):
    text = cur(
        "a,2026-09-01T00:00:00Z,USE1-Claude4.6Sonnet-input-tokens,1500,1K tokens,4.5,USD",
        "b,2026-09-01T00:00:00Z,USE1-Claude4.6Sonnet-output-tokens,200,1K tokens,3,USD",
        "c,2026-09-01T00:00:00Z,USE1-Claude4.6Sonnet-cache-read-input-token-count-cross-region-global,10,1K tokens,"
        ".003,USD",
        "d,2026-09-01T00:00:00Z,BoxUsage:m5.large,24,Hrs,2.30,USD",
    )
    found = read_exports([write(tmp_path, "cur.csv", text)])
    assert totals(found) == {"input": 1_500_000, "output": 200_000, "cache_read": 10_000}
    assert billed(found) == {"input": 4.5, "output": 3.0, "cache_read": 0.003}
    assert {(place.model, place.geo) for place, quantity in found.used if quantity == "input"} == {
        ("claude-sonnet-4-6", "us")
    }
    assert {place.geo for place, quantity in found.used if quantity == "cache_read"} == {None}
    assert found.files[0].left_out == {
        "lines of the bill that are not usage of Claude": 1,
        "lines that another file says": 0,
    }


def test_the_same_line_in_two_files_counts_once(tmp_path):
    line = "a,2026-09-01T00:00:00Z,USE1-Claude4.6Sonnet-input-tokens,1500,1K tokens,4.5,USD"
    other = line.replace("a,2026-09-01", "a,2026-09-02")
    files = [write(tmp_path, "1.csv", cur(line)), write(tmp_path, "2.csv", cur(line, other))]
    assert billed(read_exports(files)) == {"input": 9.0}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "a,2026-09-01,USE1-Claude4.6Sonnet-ProvisionedThroughput,1500,Hrs,4.5,USD",
            "'USE1-Claude4.6Sonnet-ProvisionedThroughput' names no class of tokens; expected one with cache-read, ",
        ),
        ("a,2026-09-01,USE1-Claude4.6Sonnet-input-tokens,1500,Hrs,4.5,USD", "'Hrs' is no unit of tokens"),
        ("a,2026-09-01,USE1-Claude4.6Sonnet-input-tokens,1500,1K tokens,4.5,", "currency is missing"),
        ("a,2026-09-01,USE1-Claude4.6Sonnet-input-tokens,1500,1K tokens,much,USD", "expected dollars, found 'much'"),
    ],
)
def test_what_cannot_be_a_line_is_refused(tmp_path, line, words):
    with pytest.raises(InputError, match=words):
        read_exports([write(tmp_path, "cur.csv", cur(line))])


def test_focus_rows(tmp_path):
    header = (
        "BillingCurrency,ChargePeriodStart,ChargePeriodEnd,BilledCost,ListCost,ChargeCategory,ChargeDescription,SkuMeter,"
        "SkuPriceDetails,ConsumedQuantity,ConsumedUnit,SubAccountId"
    )
    rows = (
        'USD,2026-09-01,2026-09-02,3.6,4.5,Usage,Input,Input Tokens,"{""ModelId"": ""claude-sonnet-4-6""}",'
        "1500000,Tokens,team-a",
        "USD,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z,-1.5,-1.5,Credit,Credit,,,,,team-a",
    )
    found = read_exports([write(tmp_path, "focus.csv", "\n".join([header, *rows]) + "\n")])
    assert totals(found) == {"input": 1_500_000}
    assert billed(found) == {"input": 3.6, "credit": -1.5}
    assert {place.workspace for place, _ in found.used} == {"team-a"}
