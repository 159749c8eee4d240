"""What is varied: the text of `--vary`, ranges, design files, and the paths that are no place in a deal."""

import pytest

from deal_solve import InputError
from deal_solve.analysis.sweep.design import (
    Dimension,
    crossed,
    design_of,
    parse_vary,
    read_design,
    refuse_wrong_paths,
    shown,
    zipped,
)
from deal_solve.deal.edit import edited, paths_of
from tests.support.solved import loaded

GROWTH = "workloads.support-bot.growth_per_year"
OVERAGE = "offers.one-paper.api.overage"


@pytest.fixture(scope="module")
def hybrid():
    return loaded("hybrid")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"{OVERAGE}=contracted,list", ("contracted", "list")),
        (f"{OVERAGE}=list, {{premium: 10%}}, list", ("list", {"premium": "10%"})),
        (f"{GROWTH}.p50=0:1.5:4", (0, 0.5, 1, 1.5)),
        (f"{GROWTH}.p50=10%:30%:3", (0.1, 0.2, 0.3)),
        (f"{GROWTH}.p50=0:0.3:4", (0, 0.1, 0.2, 0.3)),  # and not 0.30000000000000004
        (f"{GROWTH}.p50=±20%", (0.2, 0.25, 0.3)),  # 25 % today: a share of it
        (f"{GROWTH}=+/-0.1:5", (0.15, 0.2, 0.25, 0.3, 0.35)),  # an amount
        ("workloads.extraction.requests_per_month.p50=±50%:2,900k", (450_000, 1_350_000, 900_000)),
        ("horizon_months=12,24", (12, 24)),
        ("workloads.extraction.today.cached=true,false", (True, False)),
    ],
)
def test_what_vary_says(hybrid, text, values):
    found = parse_vary(hybrid, text)
    assert found == Dimension(text.partition("=")[0], values)
    assert [type(value) for value in found.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("horizon_months", "expected PATH=VALUES"),
        ("horizon_months=", "expected PATH=VALUES"),
        ("horizon_months=1:2:1", "a range has at least 2 values"),
        ("horizon_months=12:36", "a range says how many values it has"),
        ("horizon_months=0:1:1000000000", "1,000,000,000 runs are too many; expected at most 100,000"),
        ("offers.one-paper.api.bands=±20%", "found a list"),
        ("workloads.suport-bot.input_tokens=±20%", "did you mean 'support-bot'"),
    ],
)
def test_what_vary_cannot_say(hybrid, text, message):
    with pytest.raises(InputError, match=message):
        parse_vary(hybrid, text)


def test_crossed_changes_the_last_field_fastest_and_zipped_all_together():
    fields = [Dimension("a", (1, 2)), Dimension("b", ("x", "y"))]
    assert crossed(fields).runs == ((1, "x"), (1, "y"), (2, "x"), (2, "y"))
    assert zipped(fields).runs == ((1, "x"), (2, "y"))
    assert list(zipped(fields)) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    with pytest.raises(InputError, match="a has 2, b has 1"):
        zipped([fields[0], Dimension("b", ("x",))])
    with pytest.raises(InputError, match="varied twice"):
        crossed([fields[0], fields[0]])
    with pytest.raises(InputError, match="106,276 runs are too many"):
        crossed([Dimension("a", tuple(range(326))), Dimension("b", tuple(range(326)))])


def test_a_design_file_has_a_row_per_run_and_an_empty_value_is_todays(hybrid, tmp_path):
    file = tmp_path / "design.csv"
    file.write_text(f'{OVERAGE},{GROWTH}.p50\ncontracted,30%\n"{{premium: 10%}}",\n')
    assert read_design(hybrid, file).runs == (("contracted", 0.3), ({"premium": "10%"}, 0.25))
    file.write_text(f"{OVERAGE},{GROWTH}\nlist\n")
    with pytest.raises(InputError, match=r"design.csv:2: has 1 value for 2 paths"):
        read_design(hybrid, file)
    file.write_text(f"{OVERAGE}\n")
    with pytest.raises(InputError, match="has no runs"):
        read_design(hybrid, file)


def test_changes_from_python_leave_the_rest_as_it_is(hybrid):
    design = design_of(hybrid, [{OVERAGE: "contracted"}, {f"{GROWTH}.p50": 0.5}])
    assert design.paths == (OVERAGE, f"{GROWTH}.p50")
    assert design.runs == (("contracted", 0.25), ("list", 0.5))
    assert design_of(hybrid, {OVERAGE: "contracted,list"}).values(OVERAGE) == ("contracted", "list")


def test_numbers_come_in_rising_order_and_words_as_they_are_given():
    design = crossed([Dimension("a", (3, 1, "all", 2.5))])
    assert design.values("a") == (1, 2.5, 3, "all")


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"offers.one.api.overage": ["list"]}, "offers has no 'one'"),
        ({"workloads.assistant.grwth_per_year": [1]}, "did you mean 'growth_per_year'"),
        ({"offers..x": [1]}, "is not a path"),
        ({"offers.product-quote.api.bands[1].discount.opus": [0.1]}, "is one value, '9%'"),
        ({}, "nothing is varied"),
        ({OVERAGE: []}, "nothing is varied"),
        ({"workloads.extraction.cache.share": [0.5]}, "has no 'cache'"),  # a cache is more than a share
    ],
)
def test_a_wrong_path_is_an_error(hybrid, over, message):
    with pytest.raises(InputError, match=message):
        refuse_wrong_paths(hybrid, design_of(hybrid, over))


@pytest.mark.parametrize(
    "over",
    [
        {"offers.product-quote.renewal_cap": [0.05]},  # left at its default
        {"workloads.extraction.cache.share": [0.5], "workloads.extraction.cache.hit_rate": [0.5]},
        {OVERAGE: ["cheap"]},  # a right path: what it makes is the cell's matter
    ],
)
def test_a_place_where_nothing_stands_yet_is_one(hybrid, over):
    refuse_wrong_paths(hybrid, design_of(hybrid, over))


def test_every_path_of_a_deal_is_one(hybrid):
    found = list(paths_of(hybrid))
    assert {OVERAGE, f"{GROWTH}.p50", "workloads.assistant.requests_per_month.p90", "horizon_months"} <= set(found)
    assert len(found) == len(set(found))
    for path in found:
        edited(hybrid, {path: None})


def test_values_are_shown_as_a_deal_file_has_them():
    values = (0.25, 9_999, 12_500, 3_000_000, 1_234_567, True, None, {"premium": "10%"}, "list")
    said = ["0.25", "9,999", "12.5k", "3M", "1.234567M", "true", "null", "{premium: 10%}", "list"]
    assert [shown(value) for value in values] == said
