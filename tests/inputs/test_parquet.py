"""Scenario sets in Parquet files: what is written is read back bit by bit; what a planning tool brings is checked."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deal_solve.errors import InputError
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.parquet import read_scenarios, write_scenarios
from deal_solve.uncertainty.sampling import sample
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.builders import api_plan, deal_of, months, only
from tests.support.sampled_deal import DEAL, deal_with, same

PLAIN = deal_of(24, workloads={"app": {"requests_per_month": 10, "input_tokens": 1, "output_tokens": 0}})


@pytest.mark.parametrize("scenarios", [sample(DEAL, BLOCK + 300, 7), scenarios_of(DEAL)], ids=["sampled", "discrete"])
def test_a_set_comes_back_as_it_was(scenarios, tmp_path):
    write_scenarios(scenarios, tmp_path / "set.parquet")
    found, held = read_scenarios(tmp_path / "set.parquet", DEAL), scenarios.in_memory()
    assert same(held, found)
    for name in ("kind", "seed", "groups", "notes", "size", "months"):
        assert getattr(found, name) == getattr(held, name), name
    assert list(found.names) == list(held.names)
    groups = pq.ParquetFile(tmp_path / "set.parquet").metadata
    assert groups.num_row_groups == scenarios.block_count


def brought(tmp_path, deal=PLAIN, **columns):
    path = tmp_path / "brought.parquet"
    pq.write_table(pa.table({name.replace("__", "."): values for name, values in columns.items()}), path)
    return read_scenarios(path, deal)


def test_a_planning_tool_brings_its_own(tmp_path):
    """Weights 1 and 3 are 1/4 and 3/4; a path is one number, one per year or one per month; the rest is at P50."""
    found = brought(
        tmp_path,
        weight=[1, 3],
        name=["low", "high"],
        requests_per_month__app=[[100.0, 200.0], [300.0, 400.0]],
        list_price_index__opus=[1.0, 0.5],
    )
    assert (found.kind, found.seed, list(found.names)) == ("explicit", None, ["low", "high"])
    np.testing.assert_array_equal(found.weights, [0.25, 0.75])
    np.testing.assert_array_equal(found.requests["app"].T, [months(100, 200), months(300, 400)])
    np.testing.assert_array_equal(found.index["opus"].T, [months(1, 1), months(0.5, 0.5)])
    np.testing.assert_array_equal(found.index["haiku"], np.ones((24, 2)))
    (note,) = found.notes
    assert "does not name list_price_index.sonnet" in note and "hit_rate.app: at P50" in note


def test_it_settles_as_the_same_list_in_the_deal(tmp_path):
    """App of 100 list dollars a month for a year, and of 200: 10 % off 1 200 and 2 400."""
    offer = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}}
    app = {"requests_per_month": 0, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
    plain = deal_of(workloads={"app": app}, offers={"quote": offer})
    listed = deal_of(workloads={"app": app}, offers={"quote": offer}, scenarios=only(requests_per_month={"app": 100}))
    plan = api_plan((1, (1,)))
    found = settle(plain, plan, brought(tmp_path, plain, requests_per_month__app=[100.0, 200.0]))
    inside = settle(listed, plan, scenarios_of(listed))
    assert found.cost[0] == pytest.approx(inside.cost[0], abs=1e-9)
    assert found.cost[1] > found.cost[0] > 1000


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"requests_per_month__ap": [1.0]}, "requests_per_month.ap: is not a column of this deal; did you mean"),
        ({"requests_per_month__app": [[1.0] * 7]}, "has 7 values a row; expected 1 or 2 or 24"),
        ({"requests_per_month__app": [[1.0, 2.0], [1.0]]}, "a list of 1 or 2 or 24 numbers, in every row"),
        ({"requests_per_month__app": [None, 1.0]}, "in every row"),
        ({"requests_per_month__app": ["many"]}, "expected a number"),
        ({"requests_per_month__app": [-1.0]}, "expected 0 or more; found -1 to -1"),
        ({"list_price_index__opus": [0.0]}, "expected above 0; found 0 to 0"),
        ({"hit_rate__app": [1.5]}, "expected 0 or more, at most 1; found 1.5"),
        ({"hit_rate__app": [[0.1, 0.2]]}, "has 2 values a row; expected 1$"),
        ({"weight": [0.0, 0.0]}, "weight: expected one number"),
        ({"weight": pa.array([], pa.float64())}, "holds no scenario"),
    ],
)
def test_what_cannot_be_is_refused_with_its_column(columns, message, tmp_path):
    with pytest.raises(InputError, match=message) as error:
        brought(tmp_path, **columns)
    assert "brought.parquet" in str(error.value)


def test_every_problem_is_reported_at_once(tmp_path):
    with pytest.raises(InputError) as error:
        brought(tmp_path, weight=[-1.0], hit_rate__app=[2.0], other=[1.0])
    assert len(error.value.problems) == 3


def test_a_set_of_another_horizon_is_refused(tmp_path):
    write_scenarios(sample(DEAL, 8, 7), tmp_path / "set.parquet")
    with pytest.raises(InputError, match="months: are 24 in the set; expected the 36 of the deal"):
        read_scenarios(tmp_path / "set.parquet", deal_with().model_copy(update={"horizon_months": 36}))


@pytest.mark.parametrize(
    ("text", "message"), [(None, "there is no such file"), ("no parquet", "cannot be read as Parquet")]
)
def test_what_is_no_parquet_file_is_refused(text, message, tmp_path):
    path = tmp_path / "set.parquet"
    if text:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_scenarios(path, DEAL)
