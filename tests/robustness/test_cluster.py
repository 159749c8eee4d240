"""A Dask scheduler that is killed ends what runs on it, with one sentence."""

import asyncio
import re
import subprocess
import sys
import time
from concurrent.futures import CancelledError, wait
from contextlib import ExitStack

import pytest

from deal_solve.cli.support.executor import ClusterExecutor
from tests.support.paths import SCENARIOS


class Silent:
    """A client whose connection closes while it gathers a result: stands for itself, its loop and its futures."""

    @property
    def loop(self):
        return self

    def add_callback(self, function, *args):
        asyncio.run(function(*args))

    def submit(self, *_args):
        return self

    def cancel(self):
        pass

    def __await__(self):
        yield from ()
        raise pytest.importorskip("distributed.comm").CommClosedError("in <TCP (closed) ConnectionPool.gather>")


def test_a_result_that_can_no_longer_be_gathered_is_cancelled_and_not_waited_for():
    pytest.importorskip("distributed")
    future = ClusterExecutor(Silent()).submit(print)
    assert wait([future], timeout=5).done
    with pytest.raises(CancelledError):
        future.result()


PYTHON = [sys.executable, "-m"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        ["simulate", "DEAL", "--plan", "PLAN", "--scenarios", "16777216"],
        ["sweep", "DEAL", "--vary", "workloads.replies.output_tokens=100:900:500"],
    ],
    ids=lambda args: args[0],
)
def test_a_scheduler_that_is_killed_is_one_sentence(tmp_path, args):
    pytest.importorskip("distributed")
    (tmp_path / "plan.yaml").write_text("{}")
    names = {"DEAL": SCENARIOS / "api-heavy.yaml", "PLAN": tmp_path / "plan.yaml"}
    server = ["distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
    with ExitStack() as stack:

        def begun(command, **pipes):
            process = stack.enter_context(subprocess.Popen([*PYTHON, *command], text=True, **pipes))
            stack.callback(process.kill)
            return process

        scheduler = begun(server, stderr=subprocess.PIPE)
        address = next(found[0] for line in scheduler.stderr if (found := re.search(r"tcp://127[.\d]+:\d+", line)))
        worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        begun(worker, stderr=subprocess.DEVNULL)
        command = ["deal_solve", *(str(names.get(arg, arg)) for arg in args), "--cluster", address, "-v"]
        process = begun(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert re.search("scenarios|runs", process.stderr.readline())
        time.sleep(1)
        scheduler.kill()
        _, err = process.communicate(timeout=120)  # it tries to connect again for some seconds
        assert process.returncode == 5
        assert err.splitlines()[-1] == f"--cluster: the scheduler at {address} was lost; nothing of it is under way"
        assert "Traceback" not in err
