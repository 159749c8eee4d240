"""Values of fields: those that are known are read, any other is refused by its row and by what may stand there."""

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.fields import FIELDS
from deal_solve.exports.read import read_exports
from deal_solve.exports.readers.plain import Mapping
from deal_solve.exports.values import ACCEPTED
from tests.support.exports import COST_COLUMNS, FIRST, USAGE_COLUMNS, billed, bucket, cost, page, usage, write

COST_LINE = (
    "2026-09-01,Claude Haiku 4.5,Default,k,message,,input_no_cache,0.05,0.06,token,not_available,,apikey_01,archived"
)
USAGE_LINE = "2026-03-22,claude-sonnet-4-20250514,k,Default,standard,≤ 200k,100000,0,0,0,5000,10,not_available,"


@pytest.mark.parametrize(
    ("columns", "line", "cell", "other", "field"),
    [
        (COST_COLUMNS, COST_LINE, "input_no_cache", "uncached_input", "token_type"),
        (COST_COLUMNS, COST_LINE, "input_no_cache,0.05,0.06,token", ",0.05,0.06,browsing", "cost_type"),
        (USAGE_COLUMNS, USAGE_LINE, "standard", "overnight", "usage_type"),
        (USAGE_COLUMNS, USAGE_LINE, "≤ 200k", "under 200k", "context_window"),
        (USAGE_COLUMNS, USAGE_LINE, "not_available", "mars", "inference_geo"),
    ],
)
def test_an_unknown_value_of_a_console_table_is_refused_by_its_row(tmp_path, columns, line, cell, other, field):
    """The header is row 1, so that the second line of data is row 3."""
    seen = next(part for part in other.split(",") if part and part[0].isalpha())
    path = write(tmp_path, "console.csv", "\n".join([columns, line, line.replace(cell, other), ""]))
    with pytest.raises(InputError) as error:
        read_exports([path])
    known = ACCEPTED["Console cost" if columns == COST_COLUMNS else "Console usage"][field]
    for part in ("console.csv", "row 3", f"{field}: '{seen}' is not known; expected ", *known):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (cost("500", token_type="uncached_input"), "token_type"),
        (cost("500", token_type=None, cost_type="browsing"), "cost_type"),
        (usage(service_tier="overnight"), "service_tier"),
        (usage(context_window="1M+"), "context_window"),
        (usage(inference_geo="mars"), "inference_geo"),
    ],
)
def test_an_unknown_value_of_a_record_is_refused(tmp_path, record, field):
    with pytest.raises(InputError) as error:
        read_exports([write(tmp_path, "api.json", page(bucket(FIRST, record)))])
    for part in ("api.json", "record 1", f"{field}: ", *ACCEPTED["records of the vendor"][field]):
        assert part in str(error.value)


def test_every_known_token_type_is_a_class_of_tokens(tmp_path):
    lines = [COST_LINE.replace("input_no_cache", name) for name in ACCEPTED["Console cost"]["token_type"]]
    found = read_exports([write(tmp_path, "cost.csv", "\n".join([COST_COLUMNS, *lines, ""]))])
    assert billed(found) == dict.fromkeys(("input", "cache_read", "cache_write_5m", "cache_write_1h", "output"), 0.05)


def test_tokens_whose_class_is_not_told_are_usage_and_no_tool(tmp_path):
    """A cost report that is grouped by model alone has neither type; one without a model is a credit."""
    rows = cost("500", token_type=None), cost("30", token_type=None, cost_type=None)
    credit = cost("-70", token_type=None, cost_type=None, model=None)
    found = read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, *rows, credit)))])
    assert billed(found) == pytest.approx({"usage": 5.3, "credit": -0.7})


@pytest.mark.parametrize("field", list(ACCEPTED["a plain table"]))
def test_a_plain_table_has_the_values_that_its_fields_name(tmp_path, field):
    assert field in FIELDS
    own = Mapping.of(["day=d", "model=m", "input=i", f"{field}=x"])
    for index, value in enumerate(ACCEPTED["a plain table"][field]):
        text = f"d,m,i,x\n2026-09-01,claude-haiku-4-5,5,{value}\n"
        assert read_exports([write(tmp_path, f"{index}.csv", text)], mapping=own).used.places
    path = write(tmp_path, "bad.csv", "d,m,i,x\n2026-09-01,claude-haiku-4-5,5,overnight\n")
    with pytest.raises(InputError, match="row 2: x: 'overnight' is not known; expected "):
        read_exports([path], mapping=own)


def test_an_unknown_category_of_a_charge_is_refused(tmp_path):
    text = "BilledCost,BillingCurrency,ChargePeriodStart,ChargeCategory\n5,USD,2026-09-01,Usage of AI\n"
    with pytest.raises(InputError, match="row 2: ChargeCategory: 'Usage of AI' is not known; expected Usage, Purchase"):
        read_exports([write(tmp_path, "focus.csv", text)])
