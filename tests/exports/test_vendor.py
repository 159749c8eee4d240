"""Usage and cost reports of the vendor: pages and lists, cents, nested cache tokens, credits, tiers without a bill."""

from datetime import date, timedelta

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import EXPECTED, FIRST, OPUS, billed, bucket, cost, daily, page, totals, usage, write


@pytest.mark.parametrize(
    "content",
    [
        page(bucket(FIRST, usage())),
        [page(bucket(FIRST, usage()))],
        [bucket(FIRST, usage())],
        bucket(FIRST, usage()),
        page(bucket(FIRST), bucket(FIRST, usage())),
    ],
    ids=["page", "list of pages", "bare list", "one bucket", "empty bucket first"],
)
def test_pages_and_bare_lists_say_the_same(tmp_path, content):
    found = read_exports([write(tmp_path, "usage.json", content)])
    assert totals(found) == EXPECTED
    assert {place.model for place, _ in found.used} == {OPUS}


def test_a_flat_cache_field_is_not_read_as_zero(tmp_path):
    """Older captures: `cache_creation_input_tokens` without its lives."""
    flat = usage(cache_creation=None, cache_creation_input_tokens=1500)
    found = read_exports([write(tmp_path, "usage.json", page(bucket(FIRST, flat)))])
    assert totals(found)["cache_write"] == 1500


def test_a_cache_field_of_another_type_is_refused(tmp_path):
    file = write(tmp_path, "usage.json", page(bucket(FIRST, usage(cache_creation=1500))))
    with pytest.raises(InputError, match=r"usage\.json: record 1 of usage report: cache_creation: expected the tokens"):
        read_exports([file])


def test_cents_are_cents(tmp_path):
    """123.78912 cents are 1.2378912 dollars."""
    found = read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, cost("123.78912"))))])
    assert billed(found) == {"input": pytest.approx(1.2378912, abs=1e-12)}


def test_an_amount_that_is_a_number_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"amount: expected text in cents, found 1\.5"):
        read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, cost(1.5))))])


@pytest.mark.parametrize(("currency", "words"), [(None, "currency is missing"), ("EUR", "'EUR' are not read")])
def test_no_amount_is_taken_for_dollars(tmp_path, currency, words):
    with pytest.raises(InputError, match=words):
        read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, cost("100", currency=currency))))])


def test_a_negative_row_without_a_model_is_a_credit(tmp_path):
    rows = cost("5000"), cost("-1200", model=None, cost_type=None, token_type=None)
    found = read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, *rows)))])
    assert billed(found) == {"input": 50.0, "credit": -12.0}


def test_list_and_net_are_kept_apart(tmp_path):
    rows = cost("8000", list_amount="10000", product="api", requests=3)
    found = read_exports([write(tmp_path, "cost.json", page(bucket(FIRST, rows)))])
    ((charge),) = found.charged.values()
    assert (charge.net, charge.list_price) == (80 * 10**9, 100 * 10**9)


def test_flat_rows_of_the_analytics_api(tmp_path):
    group = {"model": OPUS, "workspace_id": "wrkspc_1", "service_tier": "batch"}
    used = {"starting_at": "2026-10-30T00:00:00Z", "group": group, "usage": usage(requests=7)}
    paid = {"starting_at": "2026-10-30T00:00:00Z", "group": group, "cost": cost("250", list_amount="300")}
    files = [write(tmp_path, "u.json", {"data": [used]}), write(tmp_path, "c.json", {"data": [paid]})]
    found = read_exports(files)
    assert totals(found) == EXPECTED | {"requests": 7}
    assert {(place.workspace, place.tier) for place, _ in found.used} == {("wrkspc_1", "batch")}
    assert billed(found) == {"input": 2.5}


