"""What would take more memory than it may is refused before it is built, with the number and the remedy."""

import resource
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from deal_solve import memory
from deal_solve.analysis.fan.fan import fans
from deal_solve.analysis.sensitivity.sobol import sobol
from deal_solve.analysis.simulate.simulate import simulate
from deal_solve.cli.main import run
from deal_solve.deal.deal import Deal
from deal_solve.errors import InputError
from deal_solve.memory import bounded_memory, free_bytes, in_bytes, memory_bound, parse_size, refuse_larger
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.parquet import read_scenarios
from deal_solve.uncertainty.sampling import sample
from deal_solve.uncertainty.scenario_set import each_block
from tests.support.builders import deal_of

APP = {"requests_per_month": "100k ± 20%", "input_tokens": 2000, "output_tokens": 200, "models": ["opus", "sonnet"]}


def with_events(workloads=20, events=8, horizon=60):
    """Return a deal of 2^events branches in which every workload differs."""
    names = [f"w{index}" for index in range(workloads)]
    made = {f"e{i}": {"probability": 0.3, "factor": 1.2, "workloads": names} for i in range(events)}
    certain = {**APP, "requests_per_month": 100_000}
    return deal_of(horizon, workloads=dict.fromkeys(names, certain), uncertainty={"events": made})


def refusal(build, *args):
    with pytest.raises(InputError) as caught:
        build(*args)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_without_a_bound_half_of_what_is_free_may_be_taken():
    with bounded_memory(None):
        assert 0 < memory_bound() <= free_bytes()
    with bounded_memory(5e6):
        assert memory_bound() == 5e6


@pytest.mark.parametrize(
    ("meminfo", "limit", "used", "free"),
    [
        ("MemTotal: 9 kB\nMemAvailable:   2000 kB\n", "max", "5", 2_048_000),
        ("MemTotal: 9 kB\nMemAvailable:   2000 kB\n", "3000", "2900", 100),
        ("MemTotal: 9 kB\nMemAvailable:   2000 kB\n", "3000", "3100", 0),
    ],
)
def test_what_is_free_is_no_more_than_a_container_may_take(monkeypatch, tmp_path, meminfo, limit, used, free):
    for name, text in (("meminfo", meminfo), ("memory.max", limit), ("memory.current", used)):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert free_bytes() == free


def test_where_no_system_says_what_is_free_it_is_assumed(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(memory, "os", SimpleNamespace())
    assert free_bytes() == memory.FREE_WHERE_UNKNOWN


@pytest.mark.parametrize("text", ["", "8", "GB", "-1GB", "1e9GB", "8 giga", "²GB", "0.5MB", "x" * 1000])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="expected one like 8GB or 500MB"):
        parse_size(text)


def test_the_refusal_says_what_needs_how_much_of_how_much_and_what_to_do():
    with bounded_memory(2e9):
        refuse_larger(2e9, "nothing", "nothing")
        assert refusal(refuse_larger, 9.2e9, "a thing", "take less of it") == (
            "a thing would take about 9.2 GB of memory; expected at most 2.0 GB: take less of it, or set the bound "
            "with --memory"
        )
    assert in_bytes(0) == "0 B"


def test_an_expansion_is_refused_by_what_it_would_take():
    """256 branches of 60 months, 20 workloads and 3 more while they are built, 8 bytes each: 2.8 MB."""
    deal = with_events()
    with bounded_memory(2.7e6):
        assert refusal(scenarios_of, deal) == (
            "256 scenarios of 60 months would take about 2.8 MB of memory; expected at most 2.7 MB: "
            "sample scenarios instead (--scenarios N), or state fewer events, or set the bound with --memory"
        )
    with bounded_memory(2.9e6):
        found = scenarios_of(deal)
    taken = sum(array.nbytes for array in found.requests.values() if array.strides[-1])
    assert taken == 256 * 60 * 20 * 8


def test_a_sample_is_refused_only_where_it_is_held():
    deal = deal_of(36, workloads={"app": APP})
    sampled = sample(deal, 2**30)
    assert sampled.block(3).size == 4096
    with bounded_memory(1e9):
        assert refusal(sampled.in_memory) == (
            "1,073,741,824 scenarios of 36 months would take about 1.2 TB of memory; expected at most "
            "1.0 GB: ask for fewer (--scenarios N), or set the bound with --memory"
        )


def test_a_set_in_memory_has_the_blocks_of_the_set():
    deal = deal_of(12, workloads={"app": {**APP, "monthly_noise": 0.1}, "other": {**APP, "requests_per_month": 7}})
    sampled = sample(deal, 10_000)
    whole = sampled.in_memory()
    for index in range(3):
        block = sampled.block(index)
        held = whole.block(index)
        np.testing.assert_array_equal(held.requests["app"], block.requests["app"])
        np.testing.assert_array_equal(held.index["opus"], block.index["opus"])
    assert whole.requests["other"].strides[-1] == 0


