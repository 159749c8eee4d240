"""A sweep: rows by hand, the same rows wherever and however often it is begun, refused where it is another one."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deal_solve import (
    Cancelled,
    Infeasible,
    InputError,
    from_json,
    load,
    loads,
    regions,
    sample,
    solve,
    sweep,
    value_at,
    varied,
)
from deal_solve.analysis.sweep import checkpoint_log as journals
from deal_solve.analysis.sweep import runs as module
from deal_solve.analysis.sweep.checkpoint_log import checkpoint_log, header_of
from deal_solve.analysis.sweep.design import Dimension, crossed, design_of
from deal_solve.analysis.sweep.result import SweepResult
from deal_solve.analysis.sweep.sweep import ordered
from deal_solve.cli.main import run
from deal_solve.cli.support.executor import executor_of
from deal_solve.deal.edit import paths_of
from deal_solve.deal.numbers import parse_number
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.deals import SMALL
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.interrupts import heed_interrupts
from tests.support.paths import SCENARIOS
from tests.support.samples import seeds

OVERAGE, DISCOUNT = "offers.quote.api.overage", "offers.quote.api.bands[0].discount"
REQUESTS = "scenarios.low.requests_per_month.app"
GRID = {OVERAGE: ["contracted", "list"], DISCOUNT: [0.1, 0.2]}
LARGE = {OVERAGE: ["contracted", "list", {"premium": 0.1}], DISCOUNT: "0:0.4:9", REQUESTS: [500_000, 600_000]}
SAME = 2e-6
"""What two solves of one deal may differ by, both within the gap."""


@pytest.fixture(scope="module")
def small():
    return loads(SMALL)


def assert_same(one, other):
    """Whether two frames are the same but for timing, amounts within the gap."""
    one, other = (frame.drop(columns="seconds") for frame in (one, other))
    pd.testing.assert_frame_equal(one, other, rtol=SAME, atol=SAME)


# --- what a row says ----------------------------------------------------------------------------------------------


def test_rows_by_hand(small):
    """1,000 input and 200 output tokens of sonnet cost 0.004: 28,800 USD a year at list in low, 57,600 in high.

    Overage at contracted rates: whatever is committed, (1-d) · 43,200; the least that can be, 1,000, is committed.
    Overage at list: commit the usage of low, (1-d) · 28,800, and pay 28,800 at list in high: at 10 % off
    25,920 + 14,400 = 40,320 expected, 54,720 in high; at 20 % off 23,040 + 14,400 = 37,440, 51,840 in high.
    """
    rows = sweep(small, GRID).rows
    assert [row.cell for row in rows] == [1, 2, 3, 4]
    assert [tuple(row.inputs.values()) for row in rows] == list(crossed(dimensions(GRID)).runs)
    assert [row.expected_usd for row in rows] == pytest.approx([38_880, 34_560, 40_320, 37_440])
    assert [row.worst_usd for row in rows] == pytest.approx([51_840, 46_080, 54_720, 51_840])
    assert [row.commitment_usd_per_year for row in rows] == pytest.approx([1_000, 1_000, 25_920, 23_040])
    assert {(row.status, row.agreement, row.term_months, row.band_usd_per_year) for row in rows} == {
        ("optimal", "quote", 12, 1_000)
    }
    assert [row.savings_rate for row in rows] == pytest.approx([0.1, 0.2, 1 - 40_320 / 43_200, 1 - 37_440 / 43_200])
    assert all(row.shares == {"sonnet": 1.0} and row.gap <= 1e-6 for row in rows)


def dimensions(over):
    return [Dimension(path, tuple(values)) for path, values in over.items()]


def test_rows_are_the_solves_of_their_deals_over_the_same_futures():
    deal = load(SCENARIOS / "three-quotes.yaml")
    scenarios = partial(sample, count=64, seed=3)
    over = {"offers.twenty-four.api.overage": ["contracted", "list"], "workloads.catalogue.growth_per_year.p50": [0.15]}
    for row in sweep(deal, over, scenarios).rows:
        changed = varied(deal, row.inputs)
        alone = solve(changed, scenarios(changed))
        assert row.objective_usd == pytest.approx(alone.objective_usd, rel=SAME)
        assert row.savings_usd == pytest.approx(
            alone.settlement.mean(alone.baseline_cost - alone.settlement.cost), rel=1e-3
        )
        assert (row.agreement, row.seats) == (alone.plan.api.offer, {})
        assert row.shares["cached"] + row.shares["batch"] == pytest.approx(1)


def test_a_cell_with_other_spend_through_a_cloud_has_scenarios_of_its_own():
    """What everyone else spends through the cloud is all that its commitment lacks or not: no usage depends on it."""
    deal = load(SCENARIOS / "aws-commitment.yaml")
    field = "cloud_commitments.aws.other_spend_usd_per_year"
    rows = sweep(deal, {field: [0, 500_000]}).rows
    assert [row.objective_usd for row in rows] == [
        pytest.approx(solve(varied(deal, row.inputs)).objective_usd, rel=SAME) for row in rows
    ]
    assert rows[0].objective_usd > rows[1].objective_usd + 1000


def numbers_of(deal):
    """Return the dotted paths of numbers above 0 that a deal's file states."""
    found = []
    for path in paths_of(deal):
        try:
            value = parse_number(value_at(deal, path))
        except ValueError:
            continue
        if value > 0 and not path.startswith(("start", "horizon_months", "rates")):
            found.append(path)
    return found


