"""A plan over many scenarios: the same bits wherever they are settled, and a distribution that is checked by hand."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from pyarrow import parquet

from deal_solve.analysis.simulate import outcomes
from deal_solve.analysis.simulate.simulate import simulate
from deal_solve.cli.main import run
from deal_solve.cli.support.executor import executor_of
from deal_solve.deal.load import load
from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.sampling import sample
from deal_solve.uncertainty.scenario_set import BLOCK
from tests.support.builders import api_deal, api_plan
from tests.support.interrupts import heed_interrupts
from tests.support.paths import SCENARIOS

HYBRID = SCENARIOS / "hybrid.yaml"
PROPOSAL = {"api": {"offer": "one-paper", "term_months": 36, "commitment_usd": 600_000}}
LISTED = {"small": (30, 5), "middle": (50, 10), "large": (20, 20)}


@pytest.fixture(scope="module")
def hybrid():
    """A deal and a complete plan of it."""
    deal = load(HYBRID)
    return deal, complete(deal, Proposal.model_validate(PROPOSAL), scenarios_of(deal))[0]


def listed():
    """List value 60, 120 and 240 a year with weights 0.3, 0.5, 0.2; at 20 % off V is 48, 96 and 192; C = 96."""
    scenario_set = {key: {"weight": weight, "requests_per_month": {"app": n}} for key, (weight, n) in LISTED.items()}
    api = {"bands": [{"commit_usd_per_year": 96, "discount": 0.2}], "overage": "list"}
    return api_deal(0, api, scenarios=scenario_set), api_plan((96, (96,)))


def assert_same_bits(one, other):
    assert one.cost.tobytes() == other.cost.tobytes()
    assert (one.by_line, one.years, one.undiscounted_usd) == (other.by_line, other.years, other.undiscounted_usd)
    assert (one.percentiles, one.exceedance, one.cvar_usd) == (other.percentiles, other.exceedance, other.cvar_usd)
    assert (one.loss is None) == (other.loss is None)
    assert one.loss is None or one.loss.tobytes() == other.loss.tobytes()


# --- what it says -------------------------------------------------------------------------------------------------


def test_a_distribution_by_hand():
    """C = 96, r = 0: cost 96 in small (48 unused), 96 in middle, and 96 + 96 · 1/0.8 = 216 in large. Mean 0.8 · 96 +
    0.2 · 216 = 120; the worst 5 % is 216; the cost exceeds 96 in 20 %.
    """
    deal, plan = listed()
    found = simulate(deal, plan, scenarios_of(deal))
    assert found.cost == pytest.approx([96, 96, 216])
    assert found.mean_usd == found.undiscounted_usd == pytest.approx(120)
    assert found.cvar_usd == pytest.approx(216)
    assert [(each.cost_usd, each.probability) for each in found.exceedance] == [
        (pytest.approx(96), pytest.approx(0.2)),
        (pytest.approx(216), 0.0),
    ]
    assert [each.cost_usd for each in found.percentiles] == pytest.approx([96] * 6 + [216] * 3)  # P80 is still 96
    assert found.by_line == pytest.approx({"commitment": 96, "overage": 24})
    (year,) = found.years
    assert (year.overage_probability, year.shortfall_probability) == pytest.approx((0.2, 0.3))
    assert (year.paid_usd, year.overage_usd, year.forfeited_usd) == pytest.approx((120, 24, 0.3 * 48))


def test_loss_against_another_plan():
    """C = 96 against C = 192 (band from 96): 96, 96, 216 less 192 each time; dearer in 20 %."""
    deal, plan = listed()
    found = simulate(deal, plan, scenarios_of(deal), baseline=api_plan((96, (192,))))
    assert found.loss == pytest.approx([-96, -96, 24])
    assert found.mean_loss_usd == pytest.approx(0.8 * -96 + 0.2 * 24)
    assert found.loss_probability == pytest.approx(0.2)
    assert list(found.to_frame().columns) == ["weight", "cost_usd", "loss_usd"]


def test_blocks_add_up_to_one_settlement(hybrid):
    """Every future costs what it costs in one settlement of the whole set; expectations agree."""
    deal, plan = hybrid
    scenarios = sample(deal, 2 * BLOCK + 100, seed=3)
    found, whole = simulate(deal, plan, scenarios), settle(deal, plan, scenarios.in_memory())
    assert found.cost == pytest.approx(whole.cost, rel=1e-12)
    assert found.mean_usd == pytest.approx(float(whole.weights @ whole.cost), rel=1e-12)
    assert sum(found.by_line.values()) == pytest.approx(found.mean_usd, rel=1e-12)
    assert [year.paid_usd for year in found.years] == pytest.approx(whole.by_year @ whole.weights, rel=1e-12)


def test_a_standard_error_only_of_independent_draws(hybrid):
    deal, plan = hybrid
    draws = simulate(deal, plan, sample(deal, 2000, seed=1, method="random"))
    assert draws.standard_error_usd == pytest.approx(draws.cost.std(ddof=1) / np.sqrt(2000))
    points = simulate(deal, plan, sample(deal, 2048, seed=1))
    assert points.standard_error_usd is None
    assert any("seeds" in note for note in points.notes)
    assert simulate(deal, plan, scenarios_of(deal)).standard_error_usd is None


def test_few_futures_show_no_tail(hybrid):
    deal, plan = hybrid
    found = simulate(deal, plan, scenarios_of(deal))
    assert [each.level for each in found.percentiles] == [0.1, 0.25, 0.5, 0.75, 0.9]
    assert found.confidence == 0.9


def test_an_impossible_plan_is_refused(hybrid):
    deal, plan = hybrid
    broken = plan.model_copy(update={"tracks": {}})
    with pytest.raises(InputError, match="tracks"), executor_of(2, None) as (executor, _):
        simulate(deal, broken, sample(deal, 10), executor=executor)


# --- the same bits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 3])
def test_any_chunk_size_gives_the_same_bits(hybrid, chunk, monkeypatch):
    deal, plan = hybrid
    scenarios = sample(deal, 4 * BLOCK + 7, seed=5)
    alone = simulate(deal, plan, scenarios, baseline=plan)
    monkeypatch.setattr(outcomes, "CHUNK", chunk)
    with ThreadPoolExecutor(3) as executor:
        assert_same_bits(simulate(deal, plan, scenarios, baseline=plan, executor=executor, ahead=2), alone)


def test_processes_give_the_same_bits(hybrid):
    """Sampled scenarios are made in the other processes, scenarios in memory are sent there."""
    deal, plan = hybrid
    scenarios = sample(deal, 5 * BLOCK + 7, seed=5)
    with executor_of(2, None) as (executor, workers):
        assert workers == 2
        for each in (scenarios, scenarios.in_memory()):
            assert_same_bits(simulate(deal, plan, each, executor=executor), simulate(deal, plan, scenarios))


def test_a_dask_cluster_gives_the_same_bits(hybrid):
    distributed = pytest.importorskip("distributed")
    deal, plan = hybrid
    scenarios = sample(deal, 5 * BLOCK + 7, seed=5)
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with (
        distributed.LocalCluster(protocol="tcp://", **options) as cluster,
        executor_of(1, cluster.scheduler_address) as (executor, workers),
    ):
        assert workers == 2
        assert_same_bits(simulate(deal, plan, scenarios, executor=executor), simulate(deal, plan, scenarios))


def test_a_larger_set_begins_with_the_smaller_one(hybrid):
    deal, plan = hybrid
    small, large = (simulate(deal, plan, sample(deal, size, seed=5)) for size in (BLOCK + 5, 2 * BLOCK))
    assert large.cost[: BLOCK + 5].tobytes() == small.cost.tobytes()


def test_what_was_kept_is_not_sent(hybrid):
    """A set that has made its weights is pickled without them."""
    deal, plan = hybrid
    used = sample(deal, 1 << 20)
    assert used.weights.nbytes == 8 << 20
    recipe, _, _ = next(outcomes._chunks(outcomes.Work(deal, plan, None), used))
    assert len(recipe) < 1 << 20
    assert replace(used) == used


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def proposal(tmp_path):
    path = tmp_path / "proposal.yaml"
    path.write_text("api: {offer: one-paper, term_months: 36, commitment_usd: 600k}\n")
    return path


def test_command_writes_the_same_files_from_one_process_and_two(proposal, tmp_path, capsys):
    told = {}
    for jobs in (1, 2):
        out = tmp_path / f"{jobs}.parquet"
        args = ["simulate", HYBRID, "--plan", proposal, "--versus", proposal, "--scenarios", 9000, "--seed", 4]
        assert run([str(arg) for arg in (*args, "--jobs", jobs, "--out", out, "--json", "-", "-v")]) == 0
        told[jobs], err = capsys.readouterr()
        assert "9,000 of 9,000 scenarios" in err
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert told[1] == told[2]
    result, rows = json.loads(told[1]), parquet.read_table(tmp_path / "1.parquet").to_pandas()
    assert len(rows) == result["scenarios"]["count"] == 9000
    assert list(rows["scenario"][:2]) == [1, 2]
    assert rows["cost_usd"].mean() == pytest.approx(result["mean_usd"])
    assert (rows["loss_usd"] == 0).all()
    lines = [name for name in rows if name.removesuffix("_usd") in ("commitment", "usage", "overage", "seats")]
    assert len(lines) == 4
    assert (rows["overage_year_1_usd"] > 0).mean() == pytest.approx(result["years"][0]["overage_probability"])


def test_command_prints_the_distribution(proposal, capsys):
    assert run(["simulate", str(HYBRID), "--plan", str(proposal), "--scenarios", "1k", "--sampling", "random"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for words in (
        "± ",
        "1,000 sampled scenarios (seed 20270101)",
        "P99",
        "Exceedance curve",
        "P(shortfall)",
        "expected, present value)",
    ):
        assert words in " ".join(out.split())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--jobs", "2", "--cluster", "tcp://localhost:1"], "expected no --jobs"),
        (["--cluster", "tcp://localhost:1"], "no scheduler answers at 'tcp://localhost:1'"),
        (["--cluster", "somewhere"], "expected one, as in tcp://host:8786"),
        (["--out", "nowhere/out.parquet"], "there is no folder nowhere"),
    ],
)
def test_command_refuses_in_one_sentence(proposal, capsys, more, message):
    pytest.importorskip("distributed")
    assert run(["simulate", str(HYBRID), "--plan", str(proposal), "--scenarios", "64", *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_no_half_written_file(proposal, tmp_path, jobs):
    folder = tmp_path / "out"
    folder.mkdir()
    args = [
        "simulate",
        HYBRID,
        "--plan",
        proposal,
        "--scenarios",
        1 << 22,
        "--jobs",
        jobs,
        "--out",
        "all.parquet",
        "-v",
    ]
    command = [sys.executable, "-m", "deal_solve.cli.main", *map(str, args)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=folder, preexec_fn=heed_interrupts, start_new_session=True, **pipes)
    assert "scenarios" in process.stderr.readline()
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert err.endswith("interrupted\n")
    assert list(folder.iterdir()) == []
    assert time.monotonic() - began < 30
