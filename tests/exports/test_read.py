"""From files to one account of usage: archives, overlaps, less detail, gateways beside the vendor, unknown files."""

import gzip
import io
import json
import zipfile
from datetime import timedelta

import pytest

from deal_solve.errors import InputError
from deal_solve.exports import files
from deal_solve.exports.fields import FIELDS
from deal_solve.exports.progress import watched
from deal_solve.exports.read import read_exports
from deal_solve.exports.row import Place
from deal_solve.exports.uses import QUANTITIES
from tests.support.exports import FIRST, OPUS, USAGE_COLUMNS, bucket, daily, page, totals, usage, write


def test_archives_folders_and_globs_are_opened(tmp_path):
    """The same day in a folder, a zip, a gz inside a zip and a gz is one day."""
    text = b'{"data": [' + str(bucket(FIRST, usage())).replace("'", '"').replace("None", "null").encode() + b"]}"
    write(tmp_path, "in/a.json", text)
    write(tmp_path, "in/b.json.gz", gzip.compress(text))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/c.json", text)
        archive.writestr("folder/d.json.gz", gzip.compress(text))
        archive.writestr("__MACOSX/._c.json", b"\x00")
    write(tmp_path, "in/e.zip", packed.getvalue())
    found = read_exports([tmp_path / "in"])
    assert len(found.files) == 4
    assert totals(found)["input"] == 1500
    assert totals(read_exports([str(tmp_path / "in" / "*.json")])) == totals(found)


@pytest.mark.parametrize("name", ["nothing.json", "no*thing.json"])
def test_a_path_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="there is no such file or folder"):
        read_exports([tmp_path / name])


def test_an_overlap_counts_once_and_a_growing_day_as_the_later_export_says(tmp_path):
    """August to the 20th day, then the 10th to the 30th: the 20th was not over yet in the first."""
    early = [bucket(FIRST + timedelta(day), usage()) for day in range(19)]
    early.append(bucket(FIRST + timedelta(19), usage(uncached_input_tokens=100)))
    late = [bucket(FIRST + timedelta(day), usage()) for day in range(9, 30)]
    files = [write(tmp_path, "z-early.json", page(*early)), write(tmp_path, "a-late.json", page(*late))]
    assert totals(read_exports(files))["input"] == 28 * 1500


def test_a_restated_month_is_the_later_one(tmp_path):
    first = page(bucket(FIRST, usage(uncached_input_tokens=9000)))
    again = page(bucket(FIRST, usage(uncached_input_tokens=8000)), bucket(FIRST + timedelta(1), usage()))
    files = [write(tmp_path, "b.json", first), write(tmp_path, "a.json", again)]
    assert totals(read_exports(files))["input"] == 8000 + 1500


def test_the_same_usage_in_less_detail_is_not_added(tmp_path):
    by_workspace = page(bucket(FIRST, usage(workspace_id="w1"), usage(workspace_id="w2")))
    whole = page(bucket(FIRST, usage(uncached_input_tokens=3000)))
    found = read_exports([write(tmp_path, "a.json", by_workspace), write(tmp_path, "b.json", whole)])
    assert totals(found)["input"] == 3000
    assert {place.workspace for place, _ in found.used} == {"w1", "w2"}
    assert any("in more detail" in note for note in found.notes)


def test_the_console_table_beside_the_api_report_is_the_same_usage(tmp_path):
    line = f"{FIRST},{OPUS},k,Default,standard,≤ 200k,1500,500,1000,200,500,0,not_available,"
    files = [
        write(tmp_path, "a.csv", f"{USAGE_COLUMNS}\n{line}\n"),
        write(tmp_path, "b.json", page(bucket(FIRST, usage()))),
    ]
    found = read_exports(files)
    assert totals(found)["input"] == 1500
    assert any("Console usage: usage of 1 day that another export has too" in note for note in found.notes)


def test_a_gateway_beside_the_vendor_is_not_added(tmp_path):
    log = {
        "request_id": "r1",
        "startTime": f"{FIRST}T10:00:00Z",
        "model": OPUS,
        "prompt_tokens": 1500,
        "completion_tokens": 500,
        "spend": 0.02,
    }
    files = [write(tmp_path, "log.json", [log]), write(tmp_path, "b.json", page(bucket(FIRST, usage())))]
    assert totals(read_exports(files))["input"] == 1500