@pytest.mark.parametrize("seed", seeds((1, 4, 7), 80))
def test_cells_of_generated_deals_get_their_cold_answers(seed):
    """Two fields at random, around today's value: every cell is what its own deal gets alone."""
    rng = np.random.default_rng(seed)
    deal = read(random_deal(rng))
    fields = rng.choice(numbers_of(deal), 2, replace=False).tolist()
    for row in sweep(deal, dict.fromkeys(fields, "±30%:2")).rows:
        try:
            alone = solve(varied(deal, row.inputs))
        except (InputError, Infeasible) as error:
            assert row.status == ("infeasible" if isinstance(error, Infeasible) else "invalid"), row
        else:
            assert row.status == alone.status, row
            apart = max(SAME, row.gap + alone.gap)
            assert row.objective_usd == pytest.approx(alone.objective_usd, rel=apart, abs=0.01), row


def test_a_cell_without_a_plan_is_a_row_with_its_reason(small):
    limited = varied(small, {"limits": [{"measure": "expected", "of": "total", "at_most": 1e9}]})
    over = [{}, {"limits[0].at_most": 1}, {DISCOUNT: 1.5}, {"horizon_months": 13}]
    rows = sweep(limited, over).rows
    assert [row.status for row in rows] == ["optimal", "infeasible", "invalid", "invalid"]
    assert rows[1].reason.startswith("no plan meets")
    assert rows[2].reason.startswith(f"{DISCOUNT}: 1.5 is not a discount; expected a value from 0 up to")
    assert [row.has_plan for row in rows] == [True, False, False, False]
    frame = sweep(limited, over).to_frame()
    assert frame["objective_usd"].isna().tolist() == [False, True, True, True]


def test_what_nobody_foresaw_is_a_row_too(small, monkeypatch):
    monkeypatch.setattr(module, "solve", lambda *_, **__: 1 / 0)
    (row,) = sweep(small, {DISCOUNT: [0.1]}).rows
    assert (row.status, row.reason) == ("failed", "ZeroDivisionError: division by zero")


def test_the_type_of_a_column_does_not_depend_on_what_is_missing(small):
    whole, none = (sweep(small, {DISCOUNT: values}).to_frame() for values in ([0.1, 1.5], [1.5, 1.6]))
    shared = [name for name in whole if name in none]
    assert whole[shared].dtypes.to_dict() == none[shared].dtypes.to_dict()
    mixed = sweep(small, {OVERAGE: ["list", {"premium": 0.1}]}).to_frame()
    assert mixed[OVERAGE].tolist() == ["list", '{"premium": 0.1}']


# --- how it is done -----------------------------------------------------------------------------------------------


def test_neighbours_differ_in_one_field_and_share_their_futures(small):
    design = design_of(small, {OVERAGE: ["list", "contracted"], DISCOUNT: "0:0.2:3", REQUESTS: [1, 2, 3]})
    cells = ordered(design, list(design))
    assert sorted(map(str, cells)) == sorted(map(str, design))
    pairs = list(itertools.pairwise(cells))
    assert all(sum(one[path] != other[path] for path in design.paths) == 1 for one, other in pairs)
    assert [cell[REQUESTS] for cell in cells] == [1] * 6 + [2] * 6 + [3] * 6


