"""Run a process under a limit and say what it took; solve a pinned deal in one; write the table of a benchmark."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMAND = (sys.executable, "-c", "from deal_solve.cli.main import main; main()")
SOLVED = (0, 4)
"""Exit codes of `deal-solve solve` with a plan: proven to the gap, or not."""


@dataclass(frozen=True)
class Run:
    """What a process took: seconds, processor seconds with its children, most MB of any one of them, and how it ended.

    `said` is what it wrote to the standard error.
    """

    seconds: float
    processor: float
    peak_mb: float
    stopped: bool
    code: int
    said: str


def limited(command: Sequence[str], limit: float | None) -> Run:
    """Run a command and return what it took; one that is not done after `limit` seconds is ended with its children."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        stopped, before = threading.Event(), time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)

        def stop() -> None:
            stopped.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)  # None: it waits until it is cancelled
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C does not reach a session of its own
            stop()
            raise
        finally:
            timer.cancel()
        seconds, process.returncode = time.perf_counter() - before, os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().strip()
    used, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    return Run(seconds, used, peak, stopped.is_set(), process.returncode, said)


def solved(
    deal: str, futures: int, options: Iterable[str], limit: float, folder: Path
) -> tuple[Run, dict[str, Any] | None]:
    """Return what it took to solve a pinned deal over sampled scenarios, and the result, if there is one."""
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    where = ["--scenarios", str(futures), "--json", str(result)]
    run = limited([*COMMAND, "solve", str(HERE / f"{deal}.yaml"), *where, *options], limit)
    return run, json.loads(result.read_text(encoding="utf-8")) if run.code in SOLVED else None


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose first column is text."""
    lines = (f"| {' | '.join(cells)} |" for cells in (headings, *rows))
    return [next(lines), f"|---|{'---:|' * (len(headings) - 1)}", *lines]


def write(text: str, path: Path) -> None:
    """Replace a file by way of a temporary one, so that a run that is stopped leaves the old table."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=path.suffix)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
