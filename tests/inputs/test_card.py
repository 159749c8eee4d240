"""The rate card of the package against what was published, and what it means on a given day.

Prices are USD per million tokens. The table is copied by hand from the pricing pages, so a slip of the pen in the card
(a wrong multiplier, a forgotten date) shows as a difference in dollars.
"""

import json
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any, NamedTuple

import pytest

from deal_solve.deal.rate_card import FAMILIES, Card, Rates, load_card
from deal_solve.errors import InputError

TODAY = date(2026, 11, 23)


class Published(NamedTuple):
    """One line of a price list: what a model cost from a day on, for short prompts or for long ones."""

    model: str
    since: str
    long: bool
    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    batch_input: float
    batch_output: float


SHORT, LONG = False, True
# fmt: off
PUBLISHED = [
    #         model                         since         prompt   in   out    5m     1h    read   batch in, out
    Published("claude-fable-5-2",           "2026-11-09", SHORT,   8,   40,   10,     16,   0.20,  4,     20),
    Published("claude-fable-5-1",           "2026-09-01", SHORT,  10,   50,   12.5,   20,   0.25,  5,     25),
    Published("claude-fable-5",             "2026-06-09", SHORT,  10,   50,   12.5,   20,   1.00,  5,     25),
    Published("claude-opus-5-5",            "2026-09-22", SHORT,   4,   20,    5,      8,   0.20,  2,     10),
    Published("claude-opus-5",              "2026-07-24", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-8",            "2026-05-28", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-7",            "2026-04-16", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-6",            "2026-02-05", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-6",            "2026-02-05", LONG,   10,   37.5, 12.5,   20,   1.00,  5,     18.75),
    Published("claude-opus-4-6",            "2026-03-13", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-5-20251101",   "2025-11-24", SHORT,   5,   25,    6.25,  10,   0.50,  2.5,   12.5),
    Published("claude-opus-4-1-20250805",   "2025-08-05", SHORT,  15,   75,   18.75,  30,   1.50,  7.5,   37.5),
    Published("claude-opus-4-20250514",     "2025-05-22", SHORT,  15,   75,   18.75,  30,   1.50,  7.5,   37.5),
    Published("claude-3-opus-20240229",     "2024-02-29", SHORT,  15,   75,   18.75,  30,   1.50,  7.5,   37.5),
    Published("claude-sonnet-5-5",          "2026-09-28", SHORT,   2,   10,    2.5,    4,   0.20,  1,      5),
    Published("claude-sonnet-5-5",          "2026-10-07", SHORT,   2,   10,    2.5,    4,   0.10,  1,      5),
    Published("claude-sonnet-5",            "2026-06-30", SHORT,   2,   10,    2.5,    4,   0.20,  1,      5),
    Published("claude-sonnet-4-6",          "2026-02-17", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-sonnet-4-6",          "2026-02-17", LONG,    6,   22.5,  7.5,   12,   0.60,  3,     11.25),
    Published("claude-sonnet-4-6",          "2026-03-13", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-sonnet-4-5-20250929", "2025-09-29", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-sonnet-4-5-20250929", "2025-09-29", LONG,    6,   22.5,  7.5,   12,   0.60,  3,     11.25),
    Published("claude-sonnet-4-5-20250929", "2026-05-01", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-sonnet-4-20250514",   "2025-05-22", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-3-7-sonnet-20250219", "2025-02-19", SHORT,   3,   15,    3.75,   6,   0.30,  1.5,    7.5),
    Published("claude-haiku-5-5",           "2026-10-07", SHORT,   0.1,  0.5,  0.125,  0.2, 0.01,  0.05,   0.25),
    Published("claude-haiku-5-5",           "2026-10-07", LONG,    0.5,  2.5,  0.625,  1,   0.05,  0.25,   1.25),
    Published("claude-haiku-4-5-20251001",  "2025-10-15", SHORT,   1,    5,    1.25,   2,   0.10,  0.5,    2.5),
    Published("claude-3-5-haiku-20241022",  "2024-10-22", SHORT,   0.8,  4,    1,      1.6, 0.08,  0.4,    2),
    Published("claude-3-haiku-20240307",    "2024-03-07", SHORT,   0.25, 1.25, 0.30,   0.5, 0.03,  0.125,  0.625),
]
# fmt: on


@pytest.fixture(name="card")
def _card() -> Card:
    return load_card()


def _dollars(rates: Rates, long: bool) -> tuple[float | None, ...]:
    """Return the price list line of one entry: input, output, writes, read, batch input and output."""
    tokens_in = rates.long_input_usd_per_mtok if long else rates.input_usd_per_mtok
    tokens_out = rates.long_output_usd_per_mtok if long else rates.output_usd_per_mtok
    if tokens_in is None or tokens_out is None:
        return (tokens_in, tokens_out)
    return (
        tokens_in,
        tokens_out,
        tokens_in * rates.cache_write_5m_multiplier,
        tokens_in * rates.cache_write_1h_multiplier,
        tokens_in * rates.cache_read_multiplier,
        tokens_in * rates.batch_multiplier,
        tokens_out * rates.batch_multiplier,
    )


def _line(row: Published) -> str:
    return f"{row.model}-{row.since}-{'long' if row.long else 'short'}"


@pytest.mark.parametrize("row", PUBLISHED, ids=_line)
def test_rates_and_multipliers_give_the_published_dollars(row: Published):
    rates = load_card("claude", date.fromisoformat(row.since)).rates(row.model)
    assert rates.effective_from == date.fromisoformat(row.since)
    assert _dollars(rates, row.long) == pytest.approx(row[3:], abs=1e-12)


def test_the_table_has_every_dated_rate_of_the_card(card: Card):
    entries = {
        (model.id, rates.effective_from.isoformat(), long)
        for model in card.models
        for rates in model.rates
        for long in ((SHORT, LONG) if rates.long_above_prompt_tokens else (SHORT,))
    }
    assert {row[:3] for row in PUBLISHED} == entries
    assert len(PUBLISHED) == len(entries)


# What was in force that day


@pytest.mark.parametrize(("day", "multiplier"), [("2026-09-28", 0.1), ("2026-10-06", 0.1), ("2026-10-07", 0.05)])
def test_sonnet_5_5_cache_reads_halve_on_7_october(day: str, multiplier: float):
    assert load_card("claude", date.fromisoformat(day)).rates("claude-sonnet-5-5").cache_read_multiplier == multiplier


@pytest.mark.parametrize(
    ("model", "last_day", "next_day"),
    [
        ("claude-opus-4-6", "2026-03-12", "2026-03-13"),
        ("claude-sonnet-4-6", "2026-03-12", "2026-03-13"),
        ("claude-sonnet-4-5-20250929", "2026-04-30", "2026-05-01"),
    ],
)
def test_the_tiers_above_200k_ended(model: str, last_day: str, next_day: str):
    before = load_card("claude", date.fromisoformat(last_day)).rates(model)
    after = load_card("claude", date.fromisoformat(next_day)).rates(model)
    assert before.long_above_prompt_tokens == 200_000
    assert after.long_above_prompt_tokens is None
    assert after.long_input_usd_per_mtok is None
    assert after.long_output_usd_per_mtok is None


def test_today_only_haiku_5_5_has_a_long_tier(card: Card):
    tiers = {model.id: card.rates(model.id).long_above_prompt_tokens for model in card.models}
    assert {name: tier for name, tier in tiers.items() if tier} == {"claude-haiku-5-5": 100_000}


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2026, 10, 6)])
def test_a_model_is_unknown_before_its_release(day: date):
    with pytest.raises(KeyError):
        load_card("claude", day).model("claude-haiku-5-5")