def test_futures_are_made_once_for_cells_of_the_same_uncertainty(small):
    made = []

    def scenarios(deal):
        made.append(deal)
        return scenarios_of(deal)

    sweep(small, {**GRID, REQUESTS: [500_000, 600_000]}, scenarios)
    assert len(made) == 1 + 2  # of the deal as it stands, and of both


def test_known_rows_are_taken_over_and_every_new_one_is_handed_out(small):
    first = sweep(small, {**GRID, DISCOUNT: [0.1]})
    new, told = [], []
    found = sweep(small, GRID, known=first.rows, finished=new.append, progress=told.append)
    assert sorted(row.inputs[OVERAGE] for row in new) == ["contracted", "list"]
    assert {row.inputs[DISCOUNT] for row in new} == {0.2}
    assert (told[0].done, told[0].seconds_left) == (2, None)
    assert (told[-1].done, told[-1].total, told[-1].solved, told[-1].seconds_left) == (4, 4, 2, 0)
    assert found.is_complete
    assert_same(found.to_frame(), sweep(small, GRID).to_frame())


def test_a_cell_that_stands_twice_is_solved_once(small):
    new = []
    found = sweep(small, [{DISCOUNT: 0.1}, {DISCOUNT: 0.1}], finished=new.append)
    assert ([row.cell for row in found.rows], len(new)) == ([1, 2], 1)


@pytest.mark.parametrize("workers", [0, 2])
def test_progress_can_cancel(small, workers):
    solved = []
    with ThreadPoolExecutor(max(workers, 1)) as pool, pytest.raises(Cancelled, match="of 54 runs"):
        sweep(
            small,
            LARGE,
            executor=pool if workers else None,
            finished=solved.append,
            progress=lambda at: at.solved < 3,
        )
    assert 3 <= len(solved) <= 3 + module.CHUNK


def test_threads_and_processes_give_the_same_rows(small):
    alone = sweep(small, LARGE).to_frame()
    with ThreadPoolExecutor(3) as pool:
        assert_same(sweep(small, LARGE, executor=pool, ahead=2).to_frame(), alone)
    with executor_of(2, None) as (pool, _):
        assert_same(sweep(small, LARGE, executor=pool).to_frame(), alone)


class Losing(ThreadPoolExecutor):
    """Loses the worker of every chunk that holds a wanted cell, so many times."""

    def __init__(self, discount, times):
        super().__init__(1)
        self.discount, self.left = discount, times

    def submit(self, fn, recipe, cells):
        if self.left and any(cell[DISCOUNT] == self.discount for cell in cells):
            self.left -= 1
            lost = Future()
            lost.set_exception(OSError("gone"))
            return lost
        return super().submit(fn, recipe, cells)


def test_cells_of_a_lost_worker_are_handed_out_again(small, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 1)
    over = {DISCOUNT: [0.1, 0.2, 0.3]}
    with Losing(0.2, module.TRIES - 1) as pool:
        assert_same(sweep(small, over, executor=pool).to_frame(), sweep(small, over).to_frame())
    with Losing(0.2, module.TRIES) as pool:
        rows = sweep(small, over, executor=pool).rows
    assert [row.status for row in rows] == ["optimal", "failed", "optimal"]
    assert rows[1].reason == "the worker of this run was lost 3 times (gone)"


def test_a_process_that_is_killed_is_replaced(small):
    killed = []

    def kill(_):
        if not killed:
            process = next(iter(pool._pool._processes.values()))
            killed.append(process.pid)
            process.kill()

    with executor_of(2, None) as (pool, _):
        found = sweep(small, LARGE, executor=pool, finished=kill)
    assert killed
    assert_same(found.to_frame(), sweep(small, LARGE).to_frame())


@pytest.mark.slow
def test_of_two_dask_workers_one_is_killed_half_way(small):
    distributed = pytest.importorskip("distributed")
    killed = []
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        executor_of(1, cluster.scheduler_address) as (pool, workers),
    ):
        assert workers == 2
        first = next(iter(client.run(os.getpid).values()))

        def kill(_):
            if len(killed) == 20:
                os.kill(first, signal.SIGKILL)
            killed.append(1)

        found = sweep(small, LARGE, executor=pool, finished=kill)
    assert len(killed) == 54
    assert_same(found.to_frame(), sweep(small, LARGE).to_frame())


# --- the journal --------------------------------------------------------------------------------------------------