def test_empty_buckets_alone_say_nothing(tmp_path):
    with pytest.raises(InputError, match="every bucket in them is empty"):
        read_exports([write(tmp_path, "a.json", page(bucket(FIRST)))])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"foo": 1, "bar": 2}', "is no export that is known: its records have foo, bar"),
        (
            '{"startTime": 1, "spend": 2, "request_id": 3}',
            "nearest to LiteLLM spend logs, which also has prompt_tokens",
        ),
        ("a,b\n1,2\n", "its columns are a, b; a plain table is read with --map"),
        (b"\xff\xfe\x00\x01", "is neither JSON nor a table of text"),
        (b"a,\0b\n1,2\n", "is neither JSON nor a table of text"),
        ('{"data": [', "is no JSON"),
        ("", "is no export that is known: its columns are none"),
        (b"PAR1....", "is no Parquet file that can be read"),
        (b"PK\x03\x04broken", "is a damaged zip archive"),
    ],
)
def test_an_unknown_file_is_refused_by_what_was_seen(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        read_exports([write(tmp_path, "file", content)])


def test_a_renamed_column_is_not_read_as_zero(tmp_path):
    text = USAGE_COLUMNS.replace("usage_output_tokens", "usage_output_token_count") + "\n"
    with pytest.raises(InputError, match=r"lacks usage_output_tokens \(is it usage_output_token_count\?\)"):
        read_exports([write(tmp_path, "a.csv", text)])


def test_an_unknown_column_is_reported(tmp_path):
    line = f"{FIRST},{OPUS},k,Default,standard,≤ 200k,1500,500,1000,200,500,0,not_available,,7"
    found = read_exports([write(tmp_path, "a.csv", f"{USAGE_COLUMNS},surprise\n{line}\n")])
    assert found.files[0].columns_not_read == ("surprise",)


def test_a_plain_table_is_read_by_its_map(tmp_path):
    from deal_solve.exports.readers.plain import Mapping

    file = write(
        tmp_path, "a.csv", "Date;Model;In;Out\n2026-09-01;Claude Opus 5;1,500;500\n2026-09-01;Claude Opus 5;5;1\n"
    )
    mapping = Mapping.of(["day=Date", "model=Model", "input=In", "output=Out"])
    assert totals(read_exports([file], mapping=mapping)) == {"input": 1505, "output": 501}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["day"], "expected FIELD=COLUMN, such as day=Date; the fields are day, model, .*cache_write_1h.*, usd"),
        (["price=Cost"], "there is no field 'price'; the fields are day, model, tier"),
        (["dya=Date"], "there is no field 'dya'; did you mean 'day'"),
        (["day=Date"], "expected day=COLUMN and model=COLUMN at least"),
    ],
)
def test_a_map_that_cannot_be_is_refused(texts, words):
    from deal_solve.exports.readers.plain import Mapping

    with pytest.raises(InputError, match=words):
        Mapping.of(texts)


def test_every_field_of_a_row_can_be_mapped():
    assert tuple(FIELDS) == (*Place._fields, *QUANTITIES, "usd")


def test_a_long_series_of_files_is_one(tmp_path):
    pages = [write(tmp_path, f"{day:02}.json", page(bucket(FIRST + timedelta(day), usage()))) for day in range(12)]
    whole = write(tmp_path, "whole.json", daily(12, usage()))
    assert read_exports(pages).used == read_exports([whole]).used


def test_who_watches_is_told_how_far_the_reading_is(tmp_path, monkeypatch):
    """Two files of as many bytes: nothing, half, and in each a place after every line of the log."""
    monkeypatch.setattr(files, "LINES_AT_A_TIME", 1)
    lines = "".join(json.dumps(bucket(FIRST, usage(workspace_id=f"{n}"))) + "\n" for n in range(3))
    paths = [write(tmp_path, name, lines) for name in ("a.jsonl", "b.jsonl")]
    seen = []
    with watched(lambda done, whole: seen.append((done, whole))):
        read_exports(paths)
    half = len(lines)
    assert {whole for _, whole in seen} == {2 * half}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {0, half} <= {done for done, _ in seen} <= {0, half, 2 * half}