def test_a_model_is_known_from_its_release():
    assert load_card("claude", date(2026, 10, 7)).model("claude-haiku-5-5").released == date(2026, 10, 7)


def test_without_a_day_the_card_stands_at_its_own_last_date(card: Card):
    assert card.as_of == TODAY
    assert card == load_card("claude", TODAY)


# Slots


@pytest.mark.parametrize(
    ("day", "opus", "sonnet", "haiku", "fable"),
    [
        ("2026-11-23", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2"),
        ("2026-11-08", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-1"),
        ("2026-10-06", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-fable-5-1"),
        ("2026-09-21", "claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5-20251001", "claude-fable-5-1"),
    ],
)
def test_a_slot_is_the_newest_model_of_its_family(card: Card, day: str, opus: str, sonnet: str, haiku: str, fable: str):
    newest = {family: card.newest(family, date.fromisoformat(day)).id for family in FAMILIES}
    assert newest == {"opus": opus, "sonnet": sonnet, "haiku": haiku, "fable": fable}


# Lives of models


def test_retirement_dates_are_the_announced_ones(card: Card):
    assert {model.id: model.retires.isoformat() for model in card.models if model.retires} == {
        "claude-opus-4-1-20250805": "2026-08-05",
        "claude-opus-4-20250514": "2026-06-15",
        "claude-3-opus-20240229": "2026-01-05",
        "claude-sonnet-4-5-20250929": "2026-11-30",
        "claude-sonnet-4-20250514": "2026-06-15",
        "claude-3-7-sonnet-20250219": "2026-02-19",
        "claude-3-5-haiku-20241022": "2026-02-19",
        "claude-3-haiku-20240307": "2026-04-20",
    }


def test_not_sooner_than_is_not_a_retirement_date(card: Card):
    haiku = card.model("claude-haiku-4-5-20251001")
    assert (haiku.retires, haiku.retires_not_before) == (None, date(2026, 10, 15))
    assert all(model.retires is None or model.retires_not_before is None for model in card.models)


def test_a_model_is_deprecated_when_its_retirement_is_announced(card: Card):
    for model in card.models:
        assert model.deprecated == (model.retires is not None), model.id


def test_generations_decide_tokenizer_and_us_residency(card: Card):
    for model in card.models:
        generation = tuple(int(part) for part in model.generation.split("."))
        assert model.tokenizer == ("new" if generation >= (4, 7) else "old"), model.id
        assert model.us_residency == (generation >= (4, 6)), model.id
    assert card.tokenizers == {"old": 1.0, "new": 1.3}


# Seats and controls


def test_plans_as_published(card: Card):
    """Team has 2 to 150 seats, standard and premium together; Enterprise 20 or more."""
    plans = {plan.id: (plan.seats, plan.minimum, plan.maximum) for plan in card.plans}
    assert plans == {"enterprise": (("enterprise",), 20, None), "team": (("team-standard", "team-premium"), 2, 150)}


@pytest.mark.parametrize(
    ("seat_id", "yearly", "monthly", "covered_share"),
    [
        ("enterprise", 20, None, 0),
        ("team-standard", 20, 25, 1),
        ("team-premium", 100, 125, 1),
    ],
)
def test_seats_as_published(
    card: Card,
    seat_id: str,
    yearly: float,
    monthly: float | None,
    covered_share: float,
):
    seat = card.seat(seat_id)
    usd = seat.usd_on(TODAY)
    assert (usd.yearly, usd.monthly) == (yearly, monthly)
    assert seat.covered_share == covered_share


def test_everything_a_paper_provides_is_a_control(card: Card):
    for provides in (card.api_provides, *(seat.provides for seat in card.seats)):
        assert set(provides) <= set(card.controls)
        assert len(set(provides)) == len(provides)


def test_enterprise_has_every_control_of_team_and_those_of_its_own(card: Card):
    team, enterprise = set(card.seat("team-standard").provides), set(card.seat("enterprise").provides)
    assert team == set(card.seat("team-premium").provides)
    assert {"sso", "no_training"} <= team < enterprise
    assert {"scim", "audit_logs", "cmek", "us_residency", "baa"} <= enterprise - team


def test_some_controls_are_never_at_list(card: Card):
    assert {"no_training", "us_residency"} <= set(card.api_provides)
    assert not {"zero_retention", "baa"} & set(card.api_provides)
    assert all("zero_retention" not in seat.provides for seat in card.seats)


def test_what_a_control_does_to_usage(card: Card):
    effects = {
        name: (control.closes_batch, control.usage_multiplier, control.needs_us_residency)
        for name, control in card.controls.items()
    }
    none = (False, 1.0, False)
    assert {name: effect for name, effect in effects.items() if effect != none} == {
        "us_residency": (False, 1.1, True),  # 10 % on all tokens; models before 4.6 refuse the parameter
        "zero_retention": (True, 1.0, False),  # batch results are stored for 29 days
        "baa": (True, 1.0, False),  # a HIPAA-ready organisation gets an error from the batch endpoint
    }


# The file itself


def _source_lists(value: Any) -> Iterator[tuple[str, ...]]:
    """Yield every list of source references in a dumped card, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "sources" and not isinstance(inner, dict):
                yield inner
            else:
                yield from _source_lists(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _source_lists(inner)


def test_every_figure_names_a_source_and_every_source_is_named(card: Card):
    lists = list(_source_lists(card.model_dump()))
    dated = sum(len(model.rates) for model in card.models) + sum(len(seat.prices) for seat in card.seats)
    assert len(lists) == len(card.models) + len(card.seats) + len(card.plans) + len(card.controls) + dated
    assert all(lists)
    assert {source for sources in lists for source in sources} == set(card.sources)


def test_dated_entries_are_in_order_and_begin_with_the_release(card: Card):
    for model in card.models:
        days = [rates.effective_from for rates in model.rates]
        assert days == sorted(set(days)), model.id
        assert days[0] == model.released, model.id
    for seat in card.seats:
        days = [price.effective_from for price in seat.prices]
        assert days == sorted(set(days)), seat.id


def test_ids_are_unique(card: Card):
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(set(keys)) == len(keys), keys
        return dict(pairs)

    text = files("deal_solve.deal").joinpath("cards").joinpath("claude.json").read_text(encoding="utf-8")
    json.loads(text, object_pairs_hook=no_duplicates)
    for ids in ([model.id for model in card.models], [seat.id for seat in card.seats]):
        assert len(set(ids)) == len(ids)


# Refusals


def test_an_unknown_card_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match=r"no rate card 'clod'; the package has .*claude"):
        load_card("clod")


def test_a_day_before_the_card_is_refused_with_its_first_day():
    with pytest.raises(InputError, match="begins on 2024-02-29; nothing was in force on 2024-02-28"):
        load_card("claude", date(2024, 2, 28))
    assert [model.id for model in load_card("claude", date(2024, 2, 29)).models] == ["claude-3-opus-20240229"]