def test_a_torn_last_line_is_as_if_it_were_not_there(small, tmp_path):
    path, header = tmp_path / "journal", header_of(small, scenarios_of(small), {"gap": 1e-6})
    found = sweep(small, GRID).rows
    with checkpoint_log(path, header) as kept:
        assert kept.rows == ()
        for row in found[:2]:
            kept.add(row)
    path.write_bytes(path.read_bytes()[:-20])
    with checkpoint_log(path, header) as kept:
        assert kept.rows == (found[0],)
        kept.add(found[2])
    with checkpoint_log(path, header) as kept:
        assert kept.rows == (found[0], found[2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"deal": "other"}, "has rows of another deal; expected the same, another --out, or this file gone"),
        ({"futures": 5}, "another seed or scenarios"),
        ({"version": "9"}, "another version of deal-solve"),
        ({"gap": 1e-3}, "another --gap"),
    ],
)
def test_a_journal_of_another_sweep_is_refused(tmp_path, monkeypatch, change, message):
    path, deal = tmp_path / "journal", load(SCENARIOS / "three-quotes.yaml")
    with checkpoint_log(path, header_of(deal, sample(deal, 8, seed=4), {"gap": 1e-6})):
        pass
    monkeypatch.setattr(journals, "VERSION", change.get("version", journals.VERSION))
    deal = varied(deal, {"title": "another"}) if "deal" in change else deal
    header = header_of(deal, sample(deal, 8, seed=change.get("futures", 4)), {"gap": change.get("gap", 1e-6)})
    with pytest.raises(InputError, match=message), checkpoint_log(path, header):
        pass


def test_no_other_file_is_taken_for_a_journal(small, tmp_path):
    path = tmp_path / "journal"
    path.write_text("mine\n")
    with (
        pytest.raises(InputError, match="is no checkpoint log"),
        checkpoint_log(path, header_of(small, scenarios_of(small), {})),
    ):
        pass
    assert path.read_text() == "mine\n"


# --- regions ------------------------------------------------------------------------------------------------------


def test_regions_and_steps_by_hand(small):
    """At no discount list, without a commitment, costs as much as any commitment with overage at contracted rates: by
    the tie rule nothing is committed. With overage at list and 10 % off committing saves.
    """
    found = regions(sweep(small, {OVERAGE: ["list"], DISCOUNT: [0, 0.1, 0.2]}))
    assert [(each.letter, each.deal, each.runs) for each in found.regions] == [
        ("A", "quote, 12 months, band from 1,000", 2),
        ("B", "list, 12 months, nothing committed", 1),
    ]
    assert found.letters == {1: "B", 2: "A", 3: "A"}
    first, second = found.steps
    assert (first.path, first.before, first.after, first.pairs, first.regions) == (DISCOUNT, 0, 0.1, 1, {("B", "A"): 1})
    assert first.changed == {"paper": 1, "band": 1, "commitment": 1}
    assert first.expected_usd == pytest.approx(40_320 - 43_200)
    assert (second.changed, second.regions) == ({"commitment": 1}, {("A", "A"): 1})
    assert found.where("A") == {OVERAGE: ("list",), DISCOUNT: (0.1, 0.2)}
    assert found.common == {"routing of app": "sonnet", "projects of app": "none"}


def test_axes_panels_and_tiles(small):
    over = {REQUESTS: [600_000, 1], OVERAGE: ["contracted", "list"], DISCOUNT: [0, 0.1, 1.5]}
    found = regions(sweep(small, over))
    assert found.axes[0] == DISCOUNT
    (other,) = set(over) - set(found.axes)
    assert [list(panel) for panel in found.panels] == [[other], [other]]
    tiles = found.tiles(found.panels[0])
    assert {letter for index, letter in tiles.items() if index[0] == "1.5"} == {"-"}
    assert set(found.tiles({}).values()) <= {"A", "B", "a", "b", "-"}
    assert regions(sweep(small, [{DISCOUNT: 0, REQUESTS: 5}, {DISCOUNT: 0.1, REQUESTS: 6}])).axes == (DISCOUNT,)


# --- the command --------------------------------------------------------------------------------------------------

VARY = ["--vary", f"{OVERAGE}=contracted,list,{{premium: 10%}}", "--vary", f"{DISCOUNT}=0:0.4:9"]
CELLS = 27


def called(capsys, *args):
    code = run([str(arg) for arg in args])
    return (code, *capsys.readouterr())


