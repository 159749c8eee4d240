"""Files that no vendor writes: damaged archives, numbers and days that cannot be, pipes, names that break YAML."""

import gzip
import io
import json
import os
import re
import zipfile

import pytest
import yaml

from deal_solve import load
from deal_solve.analysis.measure.into import updated
from deal_solve.analysis.measure.measure import measure
from deal_solve.errors import InputError
from deal_solve.exports import files
from deal_solve.exports.read import read_exports
from tests.support.exports import FIRST, bucket, page, usage, write

TEXT = json.dumps(
    {
        "data": [
            {
                "starting_at": f"{FIRST}",
                "results": [
                    {
                        "model": "claude-sonnet-4-5",
                        "uncached_input_tokens": 0,
                        "cache_read_input_tokens": 0,
                        "output_tokens": 9,
                    }
                ],
            }
        ]
    }
)
PACKED = gzip.compress(TEXT.encode() * 50)
USAGE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens\n2026-08-01,claude-sonnet-4-5,k,w,message,{},0,0,0,3\n"
)
COST = (
    "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n"
    "2026-08-01,claude-sonnet-4-5,w,k,message,output,{}\n"
)
SPEND = (
    "user_email,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,"
    "total_gross_spend_usd\na@b.c,chat,claude-sonnet-4-5,1,2,3,4,5\n"
)


