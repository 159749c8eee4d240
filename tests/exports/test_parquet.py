"""Tables in Parquet: typed columns say what the same table says as CSV; what is damaged is refused."""

import gzip
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from deal_solve import InputError, measure
from deal_solve.exports import read
from deal_solve.exports.read import read_exports
from tests.support.exports import billed, totals

DAY = datetime(2026, 9, 1, tzinfo=UTC)


def written(path, rows, fields):
    """Write rows as Parquet in groups of two, so that a file has several."""
    schema = pa.schema([pa.field(name, kind) for name, kind in fields.items()])
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path, row_group_size=2)
    return path


def bedrock(path, count=3):
    """Write lines of CUR 2.0 of a thousand input tokens each, at 3 USD per million."""
    row = {
        "line_item_usage_start_date": DAY,
        "line_item_usage_type": "USE1-Claude4.6Sonnet-input-tokens",
        "line_item_usage_amount": 1.0,
        "pricing_unit": "1K tokens",
        "line_item_unblended_cost": 0.003,
        "line_item_currency_code": "USD",
        "resource_tags": {"team": "a"},
    }
    fields = {
        "identity_line_item_id": pa.string(),
        "line_item_usage_start_date": pa.timestamp("us", tz="UTC"),
        "line_item_usage_type": pa.dictionary(pa.int32(), pa.string()),
        "line_item_usage_amount": pa.float64(),
        "pricing_unit": pa.string(),
        "line_item_unblended_cost": pa.float64(),
        "line_item_currency_code": pa.string(),
        "resource_tags": pa.map_(pa.string(), pa.string()),
    }
    return written(path, [{"identity_line_item_id": f"{index}", **row} for index in range(count)], fields)


def test_lines_of_bedrock(tmp_path):
    found = read_exports([bedrock(tmp_path / "cur.parquet")])
    assert totals(found) == {"input": 3000}
    assert billed(found) == {"input": pytest.approx(0.009)}
    assert found.files[0].columns_not_read == ("resource_tags",)


def test_a_gz_of_a_table_is_unpacked(tmp_path):
    packed = tmp_path / "cur.parquet.gz"
    packed.write_bytes(gzip.compress(bedrock(tmp_path / "cur.parquet").read_bytes()))
    assert totals(read_exports([packed])) == {"input": 3000}


def test_batches_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "CHUNK_ROWS", 2)
    assert totals(read_exports([bedrock(tmp_path / "cur.parquet", 7)])) == {"input": 7000}


def test_rows_of_focus_with_decimals_maps_and_nulls(tmp_path):
    usage = {
        "BillingCurrency": "USD",
        "ChargePeriodStart": DAY,
        "BilledCost": Decimal("3.60"),
        "ListCost": Decimal("4.50"),
        "ChargeCategory": "Usage",
        "SkuMeter": "Input Tokens",
        "SkuPriceDetails": {"ModelId": "claude-sonnet-4-6"},
        "ConsumedQuantity": Decimal("1500000"),
        "ConsumedUnit": "Tokens",
    }
    credit = {**dict.fromkeys(usage), **{"BillingCurrency": "USD", "ChargePeriodStart": DAY}}
    credit |= {"BilledCost": Decimal("-1.50"), "ListCost": Decimal("-1.50"), "ChargeCategory": "Credit"}
    texts = ("BillingCurrency", "ChargeCategory", "SkuMeter", "ConsumedUnit")
    money = ("BilledCost", "ListCost", "ConsumedQuantity")
    fields = dict.fromkeys(texts, pa.string()) | dict.fromkeys(money, pa.decimal128(20, 4))
    fields |= {"ChargePeriodStart": pa.timestamp("ms"), "SkuPriceDetails": pa.map_(pa.string(), pa.string())}
    found = read_exports([written(tmp_path / "focus.parquet", [usage, credit], fields)])
    assert totals(found) == {"input": 1_500_000}
    assert billed(found) == {"input": 3.6, "credit": -1.5}


def test_a_plain_table_is_mapped(tmp_path):
    rows = [
        {"Date": DAY.date(), "Model": "claude-opus-5", "Tokens": 10},
        {"Date": DAY.date(), "Model": "claude-opus-5"},
    ]
    fields = {"Date": pa.date32(), "Model": pa.string(), "Tokens": pa.int64()}
    path = written(tmp_path / "plain.parquet", rows, fields)
    (work,) = measure(path, columns=["day=Date", "model=Model", "input=Tokens"]).workloads
    assert work.input_tokens == 10


def test_columns_of_no_export_are_named(tmp_path):
    path = written(tmp_path / "other.parquet", [{"Region": "eu"}], {"Region": pa.string()})
    with pytest.raises(InputError, match=r"other\.parquet: is no export that is known: its columns are Region"):
        read_exports([path])


def test_a_damaged_file_is_refused(tmp_path):
    path = bedrock(tmp_path / "cur.parquet")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cur\.parquet: is no Parquet file that can be read"):
        read_exports([path])


def test_a_date_before_the_calendar_is_refused(tmp_path):
    fields = {"Date": pa.date32(), "Model": pa.string(), "Tokens": pa.int64()}
    days = pa.array([-(10**8)], type=pa.int32()).cast(pa.date32())
    table = pa.table({"Date": days, "Model": ["claude-opus-5"], "Tokens": [10]}, schema=pa.schema(fields))
    parquet.write_table(table, tmp_path / "plain.parquet")
    with pytest.raises(InputError, match=r"plain\.parquet: has a date or a time that cannot be"):
        measure(tmp_path / "plain.parquet", columns=["day=Date", "model=Model", "input=Tokens"])


def test_without_pyarrow_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    path = bedrock(tmp_path / "cur.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"cur\.parquet: a Parquet file needs pyarrow; expected: pip install"):
        read_exports([path])