def test_flat_rows_of_users(tmp_path):
    """The numbers of the reference page: 41,280 cents are 412.80 dollars."""
    actor = {"type": "user_actor", "user_id": "user_01", "email": "jane@example.com", "name": "Jane"}
    row = {
        "actor": actor,
        "amount": "41280.000000",
        "list_amount": "51600.000000",
        "currency": "USD",
        "product": "chat",
        "model": OPUS,
        "starting_at": "2026-09-01T00:00:00Z",
        "token_type": "output_tokens",
    }
    found = read_exports([write(tmp_path, "c.json", {"data": [row]})])
    assert billed(found) == {"output": 412.8}
    assert not any("jane" in str(place).lower() or "user_01" in str(place) for place, _ in found.charged)


def test_names_are_kept_on_request(tmp_path):
    file = write(tmp_path, "usage.json", page(bucket(FIRST, usage(api_key_id="apikey_1"))))
    assert {place.key for place, _ in read_exports([file], keep_names=True).used} == {"apikey_1"}
    (hashed,) = {place.key for place, _ in read_exports([file]).used}
    assert hashed.startswith("key-")
    assert "apikey" not in hashed


def test_usage_that_is_not_told_by_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"group_by\[\]=model"):
        read_exports([write(tmp_path, "usage.json", page(bucket(FIRST, usage(model=None))))])


def test_an_unknown_model_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match="there is no model 'claude-haiku-4-6'; of haiku the card has"):
        read_exports([write(tmp_path, "usage.json", page(bucket(FIRST, usage(model="claude-haiku-4-6"))))])


def test_other_vendors_are_named_and_left_out(tmp_path):
    rows = usage(), usage(model="gpt-5"), usage(model="gemini-3-pro")
    found = read_exports([write(tmp_path, "usage.json", page(bucket(FIRST, *rows)))])
    assert totals(found) == EXPECTED
    assert "usage of other vendors is left out: gemini-3-pro, gpt-5" in found.notes


def test_hours_belong_to_their_day_in_utc(tmp_path):
    hour = bucket(FIRST, usage()) | {"starting_at": "2026-09-01T23:00:00-02:00"}
    found = read_exports([write(tmp_path, "usage.json", page(hour))])
    assert {f"{place.day}" for place, _ in found.used} == {"2026-09-02"}


def test_the_last_two_days_are_held_back(tmp_path):
    found = read_exports([write(tmp_path, "usage.json", daily(30, usage()))])
    assert totals(found)["input"] == 28 * 1500
    assert found.days == 28
    assert any("held back" in note for note in found.notes)


@pytest.mark.parametrize(("window", "is_named"), [("0-200k", True), (None, True), ("200k-1M", False)])
def test_prompts_whose_length_a_report_does_not_tell_are_named(tmp_path, window, is_named):
    """Haiku 5.5 costs five times as much above 100,000 tokens: 61 days of a million tokens in at 0.10, or at 0.50."""
    row = usage(model="claude-haiku-5-5", context_window=window, uncached_input_tokens=10**6, output_tokens=0)
    row |= {"cache_creation": None, "cache_read_input_tokens": 0}
    days = page(*(bucket(date(2026, 10, 7) + timedelta(day), row) for day in range(63)))
    notes = [note for note in read_exports([write(tmp_path, "u.json", days)]).notes if "100,000" in note]
    assert len(notes) == is_named
    for note in notes:
        assert note.startswith(
            "claude-haiku-5-5: prompts of more tokens than 100,000 cost more, and reports do not tell which"
        )
        assert "6.10 USD at list, up to 30.50 if all are long" in note


def test_models_of_one_price_need_no_length(tmp_path):
    days = write(tmp_path, "u.json", daily(3, usage()))
    assert not any("cost more" in note for note in read_exports([days]).notes)


@pytest.mark.parametrize("name", ["uncached_input_tokens", "cache_read_input_tokens"])
def test_a_renamed_count_is_refused_and_not_read_as_nothing(tmp_path, name):
    row = {key.replace(name, f"{name}_v2"): value for key, value in usage().items()}
    with pytest.raises(
        InputError, match=rf"record 1 of usage report: {name} is missing; is it '{name}_v2'.*the row has"
    ):
        read_exports([write(tmp_path, "u.json", daily(3, row))])
