"""Quantities by place: what is held of each, how small, and what is refused."""

import tracemalloc
from datetime import date, timedelta

import numpy as np
import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from deal_solve.exports.row import Place
from deal_solve.exports.uses import COLUMN, WIDTH, Uses
from tests.support.exports import FIRST, OPUS, USAGE_COLUMNS, bucket, page, totals, usage, write

DAY = date(2026, 9, 1)


def place(**changes):
    return Place(DAY, OPUS)._replace(**changes)


def rows(**quantities):
    row = np.zeros((1, WIDTH), dtype=np.int64)
    for name, amount in quantities.items():
        row[0, COLUMN[name]] = amount
    return row


def test_a_line_and_a_part_of_a_table_add_up_to_the_same():
    lines, table = Uses(), Uses()
    for _ in range(2):
        lines.add(place(), {"input": 3, "output": 0, "requests": 1})
        table.add_rows([place()], rows(input=3, requests=1))
    assert dict(lines) == dict(table) == {(place(), "input"): 6, (place(), "requests"): 2}
    assert len(table) == 2
    assert (place(), "output") not in table


def test_a_part_of_a_table_may_name_a_place_twice_and_drops_zeros():
    found = Uses()
    nothing = place(day=DAY + timedelta(1))
    found.add_rows([place(), nothing, place()], np.vstack([rows(input=1), rows(), rows(input=2)]))
    assert dict(found) == {(place(), "input"): 3}
    assert found.places == {place()}


def test_places_of_one_name_are_added_up_and_those_of_none_dropped():
    found = Uses()
    for index, key in enumerate("abc"):
        found.add(place(key=key), {"input": 10**index})
    found.rename(lambda each: None if each.key == "b" else place())
    assert dict(found) == {(place(), "input"): 101}


def test_more_tokens_than_can_be_added_up_are_refused_in_a_sentence():
    found = Uses()
    found.add_rows([place()], rows(input=8 * 10**18))
    for add in (
        lambda: found.add(place(), {"input": 8 * 10**18}),
        lambda: found.add_rows([place()], rows(input=8 * 10**18)),
    ):
        with pytest.raises(InputError, match=f"what is used of {OPUS} on 2026-09-01 adds up to more than 9e"):
            add()


def test_a_table_whose_rows_add_up_to_too_much_is_refused(tmp_path):
    line = f"2026-09-01,{OPUS},k,w,standard,≤ 200k,1000000000000000,0,0,0,0,0,global,"
    text = "\n".join([USAGE_COLUMNS, *[line] * 9_001]) + "\n"
    with pytest.raises(InputError, match=r"Console usage, in rows 2 to 9,002: numbers add up to more than 9e\+18"):
        read_exports([write(tmp_path, "usage.csv", text)])


def test_a_place_is_held_in_a_few_hundred_bytes():
    """A million of different rows fit into a third of a GB."""
    places = [place(day=DAY + timedelta(day), key=key) for day in range(100) for key in map(str, range(100))]
    amounts = np.repeat(rows(input=5, output=7, cache_read=9), len(places), axis=0)
    tracemalloc.start()
    found = Uses()
    found.add_rows(places, amounts)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.places) == len(places)
    assert held < 250 * len(places)


def test_usage_of_one_model_on_one_day_by_two_ways_adds_up(tmp_path):
    """1,500 by the vendor's own API and 2,000 by OpenRouter: the same place, and not the same usage."""
    router = {"date": f"{FIRST}", "model_permaslug": OPUS, "prompt_tokens": 2_000, "completion_tokens": 0}
    files = [
        write(tmp_path, "api.json", page(bucket(FIRST, usage(context_window=None, service_tier=None)))),
        write(tmp_path, "router.json", {"data": [router | {"requests": 1, "usage": 0.01}]}),
    ]
    assert totals(read_exports(files))["input"] == 3_500
