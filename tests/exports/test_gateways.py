"""Gateways: cached tokens inside or beside the input, JSON in texts, repeated ids, floating-point dollars."""

import json

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import OPUS, billed, totals, write


def spend(**changes):
    """Return a LiteLLM spend log: 4,000 prompt tokens of which 3,000 were read and 500 written."""
    values = {"cache_read_input_tokens": 3000, "cache_creation_input_tokens": 500}
    return {
        "request_id": "r1",
        "startTime": "2026-09-01T10:00:00+00:00",
        "model": "anthropic/claude-opus-5",
        "prompt_tokens": 4000,
        "completion_tokens": 100,
        "spend": 0.00022500000000000002,
        "metadata": json.dumps({"additional_usage_values": values}),
        "request_tags": '["team-a"]',
        "cache_hit": "None",
        "status": "success",
    } | changes


def test_litellm_prompt_tokens_contain_the_cached_ones(tmp_path):
    found = read_exports([write(tmp_path, "l.json", [spend()])])
    assert totals(found) == {"input": 500, "cache_read": 3000, "cache_write": 500, "output": 100, "requests": 1}
    assert billed(found) == {"estimate": 0.000225}
    assert {(place.model, place.tag) for place, _ in found.used} == {(OPUS, "team-a")}


def test_litellm_repeated_and_failed_requests_do_not_count(tmp_path):
    files = [
        write(tmp_path, "a.json", [spend(), spend()]),
        write(tmp_path, "b.json", [spend(), spend(request_id="r2", status="failure")]),
    ]
    found = read_exports(files)
    assert totals(found)["requests"] == 1
    assert found.files[1].left_out == {"requests that another line says": 1, "failed requests": 1}


def test_more_cached_than_prompt_tokens_are_refused(tmp_path):
    with pytest.raises(InputError, match="prompt_tokens: 100 are fewer than the 3,500 cached tokens"):
        read_exports([write(tmp_path, "l.json", [spend(prompt_tokens=100)])])


@pytest.mark.parametrize("is_flat", [True, False])
def test_litellm_daily_activity(tmp_path, is_flat):
    numbers = {
        "prompt_tokens": 4000,
        "completion_tokens": 100,
        "cache_read_input_tokens": 3000,
        "cache_creation_input_tokens": 500,
        "spend": 0.5,
        "api_requests": 9,
    }
    row = {"date": "2026-09-01", "model": OPUS, **numbers}
    if not is_flat:
        row = {"date": "2026-09-01", "metrics": numbers, "breakdown": {"models": {OPUS: {"metrics": numbers}}}}
    found = read_exports([write(tmp_path, "d.json", {"results": [row]})])
    assert totals(found) == {"input": 500, "cache_read": 3000, "cache_write": 500, "output": 100, "requests": 9}


@pytest.mark.parametrize("key", ["usageDetails", "usage_details"])
@pytest.mark.parametrize(("total", "fresh"), [(1100, 700), (1400, 1000)])
def test_langfuse_input_contains_cached_tokens_or_not_as_the_total_says(tmp_path, key, total, fresh):
    """1,000 in, 100 out, 300 read: a total of 1,100 contains the read tokens, one of 1,400 does not."""
    usage = {"input": 1000, "output": 100, "total": total, "cache_read_input_tokens": 300}
    row = {
        "id": "o1",
        "type": "GENERATION",
        "startTime": "2026-09-01T10:00:00Z",
        "model": OPUS,
        key: usage,
        "totalCost": 0.01,
    }
    found = read_exports([write(tmp_path, "l.json", {"data": [row]})])
    assert totals(found) == {"input": fresh, "cache_read": 300, "output": 100, "requests": 1}


def test_langfuse_cached_tokens_without_a_total_are_refused(tmp_path):
    usage = {"input": 1000, "output": 100, "cache_read_input_tokens": 300}
    row = {"id": "o1", "startTime": "2026-09-01T10:00:00Z", "model": OPUS, "usageDetails": usage}
    with pytest.raises(InputError, match="whether input contains them"):
        read_exports([write(tmp_path, "l.json", [row])])


def test_openrouter_activity(tmp_path):
    row = {
        "date": "2026-09-01",
        "model": "anthropic/claude-opus-5",
        "model_permaslug": "anthropic/claude-opus-5",
        "usage": 1.25,
        "requests": 4,
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "reasoning_tokens": 50,
    }
    found = read_exports([write(tmp_path, "o.json", {"data": [row]})])
    assert totals(found) == {"input": 1000, "output": 200, "requests": 4}
    assert billed(found) == {"usage": 1.25}


def test_openrouter_generations_count_once_by_their_id(tmp_path):
    header = (
        "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_cached,model_permaslug,app_name"
    )
    rows = (
        "g1,2026-09-01 10:00:00,0.01,1000,200,300,anthropic/claude-opus-5,bot",
        "g2,2026-09-01 11:00:00,0.02,10,2,0,openai/gpt-5,bot",
    )
    files = [write(tmp_path, f"{name}.csv", "\n".join([header, *rows]) + "\n") for name in "ab"]
    found = read_exports(files)
    assert totals(found) == {"input": 700, "cache_read": 300, "output": 200, "requests": 1}
    assert billed(found) == {"usage": 0.01}
