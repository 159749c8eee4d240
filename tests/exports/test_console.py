"""The tables of the Console: three generations of columns, display names, quoted commas, dollars of rounded rows."""

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import COST_COLUMNS, EXPECTED, HAIKU, OPUS, USAGE_COLUMNS, billed, totals, write

LINE = f"2026-09-01,{OPUS},k,Default,standard,≤ 200k,1500,500,1000,200,500,0,not_available,"


def test_usage_of_14_columns(tmp_path):
    found = read_exports([write(tmp_path, "a.csv", f"{USAGE_COLUMNS}\n{LINE}\n")])
    assert totals(found) == EXPECTED
    assert {(place.window, place.geo) for place, _ in found.used} == {("short", None)}


def test_usage_of_11_columns(tmp_path):
    header = ",".join(
        name for name in USAGE_COLUMNS.split(",") if name not in ("context_window", "inference_geo", "speed")
    )
    found = read_exports(
        [write(tmp_path, "a.csv", f"{header}\n2026-09-01,{OPUS},k,Default,batch,1500,500,1000,200,500,0\n")]
    )
    assert totals(found) == EXPECTED
    assert {place.tier for place, _ in found.used} == {"batch"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_thousands_in_quotes_and_other_line_ends(tmp_path, end):
    line = LINE.replace(",1500,", ',"1,500",')
    assert (
        totals(read_exports([write(tmp_path, "a.csv", f"\ufeff{USAGE_COLUMNS}{end}{line}{end}".encode())])) == EXPECTED
    )


def test_what_is_no_number_is_refused_with_its_column(tmp_path):
    line = LINE.replace(",1500,", ",many,")
    with pytest.raises(
        InputError, match="rows 2 to 2: usage_input_tokens_no_cache: expected whole numbers, found 'many'"
    ):
        read_exports([write(tmp_path, "a.csv", f"{USAGE_COLUMNS}\n{line}\n")])


def test_a_bad_day_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected a date such as 2026-03-01"):
        read_exports([write(tmp_path, "a.csv", f"{USAGE_COLUMNS}\n{LINE.replace('2026-09-01', '01/09/26')}\n")])


COST_LINE = (
    "2026-09-01,Claude Haiku 4.5,Default,k,message,≤ 200k,input_no_cache,0.05,0.06,token,not_available,,"
    "apikey_01,archived"
)


@pytest.mark.parametrize("generation", [14, 12, 9])
def test_cost_in_three_generations(tmp_path, generation):
    """Nine columns have no list price; display names are models."""
    names = COST_COLUMNS.split(",")
    kept = names[:generation] if generation > 9 else [*names[:8], "cost_type"]
    values = dict(zip(names, COST_LINE.split(","), strict=True))
    text = f"{','.join(kept)}\n{','.join(values[name] for name in kept)}\n"
    found = read_exports([write(tmp_path, "a.csv", text)])
    assert billed(found) == {"input": 0.05}
    assert {place.model for place, _ in found.charged} == {HAIKU}
    ((charge),) = found.charged.values()
    assert charge.list_price == (None if generation == 9 else 60_000_000)


def test_a_charge_without_a_token_type_is_a_tool(tmp_path):
    line = COST_LINE.replace("input_no_cache", "").replace(",token,", ",code_execution,")
    found = read_exports([write(tmp_path, "a.csv", f"{COST_COLUMNS}\n{line}\n")])
    assert billed(found) == {"code_execution": 0.05}