def test_a_list_of_scenarios_is_refused_by_what_it_would_take():
    deal = with_events(events=0)
    data = {
        **deal.model_dump(exclude_unset=True, mode="json"),
        "scenarios": {f"s{i}": {"weight": 1} for i in range(99)},
    }
    with bounded_memory(1e6):
        assert "99 scenarios of 60 months would take about" in refusal(scenarios_of, Deal.model_validate(data))


def test_a_small_file_of_many_scenarios_is_refused(tmp_path):
    """Ten million equal rows are a few kilobytes of Parquet."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "set.parquet"
    ones = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000_000, dtype=np.int8)), pa.array([7.0]))
    pq.write_table(pa.table({"requests_per_month.app": ones}), path)
    deal = deal_of(36, workloads={"app": APP})
    with bounded_memory(1e9):
        said = refusal(read_scenarios, path, deal)
    assert path.stat().st_size < 100_000
    assert said.startswith("10,000,000 scenarios of 36 months would take about 12 GB")


@pytest.mark.parametrize("given", ["lots", "0GB"])
def test_a_bound_that_is_none_is_a_wrong_option(capsys, tmp_path, given):
    (tmp_path / "deal.yaml").write_text("start: 2027-01\n")
    assert run(["check", str(tmp_path / "deal.yaml"), "--memory", given]) == 2
    assert capsys.readouterr().err.startswith(f"--memory: '{given}' is ")


def test_costs_and_fans_of_too_many_scenarios_are_refused():
    deal = deal_of(36, workloads={"app": APP})
    many = sample(deal, 2**30)
    plan = complete(deal, Proposal(), sample(deal, 16).in_memory())[0]
    with bounded_memory(1e9):
        assert "the costs of 1,073,741,824 scenarios would take about 86 GB" in refusal(simulate, deal, plan, many)
        assert "1,073,741,824 scenarios of 36 months" in refusal(fans, deal, many)


def test_sobol_indices_from_too_many_scenarios_are_refused():
    deal = deal_of(36, workloads={"app": APP})
    plan = complete(deal, Proposal(), sample(deal, 16).in_memory())[0]
    with bounded_memory(1e9):
        assert "Sobol indices from 3,000,004,608 scenarios would take" in refusal(
            sobol, deal, plan, None, 1_000_000_000
        )


@pytest.mark.parametrize("args", [["frontier", "--steps"], ["curve", "--points"], ["simulate", "--jobs"]])
def test_numbers_of_solves_and_processes_are_bounded(capsys, args):
    assert run([args[0], "deal.yaml", args[1], "999999999"]) == 2
    assert "999999999 is not in the range" in capsys.readouterr().err


def test_memory_that_ends_is_no_internal_error(capsys, monkeypatch):
    def ended(*_args, **_kwargs):
        raise MemoryError("Unable to allocate 536. GiB for an array")

    monkeypatch.setattr("deal_solve.deal.rate_card.load_card", ended)
    assert run(["rates"]) == 5
    assert capsys.readouterr().err == (
        "the memory is not enough for this; expected fewer scenarios, or a smaller deal\n"
    )


@pytest.mark.slow
def test_check_of_a_deal_with_fifteen_events_stays_within_its_bound(tmp_path):
    path = tmp_path / "deal.json"
    path.write_text(with_events(200, 15).model_dump_json(exclude_unset=True))
    done = subprocess.run(
        [sys.executable, "-m", "deal_solve", "check", str(path), "--memory", "1GB"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "32,768 scenarios of 60 months would take about 3.2 GB of memory" in done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_000_000


@pytest.mark.parametrize("library", [OSError("no library"), SimpleNamespace()])
def test_a_system_without_the_options_of_its_library_goes_on(monkeypatch, library):
    """What is freed is reused where the C library can be told so; elsewhere nothing happens."""

    def opened(_name):
        if isinstance(library, OSError):
            raise library
        return library

    monkeypatch.setattr("ctypes.CDLL", opened)
    memory.reuse_freed.__wrapped__()


def test_options_of_the_library_are_set_once_for_many_blocks(monkeypatch):
    """Two heaps, 128 MB that may be free at the end of one, arrays from 4 MB on apart."""
    found = []
    monkeypatch.setattr("ctypes.CDLL", lambda _name: SimpleNamespace(mallopt=lambda *option: found.append(option)))
    memory.reuse_freed.cache_clear()
    scenarios = sample(deal_of(12, workloads={"app": APP}), 10_000)
    for _ in range(2):
        each_block(scenarios, lambda _number, block: block.size)
    assert found == [(-8, 2), (-1, 134_217_728), (-3, 4_194_304)]