@pytest.fixture
def deal(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def whole(deal, tmp_path, capsys):
    """The rows of a sweep that nothing disturbed."""
    code, _, err = called(capsys, "sweep", deal, *VARY, "--out", tmp_path / "whole.parquet")
    assert (code, err) == (0, "")
    return pd.read_parquet(tmp_path / "whole.parquet")


def test_the_command_prints_writes_and_draws(capsys, deal, tmp_path):
    table, data, picture = (tmp_path / name for name in ("s.csv", "s.json", "s.svg"))
    code, out, err = called(capsys, "sweep", deal, *VARY, "--out", table, "--picture", picture, "-v")
    assert code == 0
    assert "27 of 27 runs" in err and "0 s left" in err
    for words in ("Runs    27: 27 proven", "Decision regions", "A   quote, 12 months, band from 1,000", "Region by"):
        assert words in out
    assert len(pd.read_csv(table)) == CELLS
    svg = picture.read_text()
    assert ">A: quote, 12 months, band from 1,000<" in svg and ">premium: 10%" not in svg and ">api.overage<" in svg
    assert called(capsys, "sweep", deal, *VARY, "--out", data)[:2] == (0, out)
    result = from_json(data.read_text(), SweepResult)
    assert [row.expected_usd for row in result.rows] == pytest.approx(pd.read_csv(table)["expected_usd"].tolist())
    assert (result.cells, result.paths) == (CELLS, (OVERAGE, DISCOUNT))


def test_a_design_file_and_a_zip(capsys, deal, tmp_path, whole):
    design = tmp_path / "design.csv"
    whole[[OVERAGE, DISCOUNT]].to_csv(design, index=False)
    code, _, _ = called(capsys, "sweep", deal, "--design", design, "--out", tmp_path / "design.parquet")
    assert code == 0
    assert_same(pd.read_parquet(tmp_path / "design.parquet").sort_index(axis=1), whole.sort_index(axis=1))
    zipped = ["--vary", f"{OVERAGE}=contracted,list", "--vary", f"{DISCOUNT}=0.1,0.2", "--zip"]
    code, out, _ = called(capsys, "sweep", deal, *zipped)
    assert (code, "Runs    2: 2 proven" in out) == (0, True)


def test_one_field_is_drawn_as_cost_over_it(capsys, deal, tmp_path):
    picture = tmp_path / "line.svg"
    assert called(capsys, "sweep", deal, "--vary", f"{DISCOUNT}=0:1:3", "--picture", picture)[0] == 0
    svg = picture.read_text()
    assert all(f">{words}<" in svg for words in ("expected", "CVaR", "-: no plan", "bands[0].discount"))


def test_run_again_it_repeats_nothing(capsys, deal, tmp_path, whole):
    kept = tmp_path / "whole.parquet.journal"
    before = kept.read_text()
    code, _, err = called(capsys, "sweep", deal, *VARY, "--out", tmp_path / "whole.parquet")
    assert (code, err) == (0, f"{kept}: 27 runs are done\n")
    assert kept.read_text() == before
    assert pd.read_parquet(tmp_path / "whole.parquet").equals(whole)  # timing as well: it is the first run's


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "--vary: nothing is varied; expected PATH=VALUES"),
        (["--vary", "horizon_months.*.x=1k"], "horizon_months.*.x: horizon_months has no names that * could stand for"),
        (["--vary", "workloads.*.input_token=1k"], "workloads.app.input_token: workloads.app has no 'input_token'"),
        (["--vary", "offers.quot.api.overage=list"], "offers.quot.api.overage: offers has no 'quot'"),
        (["--vary", f"{DISCOUNT}=0:1:100001"], "--vary: 100,001 runs are too many"),
        (["--vary", f"{DISCOUNT}=0.1", "--design", "x.csv"], "--design: holds all runs"),
        (["--design", "none.csv"], "none.csv: there is no such file"),
        (["--vary", f"{DISCOUNT}=0.1", "--out", "s.xlsx"], "--out: 's.xlsx' does not end in .csv or .parquet or .json"),
        (["--vary", f"{DISCOUNT}=0.1", "--out", "no/folder/s.csv"], "no/folder/s.csv: there is no folder no/folder"),
        (["--vary", f"{DISCOUNT}=0.1", "--jobs", "2", "--cluster", "tcp://x:1"], "--cluster: has its own workers"),
    ],
)
def test_mistakes_are_one_sentence(capsys, deal, tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, "sweep", deal, *args)
    assert (code, out) == (2, "")
    assert err.startswith(message) and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["deal.yaml"]