def zipped(offset: int, central: int, value: int) -> bytes:
    """Return a zip of one file in which a byte of both headers says something else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", TEXT)
    data = bytearray(packed.getvalue())
    data[offset] = data[data.find(b"PK\x01\x02") + central] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PACKED[: len(PACKED) // 2], "cannot be unpacked"),
        (PACKED[:2], "cannot be unpacked"),
        (PACKED[:-8] + bytes(8), "cannot be unpacked"),
        (PACKED[:12] + b"\xff" * 20, "cannot be unpacked"),
        (zipped(6, 8, 1), "is encrypted"),
        (zipped(8, 10, 97), "cannot be unpacked"),
    ],
    ids=["half", "two bytes", "checksum", "stream", "encrypted", "method"],
)
def test_an_archive_that_cannot_be_unpacked_is_named(tmp_path, data, why):
    with pytest.raises(InputError, match=rf"odd.*: {why}"):
        read_exports([write(tmp_path, "odd", data)])


def test_a_member_that_unpacks_to_far_more_than_its_size_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MANY_BYTES", 1000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", " " * 500_000 + TEXT)
    with pytest.raises(InputError, match=r"bomb.zip:a.json: unpacks to 500,\d+ bytes"):
        read_exports([write(tmp_path, "bomb.zip", packed.getvalue())])


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_gz_that_unpacks_to_far_more_than_its_size_is_refused_on_the_way(tmp_path, monkeypatch, is_inside):
    """Alone, and in a zip; of 500 kB at most two blocks more than the bound are unpacked."""
    monkeypatch.setattr(files, "MANY_BYTES", 1000)
    packed, name = gzip.compress(TEXT.encode() + b" " * 500_000), "bomb.json.gz"
    if is_inside:
        folder = io.BytesIO()
        with zipfile.ZipFile(folder, "w") as archive:
            archive.writestr("a.json.gz", packed)
        packed, name = folder.getvalue(), "bomb.zip"
    with pytest.raises(InputError, match=rf"{name}.*: unpacks to \d+,\d+ bytes") as refused:
        read_exports([write(tmp_path, name, packed)])
    assert int(re.search(r"to ([\d,]+)", str(refused.value))[1].replace(",", "")) < 300_000


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is no regular file"):
        read_exports([tmp_path / "pipe"])


@pytest.mark.parametrize(
    "value", ["1e999", "-1e300", "NaN", "1e300", '"0001-01-01T00:00:00+05:00"', '"9999-12-31"', '"1653-03-01"', "-1e10"]
)
def test_a_day_that_cannot_be_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="expected a da"):
        read_exports([write(tmp_path, "a.json", TEXT.replace(f'"{FIRST}"', value))])


@pytest.mark.parametrize("value", ["-5", "1e400", "NaN", "9" * 400, '"' + "9" * 5000 + '"', "9" * 5000])
def test_a_count_of_tokens_that_cannot_be_is_refused(tmp_path, value):
    with pytest.raises(InputError, match=r"output_tokens: expected|thousands of digits"):
        read_exports([write(tmp_path, "a.json", TEXT.replace(": 9", f": {value}"))])


@pytest.mark.parametrize("value", ["-5", "99999999999999999999999", "1e30"])
def test_a_count_in_a_table_that_cannot_be_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="no_cache: expected numbers from 0"):
        read_exports([write(tmp_path, "a.csv", USAGE.format(value))])


@pytest.mark.parametrize("value", ["abc", "", "NaN", "sNaN", "Infinity", "1e400"])
def test_an_amount_that_cannot_be_is_refused(tmp_path, value):
    record = {"currency": "USD", "amount": value, "model": "claude-sonnet-4-5", "token_type": "output_tokens"}
    text = json.dumps({"data": [{"starting_at": f"{FIRST}", "results": [record]}]})
    with pytest.raises(InputError, match="expected an amount of money"):
        read_exports([write(tmp_path, "a.json", text)])


@pytest.mark.parametrize("value", ["1e12", "inf", "1e308"])
def test_an_amount_in_a_table_that_cannot_be_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="cost_usd: expected dollars up to"):
        read_exports([write(tmp_path, "a.csv", COST.format(value))])


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ("2026-03-31-to-2026-03-01", "it ends on 2026-03-01, before it begins on 2026-03-31"),
        ("2026-02-30-to-2026-03-01", "found '2026-02-30'"),
        ("0001-01-01-to-9999-12-31", "of the years 2000 to 2199"),
    ],
)
def test_a_spend_report_whose_name_says_no_days_is_refused(tmp_path, days, why):
    with pytest.raises(InputError, match=why):
        read_exports([write(tmp_path, f"spend-report-{days}.csv", SPEND)])


@pytest.mark.parametrize("name", ["a\nb: c", "\x1b[31m", "\x7f\x85", '"; {', "🦄", "x" * 500, "*", "#", "\u2028"])
def test_a_workspace_of_any_name_makes_a_deal_file_that_is_read(tmp_path, name):
    results = usage(workspace_id=name), usage(workspace_id="other")
    found = measure(write(tmp_path, "a.json", page(bucket(FIRST, *results))), keep_names=True)
    titles = [work["title"] for work in yaml.safe_load(found.deal_text)["workloads"].values()]
    assert any(title.startswith(name[:100]) for title in titles)
    load(write(tmp_path, "deal.yaml", found.deal_text))


def test_workspaces_whose_names_run_into_each_other_are_workloads_of_their_own(tmp_path):
    results = [usage(workspace_id=name) for name in ("x-2", "x", "x!", "y" * 50, "y" * 51)]
    found = measure(write(tmp_path, "a.json", page(bucket(FIRST, *results))), keep_names=True)
    assert len({work.name for work in found.workloads}) == 5
    load(write(tmp_path, "deal.yaml", found.deal_text))


@pytest.mark.parametrize(("works", "why"), [("[1]", "workloads: expected a map"), ("{w: x}", "w: expected a map")])
def test_a_deal_file_whose_workloads_are_no_maps_is_not_updated(tmp_path, works, why):
    found = measure(write(tmp_path, "a.json", page(bucket(FIRST, usage(workspace_id="w")))), keep_names=True)
    with pytest.raises(InputError, match=why):
        updated(write(tmp_path, "deal.yaml", f"start: 2027-01\nhorizon_months: 12\nworkloads: {works}\n"), found)


@pytest.mark.parametrize("works", ["", "{api: }"])
def test_a_deal_file_with_nothing_in_its_workloads_is_filled(tmp_path, works):
    found = measure(write(tmp_path, "a.json", page(bucket(FIRST, usage(workspace_id="w")))))
    deal = f"start: 2027-01\nhorizon_months: 12\nworkloads: {works}\nsources:\n"
    text = updated(write(tmp_path, "deal.yaml", deal), found).text
    assert yaml.safe_load(text)["workloads"]["api"]["input_tokens"] > 0


def test_a_value_of_another_form_is_refused_in_words(tmp_path):
    """A map of models that is a list, and a list of points that is a number: no word of Python."""
    records = (
        {"date": "2026-09-01", "actor": "jane", "core_metrics": {}, "model_breakdown": []},
        {"resourceMetrics": [3]},
    )
    for record in records:
        with pytest.raises(InputError, match="a value has another form than this export writes; found") as found:
            read_exports([write(tmp_path, "odd.json", [record])])
        assert "object" not in str(found.value)
