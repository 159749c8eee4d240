"""What Claude Code writes: counters that are cumulative, reset or delta, requests on several lines, ccusage."""

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import OPUS, totals, write

NOON = 1788264000  # 2026-09-01T12:00:00Z


def metric(temporality, *values, name="claude_code.token.usage", kind="input"):
    """Return an export of one counter; `asInt` is text, as OTLP/JSON has it."""
    names = [{"key": "type", "value": {"stringValue": kind}}, {"key": "model", "value": {"stringValue": OPUS}}]
    points = [
        {"asInt": str(value), "timeUnixNano": str((NOON + index) * 10**9), "attributes": names}
        for index, value in enumerate(values)
    ]
    held = {"name": name, "sum": {"aggregationTemporality": temporality, "dataPoints": points}}
    return {"resourceMetrics": [{"resource": {"attributes": []}, "scopeMetrics": [{"metrics": [held]}]}]}


@pytest.mark.parametrize("temporality", [1, "AGGREGATION_TEMPORALITY_DELTA"])
def test_deltas_add_up(tmp_path, temporality):
    assert totals(read_exports([write(tmp_path, "o.json", metric(temporality, 10, 20, 5))])) == {"input": 35}


@pytest.mark.parametrize("temporality", [2, "AGGREGATION_TEMPORALITY_CUMULATIVE"])
def test_a_cumulative_counter_counts_by_what_it_rose_and_may_reset(tmp_path, temporality):
    """10, 30, then a reset to 5 and 25: 30 + 25."""
    assert totals(read_exports([write(tmp_path, "o.json", metric(temporality, 10, 30, 5, 25))])) == {"input": 55}


def test_a_counter_goes_on_in_the_next_file(tmp_path):
    files = [write(tmp_path, "a.json", metric(2, 10, 30)), write(tmp_path, "b.json", metric(2, 40))]
    assert totals(read_exports(files)) == {"input": 40}


def test_an_unknown_temporality_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"aggregationTemporality: expected 1 \(delta\) or 2 \(cumulative\), found nothing"
    ):
        read_exports([write(tmp_path, "o.json", metric(None, 1))])


def line(message="m1", output=10, **changes):
    """Return a line of a session log."""
    usage = {"input_tokens": 5, "output_tokens": output, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3}
    return {
        "type": "assistant",
        "sessionId": "s",
        "timestamp": "2026-09-01T10:00:00Z",
        "requestId": "r1",
        "message": {"id": message, "model": OPUS, "usage": usage},
    } | changes


def jsonl(*records):
    import json

    return "".join(json.dumps(record) + "\n" for record in records)


def test_a_request_on_several_lines_and_files_counts_once_at_its_largest(tmp_path):
    """The stream writes 2, then 10 output tokens of the same request; a subagent's file repeats it."""
    session = {"type": "user", "sessionId": "s", "timestamp": "2026-09-01T09:00:00Z"}
    write(tmp_path, "p/a.jsonl", jsonl(session, {"type": "summary"}, line(output=2), line()))
    write(tmp_path, "p/subagents/b.jsonl", jsonl(line(), line(message="m2")))
    found = read_exports([tmp_path / "p"])
    assert totals(found) == {"input": 10, "output": 20, "cache_read": 14, "cache_write": 6, "requests": 2}


def test_synthetic_messages_are_no_usage(tmp_path):
    synthetic = line(message="m3")
    synthetic["message"]["model"] = "<synthetic>"
    assert totals(read_exports([write(tmp_path, "a.jsonl", jsonl(line(), synthetic))]))["requests"] == 1


@pytest.mark.parametrize(("key", "when"), [("daily", {"date": "2026-09-01"}), ("monthly", {"month": "2026-09"})])
def test_reports_of_ccusage(tmp_path, key, when):
    part = {
        "modelName": OPUS,
        "inputTokens": 5,
        "outputTokens": 10,
        "cacheReadTokens": 7,
        "cacheCreationTokens": 3,
        "cost": 0.5,
    }
    report = {key: [{**when, "inputTokens": 5, "modelBreakdowns": [part]}], "totals": {}}
    assert totals(read_exports([write(tmp_path, "c.json", report)])) == {
        "input": 5,
        "output": 10,
        "cache_read": 7,
        "cache_write": 3,
    }


def test_a_report_without_models_is_refused(tmp_path):
    with pytest.raises(InputError, match="export it with --breakdown"):
        read_exports([write(tmp_path, "c.json", {"daily": [{"date": "2026-09-01", "inputTokens": 5}]})])