def test_an_output_of_another_deal_is_refused(capsys, deal, tmp_path, whole):
    deal.write_text(SMALL.replace("discount: 20%", "discount: 21%"))
    code, out, err = called(capsys, "sweep", deal, *VARY, "--out", tmp_path / "whole.parquet")
    assert (code, out) == (2, "")
    assert "whole.parquet.journal: has rows of another deal; " in err
    assert pd.read_parquet(tmp_path / "whole.parquet").equals(whole)


@pytest.mark.parametrize(("limit", "code"), [("1e-9", 4), ("100", 0)])
def test_the_exit_code_says_whether_every_cell_is_proven(capsys, deal, limit, code):
    assert called(capsys, "sweep", deal, "--vary", f"{DISCOUNT}=0.1", "--time-limit", limit)[0] == code


def begun(deal, out, *more):
    """Return a sweep in a process group of its own."""
    command = [sys.executable, "-m", "deal_solve.cli.main", "sweep", str(deal), *VARY, "--out", str(out), *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, preexec_fn=heed_interrupts, **pipes)


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed(deal, out, wanted, *more):
    """Begin a sweep and kill it, and all it has begun, once its journal has so many lines."""
    process, kept = begun(deal, out, *more), Path(f"{out}.journal")
    while process.poll() is None and lines_of(kept) < wanted:
        time.sleep(0.001)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


def assert_resumed(capsys, deal, out, whole):
    code, _, _ = called(capsys, "sweep", deal, *VARY, "--out", out)
    assert code == 0
    assert_same(pd.read_parquet(out), whole)
    lines = Path(f"{out}.journal").read_text().splitlines()
    cells = [str(json.loads(line)["inputs"]) for line in lines[1:] if line.endswith("}")]
    assert len(cells) == len(set(cells)) == CELLS


def test_killed_and_begun_again_the_result_is_the_same(capsys, deal, tmp_path, whole):
    out = tmp_path / "killed.parquet"
    for wanted in (1, 9):
        killed(deal, out, wanted)
        assert not out.exists()
    assert_resumed(capsys, deal, out, whole)


def test_a_killed_sweep_leaves_no_process_behind(capsys, deal, tmp_path, whole):
    out = tmp_path / "killed.parquet"
    process, kept = begun(deal, out, "--jobs", "2"), tmp_path / "killed.parquet.journal"
    while lines_of(kept) < 2:
        time.sleep(0.01)
    process.kill()
    process.wait()
    group = process.pid  # of all it has begun
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        os.killpg(group, signal.SIGKILL)
        pytest.fail("processes are left")
    process.communicate()
    assert_resumed(capsys, deal, out, whole)


def test_terminated_and_begun_again_the_result_is_the_same(capsys, deal, tmp_path, whole):
    out = tmp_path / "terminated.parquet"
    process, kept = begun(deal, out), tmp_path / "terminated.parquet.journal"
    while process.poll() is None and lines_of(kept) < 4:
        time.sleep(0.001)
    process.terminate()
    process.communicate(timeout=60)
    assert lines_of(kept) >= 4
    assert_resumed(capsys, deal, out, whole)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_at_twenty_random_moments_the_result_is_the_same(capsys, deal, tmp_path, whole, jobs):
    moments = random.Random(20270101)
    for number in range(20):
        out = tmp_path / f"{number}.parquet"
        killed(deal, out, moments.randrange(CELLS + 2), "--jobs", jobs)
        assert_resumed(capsys, deal, out, whole)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_a_good_file(capsys, deal, tmp_path, whole, jobs):
    out = tmp_path / "stopped.parquet"
    process, kept = begun(deal, out, "--jobs", jobs), tmp_path / "stopped.parquet.journal"
    while lines_of(kept) < 4:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    printed, err = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert (
        err.endswith("interrupted\n")
        and "Traceback" not in err
        and "of 27 runs are done; the same command goes on" in err
    )
    rows = pd.read_parquet(out)
    assert 3 <= len(rows) < CELLS
    assert sorted(path.name for path in tmp_path.glob("*stopped*")) == ["stopped.parquet", "stopped.parquet.journal"]
    assert_resumed(capsys, deal, out, whole)
